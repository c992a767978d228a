"""Clauses that are a few fields: parties, what a handoff needs, the accept window, pauses, disputes, recycling, attainment, review."""

from __future__ import annotations

from typing import Any

from django import forms

from desk.clause_forms.base import ClauseForm, number
from desk.clauses import WINDOW_ENDS
from inputs.fields import TextField
from leads.codes import RECYCLE_REASONS
from leads.facts import MISSING_WORDS
from sla.completeness import DEFAULT, MOST_DAYS, MOST_RECYCLE_DAYS, MOST_REVIEW_DAYS, REQUIRABLE
from sla.promises import MARKETING, SALES

MOST_PAUSES = 100
MOST_JUDGED = 100_000


class PartiesForm(ClauseForm):
    marketing = TextField(
        label="Marketing", max_length=200, help_text="Which teams are bound on the side of marketing."
    )
    sales = TextField(label="Sales", max_length=200, help_text="Which teams are bound on the side of sales.")

    def shown(self, part: Any) -> dict[str, Any]:
        return dict(part or {})

    def part(self) -> Any:
        return {side: self.cleaned_data[side] for side in (MARKETING, SALES)}


class HandoffForm(ClauseForm):
    needed = forms.MultipleChoiceField(
        label="Every lead that is handed off carries", required=False, choices=[], widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        self.fields["needed"].choices = [  # type: ignore[attr-defined]
            (code, MISSING_WORDS.get(code, code.replace("_", " "))) for code in REQUIRABLE
        ]

    def shown(self, part: Any) -> dict[str, Any]:
        return {"needed": part or []}

    def part(self) -> Any:
        return [code for code in REQUIRABLE if code in self.cleaned_data["needed"]]


class AcceptWindowForm(ClauseForm):
    then = forms.ChoiceField(
        label="What becomes of an offer that nobody answers", required=False,
        choices=[("", "Nothing: it stays offered"), *((code, f"It {words}") for code, words in WINDOW_ENDS.items())],
    )  # fmt: skip
    days = number("After working days", 1, MOST_DAYS, "Longer than the promise to accept.", required=False)

    def shown(self, part: Any) -> dict[str, Any]:
        return dict(part or {})

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("then") and self.cleaned_data.get("days") is None and "days" not in self.errors:
            self.add_error("days", "Say after how many working days.")
        return self.cleaned_data

    def part(self) -> Any:
        given = self.cleaned_data
        return {"days": given["days"], "then": given["then"]} if given["then"] else None


class PausesForm(ClauseForm):
    most = number("Pauses of one promise, at most", 0, MOST_PAUSES, "0: no promise is ever paused.")
    most_days = number("Days in all, at most", 0, MOST_DAYS)

    def shown(self, part: Any) -> dict[str, Any]:
        return dict(part or {"most": 0, "most_days": 0})

    def clean(self) -> dict[str, Any]:
        most, most_days = self.cleaned_data.get("most"), self.cleaned_data.get("most_days")
        if most is not None and most_days is not None and bool(most) != bool(most_days):
            self.add_error("most_days", "Pauses need both: how many, and how many days in all.")
        return self.cleaned_data

    def part(self) -> Any:
        return {name: self.cleaned_data[name] for name in ("most", "most_days")}


class DisputesForm(ClauseForm):
    dispute_days = number(
        "Working days within which a rejection or a delivery is contested", 0, MOST_DAYS, "0: none is."
    )

    def shown(self, part: Any) -> dict[str, Any]:
        return {"dispute_days": part or 0}

    def part(self) -> Any:
        return self.cleaned_data["dispute_days"]


class RecycleForm(ClauseForm):
    """Days by reason; a reason without any goes by *any other reason*."""

    def prepare(self) -> None:
        for code, label in RECYCLE_REASONS.items():
            self.fields[code] = number(f"{label}, days", 1, MOST_RECYCLE_DAYS, required=False)
        self.fields[DEFAULT] = number("Any other reason, days", 1, MOST_RECYCLE_DAYS)

    def shown(self, part: Any) -> dict[str, Any]:
        return dict(part or {})

    def part(self) -> Any:
        given = {name: self.cleaned_data[name] for name in (*RECYCLE_REASONS, DEFAULT)}
        unknown = {code: days for code, days in (self.was or {}).items() if code not in given}
        return {**unknown, **{name: days for name, days in given.items() if days is not None}}


class AttainmentForm(ClauseForm):
    attainment_target_percent = number("Share of cases that has to be met, in %", 1, 100)
    judged_from_count = number("Judged from so many cases on", 1, MOST_JUDGED, "Under it, it is too few to say.")

    def shown(self, part: Any) -> dict[str, Any]:
        return dict(part)

    def part(self) -> Any:
        return {name: self.cleaned_data[name] for name in ("attainment_target_percent", "judged_from_count")}


class ReviewForm(ClauseForm):
    review_days = number("Days from coming into force to the review", 1, MOST_REVIEW_DAYS, "91 is a quarter.")

    def shown(self, part: Any) -> dict[str, Any]:
        return {"review_days": part}

    def part(self) -> Any:
        return self.cleaned_data["review_days"]
