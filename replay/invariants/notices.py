"""Who had to hear of something was told of it: once, by each channel, at the instant at which it was recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from replay.invariants.facts import EventRow, Facts, NoticeRow, StepRow
from replay.invariants.staff import Answer

EMAILED = {
    "clock_escalated", "clock_missed", "clock_taken", "lead_assigned", "lead_offered", "lead_queued", "lead_rejected",
    "new_hand_raise", "lead_triage", "lead_auto_accepted", "question_asked", "dispute_raised",
    "promise_handed_on", "transfer_offered",
}  # fmt: skip
"""What is told by email too."""

TOLD = {
    "assigned": ("lead_offered", "lead_assigned"),
    "queued": ("lead_queued",),
    "rejected": ("lead_rejected",),
    "rated": ("lead_rated",),
    "won": ("lead_won",),
    "lost": ("lead_lost",),
    "recycled": ("lead_recycled",),
    "recalled": ("lead_recalled",),
    "disqualified": ("lead_disqualified",),
    "reopened": ("lead_reopened",),
    "handoff_refused": ("handoff_incomplete",),
    "triage_needed": ("lead_triage",),
    "accepted": ("lead_auto_accepted",),
}
"""Which of these codes an event of each kind is told with."""

ESCALATIONS = {
    "notify_rep": "clock_missed",
    "notify_manager": "clock_escalated",
    "notify_both_managers": "clock_escalated",
    "reassign": "clock_taken",
    "return_to_queue": "clock_taken",
}

WORDS = {
    "clock_escalated": "escalation",
    "clock_missed": "miss",
    "clock_taken": "loss of the lead",
    "clock_warned": "warning",
}

Key = tuple[int, str, datetime]
"""A lead, what was told of it, when."""


def differences(facts: Facts) -> Iterator[str]:
    """Look at the notices of leads and their clocks."""
    yield from _channels(facts)
    yield from _events(facts)
    yield from _clocks(facts)


def _channels(facts: Facts) -> Iterator[str]:
    """What goes by two channels went by both, to the same people."""
    lines: dict[tuple[Key, int, str], Counter[str]] = defaultdict(Counter)
    for notice in facts.notices:
        key = (notice.subject_id, notice.code, notice.created_at)
        lines[key, notice.recipient_id, str(sorted(notice.facts.items(), key=str))][notice.channel] += 1
    for (key, recipient_id, _), channels in lines.items():
        if channels["email"] != (channels["in_app"] if key[1] in EMAILED else 0) or not channels["in_app"]:
            yield f"lead {key[0]}: {key[1]} of {key[2]} was told to {recipient_id} by {dict(channels)}"


def _events(facts: Facts) -> Iterator[str]:
    """Of what happened to a lead at least one person heard, unless nobody but the actor had to; who was offered it heard in person."""
    told: dict[Key, set[int]] = defaultdict(set)
    for notice in facts.notices:
        told[notice.subject_id, notice.code, notice.created_at].add(notice.recipient_id)
    for event in (event for events in facts.events.values() for event in events if event.kind in TOLD):
        codes = TOLD[event.kind]
        heard = set[int]().union(*(told[event.lead_id, code, event.recorded_at] for code in codes))
        if facts.leads[event.lead_id].is_history or _is_own_deed(event, facts):
            continue
        if not heard or (event.kind in IN_PERSON and event.user_id not in heard):
            yield f"event {event.id} ({event.kind} of lead {event.lead_id}): {' or '.join(codes)} was told to {sorted(heard)}"


IN_PERSON = ("assigned", "accepted")


def _is_own_deed(event: EventRow, facts: Facts) -> bool:
    """Tell whether only the actor may have had to hear of it: the rep who took it, a manager of the queue, a marketer."""
    if event.kind in ("recalled", "disqualified") and event.user_id is None:  # no rep had it
        return True
    if event.kind == "accepted" and event.code != "auto":
        return True
    if event.actor_id is None:
        return False
    if event.kind in ("assigned", "recalled"):
        return event.user_id == event.actor_id
    if event.kind == "queued":
        managers = facts.staff.managers([event.facts.get("team") or 0], event.recorded_at)
        return managers.surely <= {event.actor_id}
    return facts.staff.may_be_of_side(event.actor_id, "marketing", event.recorded_at)


def _clocks(facts: Facts) -> Iterator[str]:
    """Everybody who had to hear of a warning, a miss or an escalation was told once by each channel; nobody was told anything twice."""
    told: dict[int, list[NoticeRow]] = defaultdict(list)
    for notice in facts.notices:
        if notice.code.startswith("clock_"):
            told[notice.facts["clock"]].append(notice)
    for clock_id, notices in told.items():
        if clock_id not in facts.clocks:
            yield f"notice {notices[0].id}: no clock {clock_id}"
        lines = Counter((n.code, n.facts.get("percent"), n.recipient_id, n.channel, _again(n)) for n in notices)
        yield from (f"clock {clock_id}: {key} was told {count} times" for key, count in lines.items() if count > 1)
    for clock_id, steps in facts.steps.items():
        if clock_id in facts.clocks:
            yield from _of_steps(facts, clock_id, steps, told[clock_id])


def _again(notice: NoticeRow) -> datetime | None:
    """Tell apart what may be told again: a clock may be paused, go on and be reckoned anew more than once."""
    return notice.created_at if notice.code in ("clock_paused", "clock_resumed", "clock_recomputed") else None


def _of_steps(facts: Facts, clock_id: int, steps: list[StepRow], told: list[NoticeRow]) -> Iterator[str]:
    missed_at = next((step.recorded_at for step in steps if step.kind == "missed"), None)
    for step in steps:
        code = ESCALATIONS.get(step.code) if step.kind == "escalated" else None
        if step.kind == "warned" and step.recorded_at != missed_at:  # else the miss has overtaken it
            code = "clock_warned"
        if code is None:
            continue
        there = [n for n in told if n.code == code and n.created_at == step.recorded_at
                 and n.facts.get("percent", step.percent) == step.percent]  # fmt: skip
        owers = _managers_told(facts, clock_id, step) if code == "clock_escalated" else _owers(facts, clock_id, step)
        yield from _told_to(owers, clock_id, step, code, there)
    if missed_at is None:
        yield from (
            f"clock {clock_id}: a miss was told that never was (notice {notice.id})"
            for notice in told
            if notice.code == "clock_missed"
        )


def _owers(facts: Facts, clock_id: int, step: StepRow) -> Answer:
    """The rep, or the managers of the queue."""
    clock = facts.clocks[clock_id]
    if clock.user_id:
        return Answer(frozenset({clock.user_id}), frozenset({clock.user_id}))
    told = facts.staff.managers([clock.team_id or 0], step.recorded_at)
    return told if told.perhaps else facts.staff.managers_of_side(clock.side, step.recorded_at)


def _managers_told(facts: Facts, clock_id: int, step: StepRow) -> Answer:
    """The managers of the rep or of the queue, and those of marketing where both sides are told."""
    clock, at = facts.clocks[clock_id], step.recorded_at
    told = facts.staff.managers_of(clock.user_id, at) if clock.user_id else _owers(facts, clock_id, step)
    if not told.surely:  # where somebody has no manager, all of their side are told
        side = facts.staff.managers_of_side(clock.side, at)
        told = side if not told.perhaps else Answer(told.surely, told.perhaps | side.perhaps)
    if step.code != "notify_both_managers":
        return told
    others = facts.staff.managers_of_side("sales" if clock.side == "marketing" else "marketing", at)
    return Answer(told.surely | others.surely, told.perhaps | others.perhaps)


def _told_to(who: Answer, clock_id: int, step: StepRow, code: str, there: list[NoticeRow]) -> Iterator[str]:
    """Tell where one of ``who`` did not hear, or somebody else did; who found it by answering late themself hears nothing."""
    channels = ("in_app", "email") if code in EMAILED else ("in_app",)
    found = Counter((notice.recipient_id, notice.channel) for notice in there)
    wanted = Counter((user_id, channel) for user_id in who.surely - {step.actor_id} for channel in channels)
    allowed = Counter((user_id, channel) for user_id in who.perhaps - {step.actor_id} for channel in channels)
    if not wanted <= found <= allowed:
        yield f"clock {clock_id}: its {WORDS[code]} at {step.percent} % was told to {sorted(found)}, not to {sorted(wanted)}"
