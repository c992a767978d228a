"""The bench of the sweep fails where a bar is missed, whichever figure and engine it is."""

from __future__ import annotations

from itertools import combinations
from unittest.mock import MagicMock

import pytest
from django.core import management

import benches.sweep as bench
from benches import _own_database, _sweep_moves, _sweep_rows
from benches.__main__ import main


@pytest.mark.parametrize(
    ("engine", "due", "found", "control", "enough"),
    [
        ("postgresql", 40_000, 3_000, 10_000, True),
        ("postgresql", 40_000, 2_999, 10_000, False),
        ("postgresql", 1_000, 2_999, 10_000, False),
        ("postgresql", 999, 1, 10_000, True),
        ("sqlite", 40_000, 1, 10_000, True),
    ],
)
def test_a_share_of_the_raw_statement_is_wanted_on_postgresql(
    engine: str, due: int, found: float, control: float, enough: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.is_enough("due", engine, due, found, control) is enough
    assert ("due: MISSED" in capsys.readouterr().err) is not enough


@pytest.mark.parametrize(("milliseconds", "enough"), [(20.0, True), (20.001, False)])
def test_an_idle_sweep_has_a_limit(milliseconds: float, enough: bool) -> None:
    assert bench.is_quick("idle", milliseconds) is enough


@pytest.mark.parametrize("failing", [names for n in range(3) for names in combinations(("postgresql", "sqlite"), n)])
def test_an_engine_that_misses_a_bar_is_an_exit_code(failing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def run(name: str, engine: str, arguments: list[str]) -> int:
        asked.append((engine, arguments))
        return int(engine in failing)

    monkeypatch.setattr(_own_database, "run", run)

    assert main(["sweep", "--clocks", "500"]) == int(bool(failing))
    assert asked == [("postgresql", ["--clocks", "500"]), ("sqlite", ["--clocks", "500"])]


@pytest.mark.parametrize("failing", ["", "idle, 10,000 open", "1,000 due, 500 open", "mixed, 20 due", "idle after all"])
def test_each_figure_with_a_bar_decides(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management, "call_command", MagicMock())
    for module, names in ((_sweep_rows, ("build", "vacuum")), (_sweep_moves, ("let_route", "measure"))):
        for name in names:
            monkeypatch.setattr(module, name, MagicMock())
    monkeypatch.setattr(_sweep_rows, "Filling", MagicMock(return_value=MagicMock(due=20)))
    measured: list[str] = []

    def found(figure: str, *_: object) -> bool:
        measured.append(figure)
        return not failing or failing not in figure

    monkeypatch.setattr(bench, "measure_idle", found)
    monkeypatch.setattr(bench, "measure_due", found)
    monkeypatch.setattr(bench, "LEVELS", (100, 10_000))

    assert bench.measure(20_000 if "10,000" in failing else 500) == int(bool(failing))
    assert not failing or any(failing in figure for figure in measured)
