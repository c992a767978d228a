"""The verbs that make an agreement: begin a draft, propose it, sign it. What happens in between is in ``sla.negotiating``.

What is frozen and hashed at the proposal is one document: the terms, and what they rest on: under ``pinned`` the scoring and persona
versions, under ``calendars`` the hours of each team.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import get_default_timezone

from inputs.moments import placed
from inputs.refusals import Conflict, Invalid, NotAllowed, Problem
from ledger.instants import company_day
from personas.defaults import create_default_scoring
from personas.models import PersonaVersion, ScoringVersion
from personas.validating import versions_to_pin
from sla.applying import UnusableTerms, read_terms, refuse_unusable, retired
from sla.calendars import newest_version
from sla.clauses import CLAUSES, in_this_edition
from sla.default_terms import default_document
from sla.models import Agreement, AgreementComment, AgreementVersion, CalendarUse, Signature
from sla.telling import audit, tell
from sla.terms import Document
from sla.terms import terms_hash as hash_of
from sla.wordings import IN_FORCE, PROPOSED, SIGNED
from teams.models import User
from teams.reaching import managers, members
from teams.roles import MANAGER_ROLES, Side

__all__ = ["UnusableTerms"]

NAME = "Agreement between marketing and sales"
MOST_DAYS_AHEAD = 731
"""A date further ahead than two years is a slip of the pen."""

States = AgreementVersion.States


class MayNotNegotiate(NotAllowed):
    """Only managers draft, propose and sign; a draft and its withdrawal are the matter of its own side's."""

    code = "may_not_negotiate"


class MayNotSignFor(NotAllowed):
    """A signature needs a manager of the side it stands for."""

    code = "may_not_sign_for"


class WrongState(Conflict):
    """The version has moved on, or is not there yet."""

    code = "wrong_state"


class TermsChanged(Conflict):
    """The signer read other terms than those that stand."""

    code = "terms_changed"


class AlreadySigned(Conflict):
    """This side, or this person, has signed this version."""

    code = "already_signed"


class ConcernsOpen(Conflict):
    """Concerns stand in the way of signing: each of the ``problems`` names its clause as its field."""

    code = "concerns_open"


class PersonasRetired(Conflict):
    """Personas that the version pins have been retired since it was proposed: nobody signs that leads are scored by them."""

    code = "personas_retired"


class BadDate(Invalid):
    """An agreement cannot come into force then."""

    code = "bad_date"


@transaction.atomic
def draft_from_template(
    *, actor: User, at: datetime, document: Document | None = None, side: Side | None = None
) -> AgreementVersion:
    """Begin a new version: from ``document``, else from the template. It is the draft of ``side``, which the actor manages.

    It pins the newest scoring version, of each persona in use the newest version that is validated (else the newest), and the hours that the teams keep now.
    """
    return _begin(actor, at, document or default_document(), side, source=None)


@transaction.atomic
def draft_from_version(
    *, actor: User, version: AgreementVersion, at: datetime, side: Side | None = None
) -> AgreementVersion:
    """Begin a new version with the terms of an earlier one, which stays what it is; personas and scoring are the newest."""
    read_terms(version.terms)
    if version.state == States.DRAFT:
        check_drafter(actor, version)
    return _begin(actor, at, in_this_edition(version.terms), side, source=version)


@transaction.atomic
def propose(*, actor: User, version: AgreementVersion, at: datetime) -> AgreementVersion:
    """Freeze a draft: from now on its terms and their hash cannot change. Everybody in both teams is told.

    Raises ``UnusableTerms`` with all that is in the way.
    """
    version = _propose(actor, version, at)
    tell(members(), PROPOSED, version, actor_id=actor.pk, written_at=at)
    return version


