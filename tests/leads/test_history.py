"""Leads of the past and what became of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from leads.history import WON_BEFORE_FIRST_CONTACT, PastWin, record_wins
from leads.models import Clock, Company, Handoff, Lead, LeadEvent, Opportunity, Touch
from ledger.models import AuditEntry, Notice
from tests.cast import NOW, make_lead
from tests.shared import OLIST

pytestmark = pytest.mark.django_db

LEADS = """mql_id,first_contact_date,landing_page_id,origin
a1,2018-02-01,p1,social
b2,2018-02-02,p1,paid search
c3,2018-02-03,p2,
d4,2018-02-04,p2,unknown
"""
DEALS = """mql_id,seller_id,won_date,business_segment,declared_monthly_revenue
a1,s1,2018-03-01 19:58:54,pet,0.0
b2,s2,2018-01-31 10:00:00,toys,1500.5
zz,s3,2018-03-01 10:00:00,toys,
"""


def load(folder: Path, leads: str = LEADS, deals: str = DEALS, **options: Any) -> tuple[dict[str, Any], str]:
    (folder / "leads.csv").write_text(leads)
    (folder / "deals.csv").write_text(deals)
    return load_files(folder / "leads.csv", folder / "deals.csv", **options)


def load_files(leads: Path, deals: Path, **options: Any) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    call_command("import_history", leads=leads, deals=deals, json=True, stdout=out, stderr=err, **options)
    return json.loads(out.getvalue()), err.getvalue()


def test_leads_and_wins_keep_their_own_dates(tmp_path):
    told, _ = load(tmp_path)

    assert (told["rows_read"], told["created"], told["won"]) == (4, 4, 2)
    lead = Lead.objects.get(contact__external_id="a1")
    assert (lead.stage, lead.is_history) == ("customer", True)
    assert lead.captured_at == datetime(2018, 2, 1, tzinfo=UTC)
    assert lead.customer_at == datetime(2018, 3, 1, 19, 58, 54, tzinfo=UTC)
    assert (lead.sal_at, lead.sql_at, lead.opportunity_at) == (None, None, None)
    won = LeadEvent.objects.get(lead=lead, kind="won")
    assert (won.occurred_at, won.recorded_at > won.occurred_at) == (lead.customer_at, True)


def test_dates_without_time_are_the_companys_local_ones(tmp_path, settings):
    settings.TIME_ZONE = "America/Sao_Paulo"

    load(tmp_path)

    assert Lead.objects.get(contact__external_id="a1").captured_at == datetime(2018, 2, 1, 2, tzinfo=UTC)


def test_nobody_is_told_and_nothing_runs(tmp_path, agreement):
    Notice.objects.all().delete()

    load(tmp_path)

    assert (Handoff.objects.count(), Clock.objects.count(), Notice.objects.count()) == (0, 0, 0)


def test_the_same_files_again_change_nothing(tmp_path):
    load(tmp_path)
    before = [model.objects.count() for model in (Lead, Touch, LeadEvent, Opportunity, Company)]

    told, _ = load(tmp_path)

    assert (told["created"], told["skipped"], told["won"], told["won_known_before"]) == (0, 4, 0, 2)
    assert [model.objects.count() for model in (Lead, Touch, LeadEvent, Opportunity, Company)] == before


def test_the_source_is_classed_with_the_raw_one_kept_apart(tmp_path):
    load(tmp_path)

    found = set(Touch.objects.values_list("contact__external_id", "source", "source_raw"))
    assert found == {
        ("a1", "social", "social"), ("b2", "paid_search", "paid search"), ("c3", "unknown", ""),
        ("d4", "unknown", "unknown"),
    }  # fmt: skip


def test_an_amount_is_only_what_was_declared(tmp_path):
    load(tmp_path, currency="USD")

    deals = dict(Opportunity.objects.values_list("lead__contact__external_id", "amount"))
    assert deals == {"a1": None, "b2": Decimal("1500.50")}
    assert set(Opportunity.objects.values_list("stage", "currency")) == {("won", "USD")}


@pytest.mark.parametrize("currency", ["euro", "eur", "", "€"])
def test_what_is_no_currency_is_refused_before_anything_is_loaded(tmp_path, currency):
    with pytest.raises(CommandError, match="three letters"):
        load(tmp_path, currency=currency)

    assert not Lead.objects.exists()


def test_a_win_makes_its_company_a_customer(tmp_path):
    load(tmp_path)

    company = Lead.objects.get(contact__external_id="a1").contact.company
    assert company is not None
    assert (company.name, company.industry, company.is_customer) == ("Seller s1", "pet", True)


def test_a_win_before_the_first_contact_is_kept_and_flagged(tmp_path):
    told, _ = load(tmp_path)

    assert told["won_before_first_contact"] == 1
    flagged = LeadEvent.objects.filter(kind="won", facts__flag=WON_BEFORE_FIRST_CONTACT)
    assert [event.lead.contact.external_id for event in flagged] == ["b2"]


def test_a_deal_of_nobody_is_named_and_counted(tmp_path):
    told, errors = load(tmp_path)

    assert told["deals_without_lead"] == 1
    assert "zz" in errors


def test_bad_rows_are_named_by_line_and_the_good_ones_kept(tmp_path):
    leads = LEADS + "e5,2018-02-30,p,social\n,2018-02-01,p,social\nf6,2018-02-01\ng7,2018-02-01,p,social\n"
    deals = DEALS + "g7,s,when,x,1\ng7,s,2018-05-01 10:00:00,x,NaN\n"

    told, errors = load(tmp_path, leads, deals)

    assert (told["rows_read"], told["created"], told["rejected"], told["deals_rejected"]) == (8, 5, 3, 2)
    for line in ("line 6: date", "line 7: id", "line 8: row", "line 5: won", "line 6: amount"):
        assert line in errors


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(CommandError, match="--date-column"):
        load(tmp_path, "mql_id,when\na,2018-01-01\n")


def test_other_exports_name_their_columns(tmp_path):
    told, _ = load(tmp_path, "Lead ID,Created\na1,2018-01-01\n", id_column="Lead ID", date_column="Created")

    assert (told["created"], told["won"]) == (1, 1)


def test_a_lead_that_is_not_of_the_past_is_left_alone():
    lead = make_lead()
    lead.contact.external_id = "live"
    lead.contact.save()

    told = record_wins(wins=[PastWin("live", NOW)], actor=None, at=NOW)

    lead.refresh_from_db()
    assert (told.unknown, lead.stage) == (["live"], "mql")


def test_wins_of_one_call_leave_one_audit_entry(tmp_path):
    load(tmp_path)

    assert AuditEntry.objects.filter(verb="record_history").count() == 1


@pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist files are not beside the repository")
def test_the_olist_files_give_the_published_figures():
    told, _ = load_files(OLIST / "marketing_qualified_leads.csv", OLIST / "closed_deals.csv")

    assert (told["rows_read"], told["created"], told["rejected"]) == (8000, 8000, 0)
    assert (told["deals_read"], told["won"], told["won_before_first_contact"]) == (842, 842, 1)
    rows = Lead.objects.values("source").annotate(leads=Count("id"), won=Count("customer_at"))
    found = {row["source"]: (row["leads"], row["won"]) for row in rows}
    expected = {
        "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "direct": (499, 56),
        "email": (493, 15), "referral": (284, 24),
    }  # fmt: skip
    assert {source: found[source] for source in expected} == expected
    assert Touch.objects.filter(source="unknown", source_raw="").count() == 60
    assert Touch.objects.filter(source="unknown", source_raw="unknown").count() == 1099
    assert Opportunity.objects.filter(amount__gt=0).count() == 45
    again, _ = load_files(OLIST / "marketing_qualified_leads.csv", OLIST / "closed_deals.csv")
    assert (again["created"], again["skipped"], again["won"]) == (0, 8000, 0)
