"""The countdown chip says what is left, in business time, whatever the state of the clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from leads.chips import Chip, chips, chips_of_leads, next_due_first
from leads.models import Clock, Handoff, Lead
from sla.durations import duration
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, make_lead, offer_to, person, start_clocks

MINUTE = timedelta(minutes=1)


@pytest.fixture
def handoff(agreement: InForce, sam: User) -> Handoff:
    """A hot lead offered on Monday at 10:00, to be accepted within 15 minutes."""
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    return handoff


def chip_at(at: datetime) -> Chip:
    return chips([Clock.objects.get()], at)[Clock.objects.get().pk]


@pytest.mark.parametrize(
    ("after", "words", "tone"),
    [
        (timedelta(0), "15 min left", "is-good"),
        (timedelta(minutes=11, seconds=14), "3 min left", "is-good"),
        (timedelta(minutes=11, seconds=15), "3 min left", "is-warn"),
        (timedelta(minutes=14, seconds=30), "30 s left", "is-warn"),
        (timedelta(minutes=15), "0 s left", "is-warn"),
        (timedelta(minutes=15, seconds=1), "1 s late", "is-missed"),
        (timedelta(minutes=37), "22 min late", "is-missed"),
    ],
)
def test_it_says_what_is_left_and_turns_amber_at_three_quarters(
    handoff: Handoff, after: timedelta, words: str, tone: str
) -> None:
    chip = chip_at(NOW + after)

    assert (chip.words, chip.tone) == (words, tone)


def test_it_stands_still_while_closed_and_says_when_it_resumes(agreement: InForce, sam: User) -> None:
    handoff = offer_to(sam, agreement, tier="standard")
    friday = NOW + timedelta(days=4)
    start_clocks(clock_start(agreement, "accept", tier="standard", user=sam, handoff_id=handoff.pk), at=friday)

    saturday = chip_at(friday + timedelta(days=1))
    sunday = chip_at(friday + timedelta(days=2))

    assert saturday.words == sunday.words == "resumes Mon 09:00"
    assert saturday.tone == "is-still"
    assert saturday.left == sunday.left == 3600  # Friday had seven of the eight hours


def test_it_is_late_by_business_time_only(handoff: Handoff) -> None:
    next_morning = NOW + timedelta(hours=23)

    assert chip_at(next_morning).words == "6 h 45 min late"


def test_the_browser_gets_the_open_hours_from_now_on(handoff: Handoff) -> None:
    chip = chip_at(NOW + MINUTE)

    first, second, *_ = json.loads(chip.open_json)

    assert first == [int((NOW + MINUTE).timestamp()), int((NOW + timedelta(hours=7)).timestamp())]
    assert second[0] == int((NOW + timedelta(hours=23)).timestamp())


def test_a_kept_promise_does_not_tick(handoff: Handoff) -> None:
    Clock.objects.update(state="met", met_at=NOW + MINUTE, answered_at=NOW + MINUTE, next_action_at=None)

    chip = chip_at(NOW + timedelta(hours=5))

    assert (chip.words, chip.tone, chip.ticks) == ("kept", "is-kept", False)


def test_an_answered_miss_says_how_late_it_was(handoff: Handoff) -> None:
    due = Clock.objects.get().due_at
    Clock.objects.update(
        state="missed", missed_at=due, detected_at=due, answered_at=due + 10 * MINUTE, next_action_at=None
    )

    chip = chip_at(NOW + timedelta(hours=5))

    assert (chip.words, chip.ticks) == ("answered 10 min late", False)


def test_a_miss_on_a_decided_handoff_matters_no_more(handoff: Handoff) -> None:
    Clock.objects.update(state="missed", missed_at=NOW, detected_at=NOW)
    assert chips_of_leads([handoff.lead_id], NOW + MINUTE)

    Handoff.objects.update(state="rejected", decided_at=NOW, reason="wrong_size")

    assert chips_of_leads([handoff.lead_id], NOW + MINUTE) == {}


@pytest.fixture
def passed_on(agreement: InForce, sam: User, sales: Team) -> Lead:
    """A lead that Sam let wait until it was given to Zoe, who has it now; Sam's miss was never answered."""
    lead = make_lead(stage="sal", owner=person("Zoe", sales))
    start_clocks(clock_start(agreement, "first_attempt", user=sam, lead_id=lead.pk))
    Clock.objects.update(state="missed", missed_at=NOW, detected_at=NOW)
    return lead


def test_a_miss_of_whom_the_lead_was_taken_from_is_not_its_new_owners(passed_on: Lead) -> None:
    assert chips_of_leads([passed_on.pk], NOW + MINUTE) == {}


def test_a_miss_is_over_where_the_same_promise_was_kept_later(passed_on: Lead, agreement: InForce, sam: User) -> None:
    Lead.objects.update(owner=sam)
    assert chips_of_leads([passed_on.pk], NOW + MINUTE)[passed_on.pk].is_missed

    start_clocks(clock_start(agreement, "first_attempt", user=sam, lead_id=passed_on.pk))
    Clock.objects.filter(state="running").update(state="met", met_at=NOW, answered_at=NOW, next_action_at=None)

    assert chips_of_leads([passed_on.pk], NOW + MINUTE) == {}


def test_leads_are_sorted_by_what_is_due_next_on_either_subject(agreement: InForce, sam: User) -> None:
    nothing_due = make_lead(last_touch_at=NOW - timedelta(days=9))
    warm, hot = (offer_to(sam, agreement, tier=tier) for tier in ("warm", "hot"))
    late = make_lead(stage="sal", owner=sam)
    for handoff in (warm, hot):
        start_clocks(clock_start(agreement, "accept", tier=handoff.tier, user=sam, handoff_id=handoff.pk))
    start_clocks(
        clock_start(agreement, "first_attempt", user=sam, lead_id=late.pk), at=NOW - timedelta(days=3)
    )  # fmt: skip
    Clock.objects.filter(lead=late).update(state="missed", missed_at=NOW, detected_at=NOW)

    in_order = list(next_due_first(Lead.objects.all()).values_list("pk", flat=True))

    assert in_order == [late.pk, hot.lead_id, warm.lead_id, nothing_due.pk]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (3660, "1 h 1 min"), (28800, "8 h")],
)
def test_durations_are_said_in_their_two_largest_units(seconds: int, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("after", "words"), [(timedelta(0), "due Mon 16 Mar"), (timedelta(days=30), "late since Mon 16 Mar")]
)
def test_what_is_days_away_says_the_day_and_counts_nothing_down(
    agreement: InForce, sam: User, after: timedelta, words: str
) -> None:
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "cadence", user=sam, lead_id=lead.pk))

    chip = chip_at(NOW + after)

    assert (chip.words, chip.ticks, chip.is_owed) == (words, False, True)
