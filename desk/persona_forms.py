"""The form in which a persona is written: who it is, what moves it, and the criteria of the fit line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from desk.clause_forms.base import Choices, LinesForm, number
from desk.clause_forms.conditions import ConditionFields, written
from desk.step_forms import key_field, renew_key
from inputs.fields import TextField
from inputs.numbers import MAX_COUNT, whole_or_none
from inputs.refusals import Problem, Refusal, SentBefore
from personas.fit import FIT_FIELDS, MAX_POINTS, NEGATIVE_FROM
from personas.portrait import (
    AVATARS,
    BUYING_ROLES,
    LINES,
    LONGEST_LINE,
    LONGEST_SENTENCE,
    LONGEST_SUMMARY,
    MOST_CRITERIA,
    MOST_SENTENCES,
    STORY,
    Portrait,
)

HINTS = {
    "name": "A name that both teams remember, such as Operations Olivia.",
    "company_size": "Such as 50 to 1,000 employees.",
    "goals": "A sentence on each line.",
    "message": "How we say it to them: a sentence on each line.",
}
LONGEST_LIST = MOST_SENTENCES * (LONGEST_SENTENCE + 2)


class PersonaForm(ConditionFields, LinesForm):
    """All of a version. ``seen`` is the number of the version that the page showed, to notice one by somebody else."""

    layout = "criterion"
    noun = "criterion"
    most = MOST_CRITERIA
    negative_from = NEGATIVE_FROM

    def __init__(
        self, data: QueryDict | None = None, *, portrait: Portrait | None, seen: int = 0, again: QueryDict | None = None
    ) -> None:
        self.is_new = portrait is None
        said = portrait.columns if portrait else None
        super().__init__(data, clause="criteria", part=said, choices=Choices(), again=again)
        plain = (*LINES, *STORY, "buying_role", "avatar", "summary", "is_negative", "key")
        if again is None:
            self.initial["seen"] = str(seen)
        else:
            self.initial = {**self.initial, **{name: again.get(name, "") for name in plain}}

    def prepare(self) -> None:
        for name, label in LINES.items():
            self.fields[name] = TextField(
                label=label, required=name == "name", max_length=LONGEST_LINE, help_text=HINTS.get(name, ""),
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )  # fmt: skip
        self.fields["buying_role"] = forms.ChoiceField(
            label="Buying role", required=False, choices=[("", "Not said"), *BUYING_ROLES.items()]
        )
        self.fields["avatar"] = forms.ChoiceField(
            label="Picture", required=False, choices=[("", "Initials"), *AVATARS.items()], widget=forms.RadioSelect
        )
        self.fields["summary"] = TextField(
            label="In short", required=False, multi_line=True, rows=2, max_length=LONGEST_SUMMARY
        )
        for name, label in STORY.items():
            self.fields[name] = TextField(
                label=label, required=False, multi_line=True, rows=4, max_length=LONGEST_LIST, help_text=HINTS.get(name, "")
            )  # fmt: skip
        if self.is_new:
            self.fields["key"] = key_field()
            self.fields["is_negative"] = forms.BooleanField(
                label="Somebody we do not want: who looks like them gets a fit of D", required=False
            )
        super().prepare()

    def columns(self) -> dict[str, forms.Field]:
        return {
            **self.condition_fields(FIT_FIELDS, op="in"),
            "points": number("Points", 1, MAX_POINTS, required=False),
            "words": TextField(label="In words", required=False, max_length=LONGEST_LINE),
        }  # fmt: skip

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for line in part["criteria"] if part else ():
            kept = {name: line.get(name, "") for name in ("field", "op", "points", "words")}
            yield {**kept, "value": written(line)}

    def shown(self, part: Any) -> dict[str, Any]:
        return {**part, **{name: "\n".join(part["story"].get(name, ())) for name in STORY}} if part else {}

    def clean(self) -> dict[str, Any]:
        self.criteria: list[dict[str, Any]] = []
        self.places: list[int] = []
        for place in range(self.count):
            line = self.line(place)
            if any(line[name] for name in ("field", "value", "points", "words")):
                self._criterion(place, line)
        return self.cleaned_data

    def _criterion(self, place: int, line: Mapping[str, Any]) -> None:
        condition = self.condition(place, line)
        if line["points"] is None and f"{place}-points" not in self.errors:
            self.add_error(f"{place}-points", "Say how many points it is worth.")
        if condition is not None and line["points"] is not None:
            self.criteria.append({**condition, "points": line["points"], "words": line["words"] or ""})
            self.places.append(place)

    @property
    def portrait(self) -> Portrait:
        """What the valid input says."""
        given = self.cleaned_data
        return Portrait(
            **{name: given[name] for name in (*LINES, "buying_role", "avatar", "summary")},
            story={name: given[name].splitlines() for name in STORY},
            criteria=self.criteria,
        )

    @property
    def seen_number(self) -> int:
        """The number of the version that was looked at; one that cannot be read is none that there is."""
        return whole_or_none(self.cleaned_data.get("seen") or "", high=MAX_COUNT) or 0

    @property
    def lines_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in LINES]

    @property
    def story_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in STORY]

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says beside the fields; a criterion is named by its line."""
        if isinstance(refusal, SentBefore):
            renew_key(self)
        return tuple(self._beside(problem) for problem in super().problems_of(refusal))

    def _beside(self, problem: Problem) -> Problem:
        for kept, place in enumerate(self.places):
            if problem.field == f"criteria[{kept}]":
                return Problem(f"{place}-words", problem.code, problem.message)
            if problem.field == f"criteria[{kept}].value":
                return Problem(f"{place}-value", problem.code, problem.message)
        return problem
