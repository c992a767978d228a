"""Questions and disputes: their rows are what the log says, each has the clocks it had to have, and what was decided is what counts.

What cannot be told from events: whatever people wrote. Each word of a dispute stands in the audit alone, as long as the other is not given.
That their plans and due times are right is looked at with those of all clocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from leads.models import Clock, Dispute, Handoff, Question
from replay.invariants import handing_on
from replay.invariants.facts import EventRow, Facts, HandoffRow, NoticeRow
from replay.invariants.inforce import Times
from teams.models import Team

ENDED_BY = {
    "accepted": {"accepted"}, "away": {"queued"}, "disqualified": {"disqualified"}, "escalated": {"assigned", "queued"}, "left": {"assigned", "queued"},
    "lost": {"lost"}, "reassigned": {"assigned"}, "recalled": {"recalled"}, "recycled": {"recycled"}, "rejected": {"rejected"},
    "rerouted": {"rerouted"}, "returned": {"rejected"}, "transferred": {"transferred"}, "won": {"won"},
}  # fmt: skip
"""Which event stands beside a question that ended by itself, by its code."""

OVER = ("recycled", "disqualified", "lost", "customer", "advocate")
"""Where nothing is asked any more."""

PROMISES = {"marketing": "answer_question", "sales": "answer_offer"}
SIDES = ("marketing", "sales")


class QuestionRow(NamedTuple):
    id: int
    lead_id: int
    to_side: str
    addressee_id: int | None
    state: str
    asked_by_id: int
    asked_at: datetime
    closed_by_id: int | None
    closed_at: datetime | None


class DisputeRow(NamedTuple):
    id: int
    handoff_id: int
    kind: str
    state: str
    raised_by_id: int
    raised_at: datetime
    marketing_word: str
    marketing_by_id: int | None
    marketing_at: datetime | None
    sales_word: str
    sales_by_id: int | None
    sales_at: datetime | None
    closed_at: datetime | None


class Line(NamedTuple):
    """What a clock on a question or a dispute says."""

    id: int
    question_id: int | None
    dispute_id: int | None
    promise: str
    side: str
    tier: str
    user_id: int | None
    team_id: int | None
    version_id: int
    state: str
    arrived_at: datetime
    answered_at: datetime | None
    cancelled_at: datetime | None
    next_action_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was asked and contested, with its events by the thing that they name, and its clocks."""

    facts: Facts
    questions: dict[int, QuestionRow]
    disputes: dict[int, DisputeRow]
    of_questions: dict[int, list[EventRow]]
    of_disputes: dict[int, list[EventRow]]
    times: Times
    clocks: list[Line]
    sides: dict[int, str]
    handed_on: dict[int, int]

    @staticmethod
    def load(facts: Facts) -> Said:
        about = Clock.objects.filter(question__isnull=False) | Clock.objects.filter(dispute__isnull=False)
        questions = (QuestionRow(*row) for row in Question.objects.order_by("id").values_list(*QuestionRow._fields))
        disputes = (DisputeRow(*row) for row in Dispute.objects.order_by("id").values_list(*DisputeRow._fields))
        return Said(
            facts=facts,
            questions={row.id: row for row in questions},
            disputes={row.id: row for row in disputes},
            of_questions=_named(facts, "question", ("asked", "replied", "question_withdrawn")),
            of_disputes=_named(facts, "dispute", ("disputed", "dispute_closed")),
            times=Times(facts),
            clocks=[Line(*row) for row in about.order_by("id").values_list(*Line._fields)],
            sides=dict(Team.objects.values_list("id", "side")),
            handed_on=handing_on.pairs(),
        )


def differences(facts: Facts) -> Iterator[str]:
    """Look at everything that was asked and contested."""
    said = Said.load(facts)
    for question_id in said.of_questions.keys() - said.questions.keys():
        yield f"question {question_id}: its events have no row"
    for dispute_id in said.of_disputes.keys() - said.disputes.keys():
        yield f"dispute {dispute_id}: its events have no row"
    for question in said.questions.values():
        yield from (f"question {question.id}: {words}" for words in _question(question, said))
    for dispute in said.disputes.values():
        yield from (f"dispute {dispute.id}: {words}" for words in _dispute(dispute, said))
    yield from _counted(said)
    yield from _told(said)


def _named(facts: Facts, name: str, kinds: tuple[str, ...]) -> dict[int, list[EventRow]]:
    found: dict[int, list[EventRow]] = defaultdict(list)
    for event in (event for events in facts.events.values() for event in events if event.kind in kinds):
        found[event.facts.get(name, 0)].append(event)
    return dict(found)


