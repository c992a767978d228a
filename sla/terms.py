"""The document of an agreement version, read into frozen dataclasses. Pure.

The document is plain JSON (objects, lists, strings, whole numbers, booleans) so that its canonical form, and with it the
hash that both sides sign, is the same on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

TIERS = ("hot", "warm", "standard")

Document = Mapping[str, Any]


class BadTerms(ValueError):
    """The document does not have the shape of an agreement."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise with a clock: who owes it and how long it may take, in business seconds, by tier.

    ``warn_percents`` are the shares of the budget at which a warning goes out; ``grace_seconds`` is added where the clock starts
    while its calendar is closed.
    """

    code: str
    side: str
    words: str
    seconds: Mapping[str, int]
    warn_percents: Mapping[str, tuple[int, ...]]
    grace_seconds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What happens when ``at_percent`` of a budget has passed: one of the codes of ``ESCALATION_ACTIONS``."""

    at_percent: int
    action: str


ESCALATION_ACTIONS = ("notify_rep", "notify_manager", "reassign", "notify_both_managers")


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of the SQL checklist: what must be true before a rep says *sales qualified*."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement version says.

    ``mql_rule`` and ``tier_rules`` are conditions in the form of ``personas.conditions``; ``tier_rules`` maps *hot* and *warm*, in this
    order, to their rule: the first that holds is the tier, else *standard*.
    """

    definitions: Mapping[str, str]
    mql_rule: Document
    tier_rules: Mapping[str, Document]
    required_for_handoff: tuple[str, ...]
    sql_checklist: tuple[ChecklistItem, ...]
    promises: Mapping[str, Promise]
    escalation: tuple[EscalationStep, ...]
    attainment_target_percent: int
    judged_from_count: int
    recycle_days: Mapping[str, int]

    @staticmethod
    def from_document(document: Document) -> Terms:
        """Read the document; raises ``BadTerms`` with the first thing that is wrong. Cached by content."""
        return _read(canonical(document))


def canonical(document: Document) -> str:
    """Give the one text form of the document: sorted keys, no spaces, no floats (``BadTerms``)."""
    _refuse_floats(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def terms_hash(document: Document) -> str:
    """Give the SHA-256 of the canonical form, as 64 hexadecimal digits: what a signature covers."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


@lru_cache(maxsize=64)
def _read(text: str) -> Terms:
    document = json.loads(text)
    try:
        return Terms(
            definitions=dict(document["definitions"]),
            mql_rule=document["mql_rule"],
            tier_rules={tier: document["tier_rules"][tier] for tier in TIERS if tier in document["tier_rules"]},
            required_for_handoff=tuple(document["required_for_handoff"]),
            sql_checklist=tuple(ChecklistItem(**item) for item in document["sql_checklist"]),
            promises={item["code"]: _promise(item) for item in document["promises"]},
            escalation=_escalation(document["escalation"]),
            attainment_target_percent=document["attainment_target_percent"],
            judged_from_count=document["judged_from_count"],
            recycle_days=dict(document["recycle_days"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise BadTerms(f"The agreement's document is incomplete or malformed: {error!r}") from error


def _promise(item: Document) -> Promise:
    seconds = {tier: item["seconds"][tier] for tier in TIERS}
    if any(not isinstance(value, int) or value <= 0 for value in seconds.values()):
        raise BadTerms(f"The promise {item['code']} needs a positive number of seconds for each tier.")
    return Promise(
        code=item["code"],
        side=item["side"],
        words=item["words"],
        seconds=seconds,
        warn_percents={tier: tuple(item["warn_percents"][tier]) for tier in TIERS},
        grace_seconds={tier: item["grace_seconds"][tier] for tier in TIERS},
    )


def _escalation(items: Sequence[Document]) -> tuple[EscalationStep, ...]:
    steps = tuple(EscalationStep(**item) for item in items)
    if any(step.action not in ESCALATION_ACTIONS or step.at_percent < 100 for step in steps):
        raise BadTerms("An escalation step has an unknown action, or comes before the promise is due.")
    if list(steps) != sorted(steps, key=lambda step: step.at_percent):
        raise BadTerms("Escalation steps must stand in the order of their percentages.")
    return steps


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise BadTerms("An agreement holds whole numbers only: fractions have no one text form.")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _refuse_floats(inner)
