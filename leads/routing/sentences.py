"""Why somebody got a lead, in plain words: renders the trace of a decision. Pure.

The trace holds ids and codes only (see ``leads.routing.choice.Choice``); whoever shows it brings the names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Trace = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids and codes of a trace are called: people, pools and queues by id, rules by code (their ``words``)."""

    people: Mapping[int, str] = field(default_factory=dict)
    pools: Mapping[int, str] = field(default_factory=dict)
    queues: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    reader: int = 0
    """Who reads it, by id, and is called *you*; 0 is nobody in particular."""


PASSED = {
    "conditions": "its conditions do not hold",
    "no_owner": "nobody here knows the company yet",
    "owner_cannot": "whoever knows the company cannot take it now",
    "no_pool": "its pool no longer exists",
    "person_cannot": "whom it names cannot take it now",
}

SKIPPED = {
    "inactive": "no longer works in sales",
    "excluded": "gave this lead away",
    "absent": "is away",
    "leaves_first": "will be away when their hours begin",
    "closed": "is off while the team works",
    "no_calendar": "has no working hours",
    "full": "has as many open leads as they can take",
    "full_today": "has had today’s number of new leads",
    "turn_later": "has a later turn",
    "equal": "is level, and stands later in the list",
    "more_loaded": "has more open leads",
    "more_for_weight": "has more open leads for their weight",
    "as_loaded": "has as many open leads for their weight, and a later turn",
    "waited_less": "got a lead more recently",
    "waited_as_long": "has waited as long, and has a later turn",
    "opens_later": "starts work later",
}


def ids_in(traces: Sequence[Trace]) -> tuple[set[int], set[int], set[int]]:
    """Give the ids of people, pools and queues that these traces name, so that their names can be loaded at once."""
    people: set[int] = set()
    pools: set[int] = set()
    queues: set[int] = set()
    for trace in traces:
        chosen = trace.get("chosen", {})
        people.update(user_id for user_id, _ in trace.get("people", ()))
        people.update(chosen[key] for key in ("user", "for", "by") if chosen.get(key))
        pools.update([chosen["pool"]] if chosen.get("pool") else [])
        queues.update([chosen["queue"]] if chosen.get("queue") else [])
    return people, pools, queues


def why(trace: Trace, names: Names) -> str:
    """Say in one sentence why it went where it went: the *why me* of a queue."""
    chosen = trace.get("chosen", {})
    render = _WHY.get(chosen.get("why", ""))
    if render is None:
        return "No reason was recorded."
    leaves_first = [chosen.get("for"), "leaves_first"] in [list(line) for line in trace.get("people", ())]
    return render({**chosen, "is_away": "will be away" if leaves_first else "is away"}, names)


def story(trace: Trace, names: Names) -> list[str]:
    """Tell the whole decision: the rules that did not apply, who was passed over, and the outcome last."""
    lines = [
        f"Rule “{_named(names.rules, code)}” did not decide: {PASSED.get(problem, problem)}."
        for code, problem in trace.get("rules", ())
    ]
    return [*lines, *passed_over(trace, names), why(trace, names)]


def passed_over(trace: Trace, names: Names) -> list[str]:
    """Say of everybody who was passed over why."""
    return [
        f"{_person(user_id, names)} {SKIPPED.get(problem, problem)}." for user_id, problem in trace.get("people", ())
    ]


def _account_owner(chosen: Trace, names: Names) -> str:
    return f"{_does(chosen.get('user'), names, 'answer')} for this company."


def _same_company(chosen: Trace, names: Names) -> str:
    return f"{_does(chosen.get('user'), names, 'work')} on another lead of this company."


def _cover(chosen: Trace, names: Names) -> str:
    away = _person(chosen.get("for"), names)
    return f"{_does(chosen.get('user'), names, 'cover')} for {away}, who knows this company and {chosen['is_away']}."


def _turn(chosen: Trace, names: Names) -> str:
    return f"It was {_whose(_placed(chosen), names)} turn in {_pool(chosen, names)}{_stands_in(chosen, names)}{_because(chosen, names)}."


def _least_loaded(chosen: Trace, names: Names) -> str:
    return _first_of(chosen, names, "had the fewest open leads")


def _least_for_weight(chosen: Trace, names: Names) -> str:
    return _first_of(chosen, names, "had the fewest open leads for their weight")


def _longest_waiting(chosen: Trace, names: Names) -> str:
    return _first_of(chosen, names, "had waited longest for a lead")


def _first_of(chosen: Trace, names: Names, what: str) -> str:
    """Say in what somebody was first: of those alone who could take the lead."""
    who = _lower(_subject(chosen.get("user"), names))
    pool = _pool(chosen, names)
    return f"Of those in {pool} who could take it, {who} {what}{_stands_in(chosen, names)}{_because(chosen, names)}."