def _one(events: list[EventRow], kind: str) -> EventRow | None:
    found = [event for event in events if event.kind == kind]
    return found[0] if len(found) == 1 else None


# Questions ------------------------------------------------------------------------------------------------------------


def _question(row: QuestionRow, said: Said) -> Iterator[str]:
    events = said.of_questions.get(row.id, [])
    asked = _one(events, "asked")
    told = (row.lead_id, row.to_side, row.addressee_id, row.asked_by_id, row.asked_at)
    if asked is None or told != (asked.lead_id, asked.code, asked.user_id, asked.actor_id, asked.recorded_at):
        yield f"asked as {told}, by its event {asked}"
        return
    handoff = _newest_at(row.lead_id, row.asked_at, said.facts)
    versions = said.times.agreements(row.asked_at) if handoff is None else {handoff.version_id}
    if asked.version_id not in versions or asked.handoff_id not in (None, handoff.id if handoff else None):
        yield f"asked under handoff {asked.handoff_id} and version {asked.version_id}, not {sorted(versions)}"
    ends = [event for event in events if event.kind != "asked"]
    wanted = {"answered": ["replied"], "withdrawn": ["question_withdrawn"]}.get(row.state, [])
    if [event.kind for event in ends] != wanted:
        yield f"is {row.state}, its events are {[event.kind for event in ends]}"
    for end in ends:
        yield from _question_end(row, end, said)
    if row.state == "open":
        yield from _still_asked(row, said)
    yield from _question_clock(row, asked, ends[0] if ends else None, said)


def _newest_at(lead_id: int, at: datetime, facts: Facts) -> HandoffRow | None:
    """Give the newest handoff of a lead that there was at an instant: what is asked then is asked under it."""
    offered = (row for row in facts.handoffs.values() if row.lead_id == lead_id and row.offered_at <= at)
    return max(offered, key=lambda row: row.ordinal, default=None)


def _question_end(row: QuestionRow, end: EventRow, said: Said) -> Iterator[str]:
    if (end.recorded_at, end.user_id, end.lead_id) != (row.closed_at, row.asked_by_id, row.lead_id):
        yield f"closed at {row.closed_at}, by its event {end}"
    is_by_itself = end.kind == "question_withdrawn" and end.code != ""
    if is_by_itself:
        beside = {event.kind for event in said.facts.events[row.lead_id] if event.recorded_at == end.recorded_at}
        if row.closed_by_id is not None or not beside & ENDED_BY.get(end.code, set()):
            yield f"ended as {end.code}, when nothing ended it"
    elif row.closed_by_id is None or row.closed_by_id != end.actor_id:
        yield f"closed by {row.closed_by_id}, by its event by {end.actor_id}"
    elif end.kind == "question_withdrawn" and end.actor_id != row.asked_by_id:
        yield f"asked by {row.asked_by_id}, and taken back by {end.actor_id}"
    if end.kind == "replied" and end.code != row.to_side:
        yield f"asked of {row.to_side}, answered by {end.code}"


def _still_asked(row: QuestionRow, said: Said) -> Iterator[str]:
    """An open question is about a lead that is worked on, an offer of help to whoever has it."""
    lead = said.facts.leads[row.lead_id]
    if lead.stage in OVER:
        yield f"is open, its lead is {lead.stage}"
    if row.to_side == "sales":
        offered = (h.assignee_id for h in said.facts.handoffs.values() if (h.lead_id, h.state) == (lead.id, "open"))
        holder = lead.owner_id or next(offered, None)
        if holder != row.addressee_id:
            yield f"waits for {row.addressee_id}, its lead is with {holder}"


def _question_clock(row: QuestionRow, asked: EventRow, end: EventRow | None, said: Said) -> Iterator[str]:
    of_it = [clock for clock in said.clocks if clock.question_id == row.id]
    followers = said.handed_on.values()
    clocks = [clock for clock in of_it if clock.id not in followers]
    promise = PROMISES[row.to_side]
    is_promised = promise in _promised(said.facts, asked.version_id)
    if len(clocks) != is_promised:
        yield f"has {len(clocks)} clocks, by its terms {int(is_promised)}"
    for clock in clocks:
        handoff = _newest_at(row.lead_id, row.asked_at, said.facts)
        tier = handoff.tier if handoff else "standard"
        shown = (clock.promise, clock.side, clock.tier, clock.version_id, clock.arrived_at)
        if shown != (promise, row.to_side, tier, asked.version_id, row.asked_at):
            yield f"has a clock of {shown}"
        if clock.user_id not in (row.addressee_id, None) or said.sides.get(clock.team_id or 0) != row.to_side:
            yield f"is owed by {clock.user_id} of team {clock.team_id}, asked was {row.addressee_id}"
    for clock in of_it:
        if clock.id not in said.handed_on:  # else see handing_on
            yield from _ending(clock, end if end and end.kind == "replied" else None, end, said)


