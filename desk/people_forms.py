"""The forms in which people are let in, moved, limited and noted as away."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from desk.queries.people import colleagues, role_words
from inputs.fields import TextField
from inputs.refusals import Problem, Refusal
from inputs.widgets import LongSelect
from leads.routing.pools import open_to, pools_of
from leads.staff import share
from teams.availability import MOST_OPEN, MOST_PER_DAY, MOST_WEIGHT, Load, load_of
from teams.managing import managed_sides
from teams.models import Team, User
from teams.people import Place, standing

FIRST_YEAR, LAST_YEAR = 2000, 2100
MEMBER, MANAGER = "member", "manager"
NO_TEAM = "administrator"
LOCAL = "%Y-%m-%dT%H:%M"


class PersonForm(forms.Form):
    """A form about ``person``, filled in by ``actor`` at ``at``. ``seen`` is what the page showed, to notice changes by others."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: User, actor: User, at: datetime, **kwargs: Any) -> None:
        self.person, self.actor, self.at = person, actor, at
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the person or the actor."""

    @property
    def compared(self) -> str | None:
        return self.cleaned_data.get("seen") or None

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says beside the fields; after somebody else's change, let the next save be one on top of it."""
        if "seen" in refusal.details:
            self.data = {**self.data.dict(), "seen": refusal.details["seen"]}  # type: ignore[attr-defined]
        return refusal.problems


class StandingForm(PersonForm):
    """Nothing to fill in: what is asked is whether it is meant."""

    def prepare(self) -> None:
        self.initial["seen"] = standing(self.person)


def _teams(actor: User) -> list[Team]:
    """Give the teams into which the actor may put people."""
    sides = [side.value for side in managed_sides(actor)]
    return list(Team.objects.filter(is_active=True, side__in=sides).order_by("side", "name"))


