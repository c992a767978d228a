"""Two versions of an agreement, clause by clause: what was added, what removed, what changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from desk.clauses import Clause

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence of a clause that differs, and how: *same*, *added* or *removed*."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one clause: ``kind`` of *same*, *added*, *removed* or *changed*, and its sentences in order."""

    key: str
    title: str
    kind: str
    changes: tuple[Change, ...]


def compare(before: Sequence[Clause], after: Sequence[Clause]) -> list[Difference]:
    """Go through the clauses of both; those that neither has are left out."""
    old = {clause.key: clause for clause in before}
    new = {clause.key: clause for clause in after}
    order = [clause.key for clause in after] + [clause.key for clause in before if clause.key not in new]
    found = (_difference(old.get(key), new.get(key)) for key in order)
    return [difference for difference in found if difference is not None]


def _difference(old: Clause | None, new: Clause | None) -> Difference | None:
    was, now = (old.sentences if old else ()), (new.sentences if new else ())
    named = new or old
    if named is None or not (was or now):
        return None
    return Difference(named.key, named.title, _kind(was, now), tuple(_changes(was, now)))


def _kind(was: Sequence[str], now: Sequence[str]) -> str:
    if was == now:
        return SAME
    if not was:
        return ADDED
    return CHANGED if now else REMOVED


def _changes(was: Sequence[str], now: Sequence[str]) -> Iterator[Change]:
    matcher = SequenceMatcher(a=list(was), b=list(now), autojunk=False)
    for tag, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if tag == "equal":
            yield from (Change(SAME, sentence) for sentence in now[from_new:to_new])
        else:
            yield from (Change(REMOVED, sentence) for sentence in was[from_old:to_old])
            yield from (Change(ADDED, sentence) for sentence in now[from_new:to_new])
