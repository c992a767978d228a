"""Facts that other systems published about business time; the file's "format" key explains the fields."""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from sla.business_time import (
    ALWAYS_OPEN,
    BusinessCalendar,
    BusinessTimeError,
    add,
    add_business_days,
    between,
    is_open,
    is_working_day,
    open_intervals,
    resolve_local,
)

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SHARED_DIR") or REPOSITORY.parent / "shared")
SHARED_FILE = SHARED / "vectors" / "business_time.json"
NAMES = {"tz": "zone", "overrides": "special_days"}


def cases() -> list[Any]:
    further = [Path(name) for name in os.environ.get("BUSINESS_TIME_VECTORS", "").split(":") if name]
    found: list[Any] = []
    for file in [SHARED_FILE, *further]:
        if file == SHARED_FILE and not file.exists():
            reason = f"the shared vectors are not here: {SHARED_FILE.name} under SHARED_DIR or ../shared"
            found.append(pytest.param({}, id="shared-vectors", marks=pytest.mark.skip(reason=reason)))
            continue
        vectors = json.loads(file.read_text(encoding="utf-8"))["vectors"]
        found += [pytest.param(vector, id=f"{vector['id']}-{vector['kind']}") for vector in vectors]
    return found


def calendar_of(vector: dict[str, Any]) -> BusinessCalendar:
    if vector["calendar"] is None:
        return ALWAYS_OPEN
    return BusinessCalendar.from_terms({NAMES.get(key, key): value for key, value in vector["calendar"].items()})


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def pauses_of(given: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    return [(instant(start), instant(end)) for start, end in given.get("pauses", [])]


def second_of(text: str) -> int:
    hour, minute, *rest = (int(part) for part in text.split(":"))
    return hour * 3600 + minute * 60 + (rest[0] if rest else 0)


def answer(vector: dict[str, Any]) -> object:
    """Ask what the vector asks; the answer has the type of ``expected``."""
    kind, given = vector["kind"], vector["input"]
    if kind == "resolve_local":
        return resolve_local(
            date.fromisoformat(given["date"]), second_of(given["time"]), (vector["calendar"] or {"tz": "UTC"})["tz"]
        )
    calendar = calendar_of(vector)
    match kind:
        case "add":
            return add(instant(given["start"]), given["seconds"], calendar, pauses_of(given))
        case "between":
            return between(instant(given["start"]), instant(given["end"]), calendar, pauses_of(given))
        case "add_business_days":
            until = given.get("until", "same_time")
            return add_business_days(instant(given["start"]), given["days"], calendar, until, pauses_of(given))
        case "is_open":
            return is_open(instant(given["at"]), calendar)
        case "is_working_day":
            return is_working_day(date.fromisoformat(given["date"]), calendar)
        case "open_intervals":
            return open_intervals(instant(given["start"]), calendar, count=len(vector["expect"]))
    raise AssertionError(f"unknown kind {kind!r}")


def expected(vector: dict[str, Any]) -> object:
    expect = vector["expect"]
    if isinstance(expect, str):
        return instant(expect)
    return [(instant(opens), instant(closes)) for opens, closes in expect] if isinstance(expect, list) else expect


@pytest.mark.parametrize("vector", cases())
def test_agrees_with_the_published_case(vector: dict[str, Any]) -> None:
    if vector["expect"] == "error":
        with pytest.raises(BusinessTimeError):
            answer(vector)
        return

    found = answer(vector)

    assert found == expected(vector)
