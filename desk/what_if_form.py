"""The form of a what-if: what can be changed, what holds now, what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from inputs.refusals import Invalid
from inputs.text import problem_with
from leads.codes import TIER_LABELS
from leads.what_if.phrases import LONGEST, written_within
from leads.what_if.scenario import Known, Scenario
from sla.promises import short_of
from sla.terms import TIERS, Promise

AS_THEN = "As it was"
AS_AGREED = "as agreed"
PEOPLE = "More or fewer people"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field: a choice where there are ``options``, else a text; none where it has no ``name``.

    ``usual`` is what holds if it stays empty, or what it is changed from.
    """

    name: str
    label: str
    head: str
    value: str
    usual: str = ""
    is_changed: bool = False
    problem: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def instead_of(self) -> str:
        """What a time is changed from."""
        return self.usual if self.is_changed and self.usual != AS_AGREED else ""


@dataclass(frozen=True, slots=True)
class FormRow:
    """What can be changed about one promise, team or person."""

    words: str
    cells: list[Cell]

    @property
    def is_touched(self) -> bool:
        return any(cell.is_changed or cell.problem for cell in self.cells)


@dataclass(frozen=True, slots=True)
class ScenarioForm:
    """The whole form; ``others`` are promises that nobody owed in the period, ``elsewhere`` what is wrong with no field."""

    days: list[Cell]
    promises: list[FormRow]
    others: list[FormRow]
    teams: list[FormRow]
    people: list[FormRow]
    elsewhere: list[str]

    @property
    def others_touched(self) -> bool:
        return any(row.is_touched for row in self.others)

    @property
    def people_touched(self) -> bool:
        return any(row.is_touched for row in self.people)


def form_of(scenario: Scenario, known: Known, owed: Collection[str]) -> ScenarioForm:
    """Give the form that asks for ``scenario``; ``owed`` are the promises that fell due in its period."""
    days = {"from": scenario.first.isoformat(), "last": scenario.last.isoformat()}
    return _Making(known, {**days, **scenario.changes()}, {}, set(scenario.changes())).form(owed, [])


def form_again(query: Mapping[str, str], known: Known, refused: Invalid) -> ScenarioForm:
    """Give the form as it was sent, with what is wrong beside its field."""
    given = {name: _shown(value) for name, value in query.items()}
    problems = {problem.field: problem.message for problem in refused.problems}
    making = _Making(known, given, problems, {name for name, value in given.items() if value})
    form = making.form(known.promises, [])
    elsewhere = [message for name, message in problems.items() if name not in making.made]
    return ScenarioForm(form.days, form.promises, form.others, form.teams, form.people, elsewhere)


class _Making:
    def __init__(
        self, known: Known, given: Mapping[str, str], problems: Mapping[str, str], changed: Collection[str]
    ) -> None:  # fmt: skip
        self.known, self.given, self.problems, self.changed = known, given, problems, changed
        self.made: set[str] = set()

    def form(self, owed: Collection[str], elsewhere: list[str]) -> ScenarioForm:
        promises = self.known.promises
        calendars = (("", AS_THEN), *((str(pk), name) for pk, name in self.known.calendars.items()))
        return ScenarioForm(
            days=[self.cell("from", "First day", "First day"), self.cell("last", "Last day", "Last day")],
            promises=[self.promise(promise) for code, promise in promises.items() if code in owed],
            others=[self.promise(promise) for code, promise in promises.items() if code not in owed],
            teams=[self.team(pk, name, calendars) for pk, name in self.known.teams.items()],
            people=[self.person(pk, name) for pk, name in self.known.people.items()],
            elsewhere=elsewhere,
        )

    def promise(self, promise: Promise) -> FormRow:
        code, short = promise.code, short_of(promise.code).capitalize()
        cells = []
        for tier in TIERS:
            usual, label = written_within(promise.within[tier]), TIER_LABELS[tier]
            name = f"time-{code}-{tier}"
            cells.append(self.cell(name, f"{short}, {label.lower()}", label, usual=usual, value=usual))
        cells.append(self.cell(f"grace-{code}", f"{short}, grace", "Grace", usual=AS_AGREED))
        cells.append(self.cell(f"warn-{code}", f"{short}, warnings at", "Warnings at, %", usual=AS_AGREED))
        return FormRow(promise.words, cells)

    def team(self, pk: int, name: str, calendars: tuple[tuple[str, str], ...]) -> FormRow:
        cells = [
            self.cell(f"calendar-{pk}", f"{name}, calendar", "Calendar", options=calendars),
            self.cell(f"hours-{pk}", f"{name}, other hours", "Other hours", usual=self.known.hours.get(pk, "")),
        ]
        if pk in self.known.selling:
            cells.append(self.cell(f"staff-{pk}", f"{name}, more or fewer people", PEOPLE, usual="+0"))
        else:
            cells.append(Cell("", "", PEOPLE, ""))
        return FormRow(name, cells)

    def person(self, pk: int, name: str) -> FormRow:
        return FormRow(
            name,
            [
                self.cell(f"share-{pk}", f"{name}, share of their leads in percent", "Share of leads, %", usual="100"),
                self.cell(f"person-hours-{pk}", f"{name}, other hours", "Other hours", usual=AS_THEN.lower()),
            ],
        )

    def cell(
        self, name: str, label: str, head: str, *, usual: str = "", value: str = "",
        options: tuple[tuple[str, str], ...] = (),
    ) -> Cell:  # fmt: skip
        self.made.add(name)
        given = self.given.get(name, value)
        if options and given not in {offered for offered, _ in options}:
            options = (*options, (given, given))  # a choice that makes no sense is shown as it was sent
        is_changed = name in self.changed and given != value
        return Cell(name, label, head, given, usual, is_changed, self.problems.get(name, ""), options)


def _shown(value: str) -> str:
    value = value.strip()[: LONGEST + 1]
    return value if problem_with(value, single_line=True) is None else ""
