"""Real leads of the past, loaded through the intake: the figures are the known ones."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tests.shared import OLIST

YEAR = ("--from", "2017-06-01", "--to", "2018-06-01")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not OLIST.is_dir(), reason="the data set is not on this machine"),
]


def kpis(*arguments: str) -> dict[str, Any]:
    said = StringIO()
    call_command("kpis", "--json", *arguments, stdout=said)
    found: dict[str, Any] = json.loads(said.getvalue())
    return found


def test_the_figures_of_the_past_are_the_known_ones_and_agree_with_the_event_log() -> None:
    leads, deals = OLIST / "marketing_qualified_leads.csv", OLIST / "closed_deals.csv"
    call_command("import_history", "--leads", str(leads), "--deals", str(deals), stdout=StringIO())

    cohort, activity = kpis(*YEAR), kpis(*YEAR, "--basis", "activity")
    later = kpis("--from", "2017-06-01", "--to", "2019-06-01", "--basis", "activity")
    verified = StringIO()
    call_command("verify_figures", *YEAR, stdout=verified)

    figures = cohort["figures"]
    assert (figures["leads"], figures["won"], figures["win_rate_percent"]) == (8000, 842, 10.5)
    assert figures["days_to_win"] == {"count": 842, "median": 14, "p90": 162}
    by_source = {line["source"]: (line["leads"], line["won"]) for line in cohort["by_source"]}
    assert by_source.items() >= {
        "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "direct": (499, 56),
        "email": (493, 15), "referral": (284, 24),
    }.items()  # fmt: skip
    raw = {line["source_raw"]: (line["leads"], line["won"]) for line in cohort["by_source_raw"]}
    assert (raw["unknown"], raw[""]) == ((1099, 179), (60, 14))
    months = {line["month"]: (line["leads"], line["won"]) for line in cohort["by_month"]}
    assert len(months) == 12
    assert sum(leads for leads, _ in months.values()) == 8000
    assert months["2018-01"] == (1141, 152)
    assert cohort["data_quality"] == {"won_before_first_contact": 1}
    assert activity["figures"]["leads"] == 8000
    assert activity["figures"]["won"] == sum(line["won"] for line in activity["by_month"]) == 665
    assert later["figures"]["won"] == 842
    assert "agree with the event log" in verified.getvalue()
