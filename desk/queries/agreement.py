"""The agreement as a document, and the glossary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboards.compliance import Kept
from desk.clauses import Chapter, Clause, Line, Names, chapters_of, clauses_of, in_order, percents_of, time_of, word_of
from desk.queries.attainment import Live
from desk.queries.targets import TargetLine
from leads.codes import TIER_LABELS
from personas.models import PersonaVersion, ScoringVersion
from personas.validating import missing_sides
from sla.clauses import PROMISE
from sla.durations import duration
from sla.models import AgreementVersion, Signature
from sla.terms import TIERS, Promise
from teams.models import Team
from teams.roles import Side

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
    (
        "Absence, cover",
        "Who is away gets no new leads; their cover may act in their place meanwhile. With no cover, what falls due meanwhile goes to their team.",
    ),
    ("Fit", "How well a lead matches our best matching persona, 0 to 100: A from 75, B from 50, C from 25, else D."),
    ("Engagement", "How much interest a contact shows, 0 to 100, from touches that count less as they age."),
    ("Tier", "How fast a lead must be worked: hot, warm or standard. Pinned when it is handed off."),
    ("Rejection", "A rep says no before any conversation, with a coded reason. The lead goes back to marketing."),
    ("Disqualification", "A lead is taken out for good, with a coded reason; by sales only after a conversation."),
    ("Recycled", "Not now: the lead rests until a date, nurtured by marketing."),
    ("Business time", "Time that passes while the calendar of who owes the promise is open."),
    ("Kept, missed", "A promise answered at or before its due time is kept. What is answered later stays missed."),
    (
        "Draft, proposal, signature",
        "One side’s managers draft; proposed, the text is frozen and both teams comment; signed by both, it is in force from its date.",
    ),
    ("Clause", "A part of the agreement that has a name: it is commented on, compared and changed by itself."),
    (
        "Concern",
        "What somebody has against a clause of a proposal. Nobody signs until it is resolved, with a word why, or withdrawn.",
    ),
    ("System delay, human delay", "From arrival to assignment, and from assignment until it was done."),
)


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise in the table of its side: ``times`` by tier and label, warnings and grace; without times it is not promised.

    ``kept`` says how it is kept at present, in the version in force.
    """

    clause: Clause
    times: list[tuple[str, str]]
    note: str
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target in words, with where it stands or from when on it counts."""

    line: Line
    stands: TargetLine | None
    begins: str


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter as the page shows it; ``rows`` are those of a side's promises, ``targets`` those of the version in force."""

    chapter: Chapter
    rows: list[PromiseRow]
    targets: list[TargetRow]


@dataclass(frozen=True, slots=True)
class AgreementDocument:
    """Everything the page of a version says."""

    parts: list[Part]
    signatures: list[Signature]
    unsigned: list[str]
    tiers: list[str]


def document_of(version: AgreementVersion, live: Live | None = None) -> AgreementDocument:
    """Put the terms of ``version`` into words, with four queries; ``live`` stands beside the clauses that it is about."""
    promises = version.parsed_terms.promises
    chapters = chapters_of(clauses_of(version.terms, names_of(version)))
    signatures = list(Signature.objects.filter(version=version).select_related("user").order_by("signed_at", "id"))
    signed = {signature.side for signature in signatures}
    return AgreementDocument(
        parts=[Part(chapter, _rows(chapter, promises, live), _targets(chapter, live)) for chapter in chapters],
        signatures=signatures,
        unsigned=[str(side.label).lower() for side in Team.Sides if side not in signed],
        tiers=[TIER_LABELS[tier] for tier in TIERS],
    )


def _rows(chapter: Chapter, promises: Mapping[str, Promise], live: Live | None) -> list[PromiseRow]:
    if not chapter.side:
        return []
    kept = live.promises if live else {}
    codes = [(clause, clause.key.removeprefix(PROMISE)) for clause in chapter.clauses]
    return [_row(clause, promises.get(code), kept.get(code)) for clause, code in codes]


def _targets(chapter: Chapter, live: Live | None) -> list[TargetRow]:
    (first, *_) = chapter.clauses
    if live is None or first.key != "targets":
        return []
    return [TargetRow(line, *stands) for line, stands in zip(first.lines, live.targets, strict=True)]


def _row(clause: Clause, promise: Promise | None, kept: Kept | None) -> PromiseRow:
    if promise is None:
        return PromiseRow(clause, [], "")
    percents, graces = promise.warn_percents, promise.grace_seconds
    warned = _by_tier({tier: percents_of(percents[tier]) if percents[tier] else "" for tier in TIERS})
    grace = _by_tier({tier: duration(graces[tier]) if graces[tier] else "" for tier in TIERS})
    notes = [f"warned at {warned}" if warned else "", f"grace {grace}" if grace else ""]
    times = [(TIER_LABELS[tier], time_of(promise, tier)) for tier in TIERS]
    return PromiseRow(clause, times, "; ".join(filter(None, notes)), kept)


def _by_tier(said: Mapping[str, str]) -> str:
    """Join what is said of the tiers, each once: *66 % (hot), 50 and 75 % (warm, standard)*; of all alike just *66 %*."""
    tiers: dict[str, list[str]] = {}
    for tier, words in said.items():
        tiers.setdefault(words, []).append(TIER_LABELS[tier].lower())
    named = [f"{words} ({', '.join(of)})" if len(tiers) > 1 else words for words, of in tiers.items() if words]
    return ", ".join(named)


def names_of(version: AgreementVersion) -> Names:
    """Give the names in a version, with who had not validated its personas when it was signed or withdrawn, or has not by now; three queries."""
    names = names_in([version])
    missing = missing_sides(names.persona_versions, until=version.signed_at or version.withdrawn_at)
    said = {pk: f"{name}{_not_by(missing.get(pk))}" for pk, name in names.persona_versions.items()}
    return replace(names, persona_versions=said)


def names_in(versions: Iterable[AgreementVersion]) -> Names:
    """Give how the personas and scoring versions are called that these versions pin, with two queries."""
    pinned = [version.terms.get("pinned", {}) for version in versions]
    found = PersonaVersion.objects.filter(pk__in={pk for pins in pinned for pk in pins.get("persona_versions", ())})
    personas = list(found.select_related("persona").order_by("number"))
    scoring = ScoringVersion.objects.filter(pk__in={pins.get("scoring_version", 0) for pins in pinned})
    return Names(
        persona_versions={each.pk: f"{each.name} (v{each.number})" for each in personas},
        personas={each.persona.code: each.name for each in personas},
        scoring=dict(scoring.values_list("pk", "number")),
    )


def _not_by(sides: Sequence[Side] | None) -> str:
    return f", not validated by {' or '.join(sides)}" if sides else ""


Words = Sequence[tuple[str, str]]


def glossary_of(version: AgreementVersion | None) -> list[tuple[str, Words]]:
    """Give the words of the agreement first, then those of the program."""
    groups: list[tuple[str, Words]] = [("How the program uses words", OF_THE_PROGRAM)]
    if version is None:
        return groups
    agreed = [(word_of(word), said) for word, said in in_order(version.parsed_terms.definitions)]
    return [(f"What both teams signed, version {version.number}", agreed), *groups]
