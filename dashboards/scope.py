"""What a figure is asked for: a period and filters, read from an address and written back into one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from urllib.parse import urlencode

from dashboards.periods import Period
from inputs.numbers import MAX_ID, whole
from inputs.refusals import Invalid
from inputs.text import problem_with
from leads.codes import REJECTIONS, SOURCES, TOUCH_KINDS
from sla.terms import TIERS

NONE = "none"
"""In an address: those that have none, such as leads without a campaign."""

SIDES = ("marketing", "sales")
BASES = ("cohort", "activity")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,23}")
_MOST_RAW = 200


class BadFilter(Invalid):
    """This cannot be filtered by."""

    code = "bad_filter"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the facts is meant. ``None`` means all; an id of 0 and an empty ``source_raw`` mean those that have none.

    ``source`` is the lead's, ``campaign`` the last one it touched, ``source_raw`` what its first touch was given as. ``rep`` and ``team`` are
    who has the lead, who was offered it, or who owes the promise. ``promise`` and ``side`` narrow clocks, ``reason`` rejections, ``kind`` touches.
    """

    team: int | None = None
    rep: int | None = None
    campaign: int | None = None
    source: str | None = None
    source_raw: str | None = None
    persona: int | None = None
    tier: str | None = None
    promise: str | None = None
    side: str | None = None
    reason: str | None = None
    kind: str | None = None

    def as_query(self) -> dict[str, str]:
        """Write the filters that are set the way ``read_filters`` reads them."""
        written = {}
        for name in NAMES:
            value = getattr(self, name)
            if value is not None:
                written[name] = str(value) if value not in (0, "") else NONE
        return written


NAMES = tuple(field.name for field in fields(Filters))
PEOPLE = ("team", "rep", "campaign", "persona")


@dataclass(frozen=True, slots=True)
class Scope:
    """A period with filters. ``basis``: *cohort* (leads that arrived in it) or *activity* (what happened in it).

    With ``windows`` only these parts of the period are read: the others are known already (``dashboards.freshness``).
    """

    period: Period
    filters: Filters = Filters()
    basis: str = "cohort"
    windows: tuple[Period, ...] = ()

    def before(self) -> Scope:
        """Give the same for the period before."""
        return replace(self, period=self.period.before())

    def within(self, period: Period) -> Scope:
        return replace(self, period=period)

    def only(self, **narrowed: int | str | None) -> Scope:
        """Narrow the filters."""
        return replace(self, filters=replace(self.filters, **narrowed))  # type: ignore[arg-type]

    def query(self, **more: str) -> str:
        """Write it as the query of an address."""
        written = _written(self.period, self.filters)
        return f"{written}&{urlencode(more)}" if more else written


@lru_cache(maxsize=4096)
def _written(period: Period, filters: Filters) -> str:
    """A page has hundreds of links that differ in the figure alone."""
    days = {"from": period.first.isoformat(), "to": period.until.isoformat()}
    return urlencode({**days, **filters.as_query()})


def read_filters(query: Mapping[str, str]) -> Filters:
    """Read the filters of an address; an empty one is not set. Raises ``BadFilter`` or ``inputs.numbers.BadNumber``."""
    given = {name: query.get(name, "").strip() for name in NAMES}
    return Filters(
        **{name: _id(name, given[name]) for name in PEOPLE},
        source=_one_of("source", given["source"], SOURCES),
        source_raw=_raw(given["source_raw"]),
        tier=_one_of("tier", given["tier"], (*TIERS, NONE)),
        promise=_code("promise", given["promise"]),
        side=_one_of("side", given["side"], SIDES),
        reason=_one_of("reason", given["reason"], REJECTIONS),
        kind=_one_of("kind", given["kind"], TOUCH_KINDS),
    )


def read_basis(query: Mapping[str, str]) -> str:
    """Read which way of counting is meant: *cohort* unless *activity* is named."""
    basis = query.get("basis", "").strip() or BASES[0]
    if basis not in BASES:
        raise BadFilter(f"Choose one of: {', '.join(BASES)}.", field="basis")
    return basis


def _id(name: str, value: str) -> int | None:
    if not value:
        return None
    return 0 if value == NONE else whole(value, field=name, low=1, high=MAX_ID)


def _one_of(name: str, value: str, known: Mapping[str, object] | tuple[str, ...]) -> str | None:
    if not value:
        return None
    if value not in known:
        raise BadFilter(f"This {name} is not one we know.", field=name)
    return "" if value == NONE else value


def _code(name: str, value: str) -> str | None:
    if value and not _CODE.fullmatch(value):
        raise BadFilter(f"This {name} is not one we know.", field=name)
    return value or None


def _raw(value: str) -> str | None:
    if not value:
        return None
    problem = problem_with(value, field="source_raw", single_line=True)
    if problem or len(value) > _MOST_RAW:
        raise BadFilter(problem.message if problem else "This source is too long.", field="source_raw")
    return "" if value == NONE else value
