"""No source file is longer than 400 lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.contracts.layers import ROOT

LIMIT = 400
SUFFIXES = {".py", ".html", ".js", ".css"}
SKIPPED = {"node_modules", "var", "staticfiles", "migrations", "artefacts", "__pycache__"}


def violations(root: Path = ROOT) -> Iterator[str]:
    """Yield a line per file over the limit. Migrations are written by a program and read by one."""
    for path in sorted(sources(root)):
        count = len(path.read_text().splitlines())
        if count > LIMIT:
            yield f"{path.relative_to(root)} has {count} lines, more than {LIMIT}"


def sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in SKIPPED and not path.name.startswith("."):
            yield from sources(path)
        elif path.suffix in SUFFIXES:
            yield path
