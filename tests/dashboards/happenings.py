"""What can happen to facts, each by a statement of its own and on any day: more than the verbs would do."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.filling import fill
from leads.models import Clock, Feedback, Handoff, Lead, LeadEvent
from tests.dashboards.world import PATH, SOURCES, World, add_lead, at

NOW = at(200)
UTC = ZoneInfo("UTC")


def any_of(dice: random.Random, model: Any, **where: Any) -> Any:
    ids = list(model.objects.filter(**where).order_by("id").values_list("id", flat=True))
    return model.objects.get(pk=dice.choice(ids))


def change(row: Any, **values: Any) -> None:
    """Change a row by a statement, as verbs do."""
    assert type(row).objects.filter(pk=row.pk).update(**values) == 1


def arrive(dice: random.Random, world: World) -> None:
    add_lead(world)


def move_elsewhere(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead), source=dice.choice(SOURCES), last_campaign=dice.choice([*world.campaigns, None]))


def arrive_earlier(dice: random.Random, world: World) -> None:
    lead = any_of(dice, Lead)
    change(lead, captured_at=lead.captured_at - timedelta(days=dice.randrange(40)))


def take_over(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead), owner=dice.choice(world.reps), queue=None)


def wait_in_a_queue(dice: random.Random, world: World) -> None:
    """Put it into the queue of one team, and then of the other."""
    lead = any_of(dice, Lead, owner=None)
    change(lead, queue=world.teams[0])
    fill(UTC)
    change(lead, queue=world.teams[1])


def weigh_anew(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead), tier=dice.choice(("hot", "warm", "standard", "")))


def look_like_another(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead), persona=dice.choice([*world.personas, None]))


def enter(dice: random.Random, world: World) -> None:
    """Enter a stage, perhaps not for the first time, on any day."""
    lead, (column, kind), when = any_of(dice, Lead), dice.choice(PATH), at(dice.uniform(-20, 120))
    change(lead, **{column: when})
    LeadEvent.objects.create(lead=lead, kind=kind, occurred_at=when, recorded_at=NOW)


def begin_anew(dice: random.Random, world: World) -> None:
    lead = any_of(dice, Lead)
    change(lead, **dict.fromkeys([column for column, _ in PATH]), stage="lead", owner=None)
    LeadEvent.objects.create(lead=lead, kind=dice.choice(("revived", "reopened")), occurred_at=NOW, recorded_at=NOW)


def hear_of_a_former_life(dice: random.Random, world: World) -> None:
    """Add an event alone: the lead's row stays as it is."""
    when = at(dice.uniform(-20, 120))
    LeadEvent.objects.create(lead=any_of(dice, Lead), kind="revived", occurred_at=when, recorded_at=NOW)


def be_advocate(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead), advocate_at=NOW)


def lose_the_date_of_a_win(dice: random.Random, world: World) -> None:
    change(any_of(dice, Lead, customer_at__isnull=False), customer_at=None)


def decide(dice: random.Random, world: World) -> None:
    handoff = any_of(dice, Handoff)
    change(handoff, state="rejected", reason="duplicate", decided_at=at(dice.uniform(0, 100)))


def offer_to_another(dice: random.Random, world: World) -> None:
    change(any_of(dice, Handoff), assignee=dice.choice([*world.reps, None]))


def offer_at_another_tier(dice: random.Random, world: World) -> None:
    change(any_of(dice, Handoff), tier=dice.choice(("hot", "warm", "standard")))


def return_it(dice: random.Random, world: World) -> None:
    change(any_of(dice, Handoff), was_returned=True, reason=dice.choice(("competitor", "other")))


def overturn_it(dice: random.Random, world: World) -> None:
    change(any_of(dice, Handoff), is_overturned=dice.random() < 0.8)


def strike_it(dice: random.Random, world: World) -> None:
    change(any_of(dice, Handoff), is_struck=dice.random() < 0.8)


def judge(dice: random.Random, world: World) -> None:
    clock = any_of(dice, Clock)
    change(clock, state="missed", missed_at=clock.due_at, met_at=None, cancelled_at=None, next_action_at=None,
           answered_seconds=dice.choice((None, 9_999)), late_seconds=dice.choice((None, 77)))  # fmt: skip


def excuse(dice: random.Random, world: World) -> None:
    clock = dice.choice(list(Clock.objects.filter(state="missed").order_by("id")))
    change(clock, excused_at=None if clock.excused_at else clock.due_at, waited_seconds=dice.choice((None, 5, 600)))


def owe_elsewhere(dice: random.Random, world: World) -> None:
    clock = any_of(dice, Clock)
    change(clock, user=dice.choice(world.reps), due_at=clock.due_at + timedelta(days=dice.randrange(3)))


def rate(dice: random.Random, world: World) -> None:
    lead, when = any_of(dice, Lead), at(dice.uniform(0, 100))
    Feedback.objects.create(lead=lead, user=world.reps[0], kind="quick", quality=dice.randint(1, 5), given_at=when)


def rate_for_another(dice: random.Random, world: World) -> None:
    change(any_of(dice, Feedback), user=dice.choice(world.reps))


def take_a_rating_back(dice: random.Random, world: World) -> None:
    any_of(dice, Feedback).delete()


HAPPENINGS = (
    arrive, move_elsewhere, arrive_earlier, take_over, wait_in_a_queue, weigh_anew, look_like_another, enter, begin_anew, hear_of_a_former_life, be_advocate, lose_the_date_of_a_win,
    decide, offer_to_another, offer_at_another_tier, return_it, overturn_it, strike_it, judge, excuse, owe_elsewhere, rate, rate_for_another, take_a_rating_back,
)  # fmt: skip
