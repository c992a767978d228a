"""A backtest as plain data, for programs."""

from __future__ import annotations

from typing import Any

from leads.backtest.result import Result
from leads.backtest.tally import SETS, Changed, Column


def as_data(result: Result) -> dict[str, Any]:
    """Give everything that the page says; instants in ISO 8601, in UTC, times in seconds."""
    scenario, tally = result.scenario, result.tally
    return {
        "version": scenario.number,
        "against": scenario.against,
        "from": scenario.first.isoformat(),
        "last": scenario.last.isoformat(),
        "as_of": result.at.isoformat(),
        "query": scenario.query(),
        "looked_at": tally.looked_at,
        "recorded": _column(tally.recorded),
        "before": _column(tally.before),
        "after": _column(tally.after),
        "both": tally.both,
        "sooner": tally.sooner,
        "later": tally.later,
        "other_tier": tally.other_tier,
        "recorded_by_word": tally.by_word,
        "recorded_but_not_by_the_rule": tally.only_recorded,
        "by_the_rule_but_not_recorded": tally.only_replayed,
        **{
            name: {"count": tally.counts[name], "leads": [_changed(one) for one in tally.changed[name]]}
            for name in SETS
        },
        "assumptions": list(result.assumptions),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "mqls": column.mqls,
        "with_sales": column.with_sales,
        "sqls": column.sqls,
        "won": column.won,
        "sql_percent": column.sql_percent,
        "won_percent": column.won_percent,
        "by_tier": dict(sorted(column.by_tier.items())),
        "median_wait": column.median_wait,
    }


def _changed(one: Changed) -> dict[str, Any]:
    return {
        "lead": one.lead_id,
        "at": one.at.isoformat(),
        "tier": one.tier,
        "was_mql": one.was_mql,
        "was_with_sales": one.was_with_sales,
        "is_sql": one.is_sql,
        "is_won": one.is_won,
    }
