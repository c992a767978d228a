"""The forms in which routing is changed: a rule of a draft, a pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from desk.clause_forms import Choices
from desk.clause_forms.base import number
from desk.clause_forms.rules import RuleForm
from desk.rule_words import STRATEGY_WORDS
from inputs.fields import TextField, add_problems
from inputs.refusals import Refusal
from leads.facts import FACTS
from leads.models import Pool
from leads.routing.pool_editing import LONGEST_NAME, Share, candidates, pool_standing, shares_of
from leads.routing.rules import LONGEST_WORDS
from sla.clauses import fingerprint
from teams.availability import MOST_OPEN, MOST_PER_DAY, MOST_WEIGHT
from teams.models import Team, User
from teams.roles import Side

OWNER = "owner"


class RoutingRuleForm(RuleForm):
    """A rule of a draft: what it is called, when it applies, where leads then go. ``line`` is the rule as it stands, or nothing."""

    facts = FACTS

    def __init__(
        self, data: QueryDict | None = None, *, line: Mapping[str, Any] | None, is_last: bool = False,
        again: QueryDict | None = None,
    ) -> None:  # fmt: skip
        self.line_was, self.is_last = line, is_last
        self.typed = data if data is not None else again
        part = (line or {}).get("when") or None
        super().__init__(data, clause="routing", part=part, choices=Choices(), again=again)
        if again is None:
            self.initial["seen"] = fingerprint(line) if line is not None else ""

    def prepare(self) -> None:
        super().prepare()
        line = self.line_was or {}
        self.fields["words"] = TextField(label="What it is called", max_length=LONGEST_WORDS)
        self.fields["to"] = forms.ChoiceField(label="Then the lead goes to", choices=[])
        self.fields["to"].choices = destinations(line.get("to"), only_queues=self.is_last)  # type: ignore[attr-defined]
        shown = {"words": line.get("words", ""), "to": chosen(line["to"]) if line else ""}
        for name, value in shown.items():
            self.fields[name].initial = self.typed.get(name, "") if self.typed is not None else value

    def line_of(self, code: str) -> dict[str, Any]:
        """Give the rule that the valid input says."""
        given = self.cleaned_data
        when = [] if self.is_last else self.part() or []
        return {"code": code, "words": given["words"], "when": when, "to": read_destination(given["to"])}


def destinations(current: Mapping[str, Any] | None, *, only_queues: bool = False) -> list[Any]:
    """Give all that a rule can lead to, in groups; what it leads to now is among them, even if it is gone."""
    sales = Team.objects.filter(side=Side.SALES, is_active=True).order_by("name")
    queues = [(f"queue:{team.pk}", f"The queue of {team.name}") for team in sales]
    groups: list[Any] = [("Queues", queues)]
    if not only_queues:
        pools = [
            (f"pool:{pool.pk}:{strategy}", f"{pool.name}: {words}")
            for pool in Pool.objects.order_by("name")
            for strategy, words in STRATEGY_WORDS.items()
        ]
        people = User.objects.filter(is_active=True, memberships__team__in=sales).distinct().order_by("name")
        named = [(f"person:{person.pk}", str(person)) for person in people]
        known = [(OWNER, "Whoever answers for the company")]
        groups = [("Who knows the company", known), ("Pools", pools), ("People", named), *groups]
    values = {value for _, group in groups for value, _ in group}
    if current and chosen(current) not in values:
        groups.append(("Now", [(chosen(current), _gone(current))]))
    return [("", "Choose…"), *groups]


def chosen(to: Mapping[str, Any]) -> str:
    """Give the value of the choice for what a rule leads to."""
    if to.get("owner_of_company"):
        return OWNER
    if "pool" in to:
        return f"pool:{to['pool']}:{to.get('by', 'turns')}"
    ((word, target_id),) = to.items()
    return f"{word}:{target_id}"


def read_destination(value: str) -> dict[str, Any]:
    """Give what a rule leads to by the choice."""
    word, _, rest = value.partition(":")
    if word == OWNER:
        return {"owner_of_company": True}
    target_id, _, strategy = rest.partition(":")
    to: dict[str, Any] = {word: int(target_id)}
    return {**to, "by": strategy} if strategy and strategy != "turns" else to


def _gone(to: Mapping[str, Any]) -> str:
    if "person" in to:
        person = User.objects.filter(pk=to["person"]).first()
        return f"{person or 'Somebody'}, who is not in sales any more"
    return "What it led to, which is gone"


class PoolForm(forms.Form):
    """Who is in a pool, with which weight, and how much each of them takes."""

    name = TextField(label="Name", max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, pool: Pool) -> None:
        super().__init__(data.copy() if data is not None else None)
        self.pool, self.people = pool, candidates(pool)
        shares = shares_of(pool, self.people)
        self.initial = {"name": pool.name, "seen": pool_standing(pool, shares)}
        for person in self.people:
            share = shares[person.pk]
            self.fields[f"in-{person.pk}"] = forms.BooleanField(label=str(person), required=False)
            self.fields[f"weight-{person.pk}"] = number("Weight here", 1, MOST_WEIGHT)
            self.fields[f"open-{person.pk}"] = number("Open leads at most", 0, MOST_OPEN)
            self.fields[f"day-{person.pk}"] = number("New a day at most", 0, MOST_PER_DAY, required=False)
            values = {"in": share.is_member, "weight": share.weight, "open": share.capacity, "day": share.per_day}
            self.initial.update({f"{key}-{person.pk}": value for key, value in values.items()})
            if data is not None and f"weight-{person.pk}" not in data:
                self._show(person, values)

    def _show(self, person: User, values: Mapping[str, Any]) -> None:
        """Show somebody as they stand who was not on the page that was sent: they joined the team meanwhile."""
        for key, value in values.items():
            if value not in (None, False):
                self.data[f"{key}-{person.pk}"] = "on" if value is True else str(value)  # type: ignore[index]

    @property
    def rows(self) -> list[tuple[User, list[forms.BoundField]]]:
        return [
            (person, [self[f"{key}-{person.pk}"] for key in ("in", "weight", "open", "day")]) for person in self.people
        ]

    @property
    def shares(self) -> dict[int, Share]:
        """The valid input."""
        given = self.cleaned_data
        return {
            person.pk: Share(
                bool(given[f"in-{person.pk}"]), given[f"weight-{person.pk}"], given[f"open-{person.pk}"],
                given[f"day-{person.pk}"],
            )
            for person in self.people
        }  # fmt: skip

    def again(self, refusal: Refusal) -> PoolForm:
        """Give the form with what was typed, what a refusal says, and who is there now; after somebody else's change the next save is one on top of it."""
        typed = self.data.copy()  # type: ignore[attr-defined]
        if "seen" in refusal.details:
            typed["seen"] = refusal.details["seen"]
        form = PoolForm(typed, pool=self.pool)
        add_problems(form, refusal.problems)
        return form


class NewPoolForm(forms.Form):
    """A pool to be: its name and its team."""

    name = TextField(label="Name", max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    team = forms.TypedChoiceField(
        label="Team", coerce=int, choices=[],
        help_text="Its people share the leads; what none of them can take waits in its queue.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(side=Side.SALES, is_active=True).order_by("name")
        self.fields["team"].choices = [("", "Choose…"), *((team.pk, team.name) for team in teams)]  # type: ignore[attr-defined]
