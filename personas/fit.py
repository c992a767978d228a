"""How well a lead matches our buyers: 0 to 100 from the best matching persona, itemised. Pure.

Source: design, domain page, *Scoring*. A persona's criteria are conditions with points that sum to at most 100. A negative persona (someone
we do not want) that matches with half of the points or more caps the fit at grade D. What speaks against a lead whoever it is (a
competitor, free mail) takes points off, down to zero (decision 23). Where nothing is known of what the personas ask for, the fit is unknown
(``None``), which is not zero: there is nothing to take points off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personas.conditions import BadRule, Condition, Rule, compile_rule, evidence_of, is_blank

FIT_FIELDS = frozenset(
    {
        "industry", "employee_count", "job_title", "role", "seniority", "country", "region", "language", "product",
        "is_target_account", "is_customer",
    }
)  # fmt: skip
NEGATIVE_FIELDS = FIT_FIELDS | {"company", "domain", "email_domain", "source", "kind", "origin"}
"""What may speak against a lead: also who it is, and how it came."""
MAX_POINTS = 100
MAX_NEGATIVES = 40
GRADES = ((75, "A"), (50, "B"), (25, "C"), (0, "D"))
NEGATIVE_FROM = 50
NEGATIVE_CAP = 24

Facts = Mapping[str, Any]
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that speaks for a persona: the points it is worth and the words it is shown with."""

    condition: Condition
    rule: Rule
    points: int
    words: str

    def item(self, facts: Facts) -> Item:
        """Give this criterion as a line of the score: met, unmet, or missing because the fact is not known."""
        line = {"score": "fit", "code": self.condition.field, "words": self.words}
        if self.rule.holds(facts):
            return {**line, "points": self.points, "state": "met", "evidence": evidence_of(self.condition, facts)}
        state = "missing" if is_blank(facts.get(self.condition.field)) else "unmet"
        return {**line, "points": 0, "state": state, "evidence": ""}


