"""The form above the dashboard: what each field offers and holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from dashboards.choices import LABELS, Choices, Option
from dashboards.periods import ONE_DAY
from dashboards.scope import Scope
from inputs.moments import BadMoment, day
from inputs.refusals import Invalid
from inputs.text import problem_with

LONGEST_SHOWN = 100
"""Characters of a value that made no sense which are shown again."""
BASIS = [("cohort", "leads that arrived, to date"), ("activity", "what happened in the period")]
DAYS = {"from": "First day", "last": "Last day"}
"""People think of a period's last day; addresses and commands name the day after it (``to``)."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field: a choice where there are ``options``, else a day. ``value`` may be nonsense: then ``problem`` says so."""

    name: str
    label: str
    value: str
    options: tuple[Option, ...] = ()
    problem: str = ""


def fields_of(scope: Scope, choices: Choices) -> list[FilterField]:
    """Give the form that asks for ``scope``."""
    days = {"from": scope.period.first.isoformat(), "last": scope.period.last.isoformat()}
    return _fields({**days, "basis": scope.basis, **scope.filters.as_query()}, choices, {})


def fields_again(query: Mapping[str, str], choices: Choices, refused: Invalid) -> tuple[list[FilterField], list[str]]:
    """Give the form as it was sent, with what is wrong beside its field; and what belongs to no field of it."""
    given = {name: _shown(value) for name, value in query.items()}
    given["last"] = given.get("last") or _day_before(given.get("to", ""))
    fields = _fields(given, choices, {_field(problem.field): problem.message for problem in refused.problems})
    names = {field.name for field in fields}
    return fields, [problem.message for problem in refused.problems if _field(problem.field) not in names]


def _field(name: str) -> str:
    """Give the field that asks for what a parameter says."""
    return "last" if name == "to" else name


def _day_before(until: str) -> str:
    """Give the last day of a period that ends with ``until``; nonsense stays as it was sent."""
    with suppress(BadMoment):
        return (day(until) - ONE_DAY).isoformat()
    return until


def _fields(given: Mapping[str, str], choices: Choices, problems: Mapping[str, str]) -> list[FilterField]:
    offered = {"basis": BASIS} | {name: [("", "All"), *options] for name, options in choices.options().items()}
    labels = DAYS | {"basis": "Funnel counts"} | {name: LABELS[name] for name in choices.options()}
    return [
        FilterField(
            name, label, given.get(name, ""), _with(offered.get(name, []), given.get(name, "")), problems.get(name, "")
        )
        for name, label in labels.items()
    ]


def _with(options: list[Option], value: str) -> tuple[Option, ...]:
    """Offer ``value`` too: a choice that made no sense is shown as it was sent."""
    is_offered = not options or not value or any(value == offered for offered, _ in options)
    return tuple(options if is_offered else [*options, (value, value)])


def _shown(value: str) -> str:
    value = value.strip()
    return value[:LONGEST_SHOWN] if problem_with(value[:LONGEST_SHOWN], single_line=True) is None else ""
