"""Ways in: public forms and imported files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.sources import SOURCE_OF_TYPE
from leads.codes import SOURCES, TOUCH_KINDS
from leads.models.leads import Lead
from leads.models.people import Contact
from personas.models import Product
from teams.roles import Role


class CaptureForm(models.Model):
    """A public form of a campaign, at an address of its own."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=120)
    touch_kind = models.CharField(_("what it is"), max_length=24, choices=TOUCH_KINDS, default="form")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="forms")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: Any) -> ImportRunQuerySet:
        """Runs that ``user`` may see: their own; all of them for a manager or administrator who may import."""
        if not (user.is_active and user.may("import_leads")):
            return self.none()
        if user.roles & {Role.MARKETING_MANAGER, Role.ADMINISTRATOR}:
            return self
        return self.filter(user=user)


class ImportRun(models.Model):
    """One file on its way in. ``created + updated + skipped + rejected`` is ``rows_read`` when it is done (promise P7)."""

    class States(models.TextChoices):
        STAGED = "staged", _("Waiting for your go")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        ABANDONED = "abandoned", _("Abandoned")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=200)
    columns = models.JSONField(default=list, help_text="The header cells as read.")
    mapping = models.JSONField(default=dict, help_text="Field of the intake to header cell.")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="imports")
    touch_kind = models.CharField(max_length=24, choices=TOUCH_KINDS, default="list_import")
    lawful_basis = models.CharField(max_length=24, choices=Contact.LawfulBases, blank=True, default="")
    source = models.CharField(
        max_length=20, choices=SOURCES, blank=True, db_default="",
        help_text="Of rows that name none; empty: by the type of the campaign.",
    )  # fmt: skip
    notes = models.JSONField(default=list, help_text="Sentences on how the file was understood.")
    state = models.CharField(max_length=10, choices=States, default=States.STAGED)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows_read = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="import_state_idx")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def source_of_campaign(self) -> str:
        """The source that the type of the campaign speaks for; empty without one."""
        return SOURCE_OF_TYPE.get(self.campaign.type, "") if self.campaign else ""

    @property
    def done_count(self) -> int:
        """How many rows have their outcome."""
        return self.created_count + self.updated_count + self.skipped_count + self.rejected_count


class ImportRow(models.Model):
    """One line of the file, kept until it has its outcome, so that a crash in the middle resumes."""

    class States(models.TextChoices):
        PENDING = "pending", _("Waiting")
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        SKIPPED = "skipped", _("Skipped")
        REJECTED = "rejected", _("Rejected")

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(help_text="The line in the file, from 1.")
    cells = models.JSONField()
    state = models.CharField(max_length=10, choices=States, default=States.PENDING)
    problems = models.JSONField(default=list, help_text='[{"field", "code", "message"}]')
    lead = models.ForeignKey(Lead, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="import_line_once")]
        indexes = [models.Index(fields=["run", "id"], name="import_pending_idx", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"line {self.line}"
