"""A promise: whether it is made, and by tier how long it may take, when it is warned of, and how many attempts keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from desk.clause_forms.base import ClauseForm, number
from inputs.fields import TextField
from leads.codes import TIER_LABELS
from sla.clauses import PROMISE, part_of
from sla.completeness import MOST_DAYS
from sla.default_terms import default_document
from sla.durations import HOUR, MINUTE
from sla.promises import KINDS
from sla.terms import TIERS

UNITS = {"minutes": MINUTE, "hours": HOUR}
DAYS = "days"
UNIT_CHOICES = [("minutes", "minutes"), ("hours", "hours"), (DAYS, "working days")]
UNTIL = [("same_time", "at the same time of the last day"), ("close", "when the last day closes")]
MOST_AMOUNT = 100_000
MOST_GRACE = 1440
MOST_ATTEMPTS = 50

_PERCENT = re.compile(r"[0-9]{1,3}")


class PromiseForm(ClauseForm):
    """One promise with a clock."""

    template = "desk/clause_forms/_promise.html"

    def prepare(self) -> None:
        self.code = self.clause.removeprefix(PROMISE)
        self.kind = KINDS[self.code]
        self.fields["is_promised"] = forms.BooleanField(label="This is promised", required=False)
        for tier in TIERS:
            self.fields[f"amount_{tier}"] = number("Time", 1, MOST_AMOUNT, required=False)
            self.fields[f"unit_{tier}"] = forms.ChoiceField(label="Unit", choices=UNIT_CHOICES, required=False)
            if self.kind.counts_attempts:
                self.fields[f"attempts_{tier}"] = number("Attempts", 1, MOST_ATTEMPTS, required=False)
            self.fields[f"warn_{tier}"] = TextField(
                label="Warned at % of the time", required=False, max_length=40, help_text="Such as 50, 75."
            )
            self.fields[f"grace_{tier}"] = number("Grace in minutes", 0, MOST_GRACE, required=False)
        self.fields["until"] = forms.ChoiceField(
            label="Working days end", choices=UNTIL, required=False, help_text="For times in working days."
        )

    @property
    def tiers(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Give the fields by the label of their tier."""
        names = ["amount", "unit", *(["attempts"] if self.kind.counts_attempts else []), "warn", "grace"]
        return [(TIER_LABELS[tier], [self[f"{name}_{tier}"] for name in names]) for tier in TIERS]

    def shown(self, part: Any) -> dict[str, Any]:
        said = part or part_of(default_document(), self.clause)
        values: dict[str, Any] = {"is_promised": part is not None, "until": UNTIL[0][0]}
        for tier in TIERS:
            within = said["within"][tier]
            values |= _time(within, tier)
            values["until"] = within.get("until", values["until"])
            values[f"warn_{tier}"] = ", ".join(str(percent) for percent in said["warn_percents"][tier])
            values[f"grace_{tier}"] = -(-said["grace_seconds"][tier] // MINUTE)
            values[f"attempts_{tier}"] = (said.get("attempts") or {}).get(tier)
        return values

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not given.get("is_promised"):
            for name in list(self.errors):
                del self.errors[name]  # of what is not promised nothing is asked
            return given
        for tier in TIERS:
            self._require(f"amount_{tier}", "Say how long it may take.")
            if self.kind.counts_attempts:
                self._require(f"attempts_{tier}", "Say how many attempts keep it.")
            if given.get(f"unit_{tier}") == DAYS and (given.get(f"amount_{tier}") or 0) > MOST_DAYS:
                self.add_error(f"amount_{tier}", f"At most {MOST_DAYS} working days.")
            given[f"warn_{tier}"] = self._percents(f"warn_{tier}")
        return given

    def _require(self, name: str, message: str) -> None:
        if self.cleaned_data.get(name) is None and name not in self.errors:
            self.add_error(name, message)

    def _percents(self, name: str) -> list[int]:
        parts = [part.strip() for part in str(self.cleaned_data.get(name) or "").split(",") if part.strip()]
        percents = [int(part) for part in parts if _PERCENT.fullmatch(part)]
        if len(percents) < len(parts) or not all(0 < percent < 100 for percent in percents):
            self.add_error(name, "Give whole numbers from 1 to 99, with commas between them.")
        return sorted(set(percents))

    def part(self) -> Any:
        if not self.cleaned_data["is_promised"]:
            return None
        given = self.cleaned_data
        said: dict[str, Any] = {
            "code": self.code,
            "side": self.kind.side,
            "words": self.was["words"] if self.was else self.kind.words,
            "within": {tier: self._within(tier) for tier in TIERS},
            "warn_percents": {tier: given[f"warn_{tier}"] for tier in TIERS},
            "grace_seconds": {tier: (given[f"grace_{tier}"] or 0) * MINUTE for tier in TIERS},
        }
        if self.kind.counts_attempts:
            said["attempts"] = {tier: given[f"attempts_{tier}"] for tier in TIERS}
        return said

    def _within(self, tier: str) -> dict[str, int | str]:
        amount, unit = self.cleaned_data[f"amount_{tier}"], self.cleaned_data[f"unit_{tier}"] or "minutes"
        if unit == DAYS:
            return {"days": amount, "until": self.cleaned_data["until"] or UNTIL[0][0]}
        return {"seconds": amount * UNITS[unit]}


def _time(within: Mapping[str, Any], tier: str) -> dict[str, Any]:
    if within.get("days"):
        return {f"amount_{tier}": within["days"], f"unit_{tier}": DAYS}
    seconds = within["seconds"]
    unit = "hours" if seconds % HOUR == 0 else "minutes"
    return {f"amount_{tier}": -(-seconds // UNITS[unit]), f"unit_{tier}": unit}
