"""What both sides say to each other about a lead: questions, and disputes about a handoff."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.handoffs import Handoff
from leads.models.leads import Lead
from teams.models import Team

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class ExchangeQuerySet(models.QuerySet[Row_co]):
    """Questions, disputes, or what was said of a persona."""

    def visible_to(self, user: Any) -> ExchangeQuerySet[Row_co]:
        """What ``user`` may see: both teams see what they ask each other and contest, as they see the leads; nobody else any."""
        return self if user.is_active and user.may("see_leads") else self.none()


class Question(models.Model):
    """One side asks the other about a lead: a rep for missing information, a marketer whether help is wanted.

    ``to_side`` has to answer; ``addressee`` is who of it, or nobody where all of a team are asked. What is said are personal data: events
    hold only the id.
    """

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="questions")
    to_side = models.CharField(max_length=10, choices=Team.Sides)
    addressee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=States, default=States.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    text = models.TextField(_("question"))
    answer = models.TextField(_("answer"), blank=True, default="")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    submission_key = models.UUIDField(
        null=True, editable=False, help_text="Names the form that was sent, to take it once."
    )

    objects = ExchangeQuerySet["Question"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "submission_key"], condition=Q(submission_key__isnull=False), name="question_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_question_is_open_or_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | ~Q(answer=""), name="an_answered_question_has_its_answer"
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "asked_at"], name="question_lead_idx"),
            models.Index(fields=["addressee"], name="question_open_idx", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} about lead {self.lead_id}"


class Dispute(models.Model):
    """Marketing contests a rejection, or sales a delivery; one manager of each side decides.

    *Overturned* needs the word of both: a rejection then counts as accepted, a delivery is not counted. Everything else, the end of the time
    included, lets the handoff stand as it is.
    """

    class Kinds(models.TextChoices):
        REJECTION = "rejection", _("Rejection")
        DELIVERY = "delivery", _("Delivery")

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        OVERTURNED = "overturned", _("Overturned")
        STANDS = "stands", _("Stands")
        EXPIRED = "expired", _("Not decided in time")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Words(models.TextChoices):
        OVERTURN = "overturn", _("Overturn")
        STAND = "stand", _("Let it stand")

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="disputes")
    kind = models.CharField(max_length=10, choices=Kinds)
    state = models.CharField(max_length=10, choices=States, default=States.OPEN)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    reason = models.TextField(_("reason"))
    marketing_word = models.CharField(max_length=10, choices=Words, blank=True, default="")
    marketing_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    marketing_at = models.DateTimeField(null=True)
    sales_word = models.CharField(max_length=10, choices=Words, blank=True, default="")
    sales_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sales_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = ExchangeQuerySet["Dispute"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handoff"], condition=Q(state="open"), name="one_open_dispute_per_handoff"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_dispute_is_open_or_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="overturned") | Q(marketing_word="overturn", sales_word="overturn"),
                name="both_sides_overturn",
            ),
        ]
        indexes = [models.Index(fields=["raised_at"], name="dispute_open_idx", condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"dispute about handoff {self.handoff_id}"
