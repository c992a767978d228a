"""The verbs about what a campaign costs, and about who is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from campaigns.costs import Cost, add_cost, change_cost, remove_cost
from campaigns.models import Campaign
from leads.members import set_member_status
from tests.cast import NOW
from tests.leads.worlds import make_campaign
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company

COST = Cost("Stand", Decimal("1200.50"), "planned", date(2026, 3, 2))


def _add_cost(company: Company) -> Act:
    campaign = make_campaign(company.maya)
    return lambda: add_cost(campaign_id=campaign.pk, cost=COST, actor=company.maya, at=LATER)


def _with_cost(company: Company) -> tuple[Campaign, int]:
    campaign = make_campaign(company.maya)
    return campaign, add_cost(campaign_id=campaign.pk, cost=COST, actor=company.maya, at=NOW)


def _change_cost(company: Company) -> Act:
    campaign, line_id = _with_cost(company)
    paid = replace(COST, kind="actual")
    return lambda: change_cost(campaign_id=campaign.pk, line_id=line_id, cost=paid, actor=company.mona, at=LATER)


def _remove_cost(company: Company) -> Act:
    campaign, line_id = _with_cost(company)
    return lambda: remove_cost(campaign_id=campaign.pk, line_id=line_id, actor=company.maya, at=LATER)


def _set_member_status(company: Company) -> Act:
    lead = company.lead("mql")
    campaign_id = lead.last_campaign_id or 0
    return lambda: set_member_status(
        lead_id=lead.pk, campaign_id=campaign_id, status="attended", actor=company.maya, at=LATER
    )


CAMPAIGN_CASES = [
    Case(set_member_status, _set_member_status, audit="set_member_status"),
    Case(add_cost, _add_cost, audit="add_cost"),
    Case(change_cost, _change_cost, audit="change_cost"),
    Case(remove_cost, _remove_cost, audit="remove_cost"),
]
