"""The form in which the hours of a calendar are typed: a line for each weekday, a line for each date that differs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms

from desk.queries.calendars import people_words
from inputs.fields import TextField, add_problems
from inputs.refusals import Problem, Refusal
from inputs.widgets import LongSelect
from sla.business_calendar import WEEKDAY_NAMES, WEEKDAYS, BadCalendar, known_zone
from sla.calendar_text import (
    problem_of_dates,
    problems_of_week,
    read_dated_hours,
    read_dates,
    read_hours,
    written_dated_hours,
    written_hours,
)
from sla.calendars import LONGEST_NAME, newest_version, standing
from sla.models import Calendar, CalendarVersion
from sla.public_holidays import FIRST_YEAR, LAST_YEAR, countries, public_holidays
from teams.models import Team

LONGEST_DAY = 300
LONGEST_LIST = 60_000
YEARS_AHEAD = 2
NEW_WEEK = "09:00–17:00"


def _dates(label: str, help_text: str, rows: int = 4) -> TextField:
    return TextField(
        label=label, multi_line=True, rows=rows, required=False, max_length=LONGEST_LIST, help_text=help_text
    )


def _ids(label: str, help_text: str) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, coerce=int, required=False, choices=[], help_text=help_text, widget=forms.CheckboxSelectMultiple
    )


class CalendarForm(forms.Form):
    """All of a calendar, or of one to be. ``seen`` is what the page showed, to notice changes by others."""

    name = TextField(label="Name", max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    zone = forms.ChoiceField(label="Time zone", choices=[], widget=LongSelect)
    holidays = _dates("Days that are closed", "A date on each line, such as 2026-12-25. What follows it is a note.", 8)
    country = forms.ChoiceField(label="Country", required=False, choices=[], widget=LongSelect)
    region = TextField(
        label="Region", required=False, max_length=80,
        help_text="Its code or name, such as BY or Bayern. Left empty: what the whole country keeps.",
    )  # fmt: skip
    first_year = forms.IntegerField(
        label="From year", required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    last_year = forms.IntegerField(
        label="To year", required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    special_days = _dates(
        "Special days", "A date and its hours on each line, instead of the week’s: 2026-12-24 09:00–12:00, or “closed”."
    )
    breaks = _dates("Interruptions", "A date and what is taken out of its hours: 2026-11-20 13:00–15:00.")
    teams = _ids("Teams", "Every team has one calendar: choosing it here takes it from another one.")
    people = _ids("People with hours of their own", "Everybody else keeps the hours of their team.")
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, calendar: Calendar | None, at: datetime, **kwargs: Any) -> None:
        self.calendar = calendar
        super().__init__(*args, **kwargs)
        for name, words in zip(WEEKDAYS, WEEKDAY_NAMES, strict=True):
            self.fields[name] = TextField(label=words, required=False, max_length=LONGEST_DAY)
        self._offer("zone", [(zone, zone) for zone in sorted(available_timezones())])
        self._offer("country", [("", "Choose…"), *countries()])
        self._offer("teams", [(team.pk, team.name) for team in Team.objects.filter(is_active=True).order_by("name")])
        self._offer("people", people_words())
        self.initial = {**_shown(calendar), "first_year": at.year, "last_year": at.year + YEARS_AHEAD, **self.initial}

    def clean(self) -> dict[str, Any]:
        """Read the lines, and say beside each field what is wrong with it."""
        given = self.cleaned_data
        for name in WEEKDAYS:
            self._read(name, read_hours)
        for name, words in problems_of_week({name: given.get(name) or [] for name in WEEKDAYS}).items():
            if name not in self.errors:
                self.add_error(name, words)
        self._read("holidays", read_dates)
        for name in ("special_days", "breaks"):
            self._read(name, read_dated_hours)
            words = problem_of_dates(name, given.get(name) or {})
            if words:
                self.add_error(name, words)
        if "zone" in given:
            self._read("zone", lambda zone: str(known_zone(zone)))
        return given

    def filled(self) -> tuple[int, str]:
        """Add the public holidays that are asked for to the lines; give how many are new, and of where. Refusals stand beside fields."""
        given, errors = self.cleaned_data, self.errors
        asked = [name for name in ("holidays", "country", "region", "first_year", "last_year") if name in errors]
        if not given.get("country") and "country" not in errors:
            self.add_error("country", "Choose a country.")
        if asked or self.has_error("country"):
            return 0, ""
        first, last = given.get("first_year"), given.get("last_year")
        years = range(first, last + 1) if first and last else range(0)
        try:
            found = public_holidays(given["country"], given["region"], years)
        except Refusal as refusal:
            add_problems(self, _beside(refusal.problems))
            return 0, ""
        there = set(given["holidays"])
        new = [f"{day} {name}" for day, name in found.items() if day.isoformat() not in there]
        lines = [line for line in self.data["holidays"].splitlines() if line.strip()]
        self.data = {**self._lists(), "holidays": "\n".join(sorted([*lines, *new]))}
        return len(new), dict(countries())[given["country"]]

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says; after somebody else's change, let the next save be one on top of it."""
        if "seen" in refusal.details:
            self.data = {**self._lists(), "seen": refusal.details["seen"]}
        return refusal.problems

    @property
    def hours(self) -> dict[str, Any]:
        """The valid input as terms."""
        given = self.cleaned_data
        dated = {name: given[name] for name in ("zone", "holidays", "special_days", "breaks")}
        return {**dated, "week": {name: given[name] for name in WEEKDAYS}}

    @property
    def weekdays(self) -> list[forms.BoundField]:
        return [self[name] for name in WEEKDAYS]

    def _read(self, name: str, read: Callable[[Any], Any]) -> None:
        if name in self.cleaned_data:
            try:
                self.cleaned_data[name] = read(self.cleaned_data[name])
            except BadCalendar as error:
                self.add_error(name, str(error))

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _lists(self) -> dict[str, Any]:
        """Give what was sent, in a form that can be changed."""
        sent = {name: self.data.get(name) for name in self.data}
        return {**sent, **{name: self.data.getlist(name) for name in ("teams", "people")}}  # type: ignore[attr-defined]


def _shown(calendar: Calendar | None) -> dict[str, Any]:
    """Give what the fields show at first."""
    if calendar is None:
        return {"zone": "Europe/Berlin", **dict.fromkeys(WEEKDAYS[:5], NEW_WEEK)}
    version: CalendarVersion | None = newest_version(calendar)
    terms: dict[str, Any] = version.hours.to_terms() if version else {"zone": "UTC", "week": {}, "holidays": []}
    uses = list(calendar.uses.values_list("team_id", "user_id"))
    return {
        "name": calendar.name, "zone": terms["zone"], "seen": standing(calendar),
        **{name: written_hours(terms["week"].get(name, [])) for name in WEEKDAYS},
        "holidays": "\n".join(terms["holidays"]),
        "special_days": written_dated_hours(terms.get("special_days", {})),
        "breaks": written_dated_hours(terms.get("breaks", {})),
        "teams": [team_id for team_id, _ in uses if team_id], "people": [user_id for _, user_id in uses if user_id],
    }  # fmt: skip


def _beside(problems: tuple[Problem, ...]) -> list[Problem]:
    return [
        Problem("last_year" if problem.field == "years" else problem.field, problem.code, problem.message)
        for problem in problems
    ]
