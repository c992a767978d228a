"""Disputes: who contests what until when, a word of each side, and the end of the time."""

from __future__ import annotations

import pytest
from django.db import transaction

from inputs.refusals import NotAllowed, Refusal
from leads import disputes, handoffs
from leads.holding import NotYours
from leads.models import Handoff, Lead, LeadEvent
from leads.qualifying import qualify
from leads.reasons import BadReason
from ledger.models import AuditEntry
from sla.in_force import InForce
from sla.models import AgreementVersion
from teams.models import Membership, Team, User
from tests.cast import NOW, person
from tests.leads.exchange_world import DAY, DUE, LATER, SECOND, clocks_of, contested, lead_at, rejected, say, states
from tests.leads.worlds import everything, go_round, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(sales: Team) -> User:
    return person("Rita", sales)


@pytest.fixture
def routed(agreement: InForce, maya: User, sam: User, rita: User, sales: Team) -> None:
    go_round(sales)


@pytest.fixture
def lead(routed: None, maya: User, sam: User) -> Lead:
    """A lead that Sam has rejected; it is back with Maya."""
    return rejected(maya, sam)


@pytest.fixture
def delivered(routed: None, maya: User, sam: User) -> Lead:
    """A lead in work with Sam."""
    return lead_at("sal", maya, sam)


# Raise ----------------------------------------------------------------------------------------------------------------


def test_a_contested_rejection_has_a_clock_for_each_side(lead: Lead, maya: User, sam: User) -> None:
    dispute = contested(lead, maya)

    clocks = clocks_of(dispute)
    assert (dispute.kind, dispute.state, dispute.raised_by) == ("rejection", "open", maya)
    assert {side: (clock.team and clock.team.side, clock.user, clock.due_at) for side, clock in clocks.items()} == {
        "marketing": ("marketing", None, DUE), "sales": ("sales", None, DUE),
    }  # fmt: skip
    assert told("dispute_raised") == ["Mona", "Sam", "Sue"]
    event = LeadEvent.objects.get(kind="disputed")
    assert (event.code, event.user, event.handoff, event.facts) == (
        "rejection",
        sam,
        lead.handoffs.get(),
        {"dispute": dispute.pk},
    )


def test_what_was_returned_is_contested_from_the_day_it_came_back(delivered: Lead, maya: User, sam: User) -> None:
    back_at = NOW + 4 * DAY  # a Friday
    handoffs.return_lead(lead_id=delivered.pk, reason="wrong_role", actor=sam, at=back_at)

    with transaction.atomic():
        assert (
            contested(delivered, maya, at=back_at + 5 * DAY).kind == "rejection"
        )  # Wednesday, three working days later
        transaction.set_rollback(True)
    with pytest.raises(disputes.CannotContest, match="time"):
        contested(delivered, maya, at=back_at + 5 * DAY + SECOND)


def test_a_rep_contests_what_was_delivered_within_three_working_days(delivered: Lead, maya: User, sam: User) -> None:
    with pytest.raises(disputes.CannotContest, match="time"):
        contested(delivered, sam, at=NOW + 3 * DAY + SECOND)

    assert contested(delivered, sam, at=NOW + 3 * DAY).kind == "delivery"
    assert told("dispute_raised") == ["Mona", "Sue"] + (["Maya"] if delivered.marketer == maya else [])


@pytest.mark.parametrize("name", ["maya", "mona"])
def test_the_responsible_marketer_and_managers_contest_a_rejection(
    name: str, lead: Lead, request: pytest.FixtureRequest
) -> None:
    assert contested(lead, request.getfixturevalue(name)).kind == "rejection"


@pytest.mark.parametrize("name", ["sam", "sue", "olive", "max"])
def test_nobody_else_contests_a_rejection(
    name: str, lead: Lead, marketing: Team, request: pytest.FixtureRequest
) -> None:
    actor = person("Max", marketing) if name == "max" else request.getfixturevalue(name)
    before = everything()

    with pytest.raises(Refusal) as refused:
        contested(lead, actor)

    assert refused.value.status in (403, 404)
    assert everything() == before


