"""The arrivals of the Olist funnel: dates and origins are real, times of day and persons are made up. Pure.

Source: "Marketing Funnel by Olist" (CC BY-NC-SA 4.0); the files stay outside of the project.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from replay.world import FIRST_TOUCHES, PROGRAM, Firm, Planned, dice, firm, moment, person

LEADS, DEALS = "marketing_qualified_leads.csv", "closed_deals.csv"


def arrivals(
    folder: Path, *, seed: int, starts_on: date | None, weeks: int, campaigns: Sequence[str] = ()
) -> Iterator[Planned]:
    """Give the arrivals of ``weeks`` weeks from ``starts_on`` (else from the first on file). Who was won in truth is worth more here."""
    won = {row["mql_id"] for row in _rows(folder / DEALS)}
    rows = sorted(_rows(folder / LEADS), key=lambda row: (row["first_contact_date"], row["mql_id"]))
    first = starts_on or date.fromisoformat(rows[0]["first_contact_date"])
    firms: list[Firm] = []
    for number, row in enumerate(rows, start=1):
        day = date.fromisoformat(row["first_contact_date"])
        if 0 <= (day - first).days < weeks * 7:
            planned = _planned(row, number, seed=seed, its_firm=firm(seed, number, firms), campaigns=campaigns)
            yield replace(planned, worth=_worth(seed, row["mql_id"], is_won=row["mql_id"] in won))


def first_day(folder: Path) -> date:
    """Give the day of the first contact on file."""
    return date.fromisoformat(min(row["first_contact_date"] for row in _rows(folder / LEADS)))


def _planned(row: dict[str, str], number: int, *, seed: int, its_firm: Firm, campaigns: Sequence[str]) -> Planned:
    chance = dice(seed, "olist", row["mql_id"])
    arrival = replace(
        person(chance, number, its_firm, campaigns),
        external_id=row["mql_id"],
        source_raw=row["origin"],
        touch_kind=chance.choices(tuple(FIRST_TOUCHES), tuple(FIRST_TOUCHES.values()))[0],
        key=f"olist-{row['mql_id']}",
    )
    at = moment(chance, date.fromisoformat(row["first_contact_date"]))
    return Planned(at, number, arrival, PROGRAM, 0.0)


def _worth(seed: int, mql_id: str, *, is_won: bool) -> float:
    chance = dice(seed, "worth", mql_id)
    return chance.uniform(0.7, 1.0) if is_won else chance.betavariate(2, 3)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
