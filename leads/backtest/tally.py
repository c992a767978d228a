"""Count what two versions of the agreement would have made of the same leads, beside what was recorded. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from leads.backtest.replaying import Past, Verdict
from sla.durations import HOUR, duration
from sla.terms import TIERS

ENTERING, LEAVING = "entering", "leaving"
SETS = (ENTERING, LEAVING)
DAY = 24 * HOUR


@dataclass(slots=True)
class Column:
    """What one version, or the record, made of the leads.

    ``with_sales`` is how many of its MQLs sales really had, in any way, ``sqls`` and ``won`` what became of those. ``waits`` are seconds from
    the arrival to the MQL.
    """

    mqls: int = 0
    with_sales: int = 0
    sqls: int = 0
    won: int = 0
    by_tier: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def count(self, past: Past, verdict: Verdict) -> None:
        self.mqls += 1
        self.with_sales += past.was_with_sales
        self.sqls += past.was_with_sales and past.is_sql
        self.won += past.was_with_sales and past.is_won
        self.by_tier[verdict.tier] += 1
        self.waits.append(max(0.0, (verdict.at - past.captured_at).total_seconds()))

    @property
    def never_with_sales(self) -> int:
        """MQLs of which nobody knows what sales would have made of them."""
        return self.mqls - self.with_sales

    @property
    def sql_percent(self) -> float | None:
        """Of the MQLs that sales had, the percentage that became SQLs, to one decimal place; nothing where there is none."""
        return _percent(self.sqls, self.with_sales)

    @property
    def won_percent(self) -> float | None:
        """Of the MQLs that sales had, the percentage that was won."""
        return _percent(self.won, self.with_sales)

    @property
    def tiers(self) -> list[tuple[str, int]]:
        """How many of each tier, the most urgent first."""
        return [(tier, self.by_tier[tier]) for tier in TIERS if self.by_tier[tier]]

    @property
    def median_wait(self) -> float | None:
        """Half of its MQLs became one within so many seconds of their arrival."""
        return median(self.waits) if self.waits else None

    @property
    def wait_words(self) -> str:
        """The median in words: *3 h 20 min*, from two days on *2.5 days*."""
        seconds = self.median_wait
        if seconds is None:
            return "–"
        return duration(int(seconds)) if seconds < 2 * DAY else f"{seconds / DAY:,.1f} days"


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True, slots=True)
class Changed:
    """A lead that only one of the two versions makes an MQL: when, and what became of the lead in truth."""

    lead_id: int
    at: datetime
    tier: str
    was_mql: bool
    was_with_sales: bool
    is_sql: bool
    is_won: bool


@dataclass(slots=True)
class Tally:
    """Everything that is counted. Of the leads that enter and leave, the newest ``most_listed`` are kept (``None``: all)."""

    most_listed: int | None = None
    looked_at: int = 0
    recorded: Column = field(default_factory=Column)
    before: Column = field(default_factory=Column)
    after: Column = field(default_factory=Column)
    both: int = 0
    sooner: int = 0
    later: int = 0
    other_tier: int = 0
    by_word: int = 0
    only_recorded: int = 0
    only_replayed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    changed: dict[str, list[Changed]] = field(default_factory=lambda: {name: [] for name in SETS})

    def count(self, past: Past, before: Verdict | None, after: Verdict | None) -> None:
        """Count one lead, with what the version compared with and the version tried say; newest leads come first."""
        self.looked_at += 1
        if past.mql_at is not None:
            self.recorded.count(past, Verdict(past.mql_at, past.facts["tier"]))
            self.by_word += past.by_word
        if before is not None:
            self.before.count(past, before)
        if after is not None:
            self.after.count(past, after)
        self._hold_against_the_record(past, before)
        if before is not None and after is not None:
            self._count_both(before, after)
        elif after is not None:
            self._list(ENTERING, past, after)
        elif before is not None:
            self._list(LEAVING, past, before)

    def _hold_against_the_record(self, past: Past, before: Verdict | None) -> None:
        self.only_recorded += past.mql_at is not None and not past.by_word and before is None
        self.only_replayed += past.mql_at is None and before is not None

    def _count_both(self, before: Verdict, after: Verdict) -> None:
        self.both += 1
        self.sooner += after.at < before.at
        self.later += after.at > before.at
        self.other_tier += after.tier != before.tier

    def _list(self, name: str, past: Past, verdict: Verdict) -> None:
        self.counts[name] += 1
        listed = self.changed[name]
        if self.most_listed is None or len(listed) < self.most_listed:
            listed.append(
                Changed(
                    past.id,
                    verdict.at,
                    verdict.tier,
                    past.mql_at is not None,
                    past.was_with_sales,
                    past.is_sql,
                    past.is_won,
                )
            )