@pytest.mark.parametrize(("name", "error"), [("rita", NotYours), ("maya", NotAllowed), ("mona", NotAllowed)])
def test_nobody_else_contests_a_delivery(
    name: str, error: type[Refusal], delivered: Lead, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(error):
        contested(delivered, request.getfixturevalue(name))


def test_what_marketing_took_back_and_what_was_never_handed_off_cannot_be_contested(
    routed: None, maya: User, sam: User
) -> None:
    recalled = lead_at("lead", maya, sam)

    for actor in (maya, sam):
        with pytest.raises(disputes.CannotContest):
            contested(recalled, actor)
    with pytest.raises(disputes.CannotContest):
        disputes.raise_dispute(lead_id=recalled.pk, reason="No.", actor=maya, at=LATER, handoff_id=987_654_321)


def test_an_agreement_without_disputes_knows_none(lead: Lead, maya: User) -> None:
    version = AgreementVersion.objects.get(pk=lead.handoffs.get().version_id)
    version.pk, version.number, version.state = None, 77, "draft"
    version.terms = {code: said for code, said in version.terms.items() if code != "dispute_days"}
    version.save(force_insert=True)
    Handoff.objects.update(version=version)

    with pytest.raises(disputes.CannotContest, match="knows no disputes"):
        contested(lead, maya)


def test_a_handoff_is_contested_once_unless_it_was_withdrawn(lead: Lead, maya: User, mona: User, sue: User) -> None:
    first = contested(lead, maya)
    with pytest.raises(disputes.CannotContest, match="already"):
        contested(lead, mona)
    disputes.withdraw(lead_id=lead.pk, actor=maya, at=LATER)

    second = contested(lead, maya)
    say(second, mona, "stand")
    say(second, sue, "stand")

    with pytest.raises(disputes.CannotContest, match="decided"):
        contested(lead, maya)
    assert (states(first), states(second)) == (
        {"marketing": "cancelled", "sales": "cancelled"}, {"marketing": "met", "sales": "met"},
    )  # fmt: skip


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001, "\x00"])
def test_a_dispute_needs_its_reason(reason: str, lead: Lead, maya: User) -> None:
    with pytest.raises(BadReason) as refused:
        disputes.raise_dispute(lead_id=lead.pk, reason=reason, actor=maya, at=LATER)

    assert refused.value.problems[0].field == "reason"


# Decide ---------------------------------------------------------------------------------------------------------------


def test_both_sides_overturn_a_rejection_and_the_lead_may_qualify_again(
    lead: Lead, maya: User, mona: User, sue: User
) -> None:
    dispute = contested(lead, maya)

    assert say(dispute, mona, "overturn").state == "open"
    assert states(dispute) == {"marketing": "met", "sales": "running"}
    decided = say(dispute, sue, "overturn", at=LATER + DAY)

    lead.refresh_from_db()
    assert (decided.state, decided.closed_at) == ("overturned", LATER + DAY)
    assert (decided.marketing_by, decided.sales_by) == (mona, sue)
    assert (decided.handoff.is_overturned, decided.handoff.is_struck, decided.handoff.state) == (
        True,
        False,
        "rejected",
    )
    assert (lead.stage, lead.needs_new_reason, lead.owner) == ("lead", False, None)
    assert states(dispute) == {"marketing": "met", "sales": "met"}
    assert told("dispute_closed") == ["Maya", "Mona", "Sam"]
    event = LeadEvent.objects.get(kind="dispute_closed")
    assert (event.code, event.facts) == ("overturned", {"dispute": dispute.pk, "kind": "rejection"})


def test_what_was_overturned_is_handed_off_again(lead: Lead, maya: User, mona: User, sue: User) -> None:
    dispute = contested(lead, maya)
    say(dispute, mona, "overturn")
    say(dispute, sue, "overturn")

    qualify(lead_ids=[lead.pk], actor=maya, at=LATER, reason="Overturned")
    handoffs.hand_off(lead_id=lead.pk, actor=maya, at=LATER)

    assert list(Handoff.objects.order_by("ordinal").values_list("state", flat=True)) == ["rejected", "open"]


