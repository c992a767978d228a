"""What a draft lacks before the program could apply it: by clause, in words. Pure.

``sla.terms`` reads a document and refuses what is malformed; this goes through what was read and asks whether it makes an agreement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from personas.conditions import BadRule, compile_rule, rises_with
from personas.fit import FIT_FIELDS
from sla.clauses import CLAUSES, PROMISE, TIER
from sla.promises import MARKETING, MONEY, SALES
from sla.terms import TIERS, Promise, Target, Terms

Lack = tuple[str, str]
"""The key of a clause, and a sentence."""

RULE_FIELDS = FIT_FIELDS | {
    "name", "email", "email_domain", "phone", "company", "domain", "kind", "origin", "source", "is_hand_raise", "fit",
    "grade", "engagement",
}  # fmt: skip
"""What a rule of the agreement may ask of a lead: all of ``leads.facts`` but the tier, which such a rule decides."""

SINKING = "engagement"
"""What sinks as time goes by. The rule of an MQL never begins to hold by that alone, so that no lead has to be judged again for it."""

REQUIRABLE = ("name", "reach", "email", "business_email", "phone", "company", "source", "country", "consent")
"""What a handoff may need."""

WORDS = ("lead", "mql", "sal", "sql", "opportunity", "customer")
"""What every agreement defines."""

DEFAULT = "default"
MOST_DAYS = 366
MOST_SECONDS = MOST_DAYS * 86_400
MOST_RECYCLE_DAYS = 3650
MOST_REVIEW_DAYS = 1096


def lacks(terms: Terms, personas: Collection[str]) -> list[Lack]:
    """List what is missing or cannot be meant; ``personas`` are the codes that targets may name."""
    parts = (_words, _rules, _handing_over, _promises, _conduct, _numbers)
    return [lack for part in parts for lack in part(terms)] + list(_targets(terms, personas))


def _words(terms: Terms) -> Iterator[Lack]:
    for side in (MARKETING, SALES):
        if not (terms.parties or {}).get(side, "").strip():
            yield "parties", f"Say who is bound on the side of {side}."
    for word in WORDS:
        if not terms.definitions.get(word, "").strip():
            yield "definitions", f"Define “{word.upper() if len(word) == 3 else word}”."


def _rules(terms: Terms) -> Iterator[Lack]:
    rules = {"mql-rule": terms.mql_rule, **{TIER + tier: rule for tier, rule in terms.tier_rules.items()}}
    for clause, rule in rules.items():
        try:
            compiled = compile_rule(rule, fields=RULE_FIELDS)
        except BadRule as error:
            yield clause, f"The rule cannot be used: {error.message}."
            continue
        if not compiled.lines:
            yield clause, "The rule has no condition."
        if clause == "mql-rule" and not rises_with(compiled, SINKING):
            yield (
                clause,
                "A lead would become an MQL by being forgotten: ask for at least so much engagement, never for less.",
            )


def _handing_over(terms: Terms) -> Iterator[Lack]:
    for code in terms.required_for_handoff:
        if code not in REQUIRABLE:
            yield "handoff", f"The program knows no “{code}” that a handoff could need."
    if not terms.sql_checklist:
        yield "sql-checklist", "The checklist has no line."
    codes = [item.code for item in terms.sql_checklist]
    if len(set(codes)) < len(codes) or not all(item.code and item.words.strip() for item in terms.sql_checklist):
        yield "sql-checklist", "A line of the checklist is empty, or stands there twice."


def _promises(terms: Terms) -> Iterator[Lack]:
    for side in (MARKETING, SALES):
        if not any(promise.side == side for promise in terms.promises.values()):
            yield "promise-" + ("returned" if side == MARKETING else "accept"), f"{side.capitalize()} promises nothing."
    for promise in terms.promises.values():
        clause = PROMISE + promise.code
        if promise.side != promise.kind.side:
            yield clause, f"This is a promise of {promise.kind.side}."
        for tier in TIERS:
            if not _is_timed(promise, tier):
                yield clause, f"The times for {tier} leads cannot be kept: look at time, warnings and grace."


def _is_timed(promise: Promise, tier: str) -> bool:
    within, percents, grace = promise.within[tier], promise.warn_percents[tier], promise.grace_seconds[tier]
    is_short = within.seconds <= MOST_SECONDS and within.days <= MOST_DAYS
    warns = all(is_whole(percent, 1, 99) for percent in percents) and list(percents) == sorted(set(percents))
    return is_short and warns and is_whole(grace, 0, MOST_SECONDS)


def _conduct(terms: Terms) -> Iterator[Lack]:
    if not all(isinstance(rule, str) and rule.strip() for rule in terms.rules_of_play):
        yield "rules-of-play", "A rule of play is empty."
    percents = [step.at_percent for step in terms.escalation]
    if not all(is_whole(percent, 100, 1000) for percent in percents):
        yield "escalation", "Steps of the escalation are from 100 to 1,000 %."
    if terms.accept_window and not is_whole(terms.accept_window.days, 1, MOST_DAYS):
        yield "accept-window", f"The accept window is from 1 to {MOST_DAYS} days."
    if not (is_whole(terms.pauses.most, 0, 100) and is_whole(terms.pauses.most_days, 0, MOST_DAYS)):
        yield "pauses", "The number of pauses, or of their days, cannot be meant."
    elif bool(terms.pauses.most) != bool(terms.pauses.most_days):
        yield "pauses", "Pauses need both: how many, and how many days in all."


def _numbers(terms: Terms) -> Iterator[Lack]:
    if not is_whole(terms.dispute_days, 0, MOST_DAYS):
        yield "disputes", f"Disputes may be raised within 0 to {MOST_DAYS} days."
    if DEFAULT not in terms.recycle_days:
        yield "recycle", "Say after how many days a lead comes back for any other reason."
    if not all(is_whole(days, 1, MOST_RECYCLE_DAYS) for days in terms.recycle_days.values()):
        yield "recycle", f"A recycled lead comes back after 1 to {MOST_RECYCLE_DAYS:,} days."
    if not is_whole(terms.attainment_target_percent, 1, 100) or not is_whole(terms.judged_from_count, 1, 100_000):
        yield "attainment", "The share is from 1 to 100 %, and it is judged from at least 1 case."
    if not is_whole(terms.review_days, 1, MOST_REVIEW_DAYS):
        yield "review", f"The agreement is reviewed after 1 to {MOST_REVIEW_DAYS:,} days."


def _targets(terms: Terms, personas: Collection[str]) -> Iterator[Lack]:
    for target in terms.targets:
        known = {"persona": personas, "tier": TIERS}.get(target.kind.by, ())
        if target.of and target.of not in known:
            yield "targets", f"“{target.words}” names the {target.kind.by} “{target.of}”, which is not known."
        for code in sorted(set(target.worth or {}) - {DEFAULT, *personas}):
            yield "targets", f"“{target.words}” gives a worth to the persona “{code}”, which is not known."
        if not _is_priced(target):
            yield "targets", f"“{target.words}” needs a currency of three letters, and a worth in whole numbers."


def _is_priced(target: Target) -> bool:
    code = target.currency
    is_code = (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()) or target.kind.unit != MONEY
    return is_code and all(is_whole(worth, 1, 10**9) for worth in (target.worth or {}).values())


def is_whole(value: Any, low: int, high: int) -> bool:
    """Tell whether this is a whole number within the bounds; True is none."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def in_order(found: Collection[Lack]) -> list[Lack]:
    """Put what is lacking into the order of the clauses."""
    places = {clause: place for place, clause in enumerate(CLAUSES)}
    return sorted(found, key=lambda lack: places.get(lack[0], len(places)))
