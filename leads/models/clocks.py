"""Clocks: one promise on one subject, and what happened to it."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from leads.codes import STEP_KINDS
from leads.models.exchange import Dispute, Question
from leads.models.handoffs import Handoff
from leads.models.leads import Lead
from leads.models.periods import TargetPeriod
from sla.models import AgreementVersion, CalendarVersion
from teams.models import Team

SUBJECTS = ("lead", "handoff", "question", "dispute", "campaign", "period")
"""What a promise can be about: exactly one of these."""


def _about(subject: str) -> Q:
    return Q(**{f"{name}__isnull": name != subject for name in SUBJECTS})


class ClockQuerySet(models.QuerySet["Clock"]):
    def visible_to(self, user: Any) -> ClockQuerySet:
        """Clocks that ``user`` may see: both teams see what the other owes them, as they see the leads; nobody else any."""
        return self if user.is_active and user.may("see_leads") else self.none()

    def running(self) -> ClockQuerySet:
        return self.filter(state=Clock.States.RUNNING)

    def unanswered(self) -> ClockQuerySet:
        """Clocks whose promise is still to be kept, in time or late: one that lives has no answer yet."""
        return self.filter(state__in=[*Clock.LIVE, Clock.States.MISSED], answered_at__isnull=True)

    def due(self, at: datetime) -> ClockQuerySet:
        """Clocks with something to do strictly before ``at``: a promise kept in its last second is kept."""
        return self.filter(next_action_at__lt=at).order_by("next_action_at", "id")


class Clock(models.Model):
    """A promise made: exactly one subject, the agreement and calendar versions it began under, and one outcome.

    ``plan`` is what will happen and when, reckoned once from the pinned calendar:
    ``[[percent, action, epoch seconds], …]`` in order, the miss included; ``plan_position`` is the next of them and
    ``next_action_at`` its instant (null when nothing more will happen). Times are elapsed seconds inside open hours. A paused clock stands
    still: it means nothing but to go on at ``next_action_at``, and its due time moves then.
    """

    class States(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        MET = "met", _("Kept")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (States.RUNNING, States.PAUSED)
    """While a clock is in one of these, its promise is neither kept nor missed nor cancelled."""

    promise = models.CharField(max_length=24)
    side = models.CharField(max_length=10, choices=Team.Sides)
    tier = models.CharField(max_length=10)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="clocks")
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, null=True, related_name="clocks")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, db_index=False, related_name="clocks")
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, db_index=False, related_name="clocks")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, db_index=False, related_name="clocks")
    period = models.ForeignKey(TargetPeriod, on_delete=models.PROTECT, null=True, db_index=False, related_name="clocks")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="clocks", help_text="Who owes it."
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="clocks")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="+")
    calendar_version = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT, related_name="+")

    state = models.CharField(max_length=10, choices=States, default=States.RUNNING)
    budget_seconds = models.PositiveIntegerField()
    grace_seconds = models.PositiveIntegerField(default=0, help_text="Added because it started while closed.")
    arrived_at = models.DateTimeField(help_text="When the wait began: what came before started_at is system delay.")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    plan = models.JSONField()
    plan_position = models.PositiveSmallIntegerField(default=0)
    next_action_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True, help_text="The due time, whenever it was detected.")
    detected_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    late_seconds = models.PositiveIntegerField(null=True, help_text="Business seconds between due and answered.")
    answered_seconds = models.PositiveIntegerField(
        null=True, help_text="Business seconds between started and answered, in the pinned calendar."
    )

    waited_seconds = models.PositiveIntegerField(
        null=True,
        help_text="Business seconds from arrived_at until it was with whoever owes it, in the pinned calendar: system delay.",
    )

    needed = models.PositiveSmallIntegerField(null=True, help_text="How many attempts keep it, where it counts them.")
    counted = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many there were since it started."
    )
    share_percent = models.PositiveSmallIntegerField(
        default=100,
        db_default=100,
        help_text="How much of its time it has: less where it was handed on from who is away.",
    )
    pause_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    excused_at = models.DateTimeField(null=True, help_text="When a manager excused the miss, which stays one.")

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=reduce(or_, (_about(subject) for subject in SUBJECTS)),
                name="a_clock_has_exactly_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(excused_at__isnull=True) | Q(state="missed"), name="only_a_miss_is_excused"
            ),
            models.CheckConstraint(
                condition=Q(share_percent__gte=1, share_percent__lte=100), name="a_clock_has_a_share_of_its_time"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(team__isnull=False), name="a_clock_is_owed_by_somebody"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="a_clock_is_due_after_it_started"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["running", "paused"],
                    met_at__isnull=True,
                    missed_at__isnull=True,
                    cancelled_at__isnull=True,
                )
                | Q(state="met", met_at__isnull=False, missed_at__isnull=True, cancelled_at__isnull=True)
                | Q(state="missed", missed_at__isnull=False, met_at__isnull=True, cancelled_at__isnull=True)
                | Q(state="cancelled", cancelled_at__isnull=False, met_at__isnull=True, missed_at__isnull=True),
                name="a_clock_has_one_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["met", "cancelled"]) | Q(next_action_at__isnull=True),
                name="an_ended_clock_does_nothing_more",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(next_action_at__isnull=False), name="a_running_clock_will_act"
            ),
            models.CheckConstraint(
                condition=~Q(state="paused") | Q(next_action_at__isnull=False), name="a_paused_clock_will_go_on"
            ),
            models.UniqueConstraint(
                fields=["promise", "handoff"],
                condition=Q(state__in=["running", "paused"], handoff__isnull=False),
                name="one_live_clock_per_promise_and_handoff",
            ),
            models.UniqueConstraint(
                fields=["promise", "lead"],
                condition=Q(state__in=["running", "paused"], lead__isnull=False),
                name="one_live_clock_per_promise_and_lead",
            ),
            *(
                models.UniqueConstraint(
                    fields=["promise", "side", subject],
                    condition=Q(state__in=["running", "paused"], **{f"{subject}__isnull": False}),
                    name=f"one_live_clock_per_promise_and_{subject}",
                )
                for subject in ("question", "dispute", "campaign", "period")
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_action_at", "id"], name="clock_due_idx", condition=Q(next_action_at__isnull=False)
            ),
            models.Index(
                fields=["user", "due_at"], name="clock_open_idx", condition=Q(state__in=["running", "paused"])
            ),
            models.Index(fields=["user", "due_at"], name="clock_judged_idx", condition=Q(state__in=["met", "missed"])),
            models.Index(fields=["due_at", "promise"], name="clock_period_idx"),
            models.Index(
                fields=["promise", "state", "user"], name="clock_unanswered_idx", condition=Q(answered_at__isnull=True)
            ),
            models.Index(fields=["handoff"], name="clock_handoff_idx", condition=Q(handoff__isnull=False)),
            models.Index(fields=["lead"], name="clock_lead_idx", condition=Q(lead__isnull=False)),
            *(
                models.Index(fields=[name], name=f"clock_of_{name}_idx", condition=Q(**{f"{name}__isnull": False}))
                for name in ("question", "dispute", "campaign", "period")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promise} clock {self.pk}"

    @property
    def concerned(self) -> Lead | None:
        """The lead that it concerns, whatever its subject is; none where that is a campaign or a period."""
        subject = self._subject_of_lead
        return subject.lead if subject is not None else self.lead

    @property
    def lead_id_concerned(self) -> int | None:
        """The id of the lead that it concerns."""
        subject = self._subject_of_lead
        return subject.lead_id if subject is not None else self.lead_id

    @property
    def _subject_of_lead(self) -> Handoff | Question | None:
        """What belongs to a lead and is the subject itself."""
        return self.dispute.handoff if self.dispute is not None else self.handoff or self.question


class ClockStep(models.Model):
    """What happened to a clock: append-only, each kind and ordinal once, one outcome for ever.

    It is the clock's part of the event log: ``occurred_at`` is when it was true (the due time of a miss), ``recorded_at`` when we
    learnt it.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=STEP_KINDS)
    ordinal = models.PositiveSmallIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(
        max_length=24, blank=True, default="", help_text="The action taken, or why it was cancelled."
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "kind", "ordinal"], name="a_clock_step_once"),
            models.UniqueConstraint(
                fields=["clock"], condition=Q(kind__in=["met", "missed", "cancelled"]), name="one_outcome_per_clock"
            ),
        ]
        indexes = [models.Index(fields=["kind", "occurred_at"], name="clock_step_period_idx")]

    def __str__(self) -> str:
        return f"{self.kind} of clock {self.clock_id}"


class ClockFaultQuerySet(models.QuerySet["ClockFault"]):
    def standing(self) -> ClockFaultQuerySet:
        """Those whose clock is still at the step that could not be done."""
        return self.filter(clock__next_action_at__isnull=False, plan_position=F("clock__plan_position"))


class ClockFault(models.Model):
    """That the sweep could not do the next step of a clock, and set the clock aside; the step is at ``plan_position``.

    It is left behind when the step is done later: nothing has to look for it then.
    """

    clock = models.OneToOneField(Clock, on_delete=models.CASCADE, related_name="fault")
    plan_position = models.PositiveSmallIntegerField()
    attempts = models.PositiveIntegerField(default=1, help_text="How often this step was tried in vain.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    logged_at = models.DateTimeField(help_text="When it was last written to the log.")
    error = models.CharField(max_length=80, help_text="The name of the exception.")

    objects = ClockFaultQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.error} of clock {self.clock_id}"
