"""How much work a person takes: the verb, and what is said of whom nothing was said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from inputs.refusals import Invalid, Problem
from ledger.writing import write_audit
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.managing import require_managed
from teams.models import Availability, User
from teams.people import locked_person

MOST_OPEN, MOST_PER_DAY, MOST_WEIGHT = 1000, 1000, 16
"""Weights of 1 to 16 divide a turn of routing evenly (``leads.routing.choice.TURN``)."""


class BadLoad(Invalid):
    """The figures cannot be used."""

    code = "bad_load"


@dataclass(frozen=True, slots=True)
class Load:
    """How many open leads at once, how many new ones a day (none: no limit), and what share of the turns (1: the common one)."""

    open_lead_capacity: int = OPEN_LEAD_CAPACITY
    new_leads_per_day: int | None = None
    weight: int = 1


def load_of(user: User) -> Load:
    """Give how much work this person takes."""
    said = Availability.objects.filter(user=user).first()
    return Load(said.open_lead_capacity, said.new_leads_per_day, said.weight) if said else Load()


@transaction.atomic
def set_load(*, actor: User | None, at: datetime, user_id: int, load: Load) -> None:
    """Say how much work a person takes; raises ``MayNotManagePeople``, ``NoSuchPerson`` and ``BadLoad`` with every problem found."""
    user = locked_person(user_id)
    require_managed(actor, user)
    problems = [
        Problem(name, "out_of_range", f"Give a number from {least} to {most}.")
        for name, least, most in (
            ("open_lead_capacity", 0, MOST_OPEN), ("new_leads_per_day", 0, MOST_PER_DAY), ("weight", 1, MOST_WEIGHT),
        )
        if (value := getattr(load, name)) is not None and not least <= value <= most
    ]  # fmt: skip
    if problems:
        raise BadLoad.of(problems)
    Availability.objects.update_or_create(user=user, defaults=asdict(load))
    write_audit(
        at=at, actor_id=actor.pk if actor else None, verb="set_load", subject_type="user", subject_ids=[user_id],
        facts=asdict(load),
    )  # fmt: skip