# Disputes -------------------------------------------------------------------------------------------------------------


def _dispute(row: DisputeRow, said: Said) -> Iterator[str]:
    events, handoff = said.of_disputes.get(row.id, []), said.facts.handoffs[row.handoff_id]
    raised = _one(events, "disputed")
    told = (row.handoff_id, row.kind, row.raised_by_id, row.raised_at, handoff.lead_id)
    if raised is None or told != (
        raised.handoff_id, raised.code, raised.actor_id, raised.recorded_at, raised.lead_id,
    ):  # fmt: skip
        yield f"raised as {told}, by its event {raised}"
        return
    given_back = any(
        event.kind == "rejected" and event.handoff_id == row.handoff_id and event.recorded_at <= row.raised_at
        for event in said.facts.events[handoff.lead_id]
    )
    if any((event.version_id, event.handoff_id) != (handoff.version_id, handoff.id) for event in events):
        yield f"has events of other handoffs or versions than {handoff.id} and {handoff.version_id}"
    if given_back != (row.kind == "rejection"):
        yield f"contests a {row.kind}, which it was not"
    closed = _one(events, "dispute_closed")
    if len(events) != (1 if row.state == "open" else 2):
        yield f"is {row.state}, its events are {[event.kind for event in events]}"
    if closed is not None and (closed.code, closed.recorded_at, closed.facts.get("kind")) != (
        row.state, row.closed_at, row.kind,
    ):  # fmt: skip
        yield f"is {row.state} since {row.closed_at}, by its event {closed}"
    yield from _words(row, closed, said)
    yield from _dispute_clocks(row, closed, said)


def _words(row: DisputeRow, closed: EventRow | None, said: Said) -> Iterator[str]:
    """Each word is the one that the audit tells of, and together they decide."""
    entries = Counter(
        (entry.facts.get("side"), entry.facts.get("word"), entry.actor_id, entry.at)
        for entry in said.facts.audit
        if entry.verb == "decide_dispute" and entry.facts.get("dispute") == row.id
    )
    given = Counter(
        (side, word, by, at)
        for side, word, by, at in (
            ("marketing", row.marketing_word, row.marketing_by_id, row.marketing_at),
            ("sales", row.sales_word, row.sales_by_id, row.sales_at),
        )
        if word or by or at
    )
    if entries != given:
        yield f"its words are {sorted(given, key=str)}, by the audit {sorted(entries, key=str)}"
    if row.marketing_by_id is not None and row.marketing_by_id == row.sales_by_id:
        yield f"{row.sales_by_id} spoke for both sides"
    both = row.marketing_word and row.sales_word
    decided = "overturned" if row.marketing_word == row.sales_word == "overturn" else "stands"
    if (row.state in ("overturned", "stands")) != bool(both) or (both and row.state != decided):
        yield f"is {row.state} after the words {row.marketing_word!r} and {row.sales_word!r}"
    who = {"expired": None, "withdrawn": row.raised_by_id}
    if closed is not None and row.state in who and closed.actor_id != who[row.state]:
        yield f"is {row.state} by {closed.actor_id}"
    last = max((at for at in (row.marketing_at, row.sales_at) if at), default=None)
    if both and row.closed_at != last:
        yield f"closed at {row.closed_at}, the last word fell at {last}"


def _dispute_clocks(row: DisputeRow, closed: EventRow | None, said: Said) -> Iterator[str]:
    handoff = said.facts.handoffs[row.handoff_id]
    clocks = [clock for clock in said.clocks if clock.dispute_id == row.id]
    wanted = sorted(SIDES) if "decide_dispute" in _promised(said.facts, handoff.version_id) else []
    if sorted(clock.side for clock in clocks) != wanted:
        yield f"has clocks of {[clock.side for clock in clocks]}"
    for clock in clocks:
        shown = (clock.promise, clock.tier, clock.user_id, clock.version_id, clock.arrived_at)
        if shown != ("decide_dispute", handoff.tier, None, handoff.version_id, row.raised_at):
            yield f"has a clock of {shown}"
        if said.sides.get(clock.team_id or 0) != clock.side:
            yield f"is owed by team {clock.team_id}, which is not {clock.side}’s"
        spoken_at = row.marketing_at if clock.side == "marketing" else row.sales_at
        yield from _ending(clock, spoken_at, closed, said)
    if row.state == "expired" and not any(_ran_out(clock, said) for clock in clocks):
        yield "was closed before the time of a side was over"


