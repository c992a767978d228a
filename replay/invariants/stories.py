"""The story of each lead, told anew from its events: stages, owners, handoffs, and the clocks that had to be.

A table of its own says which event may follow which; what the rows say at the end must be what the events lead to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from replay.invariants.facts import EventRow, Facts, HandoffRow, LeadRow

SALES_STAGES = ("sal", "sql", "opportunity")
OPEN_STAGES = ("lead", "mql", *SALES_STAGES)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "qualified": (("lead",), "mql"),
    "accepted": (("mql",), "sal"),
    "rejected": (("mql", "sal"), "lead"),
    "recalled": (("mql",), "lead"),
    "qualified_for_sales": (("sal",), "sql"),
    "opportunity_opened": (("sql",), "opportunity"),
    "won": (("opportunity",), "customer"),
    "lost": (("opportunity",), "lost"),
    "recycled": (("sal", "sql", "lost"), "recycled"),
    "revived": (("recycled",), "lead"),
    "disqualified": (("lead", *SALES_STAGES), "disqualified"),
    "reopened": (("disqualified", "lost"), "lead"),
    "merged": (("lead", "mql", "recycled", "disqualified", "lost"), "merged"),
    "unmerged": (("merged",), ""),
}
TIMES = {"qualified": "mql_at", "accepted": "sal_at", "qualified_for_sales": "sql_at", "opportunity_opened": "opportunity_at",
         "won": "customer_at", "recycled": "recycled_at", "disqualified": "disqualified_at", "lost": "lost_at", "merged": "merged_at",
         "attempted": "first_attempt_at", "conversed": "conversed_at"}  # fmt: skip
EARLIEST = ("attempted", "conversed")
OF_HOLDER = (
    "rejected", "recalled", "rerouted", "qualified_for_sales", "opportunity_opened", "won", "lost", "recycled",
    "disqualified", "reopened",
)  # fmt: skip
"""What names who had the lead when it happened."""
LEARNT_LATER = ("captured", "touched", *EARLIEST)
"""What may be heard of after it happened; everything else is recorded as it happens, history apart."""

OF_WHO_HAS_IT = frozenset({"assign", "accept", "first_attempt", "cadence", "verdict"})
"""The promises of whoever has the lead, or the queue it stands in; of the others see ``duties``."""
IN_WORK = ("first_attempt", "cadence", "verdict")

ClockKey = tuple[str, str, int, int | None, int | None, datetime]
"""A clock that had to be: promise, kind and id of its subject, who owes it, which team if nobody, since when."""


@dataclass(slots=True)
class Story:
    """A lead as its events leave it."""

    stage: str = ""
    owner_id: int | None = None
    queue_id: int | None = None
    open_handoff: int | None = None
    times: dict[str, datetime | None] = field(default_factory=dict)
    handoffs: Counter[int] = field(default_factory=Counter)
    decisions: dict[int, tuple[str, datetime, str]] = field(default_factory=dict)
    offers: dict[int, tuple[datetime, str, int]] = field(default_factory=dict)
    holders: dict[int, tuple[int | None, datetime | None]] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)
    attempts: int = 0
    tier: str = ""
    returns_on: str = ""
    is_history: bool = False
    before_merge: str = ""
    merged_into: int | None = None
    clocks: Counter[ClockKey] = field(default_factory=Counter)
    terms: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def differences(facts: Facts) -> Iterator[str]:
    """Tell the story of every lead and compare it with the rows."""
    wanted: Counter[ClockKey] = Counter()
    stories: dict[int, Story] = {}
    handoffs: dict[int, list[HandoffRow]] = {}
    for handoff in facts.handoffs.values():
        handoffs.setdefault(handoff.lead_id, []).append(handoff)
    for lead in facts.leads.values():
        story = tell(facts.events.get(lead.id, []), facts.terms)
        wanted.update(story.clocks)
        stories[lead.id] = story
        found = [*story.faults, *_against_row(story, lead), *_against_handoffs(story, handoffs.get(lead.id, []))]
        yield from (f"lead {lead.id}: {words}" for words in found)
    yield from _against_merges(stories, facts)
    yield from _against_clocks(wanted, facts)
    yield from _against_assignments(facts)


def of_clocks(facts: Facts) -> Iterator[str]:
    """Look only whether each promise of who has a lead became exactly one clock."""
    wanted: Counter[ClockKey] = Counter()
    for events in facts.events.values():
        wanted.update(tell(events, facts.terms).clocks)
    yield from _against_clocks(wanted, facts)


def tell(events: list[EventRow], terms: Mapping[int, Mapping[str, Any]] | None = None) -> Story:
    """Go through the events of one lead; ``terms`` are those of the agreement versions, which say what is promised."""
    story = Story(terms=terms or {})
    if not events or events[0].kind != "captured" or sum(event.kind == "captured" for event in events) != 1:
        story.faults.append("does not begin with its one capture")
    for event in events:
        if event.occurred_at > event.recorded_at:
            story.faults.append(f"{event.kind} lies in the future of its record")
        if event.kind in OF_HOLDER and event.user_id != story.owner_id:
            story.faults.append(f"{event.kind} names {event.user_id}, it was with {story.owner_id}")
        _move(story, event)
        if event.occurred_at < event.recorded_at and event.kind not in LEARNT_LATER and not story.is_history:
            story.faults.append(f"{event.kind} at {event.occurred_at} was recorded at {event.recorded_at}")
        _hold(story, event)
        story.attempts += event.kind == "attempted"
        if event.kind == "recycled":
            story.returns_on = event.facts.get("returns_on", "")
        elif event.kind in EARLIEST:
            column = TIMES[event.kind]
            story.times[column] = min(story.times.get(column) or event.occurred_at, event.occurred_at)
    return story


def _move(story: Story, event: EventRow) -> None:
    if event.kind == "captured":
        is_own = event.facts.get("origin") == "sales"
        story.stage, story.owner_id = ("sal", event.user_id) if is_own else ("lead", None)
        story.times = {"captured_at": event.occurred_at, **({"sal_at": event.recorded_at} if is_own else {})}
    if event.kind not in MOVES:
        return
    sources, target = MOVES[event.kind]
    story.is_history |= event.code == "history"
    if story.stage not in sources and not (story.is_history and event.kind == "won"):
        story.faults.append(f"{event.kind} from stage {story.stage}")
    _merge(story, event)
    story.stage = target or event.code
    if event.kind in ("revived", "reopened"):
        story.times = {"captured_at": story.times.get("captured_at")}
        story.attempts, story.tier = 0, ""
    if event.kind in TIMES:
        story.times.setdefault(TIMES[event.kind], event.occurred_at)


def _merge(story: Story, event: EventRow) -> None:
    """Follow into which lead it was merged; who comes back is what it was."""
    if event.kind == "merged":
        story.before_merge, story.merged_into = story.stage, event.facts.get("into")
        if event.code != story.stage:
            story.faults.append(f"was merged as {event.code}, it was at {story.stage}")
    elif event.kind == "unmerged":
        story.merged_into = None
        story.times.pop("merged_at", None)
        if event.code != story.before_merge:
            story.faults.append(f"came back as {event.code}, it was merged as {story.before_merge}")


def _hold(story: Story, event: EventRow) -> None:
    """Follow who has the lead, and note which clock has to start."""
    if event.kind == "handed_off":
        _offered(story, event)
    elif event.kind in ("assigned", "queued"):
        _given(story, event)
    elif event.kind == "transfer_offered":
        _clock(story, event, "accept")
    elif event.kind == "accepted":
        _accepted(story, event)
    elif event.kind == "rejected" and event.facts.get("returned"):
        story.returned.add(event.handoff_id or 0)
        story.owner_id = story.queue_id = None
    elif event.kind in ("rejected", "recalled"):
        _decide(story, event, event.kind)
        story.owner_id = story.queue_id = None
    elif event.kind in ("revived", "reopened"):
        story.owner_id = story.queue_id = None
    elif event.kind in ("recycled", "disqualified"):
        story.queue_id = None


def _offered(story: Story, event: EventRow) -> None:
    handoff_id = event.handoff_id or 0
    if story.open_handoff is not None or not handoff_id:
        story.faults.append(f"handed off while handoff {story.open_handoff} is open")
    story.open_handoff, story.tier = event.handoff_id, event.code
    story.handoffs[handoff_id] += 1
    story.offers[handoff_id] = (event.recorded_at, event.code, len(story.handoffs))


def _accepted(story: Story, event: EventRow) -> None:
    """Give the lead to who accepted it: a cover or a manager may take what was offered to another."""
    _decide(story, event, "auto_accepted" if event.code == "auto" else "accepted")
    story.owner_id, story.queue_id = event.user_id, None
    _, since = story.holders.get(event.handoff_id or 0, (None, None))
    story.holders[event.handoff_id or 0] = (event.user_id, since)
    _work(story, event)


def _given(story: Story, event: EventRow) -> None:
    if story.stage == "mql" and event.handoff_id != story.open_handoff:
        story.faults.append(f"{event.kind} under handoff {event.handoff_id}, open is {story.open_handoff}")
    story.owner_id, story.queue_id = event.user_id, event.facts.get("team") if event.kind == "queued" else None
    if event.handoff_id is not None and event.handoff_id == story.open_handoff:
        story.holders[event.handoff_id] = (event.user_id, event.recorded_at if event.user_id else None)
    if event.kind == "queued":
        _clock(story, event, "assign")
    elif story.stage == "mql":
        _clock(story, event, "accept")
    elif story.stage == "sal":
        _work(story, event)


def _work(story: Story, event: EventRow) -> None:
    """Note what is owed on a lead in work; after a conversation there is no cadence to keep."""
    for promise in IN_WORK:
        if promise != "cadence" or story.times.get("conversed_at") is None:
            _clock(story, event, promise)


def _clock(story: Story, event: EventRow, promise: str) -> None:
    if not _is_promised(story, event, promise):
        return
    on_lead = promise in IN_WORK or event.handoff_id is None or event.kind == "transfer_offered"
    subject = ("lead", event.lead_id) if on_lead else ("handoff", event.handoff_id or 0)
    team_id = story.queue_id if promise == "assign" else None
    story.clocks[promise, *subject, event.user_id if promise != "assign" else None, team_id, event.recorded_at] += 1


def _is_promised(story: Story, event: EventRow, promise: str) -> bool:
    terms = story.terms.get(event.version_id or 0)
    return terms is None or any(item["code"] == promise for item in terms["promises"])


def _decide(story: Story, event: EventRow, state: str) -> None:
    if event.handoff_id is None or event.handoff_id != story.open_handoff:
        story.faults.append(f"{event.kind} under handoff {event.handoff_id}, open is {story.open_handoff}")
    story.decisions[event.handoff_id or 0] = (state, event.recorded_at, event.code if state == "rejected" else "")
    story.open_handoff = None


# Against the rows -----------------------------------------------------------------------------------------------------


def _against_row(story: Story, lead: LeadRow) -> Iterator[str]:
    if story.stage != lead.stage:
        yield f"is at {lead.stage}, by its events at {story.stage}"
    for name in ("captured_at", "advocate_at", *TIMES.values()):
        if getattr(lead, name) != story.times.get(name):
            yield f"{name} is {getattr(lead, name)}, by its events {story.times.get(name)}"
    if story.attempts != lead.attempt_count:
        yield f"has {lead.attempt_count} attempts, by its events {story.attempts}"
    if len(story.handoffs) != lead.handoff_count:
        yield f"has {lead.handoff_count} handoffs, by its events {len(story.handoffs)}"
    if lead.stage in OPEN_STAGES and lead.queue_id != story.queue_id:
        yield f"stands in queue {lead.queue_id}, by its events in {story.queue_id}"
    yield from _against_holding(story, lead)


def _against_holding(story: Story, lead: LeadRow) -> Iterator[str]:
    """Compare who has the lead, how hot it was offered and when it comes back."""
    if not lead.is_history:
        if lead.stage in SALES_STAGES and lead.owner_id is None and lead.queue_id is None:
            yield "is in sales’ hands with neither owner nor queue"
        owner_id = None if lead.stage == "mql" else story.owner_id  # until it is accepted, it is only offered
        if lead.owner_id != owner_id:
            yield f"is owned by {lead.owner_id}, by its events by {owner_id}"
    elif story.handoffs or story.clocks:
        yield "is of the past, but was handed off"
    if story.tier and lead.stage not in ("lead", "mql", "merged") and lead.tier != story.tier:
        yield f"is {lead.tier}, by its events {story.tier}"
    if lead.stage == "recycled" and str(lead.returns_on) != story.returns_on:
        yield f"comes back on {lead.returns_on}, by its events on {story.returns_on}"


def _against_handoffs(story: Story, handoffs: list[HandoffRow]) -> Iterator[str]:
    """Each handoff was opened once, and decided once or not yet; the events know no others."""
    known = {handoff.id for handoff in handoffs}
    for handoff_id, count in story.handoffs.items():
        if handoff_id not in known or count != 1:
            yield f"handoff {handoff_id} was opened {count} times"
    for handoff in handoffs:
        decision = story.decisions.get(handoff.id)
        is_open = handoff.id == story.open_handoff
        wanted = ("open", None) if is_open else (decision or ("never opened", None))[:2]
        if (handoff.state, handoff.decided_at) != wanted:
            yield f"handoff {handoff.id} is {handoff.state} since {handoff.decided_at}, by its events {wanted}"
        if is_open and handoff.assignee_id != story.owner_id:
            yield f"handoff {handoff.id} is offered to {handoff.assignee_id}, by its events to {story.owner_id}"
        if is_open and handoff.assignee_id is None and story.queue_id is None:
            yield f"handoff {handoff.id} is with nobody and in no queue"
        if handoff.was_returned != (handoff.id in story.returned):
            yield f"handoff {handoff.id} is returned or not, against its events"
        offered = story.offers.get(handoff.id)
        row = (handoff.offered_at, handoff.tier, handoff.ordinal)
        if offered is not None and row != offered:
            yield f"handoff {handoff.id} was offered as {row}, by its events {offered}"
        holder = story.holders.get(handoff.id, (None, None))
        if (handoff.assignee_id, handoff.assigned_at) != holder:
            yield f"handoff {handoff.id} went to {handoff.assignee_id} at {handoff.assigned_at}, by its events {holder}"


def _against_merges(stories: Mapping[int, Story], facts: Facts) -> Iterator[str]:
    """A merged lead names the one that goes on for it in the end, however many merges lie between."""
    for lead in facts.leads.values():
        into = stories[lead.id].merged_into
        while into is not None and into in stories and stories[into].merged_into is not None:
            into = stories[into].merged_into
        if lead.merged_into_id != into:
            yield f"lead {lead.id}: is merged into {lead.merged_into_id}, by its events into {into}"


def _against_clocks(wanted: Counter[ClockKey], facts: Facts) -> Iterator[str]:
    """Each promise made became exactly one clock, and no clock came from nowhere."""
    there: Counter[ClockKey] = Counter()
    for clock in facts.clocks.values():
        if clock.promise not in OF_WHO_HAS_IT:
            continue
        started = next((step.recorded_at for step in facts.steps.get(clock.id, ()) if step.kind == "started"), None)
        subject = ("lead", clock.lead_id) if clock.lead_id else ("handoff", clock.handoff_id or 0)
        team_id = clock.team_id if clock.promise == "assign" else None
        there[clock.promise, *subject, clock.user_id, team_id, started] += 1  # type: ignore[index]
    for key, count in (wanted - there).items():
        yield f"no clock for a promise ({count}): {_words(key)}"
    for key, count in (there - wanted).items():
        yield f"a clock without a promise ({count}): {_words(key)}"


def _words(key: ClockKey) -> str:
    promise, subject, subject_id, user_id, team_id, since = key
    return f"{promise} on {subject} {subject_id}, owed by {user_id or f'team {team_id}'}, since {since}"


def _against_assignments(facts: Facts) -> Iterator[str]:
    events = Counter(
        (
            event.lead_id,
            event.handoff_id,
            event.user_id,
            event.facts.get("team"),
            event.code,
            event.actor_id,
            event.recorded_at,
        )
        for events in facts.events.values()
        for event in events
        if event.kind in ("assigned", "queued")
    )
    rows = Counter(
        (row.lead_id, row.handoff_id, row.user_id, row.queue_id, row.cause, row.actor_id, row.assigned_at)
        for row in facts.assignments
    )
    for key in (events - rows) + (rows - events):
        yield f"lead {key[0]}: its assignments are not those of its events ({key})"
