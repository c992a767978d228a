"""What pauses make of a plan: they push later, by the open time in them, and never anything that is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leads.clock_plans import carried_on, schedule
from sla.business_time import BusinessCalendar, between
from sla.default_terms import default_document
from sla.terms import Terms

BERLIN = BusinessCalendar.from_terms(
    {
        "zone": "Europe/Berlin",
        "week": {day: [["09:00", "12:30"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": ["2026-04-03", "2026-04-06"],
    }
)
TERMS = Terms.from_document(default_document())
BEGIN = datetime(2026, 3, 20, tzinfo=UTC)  # before the clocks change and Easter

PAUSABLE = st.sampled_from(["first_attempt", "cadence", "respond", "verdict"])
TIERS = st.sampled_from(["hot", "warm", "standard"])
STARTS = st.integers(0, 14 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
STRETCHES = st.lists(st.tuples(st.integers(0, 8 * 86_400), st.integers(0, 4 * 86_400)), max_size=2)


def _pauses(at: datetime, stretches: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    found, reached = [], at
    for wait, length in stretches:
        start = reached + timedelta(seconds=wait)
        reached = start + timedelta(seconds=length)
        found.append((start, reached))
    return found


@given(PAUSABLE, TIERS, STARTS, STRETCHES)
def test_pauses_only_push_later_and_by_their_open_time(
    code: str, tier: str, at: datetime, stretches: list[tuple[int, int]]
) -> None:
    pauses = _pauses(at, stretches)
    promise = TERMS.promises[code]

    plain = schedule(promise=promise, terms=TERMS, tier=tier, calendar=BERLIN, at=at)
    paused = schedule(promise=promise, terms=TERMS, tier=tier, calendar=BERLIN, at=at, pauses=pauses)

    assert [entry[:2] for entry in paused.plan] == [entry[:2] for entry in plain.plan]
    assert paused.due_at >= plain.due_at
    assert all(float(there[2]) >= float(here[2]) for here, there in zip(plain.plan, paused.plan, strict=True))
    counted = between(paused.started_at, paused.due_at, BERLIN, pauses)
    assert counted == between(plain.started_at, plain.due_at, BERLIN)
    if not sum(between(*stretch, BERLIN) for stretch in pauses):
        assert paused.plan == plain.plan


@given(PAUSABLE, TIERS, STARTS, STRETCHES, st.integers(0, 5))
def test_what_is_done_of_a_plan_stands(
    code: str, tier: str, at: datetime, stretches: list[tuple[int, int]], position: int
) -> None:
    promise = TERMS.promises[code]
    plain = schedule(promise=promise, terms=TERMS, tier=tier, calendar=BERLIN, at=at).plan
    paused = schedule(
        promise=promise, terms=TERMS, tier=tier, calendar=BERLIN, at=at, pauses=_pauses(at, stretches)
    ).plan  # fmt: skip
    position = min(position, len(plain) - 1)

    assert carried_on(plain, position, paused) == [*plain[:position], *paused[position:]]
