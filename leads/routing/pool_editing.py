"""Make and change a pool: its name, who shares its leads, with which weight, and how much each of them takes. Verbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from inputs.refusals import Conflict, Invalid, NotVisible, Problem
from inputs.seen import digest
from leads.models import Pool, PoolMember
from leads.routing.pools import lock_turns
from leads.routing.versions import permit
from ledger.rows import update_rows
from ledger.writing import write_audit
from teams.availability import MOST_WEIGHT, BadLoad, Load, load_of, set_load
from teams.defaults import OPEN_LEAD_CAPACITY
from teams.managing import may_manage
from teams.models import Availability, Team, User
from teams.roles import Side

LONGEST_NAME = 80


class NoSuchPool(NotVisible):
    """There is no such pool."""


class BadPool(Invalid):
    """The pool cannot be so; the problems say where."""

    code = "bad_pool"


class PoolMoved(Conflict):
    """Somebody else changed the pool since the page was opened; ``details["seen"]`` says how it stands."""

    code = "pool_moved"


@dataclass(frozen=True, slots=True)
class Share:
    """Whether somebody shares the leads of a pool, with which weight there, and how much they take in all pools together."""

    is_member: bool
    weight: int = 1
    capacity: int = OPEN_LEAD_CAPACITY
    per_day: int | None = None


@transaction.atomic
def make_pool(*, actor: User, at: datetime, name: str, team_id: int) -> Pool:
    """Make an empty pool of a sales team; raises ``BadPool``, ``MayNotChangeRouting``."""
    permit(actor)
    team = Team.objects.filter(pk=team_id, side=Side.SALES, is_active=True).first()
    if team is None:
        raise BadPool("Choose an active sales team.", field="team")
    _check_name(name)
    with _one_of_a_name():
        pool = Pool.objects.create(name=name, team=team)
    _audit("make_pool", actor, at, pool, team=team.pk)
    return pool


@transaction.atomic
def change_pool(
    *, actor: User, at: datetime, pool_id: int, name: str, shares: Mapping[int, Share], seen: str | None = None
) -> None:
    """Say how a pool is called and who shares its leads. Whoever joins starts at its present: neither flooded nor made to wait.

    Who is not among ``shares`` stays as they are. Raises ``PoolMoved``, ``BadPool`` with every problem found, ``MayNotChangeRouting``,
    ``NoSuchPool``.
    """
    permit(actor)
    lock_turns()
    pool = Pool.objects.select_for_update(no_key=True).filter(pk=pool_id).first()
    if pool is None:
        raise NoSuchPool("There is no such pool.")
    people = {person.pk: person for person in candidates(pool)}
    before = shares_of(pool, list(people.values()))
    now = pool_standing(pool, before)
    if seen is not None and seen != now:
        message = "Somebody else changed this pool since you opened the page. Look at it again, then save."
        raise PoolMoved(message, details={"seen": now})
    changed = {user_id: share for user_id, share in shares.items() if share != before.get(user_id)}
    _check_name(name, pool)
    problems = [one for user_id in changed for one in _problems(changed[user_id], before, people.get(user_id), actor)]
    if problems:
        raise BadPool.of(problems)
    _store_members(pool, changed, before)
    for user_id, share in sorted(
        changed.items(), key=lambda pair: pair[0]
    ):  # which locks them, in the order of their ids
        _store_load(actor, at, people[user_id], share)
    if name != pool.name:
        with _one_of_a_name():
            Pool.objects.filter(pk=pool.pk).update(name=name)
    if changed or name != pool.name:
        _audit("change_pool", actor, at, pool, renamed=name != pool.name, **_facts(changed, before))


def candidates(pool: Pool) -> list[User]:
    """Give who can share the leads of a pool: the active people of its team, and whoever does already."""
    theirs = Q(memberships__team=pool.team_id, is_active=True) | Q(pool_memberships__pool=pool)
    return list(User.objects.with_teams().filter(theirs).distinct().order_by("name", "pk"))


def shares_of(pool: Pool, people: Sequence[User]) -> dict[int, Share]:
    """Give the share of each of these people, those who have none included."""
    weights = dict(PoolMember.objects.filter(pool=pool).values_list("user_id", "weight"))
    said = {row.user_id: row for row in Availability.objects.filter(user__in=people)}
    found = {}
    for person in people:
        load = said.get(person.pk)
        capacity, per_day = (load.open_lead_capacity, load.new_leads_per_day) if load else (OPEN_LEAD_CAPACITY, None)
        found[person.pk] = Share(person.pk in weights, weights.get(person.pk, 1), capacity, per_day)
    return found


def pool_standing(pool: Pool, shares: Mapping[int, Share]) -> str:
    """Give a short text that differs as soon as somebody changes the pool, or how much its people take; ``shares`` are those of all candidates."""
    return digest(pool.name, sorted(shares.items()))


def _problems(share: Share, before: Mapping[int, Share], person: User | None, actor: User) -> Iterator[Problem]:
    if person is None:
        yield Problem("", "not_in_team", "Choose people of the pool’s own team.")
        return
    was = before[person.pk]
    if share.is_member and not was.is_member and not person.is_active:
        yield Problem(f"in-{person.pk}", "not_in_team", f"{person} has left.")
    if not 1 <= share.weight <= MOST_WEIGHT:
        yield Problem(f"weight-{person.pk}", "out_of_range", f"Give a number from 1 to {MOST_WEIGHT}.")
    if _load(share) != _load(was) and not may_manage(actor, person):
        said = f"Only an administrator or a manager of their side says how much {person} takes."
        yield Problem(f"open-{person.pk}", "may_not_manage_people", said)


def _check_name(name: str, pool: Pool | None = None) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise BadPool(f"Give a name of at most {LONGEST_NAME} characters.", field="name")
    if Pool.objects.filter(name=name).exclude(pk=pool.pk if pool else 0).exists():
        raise _taken()


@contextmanager
def _one_of_a_name() -> Iterator[None]:
    """Say the same where somebody else was given the name at the same moment."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise _taken() from error


