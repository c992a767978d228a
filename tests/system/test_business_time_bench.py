"""The bench of business time fails where a bar is missed, and is found by the name that people type."""

from __future__ import annotations

import pytest

import benches.business_time as bench
from benches.__main__ import main


@pytest.mark.parametrize(
    ("found", "control", "enough"),
    [(200_000, 4_000, True), (199_999, 1, False), (200_000, 4_001, False), (1_500_000, 30_001, False)],
)
def test_both_bars_have_to_be_reached(found: float, control: float, enough: bool) -> None:
    assert bench.is_enough("add", found, control) is enough


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ROUND_SECONDS", 0.01)
    return monkeypatch


def test_a_missed_bar_is_an_exit_code(hurried: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    hurried.setattr(bench, "LEAST_RATIO", 0)
    hurried.setattr(bench, "LEAST_RATE", 1)
    assert main(["business-time"]) == 0

    hurried.setattr(bench, "LEAST_RATE", 10**9)
    assert main(["business-time"]) == 1
    assert "MISSED" in capsys.readouterr().err
