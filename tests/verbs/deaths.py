"""Let a verb die at each of its database calls: what the tests of every such verb need."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from leads.intake.arrival import Arrival
from tests.crashing import crash_points
from tests.leads.intake_world import anna
from tests.verbs.cases import LATER, Act
from tests.verbs.invariants import broken_promises

Prepare = Callable[[], Act]
Recover = Callable[[], list[str]]

NUMBERS = count(1)
"""One for each person that comes."""


def asking(number: int, **fields: Any) -> Arrival:
    """Somebody of a firm of their own, who asks for a demo."""
    usual = {"email": f"anna@firm{number}.example", "company": f"Firm {number}", "phone": "", "key": f"asks {number}"}
    return anna(**{**usual, **fields})


def all_die(
    capsys: pytest.CaptureFixture[str], what: str, prepare: Prepare, recover: Recover, file: Path | None = None
) -> None:
    """Die at every call of the work, which may also write to ``file``; nothing may be wrong after any."""
    points, wrong = crash_points(prepare, recover, file=file)

    with capsys.disabled():
        print(f"\n{what}: {points} crash points on {connection.vendor}")
    assert points > 0
    assert wrong == {}, wrong
    left = broken_promises(at=LATER)
    assert left == [], left


def is_caught(prepare: Prepare, recover: Recover, file: Path | None = None) -> bool:
    """Tell whether the fault that ``prepare`` plants is seen at any point."""
    return crash_points(prepare, recover, file=file, until_wrong=True)[1] != {}
