"""What the forms of all clauses share: they show a part of the document, and give back the part that was typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from inputs.refusals import Problem, Refusal
from sla.clauses import fingerprint

CHANGE = "change"
ADD, REMOVE = "add", "remove-"
"""The value of the button that was pressed: add a line, or take line *n* away. Neither saves."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a clause may name: personas by code."""

    personas: Mapping[str, str] = field(default_factory=dict)


class ClauseForm(forms.Form):
    """A clause to be written: shows ``part``, keeps what was typed, and gives a part again. ``seen`` is what the page showed."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    template = "desk/clause_forms/_plain.html"

    def __init__(
        self, data: QueryDict | None = None, *, clause: str, part: Any, choices: Choices, again: QueryDict | None = None
    ) -> None:
        """With ``data`` it is sent; with ``again`` it was sent to add or take away a line, and shows what was typed."""
        self.clause, self.was, self.choices = clause, part, choices
        super().__init__(data)
        self.prepare()
        self.initial = {**self.initial, **self.shown(part), "seen": fingerprint(part)}
        if again is not None:
            self.initial["seen"] = again.get("seen", "")

    def prepare(self) -> None:
        """Add the fields that depend on the clause."""

    def shown(self, part: Any) -> dict[str, Any]:
        """Give the values of the fields for ``part``."""
        raise NotImplementedError

    def part(self) -> Any:
        """Give the part that the valid input says."""
        raise NotImplementedError

    @property
    def compared(self) -> str | None:
        return self.cleaned_data.get("seen") or None

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says beside the fields; after somebody else's change, let the next save be one on top of it."""
        if "seen" in refusal.details:
            self.data = {**self.data.dict(), "seen": refusal.details["seen"]}  # type: ignore[attr-defined]
        return refusal.problems


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a form: its number from 1, its fields, and what the button says that takes it away."""

    number: int
    fields: Sequence[forms.BoundField]
    remove: str


class LinesForm(ClauseForm):
    """A clause that is a list of lines, each of the same fields, added and taken away by buttons of the form itself."""

    template = "desk/clause_forms/_lines.html"
    layout = "text"
    noun = "line"
    most = 40

    def __init__(
        self, data: QueryDict | None = None, *, part: Any, again: QueryDict | None = None, **kwargs: Any
    ) -> None:
        self._typed = data if data is not None else again
        self._lines = self._typed_lines(self._typed) if self._typed is not None else list(self.lines_of(part))
        if again is not None:
            self._press(again.get(CHANGE, ""))
        super().__init__(data, part=part, again=again, **kwargs)

    def columns(self) -> dict[str, forms.Field]:
        """Give the fields of one line, fresh."""
        raise NotImplementedError

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        """Give the values of the fields line by line."""
        raise NotImplementedError

    def prepare(self) -> None:
        self.fields["lines"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=len(self._lines))
        for place, line in enumerate(self._lines):
            for name, made in self.columns().items():
                made.initial = line.get(name, made.initial)
                self.fields[f"{place}-{name}"] = made

    def shown(self, part: Any) -> dict[str, Any]:
        return {}

    @property
    def rows(self) -> list[Row]:
        names = list(self.columns())
        return [
            Row(place + 1, [self[f"{place}-{name}"] for name in names], f"{REMOVE}{place}")
            for place in range(len(self._lines))
        ]

    @property
    def count(self) -> int:
        return len(self._lines)

    @property
    def may_add(self) -> bool:
        return self.count < self.most

    def line(self, place: int) -> dict[str, Any]:
        """Give the valid values of a line; what is not valid is ``None``."""
        return {name: self.cleaned_data.get(f"{place}-{name}") for name in self.columns()}

    def _typed_lines(self, typed: QueryDict) -> list[dict[str, Any]]:
        said = typed.get("lines", "")
        count = min(int(said), self.most) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
        names = list(self.columns())
        return [{name: typed.get(f"{place}-{name}", "") for name in names} for place in range(count)]

    def _press(self, button: str) -> None:
        place = button.removeprefix(REMOVE)
        if button == ADD and self.count < self.most:
            self._lines.append({})
        elif button.startswith(REMOVE) and place.isascii() and place.isdecimal() and len(place) < 4:
            del self._lines[int(place) : int(place) + 1]


def number(label: str, low: int, high: int, help_text: str = "", *, required: bool = True) -> forms.IntegerField:
    """Make a field for a whole number."""
    return forms.IntegerField(
        label=label, min_value=low, max_value=high, required=required, help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
