"""When a lead of the past would have become an MQL: touches in order, each judged at its instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.backtest.replaying import Bench, Past, Verdict
from leads.backtest.scenario import BadBacktest, read_scenario
from leads.backtest.tally import Tally
from leads.facts import facts_of
from leads.scoring import Scoring, TouchLine, engagement_at, recompute
from personas.conditions import Rule, compile_rule
from personas.fit import Fit, read_persona, score_fit

CAME = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SCORING = Scoring.from_terms(
    1,
    {
        "half_life_days": 30,
        "points": {
            "page_view": {"points": 10, "decays": True},
            "event_visit": {"points": 15, "decays": False},
            "demo_request": {"points": 60, "decays": True},
        },
    },
)
OPERATIONS = read_persona(
    version_id=1, name="Olivia", is_negative=False,
    criteria=[{"field": "role", "op": "is", "value": "Operations", "points": 60}],
)  # fmt: skip


class Row:
    """Anything that has no value of its own."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return None if name == "fit" else ""


@dataclass
class Judge:
    mql_rule: Rule
    scoring: Scoring = SCORING
    asked: list[Any] = field(default_factory=list)

    def fit(self, facts: Any, /) -> Fit:
        self.asked.append(facts["role"])
        return score_fit([OPERATIONS], facts)

    def tier(self, facts: Any, /) -> str:
        return "hot" if facts["is_hand_raise"] else "standard"


def judge(**rule: Any) -> Judge:
    return Judge(compile_rule(rule))


def past(*touches: tuple[str, float], role: str = "Operations", **known: Any) -> Past:
    """Make a lead with touches of a kind, so many days after it came."""
    facts = facts_of(contact=Row(role=role), company=None, lead=Row(is_hand_raise=False), engagement=0)
    usual = Past(
        1, CAME, facts, [TouchLine(kind, CAME + days * DAY) for kind, days in touches],
        mql_at=None, by_word=False, was_with_sales=False, is_sql=False, is_won=False,
    )  # fmt: skip
    return replace(usual, **known)


def verdict(judge: Judge, lead: Past) -> Verdict | None:
    return Bench(judge).verdict(lead)


# One lead -------------------------------------------------------------------------------------------------------------


def test_it_is_one_from_the_touch_with_which_the_rule_first_holds() -> None:
    lead = past(("page_view", 0), ("page_view", 1), ("page_view", 2), ("page_view", 3))

    found = verdict(judge(field="engagement", op="gte", value=25), lead)

    assert found == Verdict(CAME + 2 * DAY, "standard")  # 10 · 2^(−2/30) + 10 · 2^(−1/30) + 10 = 29.3


def test_points_that_have_decayed_do_not_count_but_those_that_stay_do() -> None:
    rule = judge(field="engagement", op="gte", value=20)

    assert verdict(rule, past(("page_view", 0), ("page_view", 90))) is None
    assert verdict(rule, past(("event_visit", 0), ("page_view", 90))) == Verdict(CAME + 90 * DAY, "standard")


def test_a_raised_hand_makes_the_tier_and_stays_raised() -> None:
    rule = judge(
        all=[{"field": "is_hand_raise", "op": "is", "value": True}, {"field": "engagement", "op": "gte", "value": 62}]
    )

    found = verdict(rule, past(("page_view", 0), ("demo_request", 1), ("event_visit", 2)))

    assert found == Verdict(CAME + DAY, "hot")
    assert verdict(rule, past(("page_view", 0), ("event_visit", 1))) is None


def test_touches_of_one_instant_are_judged_together() -> None:
    rule = judge(all=[{"field": "engagement", "op": "lte", "value": 12}])

    assert verdict(rule, past(("page_view", 0), ("event_visit", 0))) is None
    assert verdict(rule, past(("page_view", 0), ("event_visit", 1))) == Verdict(CAME, "standard")


def test_a_lead_without_touches_is_judged_when_it_came() -> None:
    assert verdict(judge(field="grade", op="is", value="B"), past()) == Verdict(CAME, "standard")
    assert verdict(judge(field="engagement", op="gte", value=1), past()) is None


