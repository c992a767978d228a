"""What we did: attempts and conversations, verdicts, opportunities."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.codes import ACTIVITY_KINDS, OUTCOMES
from leads.models.handoffs import Handoff
from leads.models.leads import Lead


class Activity(models.Model):
    """A call, email, meeting or message. An *attempt* is any outbound one; a *conversation* is two-way."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="activities")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="activities")
    kind = models.CharField(_("kind"), max_length=10, choices=ACTIVITY_KINDS)
    outcome = models.CharField(_("outcome"), max_length=20, choices=OUTCOMES)
    is_outbound = models.BooleanField(_("outbound"), default=True)
    note = models.TextField(_("note"), blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    submission_key = models.UUIDField(
        null=True, editable=False, help_text="Names the form that was sent, to take it once."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "submission_key"], condition=Q(submission_key__isnull=False), name="activity_sent_once"
            ),
        ]
        indexes = [models.Index(fields=["lead", "occurred_at"], name="activity_lead_idx")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"


class Feedback(models.Model):
    """A rep's verdict on a lead: quality 1 to 5 and which aspects were good or poor."""

    class Kinds(models.TextChoices):
        QUICK = "quick", _("Quick rating")
        FULL = "full", _("Full feedback")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="feedback")
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, null=True, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=5, choices=Kinds)
    quality = models.PositiveSmallIntegerField(_("quality"))
    aspects = models.JSONField(default=dict, help_text='{"fit"|"timing"|"data"|"interest": true|false}')
    comment = models.TextField(_("comment"), blank=True, default="")
    given_at = models.DateTimeField()
    submission_key = models.UUIDField(
        null=True, editable=False, help_text="Names the form that was sent, to take it once."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "submission_key"], condition=Q(submission_key__isnull=False), name="feedback_sent_once"
            ),
            models.CheckConstraint(condition=Q(quality__gte=1, quality__lte=5), name="quality_is_one_to_five"),
        ]
        indexes = [
            models.Index(fields=["lead", "given_at"], name="feedback_lead_idx"),
            models.Index(fields=["given_at"], name="feedback_given_idx"),
        ]

    def __str__(self) -> str:
        return f"quality {self.quality} of lead {self.lead_id}"


class Opportunity(models.Model):
    """A deal that may be won, with its amount. One open per lead."""

    class Stages(models.TextChoices):
        DISCOVERY = "discovery", _("Discovery")
        PROPOSAL = "proposal", _("Proposal")
        NEGOTIATION = "negotiation", _("Negotiation")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    class Kinds(models.TextChoices):
        NEW = "new", _("New sale")
        RENEWAL = "renewal", _("Renewal")
        EXPANSION = "expansion", _("Expansion")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="opportunities")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="opportunities"
    )
    kind = models.CharField(max_length=10, choices=Kinds, default=Kinds.NEW)
    stage = models.CharField(max_length=12, choices=Stages, default=Stages.DISCOVERY)
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    expected_close_on = models.DateField(_("expected close"), null=True, blank=True)
    reason = models.CharField(max_length=24, blank=True, default="")
    note = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(stage__in=["discovery", "proposal", "negotiation"]),
                name="one_open_opportunity_per_lead",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["won", "lost"], closed_at__isnull=False)
                | (~Q(stage__in=["won", "lost"]) & Q(closed_at__isnull=True)),
                name="a_closed_opportunity_has_its_date",
            ),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="amount_is_not_negative"),
        ]
        indexes = [
            models.Index(fields=["lead", "opened_at"], name="opportunity_lead_idx"),
            models.Index(fields=["lead", "currency", "amount"], name="opportunity_won_idx", condition=Q(stage="won")),
        ]

    def __str__(self) -> str:
        return f"opportunity of lead {self.lead_id}"
