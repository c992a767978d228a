"""What must hold of clocks at any moment, whatever died or raced before: checked from the rows alone."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q

from leads.models import Assignment, Clock, ClockStep
from ledger.models import AuditEntry, Notice

OUTCOMES = {"met", "missed", "cancelled"}
TOLD = {"notify_rep": "clock_missed", "notify_manager": "clock_escalated", "notify_both_managers": "clock_escalated"}


def problems() -> list[str]:
    """Give a sentence for each thing that is not as it must be."""
    return [*_outcomes(), *_steps(), *_notices(), *_audit(), *_reassignments()]


def _outcomes() -> list[str]:
    found = []
    for clock in Clock.objects.prefetch_related("steps"):
        kinds = [step.kind for step in clock.steps.all() if step.kind in OUTCOMES]
        expected = [clock.state] if clock.state in OUTCOMES else []
        if kinds != expected:
            found.append(f"clock {clock.pk} is {clock.state}, its steps say {kinds}")
        if [step.kind for step in clock.steps.all()].count("started") != 1:
            found.append(f"clock {clock.pk} did not start exactly once")
    return found


def _steps() -> list[str]:
    found = []
    for step in ClockStep.objects.select_related("clock"):
        if step.occurred_at > step.recorded_at:
            found.append(f"{step} was recorded before it happened")
        if step.kind == "missed" and step.occurred_at != step.clock.due_at:
            found.append(f"{step} does not have the due time")
        planned = step.clock.plan[step.ordinal][2] if step.kind in ("warned", "escalated") else None
        if planned is not None and step.occurred_at.timestamp() != planned:
            found.append(f"{step} does not have its planned time")
    return found


def _notices() -> list[str]:
    """Each escalation step that tells somebody was told, once in the app for each person, and nothing else was told; targets have their own.

    Who finds a miss by a verb of their own is not told of it, and may be the only one to tell.
    """
    told = Counter(
        (notice.facts["clock"], notice.facts["percent"], notice.code, notice.recipient_id, notice.channel)
        for notice in Notice.objects.filter(code__in=["clock_missed", "clock_escalated"])
    )
    found = [f"told more than once: {key}" for key, count in told.items() if count != 1]
    seen = {key[:3] for key in told}
    steps = ClockStep.objects.filter(kind="escalated", code__in=TOLD, clock__period=None).values_list(
        "clock_id", "percent", "code", "actor_id"
    )
    possible = {(clock_id, percent, TOLD[code]) for clock_id, percent, code, _ in steps}
    wanted = {(clock_id, percent, TOLD[code]) for clock_id, percent, code, actor_id in steps if actor_id is None}
    return [
        *found,
        *(f"not told: {key}" for key in wanted - seen),
        *(f"told without a step: {key}" for key in seen - possible),
    ]


def _audit() -> list[str]:
    """Whatever the system did to a clock at an instant stands in exactly one audit entry."""
    mentioned: Counter[tuple[int, object]] = Counter()
    for entry in AuditEntry.objects.filter(verb__in=["sweep", "reassign", "judge_target"], actor=None):
        for clock_id in entry.facts.get("ids", [entry.subject_id]):
            mentioned[(clock_id, entry.verb, entry.at)] += 1  # type: ignore[index]
    found = [f"in the audit more than once: {key}" for key, count in mentioned.items() if count != 1]
    steps = ClockStep.objects.filter(kind__in=["warned", "missed", "escalated"], actor=None)
    done = {(step.clock_id, step.recorded_at) for step in steps}
    entries = {(clock_id, at) for clock_id, _, at in mentioned}  # type: ignore[misc]
    entries |= _found_by_others()
    return [*found, *(f"not in the audit: {key}" for key in done - entries)]


def _found_by_others() -> set[tuple[int, object]]:
    """Give what the system may have found overdue while it did something else with a lead: that entry tells of it."""
    found: set[tuple[int, object]] = set()
    verbs = ["hand_on", "take_in", "revive", "close_dispute"]
    for entry in AuditEntry.objects.filter(verb__in=verbs, subject_type="lead", actor=None):
        ids = entry.facts.get("ids", [entry.subject_id])
        about = Q(lead__in=ids) | Q(handoff__lead__in=ids) | Q(question__lead__in=ids)
        about |= Q(dispute__handoff__lead__in=ids)
        found |= {(clock_id, entry.at) for clock_id in Clock.objects.filter(about).values_list("pk", flat=True)}
    return found


def _reassignments() -> list[str]:
    taken = ClockStep.objects.filter(kind="escalated", code="reassign")
    lapsed = Q(clock__promise="accept", clock__lead__isnull=False)  # the offer of a colleague, who keeps the lead
    steps = taken.exclude(lapsed).count()
    queued = Q(trace__chosen__why="nobody_answered")  # by the end of the accept window
    given = Assignment.objects.filter(cause="escalated").exclude(queued).count()
    return [] if steps == given else [f"{steps} reassignments were recorded, {given} were made"]
