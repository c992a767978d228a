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
from typing import Any, Literal

from sla.promises import KINDS, MONEY, PERCENT, TARGETS, Kind, TargetKind

TIERS = ("hot", "warm", "standard")

Document = Mapping[str, Any]


class BadTerms(ValueError):
    """The document does not have the shape of an agreement."""


@dataclass(frozen=True, slots=True)
class Within:
    """How long a promise may take: business ``seconds``, or working ``days`` to the same time or to the ``close`` of that day."""

    seconds: int = 0
    days: int = 0
    until: Literal["same_time", "close"] = "same_time"


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise with a clock: who owes it and how long it may take, by tier.

    ``warn_percents`` are the shares of the time at which a warning goes out; ``grace_seconds`` is added where the clock starts while its
    calendar is closed. ``attempts`` is how many keep it, for a promise that counts them.
    """

    code: str
    side: str
    words: str
    within: Mapping[str, Within]
    warn_percents: Mapping[str, tuple[int, ...]]
    grace_seconds: Mapping[str, int]
    attempts: Mapping[str, int] | None = None

    @property
    def kind(self) -> Kind:
        """What the program knows of it."""
        return KINDS[self.code]


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What happens when ``at_percent`` of a budget has passed: one of the codes of ``ESCALATION_ACTIONS``."""

    at_percent: int
    action: str


ESCALATION_ACTIONS = ("notify_rep", "notify_manager", "reassign", "notify_both_managers", "return_to_queue")


@dataclass(frozen=True, slots=True)
class AcceptWindow:
    """What happens to an offer that nobody answers within so many working days: ``then`` is one of ``WINDOW_ENDS``."""

    days: int
    then: str


WINDOW_ENDS = ("auto_accept", "return_to_queue")


@dataclass(frozen=True, slots=True)
class PauseRules:
    """How often a clock may be paused, and for how many days in all; never where ``most`` is 0."""

    most: int = 0
    most_days: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A number promised for each period: ``amount`` in the unit of its kind, of one persona (its code) or tier, or of all (``of`` empty).

    ``worth`` is what an MQL is agreed to be worth, by the code of its persona, else under *default*.
    """

    code: str
    side: str
    words: str
    amount: int
    of: str = ""
    currency: str = ""
    worth: Mapping[str, int] | None = None

    @property
    def kind(self) -> TargetKind:
        """What the program knows of it."""
        return TARGETS[self.code]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of the SQL checklist: what must be true before a rep says *sales qualified*."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement version says.

    ``mql_rule`` and ``tier_rules`` are conditions in the form of ``personas.conditions``; ``tier_rules`` maps *hot* and *warm*, in this
    order, to their rule: the first that holds is the tier, else *standard*. What was not agreed yet in documents of earlier editions of the
    program is empty: no accept window, no pauses, no disputes, no targets. ``dispute_days`` are working days within which a rejection or a
    delivery may be contested; after ``review_days`` (calendar days) the agreement is due for review.
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
    accept_window: AcceptWindow | None = None
    pauses: PauseRules = PauseRules()
    dispute_days: int = 0
    targets: tuple[Target, ...] = ()
    rules_of_play: tuple[str, ...] = ()
    parties: Mapping[str, str] | None = None
    review_days: int = 91

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
            accept_window=_accept_window(document.get("accept_window")),
            pauses=PauseRules(**document.get("pauses", {})),
            dispute_days=document.get("dispute_days", 0),
            targets=_targets(document.get("targets", ())),
            rules_of_play=tuple(document.get("rules_of_play", ())),
            parties=dict(document.get("parties", {})),
            review_days=document.get("review_days", 91),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise BadTerms(f"The agreement's document is incomplete or malformed: {error!r}") from error


def _promise(item: Document) -> Promise:
    kind = KINDS.get(item["code"])
    if kind is None:
        raise BadTerms(f"The program knows no promise {item['code']!r}.")
    within = {tier: _within(item, tier) for tier in TIERS}
    attempts = {tier: item["attempts"][tier] for tier in TIERS} if kind.counts_attempts else None
    if attempts and any(not isinstance(value, int) or value <= 0 for value in attempts.values()):
        raise BadTerms(f"The promise {kind.code} needs a positive number of attempts for each tier.")
    return Promise(
        code=kind.code,
        side=item["side"],
        words=item["words"],
        within=within,
        warn_percents={tier: tuple(item["warn_percents"][tier]) for tier in TIERS},
        grace_seconds={tier: item["grace_seconds"][tier] for tier in TIERS},
        attempts=attempts,
    )


def _within(item: Document, tier: str) -> Within:
    """Read the time for a tier; earlier documents knew only ``seconds`` by tier."""
    said = Within(**item["within"][tier]) if "within" in item else Within(seconds=item["seconds"][tier])
    if [isinstance(value, int) and value > 0 for value in (said.seconds, said.days)].count(True) != 1:
        raise BadTerms(f"The promise {item['code']} needs a positive number of seconds or of days for each tier.")
    if said.until not in ("same_time", "close"):
        raise BadTerms(f"The promise {item['code']} ends at the same time of its last day, or at its close.")
    return said


def _accept_window(item: Document | None) -> AcceptWindow | None:
    if item is None:
        return None
    window = AcceptWindow(**item)
    if window.then not in WINDOW_ENDS or window.days <= 0:
        raise BadTerms("The accept window needs a positive number of days and says what happens at its end.")
    return window


def _targets(items: Sequence[Document]) -> tuple[Target, ...]:
    targets = tuple(Target(**item) for item in items)
    for target in targets:
        if target.code not in TARGETS:
            raise BadTerms(f"The program knows no target {target.code!r}.")
        most = 100 if target.kind.unit == PERCENT else 10**12
        if not isinstance(target.amount, int) or not 0 < target.amount <= most:
            raise BadTerms(f"The target {target.words!r} needs a number from 1 to {most}.")
        if target.of and not target.kind.by:
            raise BadTerms(f"The target {target.words!r} cannot be narrowed to {target.of!r}.")
        if (target.kind.unit == MONEY) != bool(target.currency):
            raise BadTerms(f"The target {target.words!r} names a currency exactly where it is an amount of money.")
    if len({(target.code, target.of) for target in targets}) < len(targets):
        raise BadTerms("A target is named twice.")
    return targets


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
