"""Form fields that refuse what ``inputs.text`` refuses, beside the field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inputs.refusals import Problem
from inputs.text import problem_with, tidy


class TextField(forms.CharField):
    """One line of text, composed and without spaces at its ends. ``multi_line`` makes it a text area."""

    def __init__(self, *, multi_line: bool = False, rows: int = 3, **kwargs: Any) -> None:
        self.multi_line = multi_line
        if multi_line:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = tidy(value) if isinstance(value, str) else ""
        # Django refuses NUL in a validator of its own; ours runs first and says the same of its kin.
        problem = problem_with(text, single_line=not self.multi_line)
        if problem:
            raise ValidationError(problem.message, code=problem.code)
        return super().to_python(text.replace("\r\n", "\n") if self.multi_line else text) or ""


def add_problems(form: forms.BaseForm, problems: Iterable[Problem]) -> None:
    """Put the problems of a refusal beside the fields of ``form``; what belongs to no field goes to its head."""
    for problem in problems:
        form.add_error(
            problem.field if problem.field in form.fields else None, ValidationError(problem.message, problem.code)
        )
