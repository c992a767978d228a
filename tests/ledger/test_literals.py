"""A constant in the statement itself: the index that its table has for it is used, and nothing but a word of ours gets there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from desk.queries.marketer import campaign_figures
from leads.models import Handoff
from ledger.literals import literal
from teams.models import User
from tests.leads.worlds import make_campaign
from tests.plans import only_on_sqlite, plan_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("word", ["open' OR '1", "", "two words", "1st", "größe"])
def test_only_a_word_of_ours_is_taken(word: str) -> None:
    with pytest.raises(ValueError, match="is no code"):
        literal(word)


def test_it_stands_in_the_statement_and_means_the_same() -> None:
    found = Handoff.objects.filter(state=literal("open"))

    sql, parameters = found.query.sql_with_params()

    assert ("'open'" in sql, parameters) == (True, ())
    assert list(found) == []


def test_the_figures_of_campaigns_read_only_the_offers_that_were_not_kept(maya: User) -> None:
    only_on_sqlite()
    make_campaign(maya, "fair")
    with CaptureQueriesContext(connection) as made:
        campaign_figures(list(Campaign.objects.with_money()))

    read = next(one["sql"] for one in made.captured_queries if 'FROM "leads_handoff"' in one["sql"])
    assert any("handoff_not_kept_idx" in step for step in plan_of(read)), plan_of(read)
