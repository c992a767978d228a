"""The kept reason of an assignment: the rules that were passed over, the one that held, and whom or which queue it named.

It is compared with the rules that were in force, with who had the lead before, and with the clock that began.

What cannot be told from events: whether the conditions of a rule held (they ask about contacts and companies), who answered for the company,
the turns and weights of a pool, how much each person had, and who was away or shut out then. So of those who were passed over it is judged
only that they can stand there for such a reason; "excluded" alone is proved, for it means that they had the lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from replay.invariants.facts import AssignmentRow, Facts, RulesRow
from replay.invariants.inforce import Times

BY_PEOPLE = {"claimed": "claimed", "manual": "assigned", "transfer": "transferred"}
TAKEN = {"away": "away", "escalated": "nobody_answered"}
"""Why a lead went into a queue by no rule, by the cause."""
PASSED = {
    "owner_of_company": {"no_owner", "owner_cannot"}, "pool": {"no_pool"}, "person": {"person_cannot"}, "queue": set[str](),
}  # fmt: skip
"""Why a rule whose conditions hold may be passed over, by what it names."""
AWAY = ("absent", "leaves_first")
UNABLE = {"inactive", "excluded", *AWAY, "no_calendar", "closed"}
FULL = {"full", "full_today"}
FIRST = {
    "turns": {"turn"},
    "least_loaded": {"least_loaded", "least_for_weight"},
    "longest_waiting": {"longest_waiting"},
}
"""Why somebody of a pool was next, by who of it is."""
AFTER = {
    "turns": {"turn_later"}, "least_loaded": {"more_loaded", "more_for_weight", "as_loaded"},
    "longest_waiting": {"waited_less", "waited_as_long"},
}  # fmt: skip
"""Why the others were later, unless they were equal to who was next, or started work later."""
LATER = {"turn": False, "least_loaded": False, "least_for_weight": False, "longest_waiting": False, "opens_first": True}
"""Whether the hours of who got it by turns opened only later."""

Starts = Mapping[tuple[int, int, datetime], bool]
"""By lead, person and instant, whether the clock that began there had to wait for its hours to open."""


class Past:
    """Who had a lead so far, under which handoff, and which queue it stood in last."""

    def __init__(self) -> None:
        self.everybody: set[int] = set()
        self.under: defaultdict[int | None, set[int]] = defaultdict(set)
        self.last: AssignmentRow | None = None
        self.holder_id: int | None = None

    def give(self, user_id: int | None, handoff_id: int | None) -> None:
        """Note who has it now."""
        self.holder_id = user_id
        if user_id is not None:
            self.everybody.add(user_id)
            self.under[handoff_id].add(user_id)


def differences(facts: Facts) -> Iterator[str]:
    """Look at the reason of every assignment."""
    rows: dict[int, list[AssignmentRow]] = defaultdict(list)
    for row in facts.assignments:
        rows[row.lead_id].append(row)
    times, starts = Times(facts), _starts(facts)
    for lead_id, of_lead in rows.items():
        for row, past in _with_past(of_lead, lead_id, facts):
            if row.cause in TAKEN and row.trace.get("chosen", {}).get("why") == TAKEN[row.cause]:
                words = _taken(row, past)
            elif row.cause in BY_PEOPLE:
                words = _by_people(row, past)
            else:
                words = _by_rules(row, past, facts, times, starts)
            yield from (f"lead {lead_id}: the reason of its assignment {row.id} {word}" for word in words)


def _with_past(rows: list[AssignmentRow], lead_id: int, facts: Facts) -> Iterator[tuple[AssignmentRow, Past]]:
    """Go through the events of a lead beside its assignments, which come in the same order."""
    past, waiting = Past(), iter(rows)
    for event in facts.events.get(lead_id, ()):
        if event.kind in ("assigned", "queued"):
            row = next(waiting, None)
            if row is None:
                return
            yield row, past
            past.give(row.user_id, row.handoff_id)
            past.last = row
        elif event.kind in ("accepted", "captured"):
            past.give(event.user_id, event.handoff_id)
    yield from ((row, past) for row in waiting)


def _by_people(row: AssignmentRow, past: Past) -> Iterator[str]:
    wanted: dict[str, Any] = {"why": BY_PEOPLE[row.cause], "user": row.user_id}
    if row.cause == "claimed":
        wanted["queue"] = past.last.queue_id if past.last else None
        if row.actor_id != row.user_id:
            yield f"is a claim by {row.actor_id} for {row.user_id}"
    else:
        wanted["by"] = past.holder_id if row.cause == "transfer" else row.actor_id
    if row.trace != {"chosen": wanted}:
        yield f"is {row.trace}, by its events {wanted}"
    if row.routing_version_id is not None:
        yield f"names the rules {row.routing_version_id}, where a person chose"


def _taken(row: AssignmentRow, past: Past) -> Iterator[str]:
    """It went from who had it to a queue, by no rule."""
    wanted = {"why": TAKEN[row.cause], "user": past.holder_id, "queue": row.queue_id}
    if row.trace != {"chosen": wanted} or row.routing_version_id is not None or past.holder_id is None:
        yield f"is {row.trace}, by its events {wanted}"


def _by_rules(row: AssignmentRow, past: Past, facts: Facts, times: Times, starts: Starts) -> Iterator[str]:
    if row.routing_version_id not in times.rules(row.assigned_at):
        yield f"names the rules {row.routing_version_id}, which were not in force"
    edition = facts.routing.get(row.routing_version_id or 0)
    if edition is None or row.trace.keys() != {"rules", "people", "chosen"}:
        yield f"lacks its parts: {sorted(row.trace)} of rules {row.routing_version_id}"
        return
    chosen = row.trace["chosen"]
    codes = [rule["code"] for rule in edition.rules]
    if chosen.get("rule") not in codes:
        yield f"names a rule that there is not: {chosen.get('rule')}"
        return
    place = codes.index(chosen["rule"])
    yield from _passed(row, edition, place)
    yield from _people(row, past, edition.rules[place]["to"])
    yield from _chosen(row, edition.rules[place]["to"], facts, starts)


def _passed(row: AssignmentRow, edition: RulesRow, place: int) -> Iterator[str]:
    """All rules before the one that held were passed over, in their order, for a reason that each of them can have."""
    there = row.trace["rules"]
    earlier = edition.rules[:place]
    if [code for code, _ in there] != [rule["code"] for rule in earlier]:
        yield f"passes over the rules {there}, before {edition.rules[place]['code']} stand {[rule['code'] for rule in earlier]}"
        return
    for (code, why), rule in zip(there, earlier, strict=True):
        target, _ = _target(rule["to"])
        if why not in PASSED[target] and not (why == "conditions" and rule.get("when")):
            yield f"passes over {code} for {why}, which that rule cannot be passed over for"
    if any(why == "owner_cannot" for _, why in there) and not row.trace["people"]:
        yield "passes over somebody who answers for the company, and names nobody"


def _target(to: Mapping[str, Any]) -> tuple[str, Any]:
    """Give what a rule leads to, and its id."""
    ((target, target_id),) = ((word, value) for word, value in to.items() if word != "by")
    return target, target_id


def _people(row: AssignmentRow, past: Past, to: Mapping[str, Any]) -> Iterator[str]:
    later = {*AFTER[to.get("by", "turns")], "equal", "opens_later"} if "pool" in to else set()
    for user_id, why in row.trace["people"]:
        if why not in UNABLE | FULL | later:
            yield f"passes over {user_id} for {why}, which is no reason"
        if why == "excluded" and user_id not in past.everybody:
            yield f"excludes {user_id}, who never had the lead"
        # Closed in their own team, they may be open in that of the pool; full for a rule that names them, they still answer for a company.
        if user_id == row.user_id and why != "closed" and not ("owner_of_company" in to and why in FULL):
            yield f"passes over {user_id} for {why}, who got it"
    if row.user_id is None:
        return
    if row.cause in ("rerouted", "left") and row.handoff_id is not None and row.user_id in past.under[row.handoff_id]:
        yield f"gives it to {row.user_id} again, who had it"
    if row.cause == "escalated" and row.user_id == past.holder_id:
        yield f"leaves it with {row.user_id}, from whom it was taken"


def _chosen(row: AssignmentRow, to: Mapping[str, Any], facts: Facts, starts: Starts) -> Iterator[str]:
    chosen = {key: value for key, value in row.trace["chosen"].items() if key not in ("rule", "why")}
    why = row.trace["chosen"].get("why")
    target, target_id = _target(to)
    if row.user_id is None:
        wanted, reasons = _wanted_of_queue(row, target, target_id, facts)
    else:
        wanted, reasons = _wanted_of_person(row, to, why)
    if chosen != wanted or why not in reasons:
        yield f"chooses {row.trace['chosen']}, by its rule {wanted} by {sorted(reasons)}"
    if wanted.get("queue") != row.queue_id or wanted.get("user") != row.user_id:
        yield f"chooses {wanted}, it went to {row.user_id or f'queue {row.queue_id}'}"
    is_away = any([chosen.get("for"), why] in row.trace["people"] for why in AWAY)
    if "for" in chosen and (not is_away or row.user_id == chosen["for"]):
        yield f"covers for {chosen['for']}, who is not away"
    has_waited = starts.get((row.lead_id, row.user_id or 0, row.assigned_at))
    if why in LATER and has_waited is not None and has_waited != LATER[why]:
        yield f"says {why}, their hours were {'closed' if has_waited else 'open'}"


def _wanted_of_queue(row: AssignmentRow, target: str, target_id: Any, facts: Facts) -> tuple[dict[str, Any], set[str]]:
    """Give what a rule chooses that leads to a queue, and why it may: by its word, or where nobody of its pool could take it."""
    if target == "pool":
        return {"pool": target_id, "queue": facts.pools.get(target_id, row.queue_id)}, {"nobody"}
    return {"queue": target_id if target == "queue" else None}, {"queue"} if target == "queue" else set()


def _wanted_of_person(row: AssignmentRow, to: Mapping[str, Any], why: Any) -> tuple[dict[str, Any], set[str]]:
    """Give what a rule chooses that leads to a person, and why it may."""
    target, target_id = _target(to)
    covered = {"for": row.trace["chosen"]["for"]} if row.trace["chosen"].get("for") else {}
    if target == "queue":
        return {"queue": target_id}, {"queue"}
    if target == "pool":
        wanted = {"pool": target_id, "user": row.user_id, **covered}
        return wanted, {*FIRST[to.get("by", "turns")], "opens_first"}
    if target == "person" and why == "named_cover":
        return {"user": row.user_id, "for": target_id}, {"named_cover"}
    if target == "person":
        return {"user": target_id}, {"named"}
    return {"user": row.user_id, **covered}, {"cover"} if covered else {"account_owner", "same_company"}


def _starts(facts: Facts) -> Starts:
    found = {}
    for clock in facts.clocks.values():
        handoff = facts.handoffs.get(clock.handoff_id or 0)
        lead_id = handoff.lead_id if handoff else clock.lead_id or 0
        for step in facts.steps.get(clock.id, ()):
            if step.kind == "started" and clock.user_id is not None:
                found[lead_id, clock.user_id, step.recorded_at] = clock.started_at > step.recorded_at
    return found
