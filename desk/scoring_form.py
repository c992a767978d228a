"""The form in which scoring is written: points of each kind of touch, the half-life, and line by line what takes points off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from desk.clause_forms.base import REMOVE, Choices, LinesForm, Row, number
from desk.clause_forms.conditions import ConditionFields, written
from desk.clause_forms.lines import fresh_code
from desk.queries.scoring import lines_kept
from desk.rule_words import phrase
from inputs.fields import TextField
from inputs.numbers import MAX_COUNT, whole_or_none
from inputs.refusals import Problem, Refusal
from leads.codes import TOUCH_KINDS
from personas.defaults import SCORING_TERMS
from personas.fit import MAX_NEGATIVES, MAX_POINTS, NEGATIVE_FIELDS
from personas.models import ScoringVersion
from personas.portrait import LONGEST_LINE
from personas.scoring_terms import MAX_POINTS as MOST_POINTS
from personas.scoring_terms import MOST_HALF_LIFE
from personas.scoring_versions import kinds_of

CONDITION = ("field", "op", "value")
LONGEST_LIST = 20_000
"""Characters of a value: some hundred domains of competitors."""


@dataclass(frozen=True, slots=True)
class NegativeRow(Row):
    """A line; ``rule`` says in words a rule of several conditions, which is kept as it is."""

    rule: str = ""


class ScoringForm(ConditionFields, LinesForm):
    """All of a version, begun from ``newest``. ``seen`` is the number of the version that the page showed.

    A line that was there names where its rule is kept, as *number:code*: so a rule of several conditions goes through the form
    untouched, also where somebody else has taken it away meanwhile.
    """

    template = "desk/_scoring_lines.html"
    layout = "negative"
    noun = "rule"
    most = MAX_NEGATIVES

    def __init__(
        self, data: QueryDict | None = None, *, newest: ScoringVersion | None, again: QueryDict | None = None
    ) -> None:
        self.newest_number = newest.number if newest else 0
        self.kinds = kinds_of(newest)
        terms = newest.terms if newest else SCORING_TERMS
        super().__init__(data, clause="scoring", part=terms, choices=Choices(), again=again)
        if again is None:
            self.initial["seen"] = str(self.newest_number)
        else:
            plain = ("half_life_days", *(f"{name}-{kind}" for kind in self.kinds for name in ("points", "stays")))
            self.initial = {**self.initial, **{name: again.get(name, "") for name in plain}}

    def prepare(self) -> None:
        self.fields["half_life_days"] = number("Half-life in days", 1, MOST_HALF_LIFE)
        for kind in self.kinds:
            self.fields[f"points-{kind}"] = number("Points", 0, MOST_POINTS)
            self.fields[f"stays-{kind}"] = forms.BooleanField(label="they stay", required=False)
        super().prepare()
        self.kept = lines_kept({str(line.get("kept") or "") for line in self._lines})
        for place, line in enumerate(self._lines):
            if self._rule_kept(str(line.get("kept") or "")) is not None:
                for name in CONDITION:
                    del self.fields[f"{place}-{name}"]

    def columns(self) -> dict[str, forms.Field]:
        return {
            **self.condition_fields(NEGATIVE_FIELDS, op="in", longest=LONGEST_LIST),
            "points": number("Points off", 1, MAX_POINTS, required=False),
            "words": TextField(label="In words", required=False, max_length=LONGEST_LINE),
            "kept": TextField(required=False, max_length=80, widget=forms.HiddenInput),
        }  # fmt: skip

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for line in part.get("negatives", ()):
            condition = sole_condition(line["rule"]) or {}
            yield {
                **{name: condition.get(name, "") for name in ("field", "op")}, "value": written(condition),
                "points": -line["points"], "words": line["words"], "kept": f"{self.newest_number}:{line['code']}",
            }  # fmt: skip

    def shown(self, part: Any) -> dict[str, Any]:
        lines = {kind: part["points"].get(kind, {"points": 0, "decays": True}) for kind in self.kinds}
        return {
            "half_life_days": part["half_life_days"],
            **{f"points-{kind}": line["points"] for kind, line in lines.items()},
            **{f"stays-{kind}": not line["decays"] for kind, line in lines.items()},
        }

    @property
    def rows(self) -> list[Row]:
        names = list(self.columns())
        return [self._row(place, names) for place in range(self.count)]

    def _row(self, place: int, names: list[str]) -> NegativeRow:
        rule = self._rule_kept(self[f"{place}-kept"].value() or "")
        fields = [self[f"{place}-{name}"] for name in names if f"{place}-{name}" in self.fields]
        return NegativeRow(place + 1, fields, f"{REMOVE}{place}", phrase(rule) if rule is not None else "")

    @property
    def point_rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Each kind of touch by its label, with the fields of its points and of whether they stay."""
        return [
            (TOUCH_KINDS.get(kind, kind.replace("_", " ")), self[f"points-{kind}"], self[f"stays-{kind}"])
            for kind in self.kinds
        ]

    def _rule_kept(self, name: str) -> Any | None:
        """Give the rule of several conditions that a line keeps as it is, if it does."""
        line = self.kept.get(name)
        return line["rule"] if line is not None and sole_condition(line["rule"]) is None else None

    def clean(self) -> dict[str, Any]:
        self.negatives: list[dict[str, Any]] = []
        self.places: list[int] = []
        for place in range(self.count):
            line = self.line(place)
            if any(line[name] for name in ("field", "value", "points", "words", "kept")):
                self._negative(place, line)
        return self.cleaned_data

    def _negative(self, place: int, line: Mapping[str, Any]) -> None:
        """Read a line, or say beside its fields what is wrong with it."""
        was = self.kept.get(line["kept"] or "")
        rule = self._rule_kept(line["kept"] or "")
        if rule is None:
            rule = self.condition(place, line)
            if was is not None and rule == sole_condition(was["rule"]):
                rule = was["rule"]
        needed = {"points": "Say how many points it takes off.", "words": "Say in words what speaks against a lead."}
        for name, words in needed.items():
            if not line[name] and f"{place}-{name}" not in self.errors:
                self.add_error(f"{place}-{name}", words)
        if rule is not None and line["points"] and line["words"]:
            self.negatives.append(
                {"code": self._code(was, line), "words": line["words"], "points": -line["points"], "rule": rule}
            )
            self.places.append(place)

    def _code(self, was: Mapping[str, Any] | None, line: Mapping[str, Any]) -> str:
        """Let a line keep the code under which scores name it; a new one gets one of its words."""
        used = {negative["code"] for negative in self.negatives}
        if was is not None and was["code"] not in used:
            return str(was["code"])
        there = {line["code"] for line in (*self.kept.values(), *self.was.get("negatives", ()))}
        return fresh_code(line["words"], used | there)

    @property
    def terms(self) -> dict[str, Any]:
        """The terms that the valid input says."""
        given = self.cleaned_data
        points = {
            kind: {"points": given[f"points-{kind}"], "decays": not given[f"stays-{kind}"]} for kind in self.kinds
        }
        return {"half_life_days": given["half_life_days"], "points": points, "negatives": self.negatives}

    @property
    def seen_number(self) -> int:
        """The number of the version that was looked at; one that cannot be read is none that there is."""
        return whole_or_none(self.cleaned_data.get("seen") or "", high=MAX_COUNT) or 0

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says beside the fields; a rule is named by its line."""
        return tuple(self._beside(problem) for problem in super().problems_of(refusal))

    def _beside(self, problem: Problem) -> Problem:
        named, _, part = problem.field.partition(".")
        if named == "points":
            return Problem(f"points-{part}", problem.code, problem.message)
        for kept, place in enumerate(self.places):
            if named == f"negatives[{kept}]":
                column = part.rpartition(".")[2]
                there = f"{place}-{column}" if f"{place}-{column}" in self.fields else f"{place}-words"
                return Problem(there, problem.code, problem.message)
        return problem


def sole_condition(rule: Any) -> dict[str, Any] | None:
    """Give the one condition of a rule that has no more, as it is typed; nothing for a rule of several."""
    while not (isinstance(rule, Mapping) and "field" in rule):
        members = rule if isinstance(rule, list) else next(iter(rule.values()), []) if isinstance(rule, Mapping) else []
        if len(members) != 1:
            return None
        rule = members[0]
    return {name: rule[name] for name in CONDITION if name in rule}
