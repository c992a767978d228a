"""The clauses of an agreement in words: each a key, a title, and lines that are read aloud, compared and printed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk.rule_words import alternatives
from inputs.money import money
from leads.codes import RECYCLE_REASONS, TIER_LABELS
from leads.facts import MISSING_WORDS
from leads.what_if.phrases import written_week
from sla.business_time import BusinessCalendar
from sla.clauses import CLAUSES, PROMISE, TIER
from sla.completeness import DEFAULT
from sla.durations import days, duration
from sla.promises import BOTH, KINDS, MARKETING, MONEY, PERCENT, SALES
from sla.terms import TIERS, Document, Promise, Target, Terms

WORDS = {
    "lead": "Lead", "mql": "MQL – marketing qualified lead", "sal": "SAL – sales accepted lead",
    "sql": "SQL – sales qualified lead", "opportunity": "Opportunity", "customer": "Customer",
}  # fmt: skip
ACTIONS = {
    "notify_rep": "the rep is told",
    "notify_manager": "the manager of the rep or queue is told",
    "reassign": "the lead goes to somebody else",
    "notify_both_managers": "the managers of both sides are told",
    "return_to_queue": "the lead goes back to the team’s queue",
}
WINDOW_ENDS = {
    "auto_accept": "counts as accepted, and as not answered",
    "return_to_queue": "goes back to the team’s queue",
}
SIDE_TITLES = {
    MARKETING: "What marketing promises",
    SALES: "What sales promises",
    BOTH: "What both sides promise each other",
}
NOTHING = "Nothing is agreed."


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a clause, under a ``head`` where the clause is a list of terms."""

    text: str
    head: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.head}: {self.text}" if self.head else self.text


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause in words: what leads to the lines, and the lines; ``lines`` are empty where nothing is agreed."""

    key: str
    title: str
    lines: tuple[Line, ...]
    lead: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(line.sentence for line in self.lines)

    @property
    def is_terms(self) -> bool:
        return any(line.head for line in self.lines)


@dataclass(frozen=True, slots=True)
class Names:
    """How what a document names by ids and codes is called: persona and scoring versions by id, personas by code."""

    persona_versions: Mapping[int, str] = field(default_factory=dict)
    personas: Mapping[str, str] = field(default_factory=dict)
    scoring: Mapping[int, int] = field(default_factory=dict)


def clauses_of(document: Document, names: Names = Names()) -> tuple[Clause, ...]:
    """Put a document into words: every clause there is, in order; one that is not agreed has no lines."""
    terms = Terms.from_document(document)
    return tuple(_clause(key, title, terms, document, names) for key, title in CLAUSES.items())


def _clause(key: str, title: str, terms: Terms, document: Document, names: Names) -> Clause:
    if key.startswith(PROMISE):
        promise = terms.promises.get(key.removeprefix(PROMISE))
        return Clause(key, title, promise_lines(promise) if promise else ())
    if key.startswith(TIER):
        rule = terms.tier_rules.get(key.removeprefix(TIER))
        return Clause(key, title, _ways(rule) if rule is not None else ())
    if key == "pins":
        return Clause(key, title, _pins(document.get("pinned", {}), names))
    if key == "calendars":
        return Clause(key, title, tuple(map(_hours, document.get("calendars", ()))), _LEADS[key])
    if key == "targets":
        return Clause(key, title, tuple(Line(target_words(target, names) + ".") for target in terms.targets))
    return Clause(key, title, _LINES[key](terms), _LEADS.get(key, ""))


# One function for each clause ---------------------------------------------------------------------------------------


def _parties(terms: Terms) -> tuple[Line, ...]:
    parties = terms.parties or {}
    return tuple(Line(parties[side], side.capitalize()) for side in (MARKETING, SALES) if parties.get(side))


def _definitions(terms: Terms) -> tuple[Line, ...]:
    return tuple(Line(said, word_of(word)) for word, said in in_order(terms.definitions))


def in_order(definitions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give the definitions in the order of a lead's life, words of the company's own last."""
    known = [(word, definitions[word]) for word in WORDS if word in definitions]
    return known + [(word, said) for word, said in definitions.items() if word not in WORDS]


