"""The forms around a version of the agreement: begin a draft, sign, say something about a clause, close a concern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from desk.queries.negotiation import VersionRow
from inputs.fields import TextField
from sla.models import AgreementComment, Signature
from sla.negotiating import MOST_CHARACTERS
from teams.roles import Side

TEMPLATE = "template"


def _sides(sides: Sequence[Side]) -> list[tuple[str, str]]:
    return [(side.value, side.value.capitalize()) for side in sides]


class BeginForm(forms.Form):
    """From what a new version begins, and for which side."""

    source = forms.ChoiceField(label="Begin from", choices=[])
    side = forms.ChoiceField(label="As the draft of", choices=[])

    def __init__(self, *args: Any, rows: Sequence[VersionRow], sides: Sequence[Side], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = [
            (str(row.version.number), f"Version {row.version.number}: {row.standing.label.lower()}") for row in rows
        ]
        self.fields["source"].choices = [*versions, (TEMPLATE, "The template of the program")]  # type: ignore[attr-defined]
        self.fields["side"].choices = _sides(sides)  # type: ignore[attr-defined]
        if len(sides) == 1:
            self.fields["side"].required = False
            self.fields["side"].widget = forms.HiddenInput()
        current = next((str(row.version.number) for row in rows if row.standing == "active"), TEMPLATE)
        self.initial = {"source": current, "side": sides[0].value if sides else "", **self.initial}

    @property
    def drafting_side(self) -> Side | None:
        return Side(self.cleaned_data["side"]) if self.cleaned_data["side"] else None


class SignForm(forms.Form):
    """A signature over what was read."""

    side = forms.ChoiceField(label="I sign for", choices=[])
    effective_on = forms.DateField(
        label="In force from", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )  # fmt: skip
    terms_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    has_read = forms.BooleanField(label="I have read this version and sign it for my side.")

    def __init__(
        self, *args: Any, sides: Sequence[Side], earlier: Sequence[Signature], terms_hash: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["side"].choices = _sides(sides)  # type: ignore[attr-defined]
        if len(sides) == 1:
            self.fields["side"].widget = forms.HiddenInput()
            self.fields["has_read"].label = f"I have read this version and sign it for {sides[0].value}."
        chosen = earlier[0].effective_on if earlier else None
        self.initial = {"terms_hash": terms_hash, "side": sides[0].value if sides else "", "effective_on": chosen}
        on = self.fields["effective_on"]
        on.help_text = (
            "A day of the company, from its first minute. Left empty: as soon as both sides have signed."
            if not earlier
            else f"{earlier[0].user} chose {_day(chosen) if chosen else 'the moment of the second signature'}; you may set another day."
            + (" Left empty: at once." if chosen else "")
        )


def _day(on: Any) -> str:
    return f"{on.day} {on:%b %Y}"


class CommentForm(forms.Form):
    """A comment or a concern about a clause."""

    kind = forms.ChoiceField(
        label="This is", choices=AgreementComment.Kinds.choices, initial=AgreementComment.Kinds.COMMENT,
        widget=forms.RadioSelect, help_text="A concern stands in the way of signing until it is resolved or withdrawn.",
    )  # fmt: skip
    text = TextField(label="In words", max_length=MOST_CHARACTERS, multi_line=True, rows=4)


class ResolveForm(forms.Form):
    """The word why a concern stands in the way no more."""

    words = TextField(label="Why it is resolved", max_length=MOST_CHARACTERS, multi_line=True, rows=2)
