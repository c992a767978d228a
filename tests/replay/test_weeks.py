"""Weeks in the life of a company, through the live pipeline: the system test. ``REPLAY_WEEKS=52`` plays a year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leads.models import Clock, ClockStep, Lead, LeadEvent
from leads.sweep import next_due_at, sweep
from replay.invariants.verdict import differences
from replay.management.commands.replay import play
from replay.report import report
from replay.season import Season
from tests.replay.sizes import PER_WEEK, WEEKS
from tests.shared import OLIST

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NO_SLACK = timedelta(seconds=2)


def history(season: Season) -> list[tuple[object, ...]]:
    """Tell what happened without the ids that the database gave."""
    numbers = {lead.id: lead.number for lead in season.marketing.sales.leads.values()}
    emails = {user.pk: user.email for user in season.company.people.values()}
    rows = LeadEvent.objects.order_by("id").values_list(
        "lead_id", "kind", "code", "user_id", "occurred_at", "recorded_at"
    )
    return [(numbers[lead], kind, code, emails.get(user or 0), *times) for lead, kind, code, user, *times in rows]


def test_every_promise_holds_over_some_weeks_and_looking_again_changes_nothing() -> None:
    season = play(seed=3, weeks=WEEKS, per_week=PER_WEEK)

    assert differences(at=season.ends_at, slack=NO_SLACK) == []
    figures = report(season)
    assert sum(figures["arrivals"].values()) == len(season.marketing.outcomes)
    assert figures["arrivals"]["created"] == figures["leads"] >= WEEKS * PER_WEEK * 0.8
    for seen in ("accept met", "accept missed", "accept cancelled", "first_attempt met", "first_attempt missed"):
        assert figures["clocks"].get(seen, 0) > 0, seen
    for verb in (
        "reject",
        "reroute",
        "transfer",
        "accept_transfer",
        "assign",
        "claim",
        "win",
        "recycle",
        "rate",
        "import",
        "return_lead",
        "disqualify",
        "complete",
        "ask",
        "answer",
        "offer_help",
        "raise_dispute",
        "word",
        "pause",
        "excuse",
    ):
        assert figures["done"].get(verb, 0) > 0 or (WEEKS < 12 and verb in ("assign", "claim")), verb
    assert {"accept: already_taken", "accept: not_yours"} <= set(figures["refused"])

    assert sweep(at=season.ends_at).total == 0
    due = next_due_at()
    assert due is None or due + NO_SLACK > season.ends_at


def test_the_same_seed_gives_the_same_history_and_another_seed_another(transactional_db: None) -> None:
    from tests.replay.emptying import emptied

    first = history(play(seed=5, weeks=1, per_week=30))
    emptied()
    again = history(play(seed=5, weeks=1, per_week=30))
    emptied()
    other = history(play(seed=6, weeks=1, per_week=30))

    assert len(first) > 60
    assert again == first
    assert other != first


@pytest.mark.skipif(not OLIST.exists(), reason="the Olist files lie outside of the project")
def test_the_olist_arrivals_of_two_weeks_keep_every_promise() -> None:
    season = play(seed=1, weeks=2, per_week=0, first=date(2017, 7, 3), folder=OLIST)

    assert differences(at=season.ends_at, slack=NO_SLACK) == []
    assert Lead.objects.filter(contact__external_id__isnull=False).count() == Lead.objects.count() > 50
    assert ClockStep.objects.filter(kind="missed").exists()
    assert Clock.objects.filter(state="met").exists()