def word_of(word: str) -> str:
    """Say a defined word in full."""
    return WORDS.get(word, word[:1].upper() + word[1:])


def _ways(rule: Any) -> tuple[Line, ...]:
    return tuple(Line(way[:1].upper() + way[1:]) for way in alternatives(rule))


def _pins(pinned: Mapping[str, Any], names: Names) -> tuple[Line, ...]:
    personas = [names.persona_versions.get(pk, f"version {pk}") for pk in pinned.get("persona_versions", ())]
    scoring = pinned.get("scoring_version", 0)
    half_life = pinned.get("scoring", {}).get("half_life_days")
    engagement = f"Engagement is counted by scoring version {names.scoring.get(scoring, scoring)}"
    lines = [Line(f"Fit is scored by {name}.") for name in sorted(personas)]
    if scoring:
        lines.append(Line(f"{engagement}, with a half-life of {days(half_life)}." if half_life else f"{engagement}."))
    negatives = pinned.get("scoring", {}).get("negatives", ())
    return (*lines, *(Line(f"Points of fit: {line['points']}. {line['words']}.") for line in negatives))


def _hours(calendar: Mapping[str, Any]) -> Line:
    """Say whose hours a team keeps: *Sales hours, version 3: Mon-Fri 09:00-17:00 (Europe/Berlin)*."""
    hours = BusinessCalendar.from_terms({"zone": calendar["zone"], "week": calendar["week"]})
    said = f"{calendar['calendar']}, version {calendar['version']}: {written_week(hours.week)} ({calendar['zone']})."
    return Line(said, calendar["team"])


def _handoff(terms: Terms) -> tuple[Line, ...]:
    words = (MISSING_WORDS.get(code, code.replace("_", " ")) for code in terms.required_for_handoff)
    return tuple(Line(word[:1].upper() + word[1:]) for word in words)


def promise_lines(promise: Promise) -> tuple[Line, ...]:
    """Say a promise tier by tier: *15 min, warned at 66 %, 30 min of grace*."""
    return tuple(Line(_timed(promise, tier) + ".", TIER_LABELS[tier]) for tier in TIERS)


def _timed(promise: Promise, tier: str) -> str:
    parts = [time_of(promise, tier)]
    if promise.warn_percents[tier]:
        parts.append(f"warned at {percents_of(promise.warn_percents[tier])}")
    if promise.grace_seconds[tier]:
        parts.append(f"{duration(promise.grace_seconds[tier])} more where it begins while closed")
    return ", ".join(parts)


def percents_of(percents: Sequence[int]) -> str:
    """Say *66 %*, *50 and 75 %*."""
    *others, last = [str(percent) for percent in percents]
    return f"{', '.join(others)} and {last} %" if others else f"{last} %"


def time_of(promise: Promise, tier: str) -> str:
    """Say how long a promise may take: *15 min*, *1 day*, *6 in 10 days*, *3 days before*."""
    within = promise.within[tier]
    said = days(within.days) if within.days else duration(within.seconds)
    if within.days and within.until == "close":
        said = f"the close of {days(within.days, 'working day')}"
    if promise.kind.before:
        return f"{said} before"
    return f"{promise.attempts[tier]} in {said}" if promise.attempts else said


def target_words(target: Target, names: Names = Names()) -> str:
    """Say a target: *MQLs of Operations Olivia, at least 40 each month*."""
    of = ""
    if target.of:
        of = f" of {names.personas.get(target.of, target.of)}" if target.kind.by == "persona" else f", {target.of}"
    amount = f"{target.amount:,}"
    if target.kind.unit == PERCENT:
        amount = f"{target.amount} %"
    elif target.kind.unit == MONEY:
        amount = money(target.amount, target.currency)
    worth = _worth(target, names)
    return f"{target.side.capitalize()}: {target.words}{of}, at least {amount} each {target.kind.period}{worth}"


