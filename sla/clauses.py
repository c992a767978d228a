"""The clauses of an agreement: their keys and titles in order, and which part of the document each is. Pure.

Comments, comparisons and the editor speak of clauses by these keys. A part is plain JSON; ``None`` means that the document has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sla.promises import BOTH, KINDS, MARKETING, SALES, Kind
from sla.terms import Document, Terms, Within, canonical

PROMISE, TIER = "promise-", "tier-"
_SIDES = (MARKETING, SALES, BOTH)
_KINDS: tuple[Kind, ...] = tuple(kind for side in _SIDES for kind in KINDS.values() if kind.side == side)

CLAUSES: dict[str, str] = {
    "parties": "Parties",
    "definitions": "What we mean",
    "mql-rule": "When a lead is an MQL",
    "tier-hot": "What makes a lead hot",
    "tier-warm": "What makes a lead warm",
    "pins": "Personas and scoring",
    "handoff": "What a handoff needs",
    "sql-checklist": "What makes an SQL",
    **{PROMISE + kind.code: kind.words for kind in _KINDS},
    "calendars": "Whose hours count",
    "targets": "Targets",
    "accept-window": "When nobody answers an offer",
    "escalation": "When a promise breaks",
    "pauses": "Pauses",
    "disputes": "Disputes",
    "rules-of-play": "Rules of play",
    "recycle": "When a recycled lead comes back",
    "attainment": "When a promise counts as kept",
    "review": "Review",
}
TAKEN = ("pins", "calendars")
"""Clauses that nobody writes: a draft takes them from what there is (``sla.negotiating.take_newest``)."""
_KEYS: Mapping[str, tuple[str, ...]] = {
    "parties": ("parties",),
    "definitions": ("definitions",),
    "mql-rule": ("mql_rule",),
    "pins": ("pinned",),
    "handoff": ("required_for_handoff",),
    "sql-checklist": ("sql_checklist",),
    "calendars": ("calendars",),
    "targets": ("targets",),
    "accept-window": ("accept_window",),
    "escalation": ("escalation",),
    "pauses": ("pauses",),
    "disputes": ("dispute_days",),
    "rules-of-play": ("rules_of_play",),
    "recycle": ("recycle_days",),
    "attainment": ("attainment_target_percent", "judged_from_count"),
    "review": ("review_days",),
}


def part_of(document: Document, clause: str) -> Any:
    """Give the part of the document that ``clause`` is; raises ``KeyError`` for a clause that is none."""
    if clause.startswith(PROMISE):
        code = clause.removeprefix(PROMISE)
        return next((item for item in document["promises"] if item["code"] == code), None)
    if clause.startswith(TIER):
        return document["tier_rules"].get(clause.removeprefix(TIER))
    keys = _KEYS[clause]
    return document.get(keys[0]) if len(keys) == 1 else {key: document.get(key) for key in keys}


def with_part(document: Document, clause: str, part: Any) -> dict[str, Any]:
    """Give a copy of the document in which ``clause`` is ``part``; promises keep the order of the clauses."""
    if clause.startswith(PROMISE):
        code = clause.removeprefix(PROMISE)
        items = {item["code"]: item for item in document["promises"]} | {code: part}
        ordered = [items[kind] for kind in KINDS if items.get(kind) is not None]
        return {**document, "promises": ordered}
    if clause.startswith(TIER):
        rules = {**document["tier_rules"], clause.removeprefix(TIER): part}
        return {**document, "tier_rules": {tier: rule for tier, rule in rules.items() if rule is not None}}
    keys = _KEYS[clause]
    changes = {keys[0]: part} if len(keys) == 1 else {key: part[key] for key in keys}
    return {key: value for key, value in {**document, **changes}.items() if value is not None}


def fingerprint(part: Any) -> str:
    """Give a short name of what a part says, by which a page that is out of date is told from one that is not."""
    return hashlib.sha256(canonical({"part": part}).encode()).hexdigest()[:16]


# Editions of the program --------------------------------------------------------------------------------------------


def in_this_edition(document: Document) -> dict[str, Any]:
    """Write an earlier document in the form of this edition, without what it pins; raises ``BadTerms``.

    It says the same: what was not agreed then is not agreed in the copy either.
    """
    terms = Terms.from_document(document)
    written: dict[str, Any] = {
        "definitions": dict(terms.definitions),
        "mql_rule": terms.mql_rule,
        "tier_rules": dict(terms.tier_rules),
        "required_for_handoff": list(terms.required_for_handoff),
        "sql_checklist": [{"code": item.code, "words": item.words} for item in terms.sql_checklist],
        "promises": [_promise(terms, code) for code in terms.promises],
        "pauses": {"most": terms.pauses.most, "most_days": terms.pauses.most_days},
        "dispute_days": terms.dispute_days,
        "targets": [_target(target) for target in terms.targets],
        "rules_of_play": list(terms.rules_of_play),
        "parties": dict(terms.parties or {}),
        "review_days": terms.review_days,
        "escalation": [{"at_percent": step.at_percent, "action": step.action} for step in terms.escalation],
        "attainment_target_percent": terms.attainment_target_percent,
        "judged_from_count": terms.judged_from_count,
        "recycle_days": dict(terms.recycle_days),
    }
    if terms.accept_window:
        written["accept_window"] = {"days": terms.accept_window.days, "then": terms.accept_window.then}
    return written


def _promise(terms: Terms, code: str) -> dict[str, Any]:
    promise = terms.promises[code]
    written: dict[str, Any] = {
        "code": code,
        "side": promise.side,
        "words": promise.words,
        "within": {tier: _within(within) for tier, within in promise.within.items()},
        "warn_percents": {tier: list(percents) for tier, percents in promise.warn_percents.items()},
        "grace_seconds": dict(promise.grace_seconds),
    }
    return {**written, "attempts": dict(promise.attempts)} if promise.attempts else written


def _within(within: Within) -> dict[str, int | str]:
    return {"days": within.days, "until": within.until} if within.days else {"seconds": within.seconds}


def _target(target: Any) -> dict[str, Any]:
    written = {name: getattr(target, name) for name in ("code", "side", "words", "amount", "of")}
    more = {"currency": target.currency, "worth": dict(target.worth) if target.worth else None}
    return written | {name: value for name, value in more.items() if value}