def _opens_first(chosen: Trace, names: Names) -> str:
    who = "you start" if _is_reader(chosen.get("user"), names) else _does(chosen.get("user"), names, "start")
    nobody = f"Nobody in {_pool(chosen, names)} who could take it was at work"
    return f"{nobody}; {who} first{_stands_in(chosen, names)}{_because(chosen, names)}."


def _named_person(chosen: Trace, names: Names) -> str:
    return f"The rules send it to {_whom(chosen.get('user'), names)}{_because(chosen, names)}."


def _named_cover(chosen: Trace, names: Names) -> str:
    away, who = _person(chosen.get("for"), names), _does(chosen.get("user"), names, "cover")
    return f"The rules send it to {away}, who {chosen['is_away']}; {_lower(who)} for them{_because(chosen, names)}."


def _placed(chosen: Trace) -> Any:
    """Give whose turn it was: who is away, where somebody covers for them."""
    return chosen.get("for") or chosen.get("user")


def _stands_in(chosen: Trace, names: Names) -> str:
    if not chosen.get("for"):
        return ""
    return f"; {_lower(_does(chosen.get('user'), names, 'cover'))} for {_person(chosen.get('for'), names)}, who {chosen['is_away']}"


def _lower(words: str) -> str:
    return f"you{words[3:]}" if words == "You" or words.startswith("You ") else words


def _nobody(chosen: Trace, names: Names) -> str:
    return f"Nobody in {_pool(chosen, names)} could take it, so it waits in the queue of {_queue(chosen, names)}."


def _queue_rule(chosen: Trace, names: Names) -> str:
    return f"The rules send it to the queue of {_queue(chosen, names)}{_because(chosen, names)}."


def _assigned(chosen: Trace, names: Names) -> str:
    return f"{_subject(chosen.get('by'), names)} gave it to {_whom(chosen.get('user'), names)}."


def _transferred(chosen: Trace, names: Names) -> str:
    return f"{_subject(chosen.get('by'), names)} transferred it to {_whom(chosen.get('user'), names)}."


def _claimed(chosen: Trace, names: Names) -> str:
    return f"{_subject(chosen.get('user'), names)} took it from the queue of {_queue(chosen, names)}."


def _away(chosen: Trace, names: Names) -> str:
    return f"{_person(chosen.get('user'), names)} is away and nobody covers, so it waits in the queue of {_queue(chosen, names)}."


def _nobody_answered(chosen: Trace, names: Names) -> str:
    return f"{_person(chosen.get('user'), names)} did not answer in time, so it waits in the queue of {_queue(chosen, names)}."


_WHY = {
    "account_owner": _account_owner,
    "same_company": _same_company,
    "cover": _cover,
    "turn": _turn,
    "least_loaded": _least_loaded,
    "least_for_weight": _least_for_weight,
    "longest_waiting": _longest_waiting,
    "opens_first": _opens_first,
    "named": _named_person,
    "named_cover": _named_cover,
    "nobody": _nobody,
    "queue": _queue_rule,
    "assigned": _assigned,
    "claimed": _claimed,
    "transferred": _transferred,
    "away": _away,
    "nobody_answered": _nobody_answered,
}


def _because(chosen: Trace, names: Names) -> str:
    words = names.rules.get(chosen.get("rule", ""), "")
    return f" (rule: {words})" if words else ""


def _person(user_id: Any, names: Names) -> str:
    return names.people.get(user_id, "Somebody") if user_id else "Somebody"


def _is_reader(user_id: Any, names: Names) -> bool:
    return bool(user_id) and user_id == names.reader


def _does(user_id: Any, names: Names, verb: str) -> str:
    """Say who does something: *Sam works*, to Sam himself *You work*."""
    return f"{_subject(user_id, names)} {verb}{'' if _is_reader(user_id, names) else 's'}"


def _subject(user_id: Any, names: Names) -> str:
    return "You" if _is_reader(user_id, names) else _person(user_id, names)


def _whose(user_id: Any, names: Names) -> str:
    return "your" if _is_reader(user_id, names) else f"{_person(user_id, names)}’s"


def _whom(user_id: Any, names: Names) -> str:
    return "you" if _is_reader(user_id, names) else _person(user_id, names)


def _pool(chosen: Trace, names: Names) -> str:
    return names.pools.get(chosen.get("pool", 0), "a pool")


def _queue(chosen: Trace, names: Names) -> str:
    return names.queues.get(chosen.get("queue", 0), "a team")


def _named(names: Mapping[str, str], code: str) -> str:
    return names.get(code, code)
