"""What the page of a what-if says: the changes in words, and the promises that would have come out otherwise, with their leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.codes import TIER_LABELS
from leads.models import Clock, Lead
from leads.what_if.phrases import written_percents, written_seconds, written_week, written_within
from leads.what_if.replaying import Replayed
from leads.what_if.result import Result
from leads.what_if.scenario import Known, Scenario
from sla.promises import short_of
from teams.models import User

PAGE = 50
OUTCOME_WORDS = {"kept": "Kept", "missed": "Missed", "cancelled": "Cancelled", "open": "Not decided"}


@dataclass(frozen=True, slots=True)
class Said:
    """One change in words."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A promise that would have come out otherwise, with what it is about where the reader may see that."""

    replayed: Replayed
    clock: Clock
    lead: Lead | None

    @property
    def promise(self) -> str:
        return short_of(self.clock.promise).capitalize()

    @property
    def was(self) -> str:
        return OUTCOME_WORDS[self.replayed.clock.outcome]

    @property
    def would_be(self) -> str:
        return OUTCOME_WORDS[self.replayed.outcome]

    @property
    def due_moved(self) -> bool:
        return self.replayed.due_at != self.replayed.clock.due_at

    @property
    def answer_moved(self) -> bool:
        return self.replayed.answered_at != self.replayed.clock.answered_at


def changes_in_words(scenario: Scenario, known: Known) -> list[Said]:
    """Say what would be different."""
    said = []
    for (code, tier), within in scenario.times.items():
        usual = written_within(known.promises[code].within[tier])
        said.append(Said(f"{_short(code)}, {TIER_LABELS[tier].lower()}", usual, written_within(within)))
    said += [Said(f"{_short(code)}, grace", "", written_seconds(value)) for code, value in scenario.grace.items()]
    said += [
        Said(f"{_short(code)}, warnings at", "", f"{written_percents(value)}{' %' if value else ''}")
        for code, value in scenario.warn.items()
    ]
    said += [
        Said(f"{known.teams[pk]}, calendar", "", known.calendars[value]) for pk, value in scenario.calendars.items()
    ]
    said += [Said(f"{known.teams[pk]}, hours", "", written_week(value)) for pk, value in scenario.weeks.items()]
    said += [Said(f"{known.people[pk]}, hours", "", written_week(value)) for pk, value in scenario.own_weeks.items()]
    said += [Said(known.teams[pk], "", _people(value)) for pk, value in scenario.change.items()]
    said += [Said(known.people[pk], "", f"{value} % of their leads") for pk, value in scenario.shares.items()]
    return said


def _short(code: str) -> str:
    return short_of(code).capitalize()


def _people(change: int) -> str:
    count = abs(change)
    return f"{count} {'person' if count == 1 else 'people'} {'more' if change > 0 else 'fewer'}"


def narrowed(result: Result, of: str) -> list[Replayed]:
    """Give the changed ones of one promise (``accept``) or of one of its tiers (``accept-hot``); all where ``of`` is empty."""
    code, _, tier = of.partition("-")
    return [
        one for one in result.changed if not of or (one.clock.promise == code and (not tier or one.clock.tier == tier))
    ]


def page_of(changed: Sequence[Replayed], after: int | None) -> tuple[list[Replayed], int | None]:
    """Give a page of ``changed``, the one that begins behind the clock ``after``, and the clock behind which the next page begins."""
    places = (place for place, one in enumerate(changed, 1) if one.clock.id == after)
    start = next(places, 0) if after is not None else 0
    shown = list(changed[start : start + PAGE])
    return shown, shown[-1].clock.id if start + PAGE < len(changed) else None


def rows_of(shown: Sequence[Replayed], user: User) -> list[ChangedRow]:
    """Load what a page of changed promises shows, with two queries."""
    ids = [one.clock.id for one in shown]
    clocks = Clock.objects.select_related("user", "team", "campaign").defer("plan").in_bulk(ids)
    leads = Lead.objects.visible_to(user).select_related("contact__company")
    by_id = leads.in_bulk({one.clock.lead_id for one in shown if one.clock.lead_id})
    return [
        ChangedRow(one, clocks[one.clock.id], by_id.get(one.clock.lead_id or 0))
        for one in shown
        if one.clock.id in clocks
    ]
