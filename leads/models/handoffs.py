"""From marketing to sales: the qualification, the offer, and who got it and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.leads import Lead
from leads.models.routing import RoutingVersion
from sla.models import AgreementVersion
from teams.models import Team


class Qualification(models.Model):
    """That a lead became an MQL: by which rule or person, under which version, with which score. Immutable.

    ``items`` are the lines of both scores: ``[{"score": "fit"|"engagement", "code", "words", "points", "age_days"}]``.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="qualifications")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="+")
    qualified_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True, default="")
    fit = models.PositiveSmallIntegerField(null=True)
    engagement = models.PositiveSmallIntegerField()
    items = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["lead", "qualified_at"], name="qualification_lead_idx")]

    def __str__(self) -> str:
        return f"qualification of lead {self.lead_id}"


class Handoff(models.Model):
    """One offer of a lead by marketing to sales. At most one is open per lead."""

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        AUTO_ACCEPTED = "auto_accepted", _("Accepted automatically")
        REJECTED = "rejected", _("Rejected")
        RECALLED = "recalled", _("Recalled")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
    ordinal = models.PositiveSmallIntegerField(help_text="1 for the lead's first handoff.")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=10)
    state = models.CharField(max_length=14, choices=States, default=States.OPEN)
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="handoffs")
    assigned_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=24, blank=True, default="")
    note = models.TextField(blank=True, default="")
    was_returned = models.BooleanField(
        default=False, help_text="Accepted, then returned before any conversation: counts as a rejection."
    )
    is_overturned = models.BooleanField(
        default=False, db_default=False, help_text="Both sides overturned its rejection: counts as accepted."
    )
    is_struck = models.BooleanField(
        default=False, db_default=False, help_text="Both sides struck the delivery: it is not counted."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(state="open"), name="one_open_handoff_per_lead"),
            models.UniqueConstraint(fields=["lead", "ordinal"], name="handoff_ordinal_once"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="a_handoff_is_open_or_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="a_rejected_handoff_has_its_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["offered_at"], name="handoff_offered_idx"),
            models.Index(fields=["decided_at", "state"], name="handoff_decided_idx"),
            models.Index(fields=["assignee"], name="handoff_open_idx", condition=Q(state="open")),
            models.Index(
                fields=["lead", "state", "was_returned", "reason"],
                name="handoff_not_kept_idx",
                condition=Q(state__in=["open", "rejected", "recalled"]) | Q(was_returned=True),
            ),
        ]

    def __str__(self) -> str:
        return f"handoff {self.ordinal} of lead {self.lead_id}"


class Assignment(models.Model):
    """That a lead was put to a person or into a queue, by whom or which rule, and why. Append-only.

    ``trace`` is the explanation: ``{"rules": [...], "people": [...], "chosen": {...}}`` by ids and codes (see ``leads.routing``).
    """

    class Causes(models.TextChoices):
        ROUTED = "routed", _("Routed")
        MANUAL = "manual", _("By a manager")
        CLAIMED = "claimed", _("Claimed")
        REROUTED = "rerouted", _("Rerouted")
        ESCALATED = "escalated", _("Reassigned after a miss")
        LEFT = "left", _("Its rep left")
        AWAY = "away", _("Its rep is away")
        TRANSFERRED = "transfer", _("Transferred")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="assignments")
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, null=True, related_name="assignments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="assignments")
    queue = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    cause = models.CharField(max_length=10, choices=Causes)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    routing_version = models.ForeignKey(RoutingVersion, on_delete=models.PROTECT, null=True, related_name="+")
    trace = models.JSONField(default=dict)
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, queue__isnull=False) | Q(user__isnull=False, queue__isnull=True),
                name="an_assignment_names_a_person_or_a_queue",
            )
        ]
        indexes = [
            models.Index(fields=["lead", "assigned_at"], name="assignment_lead_idx"),
            models.Index(fields=["user", "assigned_at"], name="assignment_user_idx", condition=Q(user__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id} to {self.user_id or self.queue_id}"
