"""What the page of a backtest shows: the form as it was sent, the versions there are, and the leads that come out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inputs.refusals import Invalid
from inputs.text import problem_with
from leads.backtest.scenario import PARAMETERS, Scenario
from leads.backtest.tally import Changed
from leads.models import Lead
from teams.models import User

PAGE = 50
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form, as it was sent, with what is wrong with it."""

    value: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The form; ``elsewhere`` is what is wrong with none of its fields."""

    first: Field
    last: Field
    against: Field
    elsewhere: list[str]


def form_of(scenario: Scenario) -> Form:
    """Give the form that asks for ``scenario``."""
    days = Field(scenario.first.isoformat()), Field(scenario.last.isoformat())
    return Form(*days, Field(str(scenario.against)), [])


def form_again(query: Mapping[str, str], refused: Invalid) -> Form:
    """Give the form as it was sent, with what is wrong beside its field."""
    problems = {problem.field: problem.message for problem in refused.problems}
    first, last, against = (Field(_shown(query.get(name, "")), problems.get(name, "")) for name in PARAMETERS)
    return Form(first, last, against, [message for name, message in problems.items() if name not in PARAMETERS])


def _shown(value: str) -> str:
    value = value.strip()[:LONGEST_SHOWN]
    return value if problem_with(value, single_line=True) is None else ""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A lead that only one of the versions makes an MQL; ``lead`` where the reader may see it."""

    changed: Changed
    lead: Lead | None

    @property
    def became(self) -> str:
        """What became of it in truth."""
        if self.changed.is_won:
            return "Won"
        if self.changed.is_sql:
            return "SQL"
        return "With sales, no SQL" if self.changed.was_with_sales else "Never with sales"


def page_of(listed: Sequence[Changed], after: int | None) -> tuple[list[Changed], int | None]:
    """Give a page of ``listed``, the one behind the lead ``after``, and the lead behind which the next page begins."""
    places = (place for place, one in enumerate(listed, 1) if one.lead_id == after)
    start = next(places, len(listed)) if after is not None else 0
    shown = list(listed[start : start + PAGE])
    return shown, shown[-1].lead_id if start + PAGE < len(listed) else None


def rows_of(shown: Sequence[Changed], user: User) -> list[ChangedRow]:
    """Load the leads of a page, with one query."""
    visible = Lead.objects.visible_to(user).select_related("contact__company")
    leads = visible.in_bulk([one.lead_id for one in shown])
    return [ChangedRow(one, leads.get(one.lead_id)) for one in shown]
