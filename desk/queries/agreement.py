"""The agreement's terms as sentences, and the glossary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leads.chips import duration
from leads.codes import RECYCLE_REASONS, TIER_LABELS
from leads.facts import MISSING_WORDS
from personas.conditions import BadRule, read_condition
from sla.models import AgreementVersion, Signature
from sla.terms import TIERS, Promise, Terms
from teams.models import Team

WORDS = {
    "lead": "Lead", "mql": "MQL – marketing qualified lead", "sal": "SAL – sales accepted lead",
    "sql": "SQL – sales qualified lead", "opportunity": "Opportunity", "customer": "Customer",
}  # fmt: skip
ACTIONS = {
    "notify_rep": "the rep is told",
    "notify_manager": "the manager of the rep or queue is told",
    "reassign": "the lead goes to somebody else",
    "notify_both_managers": "the managers of both sides are told",
}
FIELD_WORDS = {
    "is_hand_raise": "the contact asked for a demo or to be contacted",
    "fit": "fit",
    "engagement": "engagement",
}
OF_THE_PROGRAM = (
    ("Touch", "Something the contact did with us: through which channel, from which campaign, when."),
    ("Attempt", "Any outbound call, email, meeting or message to the contact."),
    ("Conversation", "A two-way exchange. An attempt is not a conversation."),
    ("Handoff", "One offer of a lead by marketing to sales: to whom, why, under which agreement."),
    (
        "Pool, weight",
        "Reps of a team share leads by turns in a pool; who has weight 2 gets twice as many as who has 1.",
    ),
    ("Capacity", "How many leads a rep has open at once, offers included. Who is full is passed over."),
    ("Absence, cover", "Who is away gets no new leads; their cover may act in their place meanwhile."),
    ("Fit", "How well a lead matches our best matching persona, 0 to 100: A from 75, B from 50, C from 25, else D."),
    ("Engagement", "How much interest a contact shows, 0 to 100, from touches that count less as they age."),
    ("Tier", "How fast a lead must be worked: hot, warm or standard. Pinned when it is handed off."),
    ("Rejection", "A rep says no before any conversation, with a coded reason. The lead goes back to marketing."),
    ("Disqualification", "A lead is taken out for good, with a coded reason; by sales only after a conversation."),
    ("Recycled", "Not now: the lead rests until a date, nurtured by marketing."),
    ("Business time", "Time that passes while the calendar of who owes the promise is open."),
    ("Kept, missed", "A promise answered at or before its due time is kept. What is answered later stays missed."),
    ("System delay, human delay", "From arrival to assignment, and from assignment until it was done."),
)


@dataclass(frozen=True, slots=True)
class PromiseWords:
    """A promise with its times in words, by tier."""

    words: str
    times: list[tuple[str, str]]
    warned: str


@dataclass(frozen=True, slots=True)
class AgreementDocument:
    """Everything the page of the agreement says."""

    definitions: list[tuple[str, str]]
    mql_rule: list[str]
    tiers: list[tuple[str, str]]
    required: list[str]
    checklist: list[str]
    marketing: list[PromiseWords]
    sales: list[PromiseWords]
    escalation: list[str]
    recycle: list[tuple[str, int]]
    target: int
    judged_from: int
    signatures: list[Signature]
    personas: list[Any]


def document_of(version: AgreementVersion) -> AgreementDocument:
    """Put the terms of ``version`` into words, with two queries."""
    terms = version.parsed_terms
    return AgreementDocument(
        definitions=[(WORDS.get(word, word.capitalize()), said) for word, said in _in_order(terms.definitions)],
        mql_rule=alternatives(terms.mql_rule),
        tiers=_tiers(terms),
        required=[MISSING_WORDS.get(code, code.replace("_", " ")) for code in terms.required_for_handoff],
        checklist=[item.words for item in terms.sql_checklist],
        marketing=[_promise(p) for p in terms.promises.values() if p.side == Team.Sides.MARKETING],
        sales=[_promise(p) for p in terms.promises.values() if p.side == Team.Sides.SALES],
        escalation=[
            f"At {step.at_percent} % of the time: {ACTIONS.get(step.action, step.action)}." for step in terms.escalation
        ],
        recycle=_recycle(terms),
        target=terms.attainment_target_percent,
        judged_from=terms.judged_from_count,
        signatures=list(Signature.objects.filter(version=version).select_related("user").order_by("signed_at")),
        personas=list(version.personas.select_related("persona").order_by("name")),
    )


def _in_order(definitions: Mapping[str, str]) -> list[tuple[str, str]]:
    known = [(word, definitions[word]) for word in WORDS if word in definitions]
    return known + [(word, said) for word, said in definitions.items() if word not in WORDS]


def alternatives(rule: Any) -> list[str]:
    """Say a rule as the alternatives of which one is enough: each a phrase joined by *and*."""
    if isinstance(rule, Mapping) and "any" in rule:
        return [phrase(member) for member in rule["any"]]
    return [phrase(rule)]


def phrase(rule: Any) -> str:
    """Say a rule in one phrase."""
    if isinstance(rule, Mapping) and "any" in rule:
        return " or ".join(phrase(member) for member in rule["any"])
    if isinstance(rule, Mapping) and "all" in rule:
        return " and ".join(phrase(member) for member in rule["all"])
    if isinstance(rule, list | tuple):
        return " and ".join(phrase(member) for member in rule)
    return _condition(rule)


def _condition(line: Mapping[str, Any]) -> str:
    if line.get("field") == "is_hand_raise" and line.get("value") is True:
        return FIELD_WORDS["is_hand_raise"]
    try:
        return read_condition(line).words
    except BadRule:
        return str(line.get("words") or line.get("field") or "?")


def _tiers(terms: Terms) -> list[tuple[str, str]]:
    said = [(TIER_LABELS.get(tier, tier), " or ".join(alternatives(rule))) for tier, rule in terms.tier_rules.items()]
    return [*said, (TIER_LABELS["standard"], "everything else")]


def _recycle(terms: Terms) -> list[tuple[str, int]]:
    """List the days by reason, in the order of the codes, what holds for any other reason last."""
    days = dict(terms.recycle_days)
    other = days.pop("default", None)
    named = [(RECYCLE_REASONS.get(code, code), days[code]) for code in [*RECYCLE_REASONS, *days] if code in days]
    return [*dict.fromkeys(named), *([("Any other reason", other)] if other is not None else [])]


def _promise(promise: Promise) -> PromiseWords:
    by_percents: dict[tuple[int, ...], list[str]] = {}
    for tier in TIERS:
        by_percents.setdefault(promise.warn_percents[tier], []).append(TIER_LABELS[tier].lower())
    warned = [
        f"{' and '.join(str(percent) for percent in percents)} % ({', '.join(tiers)})"
        for percents, tiers in by_percents.items()
    ]
    return PromiseWords(
        words=promise.words,
        times=[(TIER_LABELS[tier], duration(promise.seconds[tier])) for tier in TIERS],
        warned=", ".join(warned),
    )


def glossary_of(version: AgreementVersion | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the words of the agreement first, then those of the program."""
    groups = [("How the program uses words", list(OF_THE_PROGRAM))]
    if version is None:
        return groups
    agreed = [(WORDS.get(word, word.capitalize()), said) for word, said in _in_order(version.parsed_terms.definitions)]
    return [(f"What both teams signed, version {version.number}", agreed), *groups]
