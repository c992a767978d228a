"""Companies and contacts: the single record of each, for life."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """An organisation, matched by its domain, else by its name in matching form (``name_key``)."""

    name = models.CharField(_("company"), max_length=200)
    name_key = models.CharField(max_length=200)
    domain = models.CharField(_("domain"), max_length=253, null=True, blank=True)
    industry = models.CharField(_("industry"), max_length=80, blank=True, default="")
    employee_count = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    region = models.CharField(_("region"), max_length=80, blank=True, default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_companies"
    )
    is_target_account = models.BooleanField(default=False)
    is_customer = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=Q(domain__isnull=False), name="company_domain_once"),
        ]
        indexes = [models.Index(fields=["name_key"], name="company_name_key_idx")]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person. ``*_key`` columns hold the matching form; the column beside them what was given.

    A contact may be known by ``external_id`` alone (history, anonymous).
    """

    class LawfulBases(models.TextChoices):
        CONSENT = "consent", _("Consent")
        CONTRACT = "contract", _("Contract or request")
        LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")
    external_id = models.CharField(max_length=100, null=True, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    email = models.CharField(_("email"), max_length=254, blank=True, default="")
    email_key = models.CharField(max_length=254, null=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    phone_key = models.CharField(max_length=20, null=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True, default="")
    role = models.CharField(_("role"), max_length=40, blank=True, default="")
    seniority = models.CharField(_("seniority"), max_length=40, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    region = models.CharField(_("region"), max_length=80, blank=True, default="")
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    lawful_basis = models.CharField(_("lawful basis"), max_length=24, choices=LawfulBases, blank=True, default="")
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="The same person, under whom what comes in by this email, phone or id goes on.",
    )  # fmt: skip
    is_compared = models.BooleanField(
        default=False, db_default=False, help_text="Looked at for likely duplicates since it last changed."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email_key"], condition=Q(email_key__isnull=False), name="contact_email_once"
            ),
            models.UniqueConstraint(
                fields=["external_id"], condition=Q(external_id__isnull=False), name="contact_external_id_once"
            ),
            models.CheckConstraint(
                # Who was merged may have left all of it to whom they were merged into.
                condition=Q(email_key__isnull=False)
                | Q(phone_key__isnull=False)
                | Q(external_id__isnull=False)
                | Q(merged_into__isnull=False),
                name="a_contact_can_be_recognised",
            ),
        ]
        indexes = [
            models.Index(fields=["phone_key"], name="contact_phone_idx", condition=Q(phone_key__isnull=False)),
            models.Index(fields=["merged_into"], name="contact_merged_idx", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["id"], name="contact_uncompared_idx", condition=Q(is_compared=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or self.external_id or f"Contact {self.pk}"