@transaction.atomic
def sign(
    *, actor: User, version: AgreementVersion, side: Side, terms_hash: str, at: datetime,
    effective_on: date | None = None,
) -> AgreementVersion:  # fmt: skip
    """Sign for one side over the hash that the signer read; the second side's signature makes the version binding.

    It is in force from the midnight of ``effective_on``, a day of the company, but never before the last signature. The second signer
    keeps the day that the first one chose unless they give another; none: at once. A manager of both sides signs for one. Open concerns
    stand in the way (``ConcernsOpen``), and personas that were retired meanwhile (``PersonasRetired``).
    """
    version = _sign(actor, version, side, terms_hash, at=at, effective_on=effective_on)
    other = next(each for each in Side if each is not side)
    if version.effective_from is None:
        tell(managers(other), SIGNED, version, actor_id=actor.pk, written_at=at, side=side.value)
        return version
    begins = company_day(version.effective_from).isoformat()
    tell(managers(other), SIGNED, version, actor_id=actor.pk, written_at=at, side=side.value, effective_on=begins)
    tell(members(), IN_FORCE, version, actor_id=None, written_at=at, not_before=version.effective_from)
    return version


@transaction.atomic
def sign_default_agreement(*, marketing_manager: User, sales_manager: User, at: datetime) -> AgreementVersion:
    """Draft, propose and sign the template, so that a new company can start: it is in force from ``at``.

    Where there is no scoring version yet, the default one is written first. Nobody is told: nothing was negotiated.
    """
    create_default_scoring(at=at, created_by_id=marketing_manager.pk)
    draft = _begin(marketing_manager, at, default_document(), Side.MARKETING, source=None)
    version = _propose(marketing_manager, draft, at)
    for side, manager in ((Side.MARKETING, marketing_manager), (Side.SALES, sales_manager)):
        version = _sign(manager, version, side, version.terms_hash, at=at)
    return version


# Parts ----------------------------------------------------------------------------------------------------------------


def _begin(
    actor: User, at: datetime, document: Document, side: Side | None, source: AgreementVersion | None
) -> AgreementVersion:
    check_manager(actor)
    own = [each for each in Side if MANAGER_ROLES[each] in actor.roles]
    if side is not None and side not in own:
        raise MayNotNegotiate(f"Only a manager of {side.value} begins a draft for {side.value}.")
    agreement, _ = Agreement.objects.get_or_create(name=NAME, defaults={"created_at": at})
    Agreement.objects.select_for_update().get(pk=agreement.pk)
    scoring, personas = newest_pins()
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=(agreement.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        terms={**document, "calendars": calendars_now(), "pinned": pinning(scoring, personas)},
        scoring=scoring,
        created_at=at,
        created_by=actor,
        drafted_for=side or own[0],
    )
    version.personas.set(personas)
    audit("draft_agreement", version, actor.pk, at, **({"from": source.pk} if source else {}))
    return version


def _propose(actor: User, version: AgreementVersion, at: datetime) -> AgreementVersion:
    check_manager(actor)
    version = locked(version, States.DRAFT)
    check_drafter(actor, version)
    refuse_unusable(version)
    version.terms_hash = hash_of(version.terms)
    version.state = States.PROPOSED
    version.proposed_at = at
    version.save(update_fields=["terms_hash", "state", "proposed_at"])
    audit("propose_agreement", version, actor.pk, at)
    return version


def _sign(
    actor: User,
    version: AgreementVersion,
    side: Side,
    terms_hash: str,
    *,
    at: datetime,
    effective_on: date | None = None,
) -> AgreementVersion:
    if MANAGER_ROLES[side] not in actor.roles:
        raise MayNotSignFor(f"Only a manager of {side.value} signs for {side.value}.")
    version = locked(version, States.PROPOSED)
    if terms_hash != version.terms_hash:
        raise TermsChanged("These are not the terms you read. Read them again before you sign.")
    earlier = list(version.signatures.all())
    if any(signature.side == side or signature.user_id == actor.pk for signature in earlier):
        raise AlreadySigned("This side has signed already, or you have signed for the other one.")
    _refuse_concerns(version)
    _refuse_retired(version)
    _refuse_date(effective_on, company_day(at))
    Signature.objects.create(
        version=version, side=side, user=actor, terms_hash=terms_hash, signed_at=at, effective_on=effective_on
    )
    if earlier:
        version.state = States.SIGNED
        version.signed_at = at
        version.effective_from = _begins(effective_on or earlier[0].effective_on, at)
        review_days = read_terms(version.terms).review_days
        version.review_on = company_day(version.effective_from) + timedelta(days=review_days)
        version.save(update_fields=["state", "signed_at", "effective_from", "review_on"])
    audit("sign_agreement", version, actor.pk, at, side=side.value)
    return version