def test_the_fit_of_equal_leads_is_worked_out_once() -> None:
    asked = judge(field="fit", op="gte", value=50)
    bench = Bench(asked)

    found = [
        bench.verdict(past(("page_view", 0), role=role)) for role in ("Operations", "Finance", "Operations", "Finance")
    ]

    assert [one is not None for one in found] == [True, False, True, False]
    assert asked.asked == ["Operations", "Finance"]


@given(
    st.lists(
        st.tuples(st.sampled_from(("page_view", "event_visit", "demo_request")), st.integers(0, 400)), max_size=12
    ),
    st.integers(1, 99),
)
def test_it_agrees_with_the_score_worked_out_from_all_touches_so_far(
    touches: Sequence[tuple[str, int]], least: int
) -> None:
    lead = past(*sorted(touches, key=lambda touch: touch[1]))

    found = verdict(judge(field="engagement", op="gte", value=least), lead)

    def score(at: datetime) -> int:
        whole = recompute(SCORING, [touch for touch in lead.touches if touch.occurred_at <= at])
        return engagement_at(fixed=whole.fixed, level=whole.level, half_life_days=whole.half_life_days, at=at)

    holds = [touch.occurred_at for touch in lead.touches if score(touch.occurred_at) >= least]
    assert (found.at if found else None) == (min(holds) if holds else None)


# Many leads -----------------------------------------------------------------------------------------------------------


def test_what_enters_leaves_and_stays_is_counted_with_what_became_of_it() -> None:
    tally = Tally(most_listed=1)
    at, hot = CAME + DAY, Verdict(CAME + DAY, "hot")
    won: dict[str, Any] = {"was_with_sales": True, "is_sql": True, "is_won": True}
    tally.count(past(mql_at=at, **won), hot, hot)
    tally.count(past(id=2, mql_at=at, was_with_sales=True), hot, None)
    tally.count(past(id=3), None, Verdict(at, "standard"))
    tally.count(past(id=4), None, Verdict(at, "standard"))
    tally.count(past(id=5, mql_at=at, by_word=True), None, None)
    tally.count(past(id=6), hot, Verdict(CAME, "standard"))

    assert (tally.looked_at, tally.both, tally.sooner, tally.later, tally.other_tier) == (6, 2, 1, 0, 1)
    assert dict(tally.counts) == {"entering": 2, "leaving": 1}
    assert [one.lead_id for one in tally.changed["entering"]] == [3]
    assert (tally.recorded.mqls, tally.by_word, tally.only_recorded, tally.only_replayed) == (3, 1, 0, 1)
    assert (tally.before.mqls, tally.before.with_sales, tally.before.sqls, tally.before.sql_percent) == (3, 2, 1, 50.0)
    assert (tally.after.mqls, tally.after.with_sales, tally.after.won_percent, tally.after.never_with_sales) == (
        4,
        1,
        100.0,
        3,
    )
    assert tally.after.tiers == [("hot", 1), ("standard", 3)]
    assert (tally.before.median_wait, tally.before.wait_words) == (86_400, "24 h")


def test_where_sales_had_none_there_is_no_percentage() -> None:
    tally = Tally()
    tally.count(past(), None, Verdict(CAME, "hot"))

    assert (tally.after.sql_percent, tally.before.median_wait, tally.before.wait_words) == (None, None, "–")


# What is asked --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"from": "soon"}, ["from"]),
        ({"from": "2026-03-02", "last": "2026-03-01"}, ["last"]),
        ({"from": "2001-01-01"}, ["from"]),
        ({"against": "7"}, ["against"]),
        ({"against": "x", "last": "\x00"}, ["last", "against"]),
        ({"last": "1990-01-01"}, []),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(given: dict[str, str], wrong: list[str]) -> None:
    def read() -> None:
        read_scenario(given, number=2, versions={1: "", 2: ""}, usual=1, today=CAME.date())

    if not wrong:
        read()
        return
    with pytest.raises(BadBacktest) as refused:
        read()
    assert [problem.field for problem in refused.value.problems] == wrong


def test_without_days_it_is_the_last_year_beside_the_version_in_force_and_it_is_written_back() -> None:
    found = read_scenario({}, number=2, versions={1: "", 2: ""}, usual=1, today=CAME.date())

    assert (found.against, found.first.isoformat(), found.last) == (1, "2025-03-03", CAME.date())
    assert found.query(of="leaving") == "from=2025-03-03&last=2026-03-02&against=1&of=leaving"
