"""The sets of leads that a desk counts cost what is in them, not what there is: SQLite finds them by the indexes made for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.db.models import Q

from desk.queries.lead_sets import feedback_owed_by, in_triage_with, returned_to, to_nurture
from leads.models import Lead
from teams.models import User
from tests.cast import NOW


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
    if connection.vendor != "sqlite":
        pytest.skip("how a small table is read only SQLite decides by its indexes alone")
    sql, parameters = Lead.objects.filter(wanted(maya)).order_by().query.sql_with_params()

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        plan = [step for *_, step in cursor.fetchall()]

    assert any(index in step for step in plan), plan
