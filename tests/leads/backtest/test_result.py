"""A version tried on leads that the intake took in: the version in force gives the record, another what its rule says."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.backtest import asked
from leads.backtest.as_data import as_data
from leads.backtest.asked import ask, reckon
from leads.backtest.reading import BATCH
from leads.backtest.result import Result, backtest, courts
from leads.backtest.scenario import BadBacktest, Scenario
from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Lead
from leads.qualifying import qualify
from sla.agreements import draft_from_template
from sla.models import AgreementVersion
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna, visitor, world  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]

DAY = timedelta(days=1)


def draft(mona: User, *, rule: dict[str, Any]) -> AgreementVersion:
    """Make version 2, a draft whose MQL rule is another."""
    version = draft_from_template(actor=mona, at=NOW)
    version.terms = {**version.terms, "mql_rule": rule}
    version.save()
    return version


def asked_of(number: int, against: int = 1) -> Scenario:
    return Scenario(number, against, (NOW - 10 * DAY).date(), (NOW + 10 * DAY).date())


def tried(number: int, against: int = 1) -> Result:
    scenario = asked_of(number, against)
    return backtest(scenario, *courts(scenario), at=NOW + 5 * DAY)


def take(*arrivals: Any, actor: User, at: datetime = NOW) -> list[Lead]:
    outcomes = take_in([*arrivals], actor=actor, at=at)
    return [Lead.objects.get(pk=outcome.lead_id or 0) for outcome in outcomes]


@pytest.fixture
def leads(maya: User) -> dict[str, Lead]:
    """Keen asks for a demo; Slow looks at prices on three days, and is an MQL on the second; Near looks once; of Unknown nothing is known."""
    looks = {"phone": "", "touch_kind": "pricing_view"}
    keen = take(anna(), actor=maya)[0]
    for day in range(3):
        slow = take(anna(email="slow@acme.example", name="Sven", **looks), actor=maya, at=NOW + day * DAY)[0]
    near = take(anna(email="near@acme.example", name="Nora", **looks), actor=maya)[0]
    unknown = take(visitor(1, touch_kind="demo_request"), actor=maya)[0]
    return {"keen": keen, "slow": slow, "near": near, "unknown": unknown}


def test_the_version_in_force_replayed_is_the_record(leads: dict[str, Lead]) -> None:
    tally = tried(1).tally

    assert tally.looked_at == 4
    assert tally.recorded.mqls == tally.before.mqls == tally.after.mqls == tally.both == 2
    assert sorted(tally.recorded.waits) == sorted(tally.before.waits) == [0.0, DAY.total_seconds()]
    assert (tally.only_recorded, tally.only_replayed, tally.sooner, tally.later, dict(tally.counts)) == (0, 0, 0, 0, {})
    assert tally.before.tiers == [("hot", 1), ("standard", 1)]


def test_another_rule_lets_leads_enter_and_leave_with_what_became_of_them(leads: dict[str, Lead], mona: User) -> None:
    Lead.objects.filter(pk=leads["slow"].pk).update(sql_at=NOW + 4 * DAY)
    draft(
        mona,
        rule={
            "all": [
                {"field": "engagement", "op": "between", "value": [20, 39]},
                {"field": "fit", "op": "gte", "value": 50},
            ]
        },
    )

    found = tried(2)

    tally = found.tally
    assert [one.lead_id for one in tally.changed["entering"]] == [leads["near"].pk]
    assert [one.lead_id for one in tally.changed["leaving"]] == [leads["keen"].pk]
    assert (tally.both, tally.sooner) == (1, 1)
    assert (tally.before.sqls, tally.before.with_sales, tally.after.sqls, tally.after.with_sales) == (1, 2, 1, 1)
    data = json.loads(json.dumps(as_data(found)))
    assert data["leaving"] == {
        "count": 1,
        "leads": [
            {
                "lead": leads["keen"].pk, "at": NOW.isoformat(), "tier": "hot", "was_mql": True, "was_with_sales": True,
                "is_sql": False, "is_won": False,
            }
        ],
    }  # fmt: skip


def test_a_marketers_word_is_no_rule(leads: dict[str, Lead], maya: User) -> None:
    qualify(lead_ids=[leads["near"].pk], actor=maya, at=NOW + DAY, reason="We met her.")

    tally = tried(1).tally

    assert (tally.recorded.mqls, tally.by_word, tally.before.mqls, tally.only_recorded) == (3, 1, 2, 0)


def test_what_is_known_later_is_told_as_a_difference_from_the_record(leads: dict[str, Lead]) -> None:
    Contact.objects.update(role="", seniority="")
    Company.objects.update(industry="", employee_count=None, country="")

    tally = tried(1).tally

    assert (tally.recorded.mqls, tally.before.mqls, tally.only_recorded) == (2, 0, 2)


def test_a_later_life_does_not_hide_that_it_was_an_sql(leads: dict[str, Lead]) -> None:
    leads["keen"].events.create(kind="qualified_for_sales", occurred_at=NOW + DAY, recorded_at=NOW + DAY)

    assert tried(1).tally.recorded.sqls == 1


def test_leads_that_sales_found_and_leads_of_other_days_are_left_out(leads: dict[str, Lead]) -> None:
    Lead.objects.filter(pk=leads["keen"].pk).update(origin="sales")
    Lead.objects.filter(pk=leads["slow"].pk).update(captured_at=NOW - 20 * DAY)

    assert tried(1).tally.looked_at == 2


def test_a_draft_that_cannot_be_read_is_refused_by_name(mona: User) -> None:
    version = draft(mona, rule={"all": [{"field": "engagement", "op": "is_about", "value": 3}]})

    with pytest.raises(BadBacktest, match="Version 2 cannot be tried") as refused:
        courts(asked_of(version.number))

    assert refused.value.problems[0].field == "number"


def test_it_takes_four_queries_for_each_batch_however_many_leads(leads: dict[str, Lead]) -> None:
    scenario = asked_of(1)
    before, after = courts(scenario)
    with CaptureQueriesContext(connection) as queries:
        backtest(scenario, before, after, at=NOW)

    assert len(leads) < BATCH
    assert len(queries) == 5


# Asked for a page -----------------------------------------------------------------------------------------------------


def test_many_leads_are_for_the_worker_and_a_changed_draft_is_asked_anew(
    leads: dict[str, Lead], mona: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(asked, "AT_ONCE", 1)
    monkeypatch.setattr("leads.answers.ring", lambda task, question: rung.append(question))
    version = draft(mona, rule={"all": []})
    scenario = asked_of(2)

    first = [ask(scenario, at=NOW), ask(scenario, at=NOW)]
    version.terms = {**version.terms, "mql_rule": {"any": []}}
    version.save()
    reckon(rung[0], at=NOW)
    second = ask(scenario, at=NOW)
    reckon(rung[1], at=NOW)
    third = ask(scenario, at=NOW)

    assert not any(isinstance(answer, Result) for answer in (*first, second))
    assert len(rung) == 2
    assert isinstance(third, Result)
    assert (third.tally.after.mqls, third.tally.before.mqls) == (0, 2)


def test_more_leads_than_a_page_answers_are_refused(leads: dict[str, Lead], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST", 3)

    with pytest.raises(asked.TooMany):
        ask(asked_of(1), at=NOW)


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_says_the_same_in_words_and_as_data(
    leads: dict[str, Lead], capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"first": "2026-02-20", "last": "2026-03-12"}
    call_command("backtest", "1", against="1", **days)
    said = capsys.readouterr().out
    call_command("backtest", "1", against="1", as_json=True, **days)
    data = json.loads(capsys.readouterr().out)

    assert "2026-02-20 to 2026-03-12: 4 leads." in said
    assert "tiers of version 1: Hot 1, Standard 1" in said
    assert (data["recorded"]["mqls"], data["before"]["mqls"], data["after"]["median_wait"]) == (
        2,
        2,
        DAY.total_seconds() / 2,
    )


@pytest.mark.parametrize(("number", "options", "said"), [("9", {}, "no version 9"), ("1", {"first": "soon"}, "from: ")])
def test_the_command_refuses_in_words(number: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("backtest", number, against="1", **options)