def test_both_sides_strike_a_delivery_and_the_lead_stays_in_work(
    delivered: Lead, mona: User, sam: User, sue: User
) -> None:
    dispute = contested(delivered, sam)
    say(dispute, sue, "overturn")

    decided = say(dispute, mona, "overturn")

    delivered.refresh_from_db()
    assert (decided.state, decided.handoff.is_struck, decided.handoff.is_overturned) == ("overturned", True, False)
    assert (delivered.stage, delivered.owner) == ("sal", sam)


@pytest.mark.parametrize("words", [("overturn", "stand"), ("stand", "overturn"), ("stand", "stand")])
def test_anything_but_both_lets_it_stand(words: tuple[str, str], lead: Lead, maya: User, mona: User, sue: User) -> None:
    dispute = contested(lead, maya)
    say(dispute, mona, words[0])

    decided = say(dispute, sue, words[1])

    lead.refresh_from_db()
    assert (decided.state, decided.handoff.is_overturned, lead.needs_new_reason) == ("stands", False, True)


def test_who_manages_both_sides_speaks_for_one(lead: Lead, maya: User, mona: User, sue: User, sales: Team) -> None:
    Membership.objects.create(user=mona, team=sales, is_manager=True)
    both = User.objects.with_teams().get(pk=mona.pk)
    dispute = contested(lead, maya)
    say(dispute, both, "overturn")

    with pytest.raises(disputes.OneOfEach):
        disputes.word(lead_id=lead.pk, word="overturn", actor=both, at=LATER, side="sales")
    assert say(dispute, sue, "overturn").state == "overturned"


def test_a_manager_of_both_chooses_the_side(lead: Lead, maya: User, mona: User, sue: User, sales: Team) -> None:
    Membership.objects.create(user=mona, team=sales, is_manager=True)
    both = User.objects.with_teams().get(pk=mona.pk)
    dispute = contested(lead, maya)

    disputes.word(lead_id=lead.pk, word="stand", actor=both, at=LATER, side="sales")

    dispute.refresh_from_db()
    assert (dispute.sales_by, dispute.marketing_word) == (mona, "")


def test_a_side_speaks_once_and_the_same_word_twice_is_stored_once(
    lead: Lead, maya: User, mona: User, marketing: Team
) -> None:
    dispute = contested(lead, maya)
    say(dispute, mona, "overturn")

    say(dispute, mona, "overturn")
    with pytest.raises(disputes.AlreadySaid, match="Mona"):
        say(dispute, mona, "stand")
    with pytest.raises(disputes.AlreadySaid, match="Mona"):
        say(dispute, person("Max", marketing, is_manager=True), "stand")

    assert AuditEntry.objects.filter(verb="decide_dispute").count() == 1


@pytest.mark.parametrize("name", ["maya", "sam", "olive"])
def test_only_managers_decide(name: str, lead: Lead, maya: User, request: pytest.FixtureRequest) -> None:
    dispute = contested(lead, maya)

    with pytest.raises(Refusal):
        say(dispute, request.getfixturevalue(name), "overturn")

    assert states(dispute) == {"marketing": "running", "sales": "running"}


@pytest.mark.parametrize(("fields", "error"), [
    ({"word": "perhaps"}, BadReason), ({"side": "north"}, BadReason), ({"side": "sales"}, NotAllowed),
    ({"dispute_id": 987_654_321}, disputes.NoSuchDispute),
])  # fmt: skip
def test_what_cannot_be_said(
    fields: dict[str, object], error: type[Refusal], lead: Lead, maya: User, mona: User
) -> None:
    contested(lead, maya)

    with pytest.raises(error):
        disputes.word(**{"lead_id": lead.pk, "word": "stand", "actor": mona, "at": LATER, **fields})  # type: ignore[arg-type]


def test_who_raised_it_withdraws_it(lead: Lead, maya: User, mona: User, sue: User) -> None:
    dispute = contested(lead, maya)
    say(dispute, sue, "overturn")

    with pytest.raises(disputes.NotRaised):
        disputes.withdraw(lead_id=lead.pk, actor=mona, at=LATER)
    disputes.withdraw(lead_id=lead.pk, actor=maya, at=LATER)

    dispute.refresh_from_db()
    assert (dispute.state, states(dispute)) == ("withdrawn", {"marketing": "cancelled", "sales": "met"})
    with pytest.raises(disputes.DisputeClosed, match="withdrawn"):
        say(dispute, mona, "overturn")