def _ran_out(clock: Line, said: Said) -> bool:
    steps = said.facts.steps.get(clock.id, ())
    return clock.state == "missed" and any((step.kind, step.code) == ("escalated", "close_dispute") for step in steps)


# Both -----------------------------------------------------------------------------------------------------------------


def _promised(facts: Facts, version_id: int | None) -> set[str]:
    return {item["code"] for item in facts.terms.get(version_id or 0, {}).get("promises", ())}


def _ending(clock: Line, answered: EventRow | datetime | None, end: EventRow | None, said: Said) -> Iterator[str]:
    """A clock was answered when its side spoke, ended with what it was about, and else still runs or was missed."""
    steps = said.facts.steps.get(clock.id, [])
    if [step.recorded_at for step in steps if step.kind == "started"] != [clock.arrived_at]:
        yield f"clock {clock.id} did not start with it"
    answered_at = answered.recorded_at if isinstance(answered, EventRow) else answered
    of_answer = [step for step in steps if step.kind in ("met", "answered")]
    if answered_at is not None:
        if not of_answer or any(step.occurred_at != answered_at for step in of_answer):
            yield f"clock {clock.id} is {clock.state}, and was answered at {answered_at}"
        return
    if of_answer:
        yield f"clock {clock.id} is answered, and nobody spoke"
    if end is None:
        if clock.state == "cancelled":
            yield f"clock {clock.id} is cancelled, and it is still open"
        return
    codes = {end.code or "withdrawn"}
    cancelled = [step for step in steps if step.kind == "cancelled"]
    if any((step.recorded_at, {step.code}) != (end.recorded_at, codes) for step in cancelled):
        yield f"clock {clock.id} was cancelled as {cancelled}, it ended as {end.code}"
    if clock.state not in ("cancelled", "missed") or clock.next_action_at is not None:
        yield f"clock {clock.id} is {clock.state} and acts at {clock.next_action_at}, though it is closed"


def _counted(said: Said) -> Iterator[str]:
    """A handoff counts otherwise exactly where both sides overturned."""
    overturned: dict[tuple[str, int], bool] = {
        (event.facts.get("kind", ""), event.handoff_id or 0): True
        for events in said.of_disputes.values()
        for event in events
        if (event.kind, event.code) == ("dispute_closed", "overturned")
    }
    flags: Any = Handoff.objects.order_by("id").values_list("id", "is_overturned", "is_struck")
    for handoff_id, is_overturned, is_struck in flags.iterator():
        wanted = (("rejection", handoff_id) in overturned, ("delivery", handoff_id) in overturned)
        if (is_overturned, is_struck) != wanted:
            yield f"handoff {handoff_id}: is overturned {is_overturned} and struck {is_struck}, by its events {wanted}"


# Who was told ---------------------------------------------------------------------------------------------------------


def _told(said: Said) -> Iterator[str]:
    """Who was asked, who asked, and whoever has to speak heard of it, unless it was their own deed."""
    heard: dict[tuple[str, int, datetime], set[int]] = defaultdict(set)
    for notice in said.facts.notices:
        for name in ("question", "dispute"):
            if name in notice.facts:
                heard[_key(notice, name)].add(notice.recipient_id)
    for question_id, events in said.of_questions.items():
        codes = {"asked": "question_asked", "replied": "question_answered"}
        for event in (event for event in events if event.kind in codes):
            people = heard[codes[event.kind], question_id, event.recorded_at]
            if not _has_heard(event, people):
                yield f"question {question_id}: {codes[event.kind]} was told to {sorted(people)}"
    for dispute_id, events in said.of_disputes.items():
        codes = {"disputed": "dispute_raised", "dispute_closed": "dispute_closed"}
        for event in events:
            people = heard[codes[event.kind], dispute_id, event.recorded_at]
            if not people or not _has_heard(event, people):
                yield f"dispute {dispute_id}: {codes[event.kind]} was told to {sorted(people)}"


def _has_heard(event: EventRow, people: set[int]) -> bool:
    """Tell whether whom it concerns was told; somebody, where it concerns nobody in person."""
    return bool(people) if event.user_id is None else event.user_id in people | {event.actor_id}


def _key(notice: NoticeRow, name: str) -> tuple[str, int, datetime]:
    return notice.code, notice.facts[name], notice.created_at