def _taken() -> BadPool:
    return BadPool("There is a pool of this name already.", field="name")


def _store_members(pool: Pool, changed: Mapping[int, Share], before: Mapping[int, Share]) -> None:
    left = [user_id for user_id, share in changed.items() if not share.is_member]
    PoolMember.objects.filter(pool=pool, user__in=left).delete()
    joined = [
        user_id for user_id, share in sorted(changed.items()) if share.is_member and not before[user_id].is_member
    ]
    PoolMember.objects.bulk_create(PoolMember(pool=pool, user_id=one, weight=changed[one].weight) for one in joined)
    rows = PoolMember.objects.filter(pool=pool, user__in=list(changed)).exclude(user__in=joined)
    weights = [(pk, changed[user_id].weight) for pk, user_id in rows.order_by("id").values_list("id", "user_id")]
    update_rows(PoolMember, ("weight",), weights, returning=())


def _store_load(actor: User, at: datetime, person: User, share: Share) -> None:
    was = load_of(person)
    wanted = Load(share.capacity, share.per_day, was.weight)
    if wanted == was:
        return
    try:
        set_load(actor=actor, at=at, user_id=person.pk, load=wanted)
    except BadLoad as refusal:
        fields = {"open_lead_capacity": "open", "new_leads_per_day": "day"}
        problems = [
            Problem(f"{fields.get(each.field, 'open')}-{person.pk}", each.code, each.message)
            for each in refusal.problems
        ]
        raise BadPool.of(problems) from refusal


def _load(share: Share) -> tuple[int, int | None]:
    return share.capacity, share.per_day


def _facts(changed: Mapping[int, Share], before: Mapping[int, Share]) -> dict[str, Any]:
    """Say who joined, who left, and what weights were changed: from, to."""
    return {
        "joined": sorted(one for one, share in changed.items() if share.is_member and not before[one].is_member),
        "left": sorted(one for one, share in changed.items() if not share.is_member and before[one].is_member),
        "weights": [
            [one, before[one].weight, share.weight]
            for one, share in sorted(changed.items())
            if share.is_member and before[one].is_member and share.weight != before[one].weight
        ],
    }


def _audit(verb: str, actor: User, at: datetime, pool: Pool, **facts: Any) -> None:
    write_audit(at=at, actor_id=actor.pk, verb=verb, subject_type="pool", subject_ids=[pool.pk], facts=facts)
