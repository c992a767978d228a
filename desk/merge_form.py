"""The form by which two who are one are merged: which lead is kept, which goes, and whose values are right.

Whose value is right is asked of whoever may correct one of the leads; of the others none is, so that what is kept stays as it is.
"""

from __future__ import annotations

from typing import Any

from django import forms

from desk.queries.duplicates import Comparison, Line
from leads.lifecycle import PATH, Stage

FIRST, SECOND = "first", "second"


class MergeForm(forms.Form):
    """``kept`` and ``gone`` are leads of the two contacts; ``value_name`` and the like say whose value is right."""

    kept_first = True
    is_preset_correctable = False
    """Whether the lead that is proposed to be kept is one whose data the reader may correct."""
    kept = forms.TypedChoiceField(label="Keep", coerce=int)
    gone = forms.TypedChoiceField(label="Merge into it", coerce=int)

    def __init__(self, *args: Any, found: Comparison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        choices = [
            (row.lead.pk, f"{row.lead.get_stage_display()} of {contact}, lead {row.lead.pk}")
            for contact, row in found.leads
        ]
        for name in ("kept", "gone"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self._preset()
        for line in found.lines:
            if line.field and found.correctable:
                sides = [(FIRST, line.first), (SECOND, line.second)]
                self.fields[f"value_{line.field}"] = forms.ChoiceField(
                    label=line.label, choices=sides, required=False, initial=self._first_choice(line)
                )

    def _preset(self) -> None:
        """Propose to keep the lead that is furthest, and of the other contact the one that was touched last."""
        rows = self.found.leads
        if not rows:
            return
        kept_of, kept = max(
            rows, key=lambda pair: PATH.index(stage) if (stage := Stage(pair[1].lead.stage)) in PATH else -1
        )
        self.initial.setdefault("kept", kept.lead.pk)
        self.kept_first = kept_of == self.found.pair.first
        self.is_preset_correctable = kept.lead.pk in self.found.correctable
        others = [row.lead.pk for contact, row in rows if contact != kept_of]
        if others:
            self.initial.setdefault("gone", others[0])

    def _first_choice(self, line: Line) -> str:
        """Propose what the kept one says, unless only the other one says anything; nothing where it could not be stored."""
        if not self.is_preset_correctable:
            return ""
        own, other = (FIRST, SECOND) if self.kept_first else (SECOND, FIRST)
        return own if getattr(line, own) else other

    @property
    def rows(self) -> list[tuple[Line, str, str]]:
        """Give each fact with the name of its field and what is chosen; both empty where there is no choice."""
        names = ((line, f"value_{line.field}") for line in self.found.lines)
        return [
            (line, name, self[name].value() or "") if name in self.fields else (line, "", "") for line, name in names
        ]

    def changes(self) -> dict[str, str]:
        """Give what is to be corrected of the contact that is kept, by field: where the other one’s value was chosen."""
        pair = self.found.pair
        kept = next(contact for contact, row in self.found.leads if row.lead.pk == self.cleaned_data["kept"])
        side, other = (SECOND, pair.second) if kept == pair.first else (FIRST, pair.first)
        fields = [line.field for line in self.found.lines if line.field]
        chosen = [name for name in fields if self.cleaned_data.get(f"value_{name}") == side]
        return {name: value for name in chosen if (value := getattr(other, name))}
