"""The sets of leads that a desk counts cost what is in them, not what there is: SQLite finds them by the indexes made for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db.models import Q

from desk.queries.lead_sets import feedback_owed_by, in_triage_with, returned_to, to_nurture
from leads.models import Lead
from teams.models import User
from tests.cast import NOW
from tests.plans import only_on_sqlite, plan_of


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (partial(in_triage_with, at=NOW), "lead_unjudged_idx"),
        (partial(returned_to, at=NOW), "lead_came_back_idx"),
        (partial(to_nurture, at=NOW), "clock_unanswered_idx"),
        (feedback_owed_by, "clock_unanswered_idx"),
    ],
)
def test_a_set_is_found_by_its_index(maya: User, wanted: Callable[[User], Q], index: str) -> None:
    only_on_sqlite()
    sql, parameters = Lead.objects.filter(wanted(maya)).order_by().query.sql_with_params()

    plan = plan_of(sql, parameters)

    assert any(index in step for step in plan), plan
