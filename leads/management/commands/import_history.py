"""Load leads of the past and what became of them (docs/history.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inputs.csv_file import BadFile, Line, Table, read
from inputs.moments import instant
from inputs.numbers import amount
from inputs.refusals import Invalid
from leads.history import PastWin, record_wins, touch_key
from leads.intake.arrival import HISTORY, Arrival
from leads.intake.pipeline import take_in
from leads.outcomes import BadDeal, check_currency
from ledger.instants import edge_now

MAX_BYTES = 1024 * 1024 * 1024
MAX_ROWS = 5_000_000
BATCH = 1_000
COLUMNS = {
    "id": "mql_id",
    "date": "first_contact_date",
    "source": "origin",
    "landing": "landing_page_id",
    "deal-id": "mql_id",
    "won": "won_date",
    "amount": "declared_monthly_revenue",
    "company": "seller_id",
    "segment": "business_segment",
}


class Command(BaseCommand):
    help = "Load leads of the past, and won deals, from two CSV files. The same files again change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", required=True, type=Path, help="CSV file: one lead a row")
        parser.add_argument("--deals", type=Path, help="CSV file: one won deal a row")
        parser.add_argument(
            "--currency", default="BRL", help="of the amounts, which are not converted (default %(default)s)"
        )
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object")
        for name, column in COLUMNS.items():
            parser.add_argument(f"--{name}-column", default=column, help="default %(default)s")

    def handle(self, *_args: Any, **options: Any) -> None:
        started, at = perf_counter(), edge_now()
        try:
            check_currency(options["currency"])  # before a file of leads is loaded for nothing
        except BadDeal as refusal:
            raise CommandError(refusal.message) from None
        counts: dict[str, Any] = self._load_leads(options, at)
        if options["deals"]:
            counts |= self._load_deals(options, at)
        counts["seconds"] = round(perf_counter() - started, 2)
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in counts.items()))

    def _load_leads(self, options: dict[str, Any], at: datetime) -> dict[str, Any]:
        table, places = self._table(options, "leads", ("id", "date", "source", "landing"))
        arrivals, refused = self._readable(table, lambda cells: _arrival(cells, places, at))
        states: Counter[str] = Counter(rejected=refused)
        for start in range(0, len(arrivals), BATCH):
            some = arrivals[start : start + BATCH]
            outcomes = take_in([arrival for _, arrival in some], actor=None, at=at, mode=HISTORY)
            states.update(outcome.state for outcome in outcomes)
            for (line, _), outcome in zip(some, outcomes, strict=True):
                self._say(line, outcome.problems)
        return {
            "rows_read": len(table.lines),
            **{name: states[name] for name in ("created", "updated", "skipped", "rejected")},
        }

    def _load_deals(self, options: dict[str, Any], at: datetime) -> dict[str, Any]:
        table, places = self._table(options, "deals", ("deal-id", "won", "amount", "company", "segment"))
        wins, refused = self._readable(table, lambda cells: _win(cells, places, options["currency"], at))
        told = record_wins(wins=[win for _, win in wins], actor=None, at=at)
        for external_id in told.unknown[:20]:
            self.stderr.write(f"deal of a lead that is not there: {external_id}")
        return {
            "deals_read": len(table.lines),
            "won": told.won,
            "won_known_before": told.known_before,
            "deals_without_lead": len(told.unknown),
            "deals_rejected": refused,
            "won_before_first_contact": len(told.before_first_contact),
        }

    def _table(self, options: dict[str, Any], file: str, names: tuple[str, ...]) -> tuple[Table, dict[str, int]]:
        """Read a file and find its columns; only the first two must be there."""
        try:
            table = read(options[file].read_bytes(), max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
        except OSError as error:
            raise CommandError(f"{options[file]} cannot be read: {error.strerror}") from None
        except BadFile as bad:
            raise CommandError(f"{options[file]}: {bad.message}") from None
        places = {}
        for name in names:
            column = options[f"{name.replace('-', '_')}_column"]
            if column in table.columns:
                places[name] = table.columns.index(column)
            elif name in names[:2]:
                raise CommandError(f"{options[file]} has no column “{column}”; name it with --{name}-column.")
        return table, places

    def _readable(self, table: Table, make: Any) -> tuple[list[tuple[Line, Any]], int]:
        """Make something of each line; what cannot be used is said by its line and counted."""
        made, refused = [], 0
        for line in table.lines:
            try:
                if line.problem:
                    raise Invalid(line.problem.message, code=line.problem.code)
                made.append((line, make(line.cells)))
            except Invalid as invalid:
                self._say(line, invalid.problems)
                refused += 1
        return made, refused

    def _say(self, line: Line, problems: Iterable[Any]) -> None:
        for problem in problems:
            self.stderr.write(f"line {line.number}: {problem.field or 'row'}: {problem.message}")


def _cell(cells: tuple[str, ...], places: dict[str, int], name: str) -> str:
    return cells[places[name]].strip() if name in places else ""


def _arrival(cells: tuple[str, ...], places: dict[str, int], at: datetime) -> Arrival:
    external_id = _cell(cells, places, "id")
    if not external_id:
        raise Invalid("The row has no id.", code="required", field="id")
    return Arrival(
        external_id=external_id,
        source_raw=_cell(cells, places, "source"),
        landing_page=_cell(cells, places, "landing"),
        touch_kind="first_contact",
        occurred_at=instant(_cell(cells, places, "date"), at=at, field="date", zone=ZoneInfo(settings.TIME_ZONE)),
        key=touch_key(external_id),
    )


def _win(cells: tuple[str, ...], places: dict[str, int], currency: str, at: datetime) -> PastWin:
    declared = _cell(cells, places, "amount")
    worth = amount(declared, field="amount") if declared else None
    company = _cell(cells, places, "company")
    return PastWin(
        external_id=_cell(cells, places, "deal-id"),
        won_at=instant(_cell(cells, places, "won"), at=at, field="won", zone=ZoneInfo(settings.TIME_ZONE)),
        amount=worth or None,
        currency=currency,
        company=f"Seller {company}" if company else "",
        segment=_cell(cells, places, "segment"),
    )
