"""The random nemesis finds nothing, and finds a fault that is planted. ``NEMESIS_SEED`` and ``NEMESIS_STEPS`` play another game."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import connection

from leads.record import Record
from tests.verbs.company import Company
from tests.verbs.nemesis import Nemesis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEED = int(os.environ.get("NEMESIS_SEED", "11"))
STEPS = int(os.environ.get("NEMESIS_STEPS", "300"))


def test_whatever_happens_in_whatever_order_every_promise_holds(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    nemesis = Nemesis(company, SEED)

    nemesis.play(STEPS)

    with capsys.disabled():
        print(f"\nnemesis: seed {SEED}, {sum(nemesis.happened.values())} acts on {connection.vendor}")
    done = {what.split()[0] for what, number in nemesis.happened.items() if number and ":" not in what}
    assert STEPS < 300 or {"arrive", "sweep", "deliver", "accept", "reject", "log_activity", "assign"} <= done
    assert any(what.endswith(": broken") for what in nemesis.happened)


def test_the_nemesis_catches_verbs_that_commit_in_two_parts(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Record.write

    def apart(record: Record, *arguments: Any, **facts: Any) -> None:
        # What comes in is written children first: the database itself refuses to commit the half of that.
        if not connection.savepoint_ids and record.verb != "take_in":
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")
                cursor.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
        whole(record, *arguments, **facts)

    monkeypatch.setattr(Record, "write", apart)

    with pytest.raises(AssertionError, match=f"nemesis with seed {SEED}"):
        Nemesis(company, SEED).play(STEPS)
