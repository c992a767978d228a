"""Several people at the same moment: one signature a side, no signature over a concern, one reminder, no lost clause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from inputs.refusals import Conflict
from ledger.models import AuditEntry, Notice
from sla.agreements import ConcernsOpen, WrongState, draft_from_template, propose, sign
from sla.in_force import InForce
from sla.models import AgreementComment, AgreementVersion, Signature
from sla.negotiating import change_clause
from sla.reviews import remind_of_review
from teams.models import Team, User
from teams.roles import Side
from tests.cast import NOW, person
from tests.racing import at_once, refusals_of
from tests.sla.saying import concern_of, signed_by

pytestmark = pytest.mark.django_db(transaction=True)


def loaded(user: User) -> User:
    return User.objects.with_teams().get(pk=user.pk)


def test_two_managers_of_a_side_sign_once(proposal: AgreementVersion, mona: User, marketing: Team) -> None:
    managers = [loaded(mona), *(loaded(person(f"Manager{n}", marketing, is_manager=True)) for n in range(3))]

    refusals = refusals_of([partial(signed_by, manager, Side.MARKETING, proposal) for manager in managers], Conflict)

    assert [refusal is None for refusal in refusals].count(True) == 1
    assert Signature.objects.filter(version=proposal).count() == 1


@pytest.mark.parametrize("time", range(5))
def test_nobody_signs_over_a_concern_that_was_raised_first(
    time: int, proposal: AgreementVersion, mona: User, sue: User, sam: User
) -> None:
    signed_by(mona, Side.MARKETING, proposal)
    works: list[Callable[[], object]] = [
        partial(sign, actor=loaded(sue), version=proposal, side=Side.SALES, terms_hash=proposal.terms_hash, at=NOW),
        partial(concern_of, loaded(sam), proposal),
    ]

    signing, raising = refusals_of(works, Conflict)

    signed = AgreementVersion.objects.get(pk=proposal.pk).state == "signed"
    if signed:  # the concern came too late, and is not there
        assert (signing, type(raising), AgreementComment.objects.count()) == (None, WrongState, 0)
    else:
        assert (type(signing), raising, AgreementComment.objects.count()) == (ConcernsOpen, None, 1)


def test_any_number_of_schedulers_remind_once(agreement: InForce, sue: User) -> None:
    due = NOW + timedelta(days=100)

    told = at_once([partial(remind_of_review, at=due)] * 4)

    assert sorted(number or 0 for number in told) == [0, 0, 0, 1]
    assert Notice.objects.filter(code="agreement_review_due", channel="in_app").count() == 2
    assert AuditEntry.objects.filter(verb="remind_of_review").count() == 1


def test_two_managers_on_two_clauses_lose_nothing(draft: AgreementVersion, mona: User) -> None:
    works = [
        partial(change_clause, actor=loaded(mona), version=draft, clause=clause, part=part, at=NOW)
        for clause, part in (("disputes", 7), ("review", 30), ("rules-of-play", ["Smile."]), ("promise-brief", None))
    ]

    at_once(works)

    terms = AgreementVersion.objects.get(pk=draft.pk).parsed_terms
    assert (terms.dispute_days, terms.review_days, terms.rules_of_play) == (7, 30, ("Smile.",))
    assert "brief" not in terms.promises


def test_drafts_that_begin_at_once_get_numbers_of_their_own(agreement: InForce, mona: User, sue: User) -> None:
    works = [partial(draft_from_template, actor=loaded(user), at=NOW) for user in (mona, sue, mona, sue)]

    made = at_once(works)

    assert sorted(version.number for version in made) == [2, 3, 4, 5]
    assert propose(actor=loaded(mona), version=made[0], at=NOW).state == "proposed"
