"""What Celery does for leads. A task reads the instant and calls a verb; whether it runs twice or not at all changes no outcome."""

from __future__ import annotations

from celery import shared_task

from leads.backtest.asked import reckon as reckon_backtest
from leads.duplicates import find_all_duplicates
from leads.handing_on import hand_on
from leads.importing import finish_imports as finish_runs
from leads.periods import open_periods as open_begun
from leads.second_life import revive_all_due
from leads.sweep import sweep
from leads.what_if.asked import reckon
from ledger.instants import edge_now

SWEEP_SECONDS = 4
"""Less than the pause between two ticks, so that a worker is free again when the next one comes."""

IMPORT_SECONDS = 9
"""Likewise, of ten."""


@shared_task
def sweep_clocks() -> None:
    """Do what clocks have due, for a few seconds at most; the next tick goes on."""
    sweep(at=edge_now(), now=edge_now, seconds=SWEEP_SECONDS)


@shared_task
def finish_imports() -> None:
    """Take in what waits of imported files, for a while at most; the next tick goes on."""
    finish_runs(now=edge_now, seconds=IMPORT_SECONDS)


@shared_task
def hand_on_promises() -> None:
    """Hand on what people owe who are away without a cover or have left, for a few seconds at most; the next tick goes on."""
    hand_on(at=edge_now(), seconds=SWEEP_SECONDS)


@shared_task
def revive_leads() -> None:
    """Bring back recycled leads whose date has come."""
    revive_all_due(at=edge_now())


@shared_task
def open_periods() -> None:
    """Open the months and quarters of targets that have begun."""
    open_begun(at=edge_now())


@shared_task
def find_duplicates() -> None:
    """Look for contacts who may be one person among those that are new or have changed, for a few seconds at most."""
    find_all_duplicates(at=edge_now(), seconds=SWEEP_SECONDS)


@shared_task
def replay_scenario(query: str) -> None:
    """Answer a what-if that somebody waits for. It takes seconds, so it goes beside the worker that keeps the clocks."""
    reckon(query, at=edge_now())


@shared_task
def backtest_version(question: str) -> None:
    """Answer a backtest that somebody waits for, likewise."""
    reckon_backtest(question, at=edge_now())
