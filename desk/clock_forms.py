"""The forms of what can be done about a clock."""

from __future__ import annotations

from typing import Any

from django import forms

from inputs.fields import TextField
from leads.codes import EXCUSES, PAUSES
from leads.reasons import MAX_NOTE

CHOOSE = ("", "Choose…")


class ClockForm(forms.Form):
    """Nothing to fill in: what is asked is whether it is meant."""


def _note(label: str, *, required: bool = False) -> TextField:
    return TextField(label=label, multi_line=True, rows=2, max_length=MAX_NOTE, required=required)


class PauseForm(ClockForm):
    reason = forms.ChoiceField(label="Reason", choices=[CHOOSE, *PAUSES.items()])
    until = forms.DateField(
        label="Goes on on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Left empty: when all days that the agreement allows are used up, unless somebody lets it go on before.",
    )  # fmt: skip
    note = _note("Note")


class ExcuseForm(ClockForm):
    reason = forms.ChoiceField(label="Reason", choices=[CHOOSE, *EXCUSES.items()])
    note = _note("Note")


class RecomputeForm(ClockForm):
    """``seen`` is the calendar version whose effect the page showed."""

    note = _note("Why", required=True)
    seen = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].error_messages["invalid"] = "Load this page anew."