@dataclass(frozen=True, slots=True)
class Negative:
    """Something that speaks against a lead: a rule, and the points below zero that it takes off the fit."""

    code: str
    words: str
    points: int
    rule: Rule

    def item(self, facts: Facts) -> Item:
        """Give this as a line of the score, with the values that met its conditions."""
        found = [evidence_of(condition, facts) for condition, test in self.rule.lines if test(facts)]
        evidence = ", ".join(dict.fromkeys(value for value in found if value))
        return {
            "score": "fit", "code": f"{NEGATIVE}{self.code}", "words": self.words, "points": self.points, "state": "met",
            "evidence": evidence,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScoredPersona:
    """A persona version, ready to be matched."""

    version_id: int
    name: str
    is_negative: bool
    criteria: tuple[Criterion, ...]
    fields: frozenset[str]

    def points(self, facts: Facts) -> int:
        """Give the points of the criteria that hold."""
        return sum([criterion.points for criterion in self.criteria if criterion.rule.holds(facts)])

    def knows(self, facts: Facts) -> bool:
        """Tell whether anything that this persona asks for is known."""
        return any(not is_blank(facts.get(field)) for field in self.fields)


@dataclass(frozen=True, slots=True)
class Fit:
    """The score with the persona that gave it; ``score`` is ``None`` when nothing is known."""

    score: int | None
    version_id: int | None
    items: tuple[Item, ...]

    @property
    def grade(self) -> str:
        """The letter that is shown."""
        return grade(self.score)


UNKNOWN = Fit(None, None, ())
NEGATIVE = "negative:"
"""What the code of a line begins with that takes points off; what follows names its rule."""


def read_persona(
    *, version_id: int, name: str, is_negative: bool, criteria: Sequence[Mapping[str, Any]]
) -> ScoredPersona:
    """Compile the criteria of a persona version; raises ``BadRule`` when they are malformed or exceed 100 points."""
    read = tuple(_criterion(line, f"criteria[{place}]") for place, line in enumerate(criteria))
    if sum(criterion.points for criterion in read) > MAX_POINTS:
        raise BadRule("criteria", f"the points sum to more than {MAX_POINTS}")
    return ScoredPersona(
        version_id, name, is_negative, read, frozenset(criterion.condition.field for criterion in read)
    )


def read_negatives(lines: Any) -> tuple[Negative, ...]:
    """Read ``[{"code", "words", "points", "rule"}]`` with points below zero; raises ``BadRule``."""
    if not isinstance(lines, list | tuple) or len(lines) > MAX_NEGATIVES:
        raise BadRule("negatives", f"expected a list of at most {MAX_NEGATIVES} rules that take points off")
    read = tuple(read_negative(line, f"negatives[{place}]") for place, line in enumerate(lines))
    if len({negative.code for negative in read}) < len(read):
        raise BadRule("negatives", "each rule has a code of its own")
    return read


def read_negative(line: Any, path: str) -> Negative:
    """Read one rule that takes points off, which stands at ``path``; raises ``BadRule``."""
    if not isinstance(line, Mapping):
        raise BadRule(path, "expected code, words, points and rule")
    code, words, points = (line.get(name) for name in ("code", "words", "points"))
    if not isinstance(points, int) or isinstance(points, bool) or not -MAX_POINTS <= points < 0:
        raise BadRule(f"{path}.points", f"points are a whole number from -{MAX_POINTS} to -1")
    for name, text in (("code", code), ("words", words)):
        if not isinstance(text, str) or not text.strip():
            raise BadRule(f"{path}.{name}", "is missing")
    try:
        rule = compile_rule(line.get("rule"), fields=NEGATIVE_FIELDS)
    except BadRule as error:
        raise BadRule(f"{path}.rule.{error.path}", error.message) from error
    if not rule.lines:
        raise BadRule(f"{path}.rule", "has no condition: it would take points off every lead")
    return Negative(str(code), str(words), points, rule)


def _criterion(line: Mapping[str, Any], path: str) -> Criterion:
    points = line.get("points")
    if not isinstance(points, int) or isinstance(points, bool) or not 0 < points <= MAX_POINTS:
        raise BadRule(f"{path}.points", f"points are a whole number from 1 to {MAX_POINTS}")
    try:
        rule = compile_rule(line, fields=FIT_FIELDS)
    except BadRule as error:
        raise BadRule(f"{path}.{error.path}", error.message) from error
    condition = rule.lines[0][0]
    return Criterion(condition, rule, points, str(line.get("words") or condition.words))


def grade(score: int | None) -> str:
    """Give the letter of a fit: A from 75, B from 50, C from 25, else D; empty when the fit is unknown."""
    if score is None:
        return ""
    return next(letter for least, letter in GRADES if score >= least)


def score_fit(personas: Sequence[ScoredPersona], facts: Facts, negatives: Sequence[Negative] = ()) -> Fit:
    """Score ``facts`` by the best matching persona (the first of equals), capped where a negative one matches, less what speaks against it."""
    fit = _of_personas(personas, facts)
    against = tuple([negative.item(facts) for negative in negatives if negative.rule.holds(facts)])
    if not against:
        return fit
    if fit.score is None:
        return Fit(None, None, against)
    left = fit.score + sum(item["points"] for item in against)
    floor = (_floor_item(-left),) if left < 0 else ()
    return Fit(max(0, left), fit.version_id, (*fit.items, *against, *floor))


def _of_personas(personas: Sequence[ScoredPersona], facts: Facts) -> Fit:
    best, best_points = None, -1
    for persona in personas:
        if not persona.is_negative and persona.knows(facts):
            points = persona.points(facts)
            if points > best_points:
                best, best_points = persona, points
    negative = next((p for p in personas if p.is_negative and p.points(facts) >= NEGATIVE_FROM), None)
    if best is None:
        return _only_negative(negative)
    items = tuple(criterion.item(facts) for criterion in best.criteria)
    if negative is None or best_points <= NEGATIVE_CAP:
        return Fit(best_points, best.version_id, items)
    return Fit(NEGATIVE_CAP, best.version_id, (*items, _cap_item(negative, NEGATIVE_CAP - best_points)))


def _only_negative(negative: ScoredPersona | None) -> Fit:
    if negative is None:
        return UNKNOWN
    return Fit(0, negative.version_id, (_cap_item(negative, 0),))


def _cap_item(negative: ScoredPersona, points: int) -> Item:
    return {
        "score": "fit", "code": "negative_persona", "points": points, "state": "met", "evidence": "",
        "words": f"Looks like {negative.name}, whom we do not want: the fit is at most {NEGATIVE_CAP}",
    }  # fmt: skip


def _floor_item(points: int) -> Item:
    """Give the line by which the others add up to zero where more is taken off than there was."""
    return {
        "score": "fit", "code": "floor", "words": "The fit is never below 0", "points": points, "state": "met", "evidence": ""
    }  # fmt: skip
