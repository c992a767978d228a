"""What the benches print: one shape for all, so that whoever reads one reads all."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from benches.__main__ import names
from benches._printing import report
from ledger.instants import edge_now


def test_a_figure_is_one_line_with_its_keys_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    report("sweep", "idle", 1 / 3, "ms", engine="sqlite", control=0.1)
    report("business_time", "explain", 1200, "calls/s")
    report("pages", "nothing to compare", 2, "queries", engine="postgresql", control=0)

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == (
        '{"bench": "sweep", "figure": "idle", "engine": "sqlite", "value": 0.333, "unit": "ms", "control": 0.1, "ratio": 3.333}'
    )
    alone, by_nothing = (json.loads(line) for line in printed[1:])
    assert (alone["engine"], alone["control"], alone["ratio"]) == (None, None, None)
    assert (by_nothing["control"], by_nothing["ratio"]) == (0, None)


@pytest.mark.parametrize("name", names())
def test_each_bench_can_be_run_by_its_name(name: str) -> None:
    assert callable(import_module(f"benches.{name}").main)


def test_no_bench_prints_figures_of_its_own() -> None:
    benches = Path(__file__).parents[2] / "benches"
    texts = {path.name: path.read_text() for path in benches.glob("*.py")}

    assert {name for name in names() if "report" not in texts[f"{name}.py"]} == set()
    assert [name for name, text in texts.items() if '"ratio"' in text] == ["_printing.py"]


@pytest.mark.django_db
def test_the_bench_of_pages_asks_for_every_page_and_each_answers() -> None:
    from benches._pages_asked import pages, unasked
    from benches._pages_promises import add
    from benches._pages_rows import fill

    world = fill(2_000, edge_now())
    add(world)
    asked = pages(world)

    assert unasked(asked) == set()
    for page in asked:
        page.asking()()
