"""What a bench says: its figures on standard output, one JSON line each, and its progress on standard error."""

import json
import sys


def report(
    bench: str, figure: str, value: float, unit: str, *, engine: str | None = None, control: float | None = None
) -> None:
    """Print a figure beside its ``control``, which is of the same unit, and the ratio of the two; three decimals each.

    ``engine`` is the database measured, where one is. Without a control, or with one of nothing, there is no ratio.
    """
    line = {
        "bench": bench,
        "figure": figure,
        "engine": engine,
        "value": round(value, 3),
        "unit": unit,
        "control": None if control is None else round(control, 3),
        "ratio": round(value / control, 3) if control else None,
    }
    print(json.dumps(line), flush=True)


def note(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)
