"""What a scoring version may say: points for each kind of touch, one half-life, and what takes points off the fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from json import dumps
from typing import Any

from inputs.refusals import Invalid, Problem
from inputs.text import tidy
from personas.conditions import BadRule
from personas.fit import MAX_NEGATIVES, read_negative
from personas.portrait import LONGEST_LINE, problems_of_text, problems_of_value, tidied

MOST_HALF_LIFE = 3650
"""Days: ten years."""
MAX_POINTS = 1000
LONGEST_CODE = 40
NEGATIVE_KEYS = ("code", "words", "points", "rule")

_CODE = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST_CODE - 1}}}")


class BadScoringTerms(Invalid):
    """Something in the terms cannot stand: each of the ``problems`` names its field, such as ``points.form`` or ``negatives[2].words``."""

    code = "bad_scoring_terms"


# What is read of any version ------------------------------------------------------------------------------------------


def read_half_life(value: Any) -> int:
    """Read a half-life in days; raises ``BadRule``."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_HALF_LIFE:
        raise BadRule("half_life_days", f"The half-life is a whole number of days from 1 to {MOST_HALF_LIFE:,}.")
    return value


def read_points(kind: str, line: Any) -> tuple[int, bool]:
    """Read what a touch of ``kind`` is worth, and whether that decays; raises ``BadRule``."""
    worth, decays = (line.get("points"), line.get("decays")) if isinstance(line, Mapping) else (None, None)
    is_number = isinstance(worth, int) and not isinstance(worth, bool) and 0 <= worth <= MAX_POINTS
    if not is_number or not isinstance(decays, bool):
        raise BadRule(f"points.{kind}", f"{kind} needs points from 0 to {MAX_POINTS} and whether they decay.")
    return worth, decays  # type: ignore[return-value]  # a number, as was just seen


# What is written as a new one -----------------------------------------------------------------------------------------


def checked(terms: Any, *, kinds: Collection[str]) -> dict[str, Any]:
    """Give ``terms`` tidied, with no other keys than they may have; raises ``BadScoringTerms`` with everything that is wrong.

    Each of ``kinds`` of touches needs its points, and no other has any.
    """
    if not isinstance(terms, Mapping):
        raise BadScoringTerms("Terms are half_life_days, points and negatives.")
    given, lines = terms.get("points"), terms.get("negatives", [])
    half_life = terms.get("half_life_days")
    points = given if isinstance(given, Mapping) else {}
    negatives = [_tidy_negative(line) for line in lines] if isinstance(lines, list | tuple) else []
    problems = [*_of_half_life(half_life), *_of_points(points, kinds), *_of_negatives(negatives)]
    if not isinstance(lines, list | tuple):
        problems.append(Problem("negatives", "bad_rule", "What takes points off is a list of rules."))
    if problems:
        raise BadScoringTerms.of(problems)
    worth = {kind: {name: line[name] for name in ("points", "decays")} for kind, line in points.items()}
    return {"half_life_days": half_life, "points": worth, "negatives": negatives}


def is_same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether two versions say the same; one of an earlier edition has no negatives."""
    return _stored(before) == _stored(after)


def _stored(terms: Mapping[str, Any]) -> str:
    return dumps({"negatives": [], **terms}, sort_keys=True)


def _tidy_negative(line: Any) -> Any:
    if not isinstance(line, Mapping):
        return line
    kept = {name: line[name] for name in NEGATIVE_KEYS if name in line}
    words = {"words": tidy(kept["words"])} if isinstance(kept.get("words"), str) else {}
    return {**kept, **words} | ({"rule": _tidy_rule(kept["rule"])} if "rule" in kept else {})


def _tidy_rule(rule: Any, depth: int = 0) -> Any:
    """Tidy the values of a rule; what stands too deep is left to whoever compiles it."""
    if depth > LONGEST_CODE:
        return rule
    if isinstance(rule, Mapping) and "field" in rule:
        kept = {name: rule[name] for name in ("field", "op", "value") if name in rule}
        return {name: tidied(value) if name == "value" else value for name, value in kept.items()}
    if isinstance(rule, Mapping):
        return {word: _tidy_rule(members, depth + 1) for word, members in rule.items()}
    return [_tidy_rule(member, depth + 1) for member in rule] if isinstance(rule, list | tuple) else rule


def _of_half_life(value: Any) -> Iterator[Problem]:
    try:
        read_half_life(value)
    except BadRule as error:
        yield Problem(error.path, "bad_half_life", error.message)


def _of_points(points: Mapping[str, Any], kinds: Collection[str]) -> Iterator[Problem]:
    for kind in kinds:
        try:
            read_points(kind, points.get(kind))
        except BadRule as error:
            yield Problem(error.path, "bad_points", f"Points are a whole number from 0 to {MAX_POINTS:,}.")
    for kind in points:
        if kind not in kinds:
            yield Problem(f"points.{kind}", "unknown", f"“{kind}” is no kind of touch.")


def _of_negatives(lines: list[Any]) -> Iterator[Problem]:
    if len(lines) > MAX_NEGATIVES:
        yield Problem("negatives", "too_many", f"At most {MAX_NEGATIVES} rules take points off.")
        return
    codes: set[str] = set()
    for place, line in enumerate(lines):
        path = f"negatives[{place}]"
        found = list(_of_negative(line, path))
        yield from found
        if not found and line["code"] in codes:
            yield Problem(f"{path}.code", "taken", "Each rule has a code of its own.")
        codes |= set() if found else {line["code"]}


def _of_negative(line: Any, path: str) -> Iterator[Problem]:
    try:
        read = read_negative(line, path)
    except BadRule as error:
        yield Problem(error.path, "bad_rule", _sentence(error))
        return
    if not _CODE.fullmatch(read.code):
        yield Problem(f"{path}.code", "bad_code", f"A code has at most {LONGEST_CODE} small letters, digits, - and _.")
    yield from problems_of_text(f"{path}.words", read.words, LONGEST_LINE)
    for condition, _ in read.rule.lines:
        yield from problems_of_value(f"{path}.rule.value", condition.value)


def _sentence(error: BadRule) -> str:
    if error.path.endswith(".words"):
        return "Say in words what speaks against a lead."
    return f"{error.message[:1].upper()}{error.message[1:]}."
