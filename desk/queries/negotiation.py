"""What a page about a version of the agreement shows beside its text: where it stands, what was said, what the reader may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from inputs.refusals import NotVisible
from ledger.instants import company_day
from sla.clauses import CLAUSES
from sla.models import AgreementComment, AgreementVersion, Signature, Standing
from teams.models import User
from teams.roles import MANAGER_ROLES, Side

MOST_VERSIONS = 100
TONES = {
    Standing.DRAFT: "",
    Standing.PROPOSED: "pill-warn",
    Standing.SIGNED: "pill-calm",
    Standing.ACTIVE: "pill-good",
    Standing.SUPERSEDED: "",
    Standing.WITHDRAWN: "pill-bad",
}

States = AgreementVersion.States


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in the list, with where it stands, and for a proposal who has signed and how many concerns are open."""

    version: AgreementVersion
    standing: Standing
    concerns: int = 0
    signed_sides: tuple[str, ...] = ()

    @property
    def tone(self) -> str:
        return TONES[self.standing]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about one clause: how much, and how many concerns are open."""

    count: int
    concerns: int


@dataclass(frozen=True, slots=True)
class Steps:
    """What the reader may do with the version now; ``sides`` are those they may sign for."""

    edit: bool = False
    withdraw: bool = False
    sides: tuple[Side, ...] = ()
    comment: bool = False
    resolve: bool = False
    begin: bool = False


def version_for(user: User, number: int) -> AgreementVersion:
    """Give the version of this number, if ``user`` may see it; raises ``NotVisible``."""
    versions = AgreementVersion.objects.visible_to(user).named(number)
    found = versions.select_related("agreement", "scoring", "created_by").first()
    if found is None:
        raise NotVisible("There is nothing here.")
    return found


def in_force_id(at: datetime) -> int | None:
    """Give the id of the version in force at ``at``, if one is."""
    return AgreementVersion.objects.in_force(at).values_list("pk", flat=True).first()


def managed(user: User) -> tuple[Side, ...]:
    """Give the sides that ``user`` manages."""
    return tuple(side for side in Side if MANAGER_ROLES[side] in user.roles)


def steps_on(user: User, version: AgreementVersion, signatures: list[Signature]) -> Steps:
    """Say what ``user`` may do with ``version``; the verbs decide by the same rules."""
    sides = managed(user)
    is_own = bool(sides) and (not version.drafted_for or version.drafted_for in sides)
    is_proposed = version.state == States.PROPOSED
    signed = {signature.side for signature in signatures}
    has_signed = any(signature.user_id == user.pk for signature in signatures)
    return Steps(
        edit=is_own and version.state == States.DRAFT,
        withdraw=is_own and is_proposed,
        sides=tuple(side for side in sides if side not in signed) if is_proposed and not has_signed else (),
        comment=is_proposed and user.may("comment_on_agreement"),
        resolve=is_proposed and bool(sides),
        begin=bool(sides),
    )


def said_on(version: AgreementVersion) -> dict[str, Said]:
    """Count what was said about each clause of ``version``, with one query."""
    is_open = Q(kind=AgreementComment.Kinds.CONCERN, state=AgreementComment.States.OPEN)
    rows = version.comments.values("clause").annotate(said=Count("id"), concerns=Count("id", filter=is_open))
    return {row["clause"]: Said(row["said"], row["concerns"]) for row in rows}


@dataclass(frozen=True, slots=True)
class OpenConcern:
    """A concern that stands in the way of signing, with the title of its clause."""

    comment: AgreementComment
    title: str


def open_concerns(version: AgreementVersion) -> list[OpenConcern]:
    """Give what stands in the way of signing ``version``."""
    found = version.comments.filter(kind=AgreementComment.Kinds.CONCERN, state=AgreementComment.States.OPEN)
    concerns = found.select_related("author").order_by("id")
    return [OpenConcern(each, CLAUSES.get(each.clause, each.clause)) for each in concerns]


def versions_for(user: User, at: datetime) -> list[VersionRow]:
    """List the versions that ``user`` may see, the newest first, with four queries."""
    current = in_force_id(at)
    found = AgreementVersion.objects.visible_to(user).select_related("created_by").defer("terms")
    versions = list(found.order_by("-number")[:MOST_VERSIONS])
    proposed = [version.pk for version in versions if version.state == States.PROPOSED]
    concerns, sides = _waiting(proposed)
    return [
        VersionRow(
            version, version.standing(at, current), concerns.get(version.pk, 0), tuple(sides.get(version.pk, ()))
        )
        for version in versions
    ]


def _waiting(proposed: list[int]) -> tuple[Mapping[int, int], Mapping[int, list[str]]]:
    """Give, by proposal, how many concerns are open and which sides have signed."""
    if not proposed:
        return {}, {}
    is_open = AgreementComment.objects.filter(
        version__in=proposed, kind=AgreementComment.Kinds.CONCERN, state=AgreementComment.States.OPEN
    )
    sides: dict[int, list[str]] = {}
    for signature in Signature.objects.filter(version__in=proposed).order_by("id"):
        sides.setdefault(signature.version_id, []).append(signature.get_side_display())
    return dict(is_open.values_list("version").annotate(Count("id"))), sides


@dataclass(frozen=True, slots=True)
class Matters:
    """What of the agreement waits for a manager: proposals to sign, own drafts, a review that is due."""

    proposals: list[VersionRow]
    drafts: list[AgreementVersion]
    review_due: date | None

    def __bool__(self) -> bool:
        return bool(self.proposals or self.drafts or self.review_due)


def matters_for(user: User, version: AgreementVersion | None, at: datetime) -> Matters:
    """Say what waits for ``user``, ``version`` being the one in force."""
    open_ones = AgreementVersion.objects.visible_to(user).filter(state__in=[States.DRAFT, States.PROPOSED])
    found = list(open_ones.defer("terms").order_by("-number")[:MOST_VERSIONS])
    proposed = [each for each in found if each.state == States.PROPOSED]
    concerns, sides = _waiting([each.pk for each in proposed])
    rows = [
        VersionRow(each, Standing.PROPOSED, concerns.get(each.pk, 0), tuple(sides.get(each.pk, ())))
        for each in proposed
    ]
    is_due = version is not None and version.is_due_for_review(company_day(at))
    drafts = [each for each in found if each.state == States.DRAFT] if managed(user) else []
    return Matters(rows, drafts, version.review_on if version and is_due else None)
