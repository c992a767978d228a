"""`./run check`: every static check, two at a time (the slowest first), each with its time; the output of those that fail.

Arguments choose checks by name: `./run check lint types`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS: dict[str, Sequence[str]] = {
    "types": [str(BIN / "mypy")],
    "project": [sys.executable, "-m", "tests.contracts.project"],
    "templates": [str(BIN / "djlint"), ".", "--lint", "--quiet"],
    "imports": [str(BIN / "lint-imports")],
    "lint": [str(BIN / "ruff"), "check", "--output-format=concise", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--output-format=concise", "."],
    "shell": ["sh", "-c", "sh -n run && sh -n .ci/run"],
}


@dataclass(frozen=True)
class Result:
    name: str
    is_good: bool
    seconds: float
    output: str


def main(names: Sequence[str]) -> int:
    """Run the checks and return 1 if one fails."""
    unknown = set(names) - set(CHECKS)
    if unknown:
        print(f"unknown check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
        return 2
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        results = list(pool.map(run, names or CHECKS))
    for result in results:
        print(f"{'ok  ' if result.is_good else 'FAIL'} {result.name:<10}{result.seconds:6.1f} s")
    for result in results:
        if not result.is_good:
            print(f"\n--- {result.name} ---\n{result.output}")
    return 0 if all(result.is_good for result in results) else 1


def run(name: str) -> Result:
    started = time.monotonic()
    done = subprocess.run(CHECKS[name], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    return Result(name, done.returncode == 0, seconds, done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