class NewPersonForm(forms.Form):
    """Who is let in, and where they belong."""

    name = TextField(label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = TextField(label="Email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    place = forms.ChoiceField(label="Team and role", choices=[])
    timezone = forms.ChoiceField(label="Time zone", choices=[], widget=LongSelect)
    password = forms.CharField(
        label="First password", required=False, max_length=128, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
        help_text="Left empty, they get an email with a link and choose one themselves.",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams: list[Any] = [
            (team.name, [(f"{team.pk}:{kind}", f"{role_words(team, is_manager=kind == MANAGER)}, {team.name}")
                         for kind in (MEMBER, MANAGER)])
            for team in _teams(actor)
        ]  # fmt: skip
        if actor.may("manage_people"):
            teams.append(("No team", [(NO_TEAM, "Administrator")]))
        self.fields["place"].choices = [("", "Choose…"), *teams]  # type: ignore[attr-defined]
        self.fields["timezone"].choices = [(zone, zone) for zone in sorted(available_timezones())]  # type: ignore[attr-defined]
        self.initial.setdefault("timezone", actor.timezone)

    @property
    def wanted(self) -> dict[str, Any]:
        """The valid input as ``leads.staff.let_in`` takes it."""
        given = self.cleaned_data
        team_id, _, kind = given["place"].partition(":")
        is_administrator = given["place"] == NO_TEAM
        return {
            "name": given["name"], "email": given["email"], "timezone": given["timezone"],
            "password": given["password"] or None, "is_administrator": is_administrator,
            "places": [] if is_administrator else [Place(int(team_id), kind == MANAGER)],
        }  # fmt: skip


class PlacesForm(PersonForm):
    """What a person is in each team that the actor manages."""

    def prepare(self) -> None:
        now = {membership.team_id: membership.is_manager for membership in self.person.memberships.all()}
        self.teams = {f"team_{team.pk}": team for team in _teams(self.actor)}
        for name, team in self.teams.items():
            kinds = [(kind, role_words(team, is_manager=kind == MANAGER)) for kind in (MEMBER, MANAGER)]
            self.fields[name] = forms.ChoiceField(label=team.name, required=False, choices=[("", "Not in it"), *kinds])
            if team.pk in now:
                self.initial[name] = MANAGER if now[team.pk] else MEMBER
        if self.actor.may("manage_people"):
            self.fields["is_administrator"] = forms.BooleanField(
                label="Administrator", required=False, help_text="Manages people, teams and settings."
            )
        self.initial["is_administrator"] = self.person.is_administrator
        self.initial["seen"] = standing(self.person)

    @property
    def places(self) -> list[Place]:
        """Where they belong by the valid input; teams that are not shown stay as they are."""
        shown = {team.pk for team in self.teams.values()}
        others = [
            Place(membership.team_id, membership.is_manager)
            for membership in self.person.memberships.all()
            if membership.team_id not in shown and membership.team.is_active
        ]
        chosen = ((team.pk, self.cleaned_data[name]) for name, team in self.teams.items())
        return [*others, *(Place(team_id, kind == MANAGER) for team_id, kind in chosen if kind)]


def _number(label: str, least: int, most: int, help_text: str, *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, required=required, help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class WorkForm(PersonForm):
    """How much work a person takes, and where they take turns."""

    open_lead_capacity = _number("Open leads at once", 0, MOST_OPEN, "Offers that wait count too.")
    new_leads_per_day = _number("New leads per day", 0, MOST_PER_DAY, "Left empty: no limit.", required=False)
    weight = _number("Weight", 1, MOST_WEIGHT, "1 is the common share of turns; 2 gets twice as many leads.")
    pools = forms.TypedMultipleChoiceField(
        label="Takes turns in", coerce=int, required=False, choices=[], widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        load = load_of(self.person)
        self.fields["pools"].choices = [(pool.pk, pool.name) for pool in open_to(self.person)]  # type: ignore[attr-defined]
        self.initial = {
            "open_lead_capacity": load.open_lead_capacity, "new_leads_per_day": load.new_leads_per_day,
            "weight": load.weight, "pools": pools_of(self.person), "seen": share(self.person),
        }  # fmt: skip

    @property
    def load(self) -> Load:
        return Load(**{name: self.cleaned_data[name] for name in ("open_lead_capacity", "new_leads_per_day", "weight")})


def _moment(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        input_formats=[LOCAL, f"{LOCAL}:%S"],
    )  # fmt: skip


class AbsenceForm(PersonForm):
    """When a person takes no leads, and who may act in their place."""

    starts_at = _moment("Away from")
    ends_at = _moment("Back at")
    cover = forms.TypedChoiceField(
        label="Covered by", required=False, coerce=int, empty_value=None, choices=[],
        help_text="May accept and work their leads meanwhile. With nobody, what falls due meanwhile goes to their team.",
    )  # fmt: skip

    def prepare(self) -> None:
        people = [(user.pk, str(user)) for user in colleagues(self.person)]
        self.fields["cover"].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]
        zone = timezone.get_current_timezone_name()
        self.fields["ends_at"].help_text = f"Local time, {zone}. New leads go to others until then."

    def clean_starts_at(self) -> datetime:
        return _near(self.cleaned_data["starts_at"])

    def clean_ends_at(self) -> datetime:
        return _near(self.cleaned_data["ends_at"])


def _near(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise forms.ValidationError(f"Give a date between {FIRST_YEAR} and {LAST_YEAR}.", code="far_date")
    return moment


class EndAbsenceForm(PersonForm):
    """Which absence ends now."""

    absence = forms.TypedChoiceField(label="Absence", coerce=int, choices=[])

    def prepare(self) -> None:
        coming = self.person.absences.filter(ends_at__gt=self.at).order_by("starts_at")
        self.fields["absence"].choices = [  # type: ignore[attr-defined]
            (absence.pk, f"{_local(absence.starts_at)} to {_local(absence.ends_at)}") for absence in coming
        ]


def _local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d %b %Y, %H:%M}"
