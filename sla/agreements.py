"""The verbs of the agreement: draft, propose, sign.

What is frozen and hashed at the proposal is one document: the terms, and under ``pinned`` the scoring and persona versions they rest on.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from inputs.refusals import Conflict, Invalid, NotAllowed
from ledger.writing import write_audit
from personas.conditions import BadRule, compile_rule
from personas.defaults import create_default_scoring
from personas.models import PersonaVersion, ScoringVersion
from sla.default_terms import default_document
from sla.models import Agreement, AgreementVersion, Signature
from sla.terms import BadTerms, Document, Terms, terms_hash
from teams.models import User
from teams.roles import MANAGER_ROLES, Side

NAME = "Agreement between marketing and sales"
REVIEW_AFTER_DAYS = 91
"""Quarterly (design, domain page, The agreement)."""

States = AgreementVersion.States


class MayNotNegotiate(NotAllowed):
    """Only managers draft, propose and sign."""

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


class UnusableTerms(Invalid):
    """The document is not an agreement."""

    code = "unusable_terms"


@transaction.atomic
def draft_from_template(*, actor: User, at: datetime, document: Document | None = None) -> AgreementVersion:
    """Begin a new version: from ``document``, else from the template.

    It pins the newest scoring version and the newest version of each persona that is not retired.
    """
    _check_manager(actor)
    agreement, _ = Agreement.objects.get_or_create(name=NAME, defaults={"created_at": at})
    Agreement.objects.select_for_update().get(pk=agreement.pk)
    scoring = ScoringVersion.objects.order_by("-number").first()
    if scoring is None:
        raise UnusableTerms("There is no scoring version to rest the agreement on.", code="no_scoring")
    personas = _newest_personas()
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=(agreement.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        terms=_pinning(document or default_document(), scoring, personas),
        scoring=scoring,
        created_at=at,
        created_by=actor,
    )
    version.personas.set(personas)
    _audit("draft_agreement", version, actor, at)
    return version


@transaction.atomic
def propose(*, actor: User, version: AgreementVersion, at: datetime) -> AgreementVersion:
    """Freeze a draft: from now on its terms and their hash cannot change."""
    _check_manager(actor)
    version = _locked(version, States.DRAFT)
    _check_terms(version.terms)
    version.terms_hash = terms_hash(version.terms)
    version.state = States.PROPOSED
    version.proposed_at = at
    version.save(update_fields=["terms_hash", "state", "proposed_at"])
    _audit("propose_agreement", version, actor, at)
    return version


@transaction.atomic
def sign(
    *, actor: User, version: AgreementVersion, side: Side, terms_hash: str, at: datetime,
    effective_from: datetime | None = None,
) -> AgreementVersion:  # fmt: skip
    """Sign for one side over the hash that the signer read; the second side's signature makes the version binding.

    It is in force from ``effective_from``, but never before the last signature. A manager of both sides signs for one.
    """
    if MANAGER_ROLES[side] not in actor.roles:
        raise MayNotSignFor(f"Only a manager of {side.value} signs for {side.value}.")
    version = _locked(version, States.PROPOSED)
    if terms_hash != version.terms_hash:
        raise TermsChanged("These are not the terms you read. Read them again before you sign.")
    earlier = list(version.signatures.all())
    if any(signature.side == side or signature.user_id == actor.pk for signature in earlier):
        raise AlreadySigned("This side has signed already, or you have signed for the other one.")
    Signature.objects.create(version=version, side=side, user=actor, terms_hash=terms_hash, signed_at=at)
    if earlier:
        version.state = States.SIGNED
        version.signed_at = at
        version.effective_from = max(effective_from or at, at)
        version.review_on = _review_on(version.effective_from)
        version.save(update_fields=["state", "signed_at", "effective_from", "review_on"])
    _audit("sign_agreement", version, actor, at, side=side.value)
    return version


@transaction.atomic
def sign_default_agreement(*, marketing_manager: User, sales_manager: User, at: datetime) -> AgreementVersion:
    """Draft, propose and sign the template, so that a new company can start: it is in force from ``at``.

    Where there is no scoring version yet, the default one is written first.
    """
    create_default_scoring(at=at, created_by_id=marketing_manager.pk)
    version = propose(actor=marketing_manager, version=draft_from_template(actor=marketing_manager, at=at), at=at)
    for side, manager in ((Side.MARKETING, marketing_manager), (Side.SALES, sales_manager)):
        version = sign(actor=manager, version=version, side=side, terms_hash=version.terms_hash, at=at)
    return version


def _check_manager(actor: User) -> None:
    if not actor.may("negotiate_agreement"):
        raise MayNotNegotiate("Only a manager of marketing or sales changes the agreement.")


def _locked(version: AgreementVersion, state: str) -> AgreementVersion:
    fresh = AgreementVersion.objects.select_for_update().get(pk=version.pk)
    if fresh.state != state:
        raise WrongState(f"This version is {fresh.get_state_display().lower()}; that step is not open.")
    return fresh


def _check_terms(document: Document) -> None:
    """Refuse a document that the program could not apply: incomplete, or with a rule that does not compile."""
    try:
        terms = Terms.from_document(document)
        for rule in (terms.mql_rule, *terms.tier_rules.values()):
            compile_rule(rule)
    except (BadTerms, BadRule) as error:
        raise UnusableTerms(str(error), field="terms") from error


def _newest_personas() -> list[PersonaVersion]:
    versions = PersonaVersion.objects.filter(persona__is_retired=False).order_by("number")
    return sorted({version.persona_id: version for version in versions}.values(), key=lambda version: version.pk)


def _pinning(document: Document, scoring: ScoringVersion, personas: list[PersonaVersion]) -> dict[str, Any]:
    return {
        **document,
        "pinned": {
            "scoring_version": scoring.pk,
            "scoring": scoring.terms,
            "persona_versions": [version.pk for version in personas],
        },
    }


def _review_on(effective_from: datetime) -> date:
    return (effective_from + timedelta(days=REVIEW_AFTER_DAYS)).date()


def _audit(verb: str, version: AgreementVersion, actor: User, at: datetime, **facts: str) -> None:
    write_audit(
        at=at, actor_id=actor.pk, verb=verb, subject_type="agreement_version", subject_ids=[version.pk],
        facts={"hash": version.terms_hash, **facts},
    )  # fmt: skip
