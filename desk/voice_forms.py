"""The forms by which a customer is quoted, and by which changes of a persona are proposed and answered."""

from __future__ import annotations

from typing import Any

from django import forms

from desk.step_forms import CHOOSE, key_field, note_field
from leads.models import Lead
from personas.models import PersonaVersion

TAKE, DECLINE = "take", "decline"


class VoiceForm(forms.Form):
    """Words about one of the personas in use; at first the one that the lead matches best."""

    key = key_field()
    persona = forms.ChoiceField(label="Persona", choices=[])
    text = note_field("Words", required=True, rows=4)
    words = "Words"

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = PersonaVersion.objects.in_use().newest()
        names = dict(versions.values_list("persona__code", "name"))
        self.fields["persona"].choices = [CHOOSE, *sorted(names.items(), key=lambda named: named[1])]  # type: ignore[attr-defined]
        self.fields["text"].label = self.words
        if lead.persona is not None:
            self.initial.setdefault("persona", lead.persona.persona.code)


class QuoteForm(VoiceForm):
    words = "What they said, in their own words"


class ProposeForm(VoiceForm):
    words = "What should be said otherwise, and why"


class AnswerProposalForm(forms.Form):
    decision = forms.ChoiceField(
        label="What becomes of it", choices=[(TAKE, "Take it up"), (DECLINE, "Decline it")], widget=forms.RadioSelect
    )
    words = note_field("A word why", required=True)
