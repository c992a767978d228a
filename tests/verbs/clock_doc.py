"""The tables of docs/clocks.md, as they are read by the tests that do what they say."""

from __future__ import annotations

from pathlib import Path

DOC = Path(__file__).parents[2] / "docs" / "clocks.md"


def rows(first: str) -> list[tuple[str, dict[str, str]]]:
    """Read the tables whose first column is headed ``first``: of each row its first cell, and by code of their heads the cells that are filled."""
    found: list[tuple[str, dict[str, str]]] = []
    head: list[str] = []
    for line in DOC.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells or set(cells[0]) == {"-"}:
            head = head if cells else []
        elif not head:
            head = cells
        elif head[0] == first:
            named = {as_code(name): cell for name, cell in zip(head[1:], cells[1:], strict=True) if cell}
            found.append((cells[0], named))
    return found


def as_code(words: str) -> str:
    return words.replace(",", "").replace(" ", "_")
