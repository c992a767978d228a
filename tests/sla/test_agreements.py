"""The agreement: drafted, frozen, signed by a manager of each side, and in force from its date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ledger.models import AuditEntry
from personas.defaults import SCORING_TERMS
from personas.models import Persona, PersonaVersion, ScoringVersion
from sla.agreements import (
    AlreadySigned,
    BadDate,
    MayNotNegotiate,
    MayNotSignFor,
    TermsChanged,
    UnusableTerms,
    WrongState,
    draft_from_template,
    propose,
    sign,
    sign_default_agreement,
)
from sla.default_terms import default_document
from sla.in_force import NoAgreement, agreement_in_force, version_terms
from sla.models import AgreementVersion, Signature
from sla.terms import terms_hash
from teams.models import Membership, Team, User
from teams.roles import Side
from tests.cast import NOW

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def draft(mona: User, sales: Team) -> AgreementVersion:
    ScoringVersion.objects.create(number=1, terms=SCORING_TERMS, created_at=NOW)
    return draft_from_template(actor=mona, at=NOW)


@pytest.fixture
def proposed(draft: AgreementVersion, mona: User) -> AgreementVersion:
    return propose(actor=mona, version=draft, at=NOW)


def signed_by(actor: User, side: Side, version: AgreementVersion, **changes: Any) -> AgreementVersion:
    return sign(
        **{"actor": actor, "side": side, "version": version, "terms_hash": version.terms_hash, "at": NOW, **changes}
    )


def test_a_draft_pins_the_newest_scoring_and_persona_versions(mona: User) -> None:
    ScoringVersion.objects.create(number=1, terms=SCORING_TERMS, created_at=NOW)
    newest = ScoringVersion.objects.create(number=2, terms=SCORING_TERMS, created_at=NOW)
    persona = Persona.objects.create(code="it-lead", created_at=NOW)
    retired = Persona.objects.create(code="old", is_retired=True, created_at=NOW)
    for number in (1, 2):
        PersonaVersion.objects.create(persona=persona, number=number, name="Ines", created_at=NOW)
    PersonaVersion.objects.create(persona=retired, number=1, name="Otto", created_at=NOW)

    version = draft_from_template(actor=mona, at=NOW)

    assert version.scoring == newest
    assert list(version.personas.values_list("persona__code", "number")) == [("it-lead", 2)]
    assert version.terms["pinned"]["persona_versions"] == [version.personas.get().pk]


def test_the_hash_covers_what_is_pinned(draft: AgreementVersion) -> None:
    other = {**draft.terms, "pinned": {**draft.terms["pinned"], "persona_versions": [99]}}

    assert terms_hash(other) != terms_hash(draft.terms)


def test_it_is_in_force_from_the_second_signature_on(proposed: AgreementVersion, mona: User, sue: User) -> None:
    signed_by(mona, Side.MARKETING, proposed)
    with pytest.raises(NoAgreement):
        agreement_in_force(NOW)

    version = signed_by(sue, Side.SALES, proposed, at=NOW + timedelta(hours=1))

    assert (version.state, version.effective_from) == ("signed", NOW + timedelta(hours=1))
    assert version.review_on is not None
    with pytest.raises(NoAgreement):
        agreement_in_force(NOW + timedelta(minutes=59, seconds=59))
    assert agreement_in_force(NOW + timedelta(hours=1)).version_id == version.pk


def test_it_is_in_force_from_the_midnight_of_the_chosen_day_where_the_company_is(
    proposed: AgreementVersion, mona: User, sue: User, settings: Any
) -> None:
    settings.TIME_ZONE = "America/New_York"

    signed_by(mona, Side.MARKETING, proposed, effective_on=TODAY + timedelta(days=9))
    version = signed_by(sue, Side.SALES, proposed)

    assert version.effective_from == datetime(2026, 3, 11, 4, 0, tzinfo=UTC)  # summer time began on the 8th
    assert version.review_on == date(2026, 3, 11) + timedelta(days=91)


def test_the_second_signer_keeps_the_day_or_sets_another(proposed: AgreementVersion, mona: User, sue: User) -> None:
    signed_by(mona, Side.MARKETING, proposed, effective_on=TODAY + timedelta(days=9))

    version = signed_by(sue, Side.SALES, proposed, effective_on=TODAY + timedelta(days=3))

    assert version.effective_from == datetime(2026, 3, 5, tzinfo=UTC)
    chosen = version.signatures.order_by("id").values_list("effective_on", flat=True)
    assert list(chosen) == [TODAY + timedelta(days=9), TODAY + timedelta(days=3)]


def test_a_day_that_has_passed_since_the_first_signature_is_the_moment_of_the_second(
    proposed: AgreementVersion, mona: User, sue: User
) -> None:
    signed_by(mona, Side.MARKETING, proposed, effective_on=TODAY)

    version = signed_by(sue, Side.SALES, proposed, at=NOW + timedelta(days=2))

    assert version.effective_from == NOW + timedelta(days=2)


@pytest.mark.parametrize("days", [-1, 732])
def test_a_day_that_cannot_be_meant_is_refused(proposed: AgreementVersion, mona: User, days: int) -> None:
    with pytest.raises(BadDate) as refused:
        signed_by(mona, Side.MARKETING, proposed, effective_on=TODAY + timedelta(days=days))

    assert refused.value.field == "effective_on"
    assert Signature.objects.count() == 0


def test_the_newer_of_two_versions_is_in_force_from_its_date(mona: User, sue: User) -> None:
    first = sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW)
    second = sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW + timedelta(days=1))

    assert agreement_in_force(NOW + timedelta(hours=23)).number == first.number == 1
    assert agreement_in_force(NOW + timedelta(days=1)).number == second.number == 2


def test_what_is_in_force_is_found_with_one_query_once_it_is_known(mona: User, sue: User) -> None:
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW)
    known = agreement_in_force(NOW)

    with CaptureQueriesContext(connection) as queries:
        again = agreement_in_force(NOW)

    assert (len(queries), again) == (1, known)
    assert known.scoring["half_life_days"] == 30
    assert version_terms(known.version_id) is known.terms


@pytest.mark.parametrize("name", ["maya", "sam", "olive"])
def test_only_managers_negotiate(request: pytest.FixtureRequest, name: str, proposed: AgreementVersion) -> None:
    actor = request.getfixturevalue(name)

    with pytest.raises(MayNotNegotiate):
        draft_from_template(actor=actor, at=NOW)
    with pytest.raises(MayNotNegotiate):
        propose(actor=actor, version=proposed, at=NOW)
    for side in Side:
        with pytest.raises(MayNotSignFor):
            signed_by(actor, side, proposed)
    assert Signature.objects.count() == 0


def test_a_manager_does_not_sign_for_the_other_side(proposed: AgreementVersion, mona: User) -> None:
    with pytest.raises(MayNotSignFor):
        signed_by(mona, Side.SALES, proposed)


def test_a_manager_of_both_sides_signs_for_one(proposed: AgreementVersion, mona: User, sales: Team) -> None:
    Membership.objects.create(user=mona, team=sales, is_manager=True)
    both = User.objects.get(pk=mona.pk)
    signed_by(both, Side.MARKETING, proposed)

    with pytest.raises(AlreadySigned):
        signed_by(both, Side.SALES, proposed)

    with pytest.raises(NoAgreement):
        agreement_in_force(NOW)


def test_a_side_signs_once(proposed: AgreementVersion, mona: User) -> None:
    signed_by(mona, Side.MARKETING, proposed)

    with pytest.raises(AlreadySigned):
        signed_by(mona, Side.MARKETING, proposed)


def test_who_read_other_terms_does_not_sign(proposed: AgreementVersion, mona: User) -> None:
    with pytest.raises(TermsChanged):
        signed_by(mona, Side.MARKETING, proposed, terms_hash="0" * 64)


def test_a_draft_cannot_be_signed_and_a_proposal_not_proposed_again(
    draft: AgreementVersion, mona: User
) -> None:  # fmt: skip
    with pytest.raises(WrongState):
        signed_by(mona, Side.MARKETING, draft)
    propose(actor=mona, version=draft, at=NOW)
    with pytest.raises(WrongState):
        propose(actor=mona, version=draft, at=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"promises": [{"code": "accept"}]},
        {"escalation": [{"at_percent": 50, "action": "reassign"}]},
        {"mql_rule": {"field": "fit", "op": "resembles", "value": 1}},
        {"attainment_target_percent": 89.5},
    ],
    ids=["incomplete promise", "early escalation", "rule that does not compile", "fraction"],
)
def test_terms_that_could_not_be_applied_are_refused(
    mona: User, draft: AgreementVersion, change: dict[str, Any]
) -> None:
    version = draft_from_template(actor=mona, at=NOW, document={**default_document(), **change})

    with pytest.raises(UnusableTerms):
        propose(actor=mona, version=version, at=NOW)


def test_every_step_is_in_the_audit(mona: User, sue: User) -> None:
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW)

    entries = AuditEntry.objects.filter(subject_type="agreement_version").order_by("id")
    assert list(entries.values_list("verb", "actor__name")) == [
        ("draft_agreement", "Mona"), ("propose_agreement", "Mona"), ("sign_agreement", "Mona"), ("sign_agreement", "Sue"),
    ]  # fmt: skip


# Frozen in the database -----------------------------------------------------------------------------------------------

TABLE = "sla_agreementversion"
TAMPERING = [
    f"UPDATE {TABLE} SET terms = '{{}}'",
    f"UPDATE {TABLE} SET terms_hash = 'x'",
    f"UPDATE {TABLE} SET number = number + 1",
    f"UPDATE {TABLE} SET state = 'draft', terms_hash = ''",
    "DELETE FROM sla_signature",
    "UPDATE sla_signature SET terms_hash = 'x'",
    "UPDATE sla_calendarversion SET terms = '{}'",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_frozen_terms_cannot_be_changed_by_a_bare_statement(mona: User, sue: User, statement: str) -> None:
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_frozen_terms_cannot_be_changed_through_a_queryset(proposed: AgreementVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementVersion.objects.filter(pk=proposed.pk).update(terms={})


def test_a_signed_version_keeps_its_dates(mona: User, sue: User) -> None:
    version = sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementVersion.objects.filter(pk=version.pk).update(effective_from=NOW - timedelta(days=9))


def test_a_draft_can_still_be_changed(draft: AgreementVersion) -> None:
    assert AgreementVersion.objects.filter(pk=draft.pk).update(terms={"draft": 2}) == 1