def _refuse_concerns(version: AgreementVersion) -> None:
    concerns = version.comments.filter(
        kind=AgreementComment.Kinds.CONCERN, state=AgreementComment.States.OPEN
    ).select_related("author")
    problems = [
        Problem(concern.clause, ConcernsOpen.code, f"{CLAUSES.get(concern.clause, concern.clause)}: a concern of {concern.author}")
        for concern in concerns.order_by("id")
    ]  # fmt: skip
    if problems:
        raise ConcernsOpen("Concerns have to be resolved or withdrawn before anybody signs.", problems=tuple(problems))


def _refuse_retired(version: AgreementVersion) -> None:
    names = retired(version)
    if names:
        raise PersonasRetired(
            f"It scores leads by {' and '.join(names)}, retired since it was proposed. Bring back who is retired, or withdraw the"
            " proposal and begin a draft anew."
        )


def _refuse_date(wanted: date | None, today: date) -> None:
    if wanted is None:
        return
    if wanted < today:
        raise BadDate("It cannot be in force before it is signed.", field="effective_on")
    if wanted > today + timedelta(days=MOST_DAYS_AHEAD):
        raise BadDate("This lies more than two years ahead.", field="effective_on", code="far_date")


def _begins(on: date | None, at: datetime) -> datetime:
    """Give the instant from which it is in force: the company's midnight of ``on``, but not before ``at``."""
    if on is None:
        return at
    return max(at, placed(datetime.combine(on, datetime.min.time()), get_default_timezone()))


def check_manager(actor: User) -> None:
    """Refuse whoever manages neither side."""
    if not actor.may("negotiate_agreement"):
        raise MayNotNegotiate("Only a manager of marketing or sales changes the agreement.")


def check_drafter(actor: User, version: AgreementVersion) -> None:
    """Refuse whoever manages the other side alone: a draft, and what becomes of a proposal, is its own side's matter."""
    check_manager(actor)
    if version.drafted_for and MANAGER_ROLES[Side(version.drafted_for)] not in actor.roles:
        raise MayNotNegotiate(f"Only a manager of {version.drafted_for} does this: the version is theirs.")


def locked(version: AgreementVersion, state: str) -> AgreementVersion:
    """Lock the version, which has to be in ``state``; raises ``WrongState``."""
    fresh = AgreementVersion.objects.select_for_update().get(pk=version.pk)
    if fresh.state != state:
        raise WrongState(f"This version is {fresh.get_state_display().lower()}; that step is not open.")
    return fresh


def newest_pins() -> tuple[ScoringVersion, list[PersonaVersion]]:
    """Give the newest scoring version and of each persona in use the newest version that both sides validated, else the newest (decision 20)."""
    scoring = ScoringVersion.objects.order_by("-number").first()
    if scoring is None:
        raise UnusableTerms("There is no scoring version to rest the agreement on.", code="no_scoring")
    return scoring, versions_to_pin()


def pinning(scoring: ScoringVersion, personas: list[PersonaVersion]) -> dict[str, Any]:
    """Write what a document pins."""
    return {
        "scoring_version": scoring.pk,
        "scoring": scoring.terms,
        "persona_versions": [version.pk for version in personas],
    }


def calendars_now() -> list[dict[str, Any]]:
    """Write whose hours count: of each active team its calendar, by name and version, with zone and week. Marketing first, then by name.

    A calendar is edited without the agreement (holidays come every year); the version tells which one was read when it was signed.
    """
    uses = CalendarUse.objects.filter(team__is_active=True).select_related("team", "calendar")
    found = []
    for use in uses.order_by("team__side", "team__name", "team_id"):
        newest = newest_version(use.calendar)
        if use.team and newest:
            found.append(
                {
                    "team": use.team.name, "side": use.team.side, "calendar": use.calendar.name, "version": newest.number,
                    "zone": newest.terms["zone"], "week": newest.terms["week"],
                }
            )  # fmt: skip
    return found