def _worth(target: Target, names: Names) -> str:
    parts = [
        f"{money(worth, target.currency)}{'' if code == DEFAULT else f' of {names.personas.get(code, code)}'}"
        for code, worth in sorted((target.worth or {}).items(), key=lambda pair: (pair[0] == DEFAULT, pair[0]))
    ]
    return f"; an MQL is worth {', else '.join(parts)}" if parts else ""


def _accept_window(terms: Terms) -> tuple[Line, ...]:
    window = terms.accept_window
    if window is None:
        return ()
    end = WINDOW_ENDS.get(window.then, window.then)
    return (Line(f"An offer that nobody answers within {days(window.days, 'working day')} {end}."),)


def _escalation(terms: Terms) -> tuple[Line, ...]:
    return tuple(
        Line(f"At {step.at_percent} % of the time, {ACTIONS.get(step.action, step.action)}.")
        for step in terms.escalation
    )


def _pauses(terms: Terms) -> tuple[Line, ...]:
    if not terms.pauses.most:
        return ()
    often = "once" if terms.pauses.most == 1 else f"{terms.pauses.most} times"
    text = f"A promise that may wait is paused at most {often}, for {days(terms.pauses.most_days)} in all."
    return (Line(text),)


def _disputes(terms: Terms) -> tuple[Line, ...]:
    within = days(terms.dispute_days, "working day")
    return (Line(f"A rejection or a delivery is contested within {within}."),) if terms.dispute_days else ()


def _recycle(terms: Terms) -> tuple[Line, ...]:
    found = dict(terms.recycle_days)
    other = found.pop(DEFAULT, None)
    reasons = [(RECYCLE_REASONS.get(code, code), found[code]) for code in [*RECYCLE_REASONS, *found] if code in found]
    rest = [("Any other reason", other)] if other is not None else []
    return tuple(Line(f"{days(count)}.", reason) for reason, count in [*dict.fromkeys(reasons), *rest])


def _attainment(terms: Terms) -> tuple[Line, ...]:
    least = f"under {terms.judged_from_count} it is too few to say"
    return (
        Line(
            f"A promise counts as kept when at least {terms.attainment_target_percent} % of its cases are met; {least}."
        ),
    )


_LINES: Mapping[str, Callable[[Terms], tuple[Line, ...]]] = {
    "parties": _parties,
    "definitions": _definitions,
    "mql-rule": lambda terms: _ways(terms.mql_rule),
    "handoff": _handoff,
    "sql-checklist": lambda terms: tuple(Line(item.words) for item in terms.sql_checklist),
    "accept-window": _accept_window,
    "escalation": _escalation,
    "pauses": _pauses,
    "disputes": _disputes,
    "rules-of-play": lambda terms: tuple(Line(rule) for rule in terms.rules_of_play),
    "recycle": _recycle,
    "attainment": _attainment,
    "review": lambda terms: (Line(f"Both sides look at it again {days(terms.review_days)} after it came into force."),),
}
_LEADS = {
    "mql-rule": "A lead becomes an MQL as soon as this holds; of several ways one is enough:",
    "handoff": "Every lead that is handed off carries:",
    "calendars": "A promise runs by the hours of whoever owes it: their own, else those of their team.",
    "sql-checklist": "Before a rep says “sales qualified”, each of these is true:",
    "recycle": "It rests, nurtured by marketing, and comes back after:",
}


# Chapters -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chapter:
    """A numbered part of the document: one clause, or the promises of a side with their times by tier."""

    number: int
    title: str
    clauses: tuple[Clause, ...]
    side: str = ""


def chapters_of(clauses: Sequence[Clause]) -> list[Chapter]:
    """Order the clauses into numbered chapters: the promises of each side stand together."""
    found: list[tuple[str, str, list[Clause]]] = []
    for clause in clauses:
        side = KINDS[clause.key.removeprefix(PROMISE)].side if clause.key.startswith(PROMISE) else ""
        if side and found and found[-1][1] == side:
            found[-1][2].append(clause)
        else:
            found.append((SIDE_TITLES[side] if side else clause.title, side, [clause]))
    return [Chapter(place, title, tuple(held), side) for place, (title, side, held) in enumerate(found, start=1)]
