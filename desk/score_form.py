"""Which past instant a lead's scores are asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone

from inputs.moments import EARLIEST_YEAR

LOCAL = "%Y-%m-%dT%H:%M"


class AsOfForm(forms.Form):
    """A past instant: local time, or with its offset as links give it."""

    as_of = forms.DateTimeField(
        label="Score as of", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    )

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        self.at = at
        super().__init__(*args, **kwargs)
        self.fields["as_of"].help_text = f"Local time, {timezone.get_current_timezone_name()}."

    def clean_as_of(self) -> datetime:
        """Refuse what lies ahead, and years in which no lead was known; gives UTC."""
        found: datetime = self.cleaned_data["as_of"]
        if not EARLIEST_YEAR <= found.year < 2200:
            raise forms.ValidationError("Give a date on which the lead may have been known.", code="far_date")
        if found > self.at:
            raise forms.ValidationError("This lies in the future: scores are told of the past.", code="in_the_future")
        return found.astimezone(UTC)
