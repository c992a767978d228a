"""What counts for a target, each rule with its boundary; and that the dashboard says the same where it has the same figure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.asked import company_zone
from dashboards.periods import Period
from dashboards.report import value_of
from dashboards.scope import Scope
from leads.models import Handoff, Lead
from leads.period_figures import Wanted, leads_behind, reached
from leads.period_rules import Reached
from sla.in_force import InForce
from sla.promises import TARGETS
from tests.cast import make_lead
from tests.targets.world import FEBRUARY, MARCH, SECOND, deal, handed, happened, mql

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def figure(code: str, of: str = "", *, currency: str = "", until: datetime = MARCH, worth: Any = None) -> Reached:
    (found,) = reached([Wanted(code, of, currency, FEBRUARY, until, worth or {})])
    return found


def behind(code: str, of: str = "", currency: str = "") -> tuple[set[int], set[int]]:
    whole, part = leads_behind(Wanted(code, of, currency, FEBRUARY, MARCH))
    return set(whole.values_list("pk", flat=True)), set(part.values_list("pk", flat=True))


# MQLs -----------------------------------------------------------------------------------------------------------------


def test_mqls_are_counted_by_when_they_became_so(db: None) -> None:
    mql(FEBRUARY - SECOND)
    inside = {mql(FEBRUARY).pk, mql(MARCH - SECOND).pk}
    mql(MARCH)

    assert figure("mql_volume") == Reached(Decimal(2), counted=2)
    assert figure("mql_volume", until=FEBRUARY + SECOND).counted == 1
    assert behind("mql_volume") == (inside, inside)


def test_a_life_counts_once_and_a_new_one_again(db: None) -> None:
    again = mql(FEBRUARY)
    happened(again, "qualified", FEBRUARY + DAY)  # sent back, and qualified again
    earlier = mql(FEBRUARY - DAY)
    happened(earlier, "qualified", FEBRUARY + DAY)  # this life counted in January
    assert figure("mql_volume").counted == 1

    happened(earlier, "revived", FEBRUARY + 2 * DAY)
    happened(earlier, "qualified", FEBRUARY + 3 * DAY)
    happened(again, "reopened", FEBRUARY + 2 * DAY)
    happened(again, "qualified", FEBRUARY + 3 * DAY)

    assert figure("mql_volume").counted == 3


def test_history_and_what_sales_found_are_not_counted(db: None) -> None:
    mql(FEBRUARY, is_history=True)
    mql(FEBRUARY, origin="sales")

    assert figure("mql_volume").counted == 0


def test_a_struck_delivery_is_not_counted(agreement: InForce) -> None:
    struck, stands, earlier = mql(FEBRUARY), mql(FEBRUARY), mql(FEBRUARY + DAY)
    handed(FEBRUARY + DAY, agreement, lead=struck, is_struck=True)
    handed(FEBRUARY + DAY, agreement, lead=stands)
    handed(FEBRUARY - DAY, agreement, lead=earlier, is_struck=True)  # of a life before

    assert behind("mql_volume")[0] == {stands.pk, earlier.pk}


def test_mqls_of_a_persona_and_their_worth(db: None) -> None:
    mql(FEBRUARY, persona="olivia")
    mql(FEBRUARY, persona="olivia")
    mql(FEBRUARY, persona="ian")
    mql(FEBRUARY)
    worth = {"olivia": 300, "default": 100}

    assert figure("mql_volume", "olivia").counted == 2
    assert figure("mql_volume", "nobody").counted == 0
    assert figure("mql_value", currency="EUR", worth=worth) == Reached(Decimal(800), counted=4)
    assert figure("mql_value", "ian", currency="EUR", worth=worth) == Reached(Decimal(100), counted=1)
    assert figure("mql_value", "ian", currency="EUR", worth={"olivia": 1}).part == 0
    assert len(behind("mql_value", "olivia")[0]) == 2


# Acceptance -----------------------------------------------------------------------------------------------------------


def shown(key: str) -> tuple[int, int | None]:
    found = value_of(key, Scope(Period(FEBRUARY.date(), MARCH.date(), company_zone())))
    return found.part, found.whole


@pytest.mark.parametrize(
    "deliveries",
    [
        [],
        [{"state": "accepted"}, {"state": "rejected"}],
        [{"state": "accepted", "was_returned": True, "reason": "wrong_role"}, {"state": "accepted"}],
        [{"state": "rejected", "reason": "competitor"}, {"state": "recalled"}, {"state": "auto_accepted"}],
        [{"state": "accepted", "was_returned": True, "reason": "do_not_contact"}],
        [{"state": "open"}, {"state": "accepted", "decided_at": MARCH}, {"state": "accepted", "decided_at": MARCH - SECOND}],
        [{"state": "accepted", "ordinal": 2}, {"state": "rejected", "ordinal": 3}],
    ],
)  # fmt: skip
def test_the_acceptance_rate_is_that_of_the_dashboard(deliveries: list[dict[str, Any]], agreement: InForce) -> None:
    for delivery in deliveries:
        handed(FEBRUARY, agreement, **delivery)

    found = figure("acceptance_rate")

    assert (int(found.part), int(found.whole or 0)) == shown("handoff.acceptance_rate")
    whole, part = behind("acceptance_rate")
    assert (len(part), len(whole)) == (int(found.part), found.counted)


def test_an_overturned_rejection_is_accepted_and_a_struck_delivery_left_out(agreement: InForce) -> None:
    overturned = handed(FEBRUARY, agreement, state="rejected", is_overturned=True)
    handed(FEBRUARY, agreement, state="rejected", reason="competitor", is_overturned=True)
    handed(FEBRUARY, agreement, state="rejected", is_struck=True)
    handed(FEBRUARY, agreement, state="rejected")

    assert figure("acceptance_rate") == Reached(Decimal(2), Decimal(3), 3)
    assert overturned.lead_id in behind("acceptance_rate")[1]


# Conversations --------------------------------------------------------------------------------------------------------


def test_a_lead_with_a_conversation_by_the_end_counts(agreement: InForce) -> None:
    in_time, too_late, never, other_tier = (handed(FEBRUARY, agreement, tier=t) for t in ("hot", "hot", "hot", "warm"))
    happened(in_time.lead, "conversed", MARCH - SECOND)
    happened(too_late.lead, "conversed", MARCH)
    happened(other_tier.lead, "conversed", FEBRUARY + DAY)
    before = handed(FEBRUARY + DAY, agreement)
    happened(before.lead, "conversed", FEBRUARY)  # of an earlier life

    assert figure("conversation_share", "hot") == Reached(Decimal(1), Decimal(4), 4)
    assert figure("conversation_share", "warm") == Reached(Decimal(1), Decimal(1), 1)
    assert figure("conversation_share") == Reached(Decimal(2), Decimal(5), 5)
    assert figure("conversation_share", "standard").value is None
    assert figure("conversation_share", "hot", until=FEBRUARY + 2 * DAY) == Reached(Decimal(0), Decimal(4), 4)
    whole, part = behind("conversation_share", "hot")
    assert (part, never.lead_id in whole) == ({in_time.lead_id}, True)


def test_a_lead_counts_once_at_its_first_handoff_of_the_period(agreement: InForce) -> None:
    lead = make_lead()
    handed(FEBRUARY, agreement, lead=lead, state="rejected", tier="hot")
    handed(FEBRUARY + DAY, agreement, lead=lead, ordinal=2, tier="warm")
    happened(lead, "conversed", FEBRUARY + 2 * DAY)

    assert figure("conversation_share") == Reached(Decimal(1), Decimal(1), 1)
    assert figure("conversation_share", "warm").counted == 0


def test_what_was_recalled_or_struck_is_nothing_that_sales_could_call(agreement: InForce) -> None:
    handed(FEBRUARY, agreement, state="recalled")
    handed(FEBRUARY, agreement, is_struck=True)
    handed(FEBRUARY - SECOND, agreement)
    handed(MARCH, agreement)

    assert figure("conversation_share").counted == 0


# Deals ----------------------------------------------------------------------------------------------------------------


def test_the_pipeline_is_what_was_opened_on_leads_of_marketing(db: None) -> None:
    mine = deal(FEBRUARY, 500)
    deal(FEBRUARY, None)
    deal(FEBRUARY, 70, currency="USD")
    deal(FEBRUARY, 900, origin="sales")
    deal(MARCH, 900)
    deal(FEBRUARY - SECOND, 900)

    found = figure("pipeline_value", currency="EUR")

    assert found == Reached(Decimal(500), counted=2, elsewhere=(("USD", Decimal(70)),))
    assert mine.lead_id in behind("pipeline_value", currency="EUR")[0]


def test_the_share_of_revenue_is_of_all_that_was_won(db: None) -> None:
    deal(FEBRUARY - DAY, 300, won_at=FEBRUARY)
    deal(FEBRUARY, 100, won_at=MARCH - SECOND, origin="sales")
    deal(FEBRUARY, 999, won_at=MARCH)
    deal(FEBRUARY, 999)
    deal(FEBRUARY, 50, won_at=FEBRUARY + DAY, currency="USD")

    found = figure("revenue_share")

    assert found == Reached(Decimal(300), Decimal(400), 2, "EUR", (("USD", Decimal(50)),))
    assert found.value == 75


def test_without_a_deal_there_is_no_share_of_revenue(db: None) -> None:
    assert figure("revenue_share").value is None


# Reading them together ------------------------------------------------------------------------------------------------


def test_many_targets_of_a_period_share_their_queries(agreement: InForce) -> None:
    codes = [*TARGETS, *TARGETS]
    wanted = [Wanted(code, "", "EUR", FEBRUARY, MARCH, {"default": 1}) for code in codes]
    wanted += [Wanted("conversation_share", tier, "", FEBRUARY, MARCH) for tier in ("hot", "warm", "standard")]

    with CaptureQueriesContext(connection) as queries:
        reached(wanted)

    assert len(queries) == 5


def test_the_figures_are_those_of_the_log_told_anew(agreement: InForce) -> None:
    """Many leads with all kinds of lives, against a loop over what was written."""
    expected = 0
    for number in range(60):
        at = FEBRUARY - 10 * DAY + number * DAY / 2
        lead = mql(at, is_history=number % 7 == 0)
        if number % 3 == 0:
            happened(lead, "qualified", at + DAY)
        if number % 5 == 0:
            happened(lead, "revived", at + 2 * DAY)
            happened(lead, "qualified", at + 3 * DAY)
        struck = number % 11 == 0
        handed(at + DAY / 2, agreement, lead=lead, is_struck=struck)
        expected += _lives(lead, struck)

    assert figure("mql_volume").counted == expected
    assert 10 < expected < 60


def _lives(lead: Lead, struck: bool) -> int:
    if lead.is_history:
        return 0
    found, fresh = 0, True
    handoff = Handoff.objects.get(lead=lead)
    for event in lead.events.order_by("pk"):
        if event.kind == "revived":
            fresh = True
        elif fresh:
            fresh = False
            delivered_after = handoff.offered_at >= event.occurred_at
            found += FEBRUARY <= event.occurred_at < MARCH and not (struck and delivered_after)
    return found
