"""Disputes: the end of their time, and who speaks at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from inputs.refusals import Conflict, Refusal
from leads import disputes, moves
from leads import sweep as sweeping
from leads.models import Clock, ClockStep, Dispute, Handoff, Lead, LeadEvent
from leads.sweep import sweep
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import person
from tests.leads.clock_invariants import problems
from tests.leads.exchange_world import DAY, DUE, LATER, SECOND, clocks_of, contested, lead_at, rejected, say, states
from tests.leads.worlds import go_round, told
from tests.racing import at_once, refusals_of

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


# The end of the time --------------------------------------------------------------------------------------------------


def test_at_the_end_of_the_time_it_stands_and_both_have_missed_it(lead: Lead, maya: User) -> None:
    dispute = contested(lead, maya)
    sweep(at=DUE)
    assert Dispute.objects.get().state == "open"  # a word in the last second counts

    result = sweep(at=DUE + SECOND)

    dispute.refresh_from_db()
    lead.refresh_from_db()
    assert (result.closed, result.set_aside) == (1, 0)
    assert (dispute.state, dispute.closed_at, lead.needs_new_reason) == ("expired", DUE + SECOND, True)
    assert states(dispute) == {"marketing": "missed", "sales": "missed"}
    assert not Clock.objects.filter(dispute=dispute, next_action_at__isnull=False).exists()
    assert told("dispute_closed") == ["Maya", "Mona", "Sam", "Sue"]
    assert AuditEntry.objects.get(verb="close_dispute").subject_id == lead.pk


def test_it_is_closed_exactly_once(lead: Lead, maya: User) -> None:
    contested(lead, maya)

    results = [sweep(at=DUE + SECOND), sweep(at=DUE + SECOND), sweep(at=DUE + 30 * DAY)]

    assert [result.closed for result in results] == [1, 0, 0]
    assert LeadEvent.objects.filter(kind="dispute_closed").count() == 1
    assert Counter(ClockStep.objects.filter(clock__dispute__isnull=False).values_list("kind", flat=True))["missed"] == 2


def test_one_word_alone_does_not_overturn_at_the_end(lead: Lead, maya: User, mona: User) -> None:
    dispute = contested(lead, maya)
    say(dispute, mona, "overturn")

    sweep(at=DUE + SECOND)

    dispute.refresh_from_db()
    assert (dispute.state, states(dispute)) == ("expired", {"marketing": "met", "sales": "missed"})


def test_where_one_side_runs_out_first_the_other_owes_no_word_any_more(lead: Lead, maya: User) -> None:
    dispute = contested(lead, maya)
    clock = clocks_of(dispute)["sales"]
    later = [[percent, action, moment + 86_400] for percent, action, moment in clock.plan]
    Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + DAY, plan=later)

    sweep(at=DUE + SECOND)

    assert states(dispute) == {"marketing": "missed", "sales": "cancelled"}
    assert Dispute.objects.get().state == "expired"


@pytest.mark.parametrize("act", ["word", "withdraw"])
def test_nothing_is_said_after_the_end_even_before_the_sweep_came(act: str, lead: Lead, maya: User, mona: User) -> None:
    dispute = contested(lead, maya)
    call = (
        partial(disputes.withdraw, actor=maya)
        if act == "withdraw"
        else partial(disputes.word, word="overturn", actor=mona)
    )

    with pytest.raises(disputes.DisputeClosed, match="over"):
        call(lead_id=lead.pk, at=DUE + SECOND)

    assert sweep(at=DUE + SECOND).closed == 1
    assert states(dispute) == {"marketing": "missed", "sales": "missed"}


def test_a_sweep_that_missed_but_did_not_close_is_gone_on_with(
    lead: Lead, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    contested(lead, maya)
    with monkeypatch.context() as patch:
        patch.setitem(sweeping.DOING, "close_dispute", lambda clock_ids, at: sweeping.NOTHING)
        sweep(at=DUE + SECOND)
    assert Dispute.objects.get().state == "open"

    assert sweep(at=DUE + 2 * SECOND).closed == 1
    assert problems() == []


def test_a_dispute_outlives_what_becomes_of_its_lead(
    delivered: Lead, maya: User, mona: User, sam: User, sue: User
) -> None:
    dispute = contested(delivered, sam)
    moves.reroute(lead_id=delivered.pk, actor=sam, at=LATER)

    say(dispute, mona, "overturn")

    assert say(dispute, sue, "overturn").handoff.is_struck


# At once --------------------------------------------------------------------------------------------------------------


def _loaded(user: User) -> User:
    return User.objects.with_teams().get(pk=user.pk)


def _says(dispute: Dispute, user: User, word: str, at: datetime) -> Callable[[], object]:
    return partial(
        disputes.word, lead_id=dispute.handoff.lead_id, word=word, actor=_loaded(user), at=at, dispute_id=dispute.pk
    )


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_decide_together(lead: Lead, maya: User, mona: User, sue: User) -> None:
    dispute = contested(lead, maya)

    refusals = refusals_of([_says(dispute, mona, "overturn", LATER), _says(dispute, sue, "overturn", LATER)], Refusal)

    assert refusals == [None, None]
    assert Dispute.objects.get().state == "overturned"
    assert Handoff.objects.get().is_overturned
    assert LeadEvent.objects.filter(kind="dispute_closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_managers_of_one_side_at_once_say_one_word(lead: Lead, maya: User, mona: User, marketing: Team) -> None:
    dispute = contested(lead, maya)
    other = person("Max", marketing, is_manager=True)

    refusals = refusals_of([_says(dispute, mona, "overturn", LATER), _says(dispute, other, "stand", LATER)], Refusal)

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["AlreadySaid", "NoneType"]
    said = Dispute.objects.get()
    assert (said.marketing_by, said.marketing_word) in {(mona, "overturn"), (other, "stand")}
    assert ClockStep.objects.filter(kind="met", clock__dispute=dispute).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_a_word_in_the_moment_of_the_end_has_one_outcome(
    turn: int, lead: Lead, maya: User, mona: User, sue: User
) -> None:
    dispute = contested(lead, maya)
    say(dispute, mona, "overturn")

    def speak() -> object:
        try:
            return _says(dispute, sue, "overturn", DUE)()
        except Conflict:
            return None

    at_once([speak, *[lambda: sweep(at=DUE + SECOND)] * 2])
    sweep(at=DUE + SECOND)

    decided = Dispute.objects.select_related("handoff").get()
    assert decided.state == ("overturned" if decided.sales_word else "expired")
    assert decided.handoff.is_overturned == (decided.state == "overturned")
    assert LeadEvent.objects.filter(kind="dispute_closed").count() == 1
    outcomes = Counter(ClockStep.objects.filter(
        clock__dispute=dispute, kind__in=["met", "missed", "cancelled"]).values_list("clock", flat=True))  # fmt: skip
    assert set(outcomes.values()) == {1}
    assert not Clock.objects.filter(dispute=dispute, next_action_at__isnull=False).exists()
