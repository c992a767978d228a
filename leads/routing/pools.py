"""Who takes turns in which pool."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from inputs.refusals import Invalid
from leads.models import Pool, PoolMember
from ledger.writing import write_audit
from teams.managing import require_managed
from teams.models import User
from teams.people import locked_person
from teams.roles import Side


class NotTheirPool(Invalid):
    """The pool belongs to a team that the person is not in, or there is none such."""

    code = "not_their_pool"


def lock_turns() -> None:
    """Lock all places in pools, in the order in which routing locks some of them: nothing is given away by turns meanwhile."""
    list(PoolMember.objects.order_by("id").select_for_update().values_list("id", flat=True))


def open_to(user: User) -> list[Pool]:
    """Give the pools in which a person can take turns: those of their active sales teams."""
    teams = {membership.team_id for membership in user.memberships.all()}
    pools = Pool.objects.filter(team_id__in=teams, team__side=Side.SALES, team__is_active=True)
    return list(pools.select_related("team").order_by("name"))


def pools_of(user: User) -> list[int]:
    """Give the ids of the pools in which a person takes turns."""
    return list(PoolMember.objects.filter(user=user).order_by("pool_id").values_list("pool_id", flat=True))


@transaction.atomic
def set_pools(*, actor: User | None, at: datetime, user_id: int, pool_ids: Collection[int]) -> None:
    """Say in which pools a person takes turns, in all; raises ``MayNotManagePeople``, ``NotTheirPool``.

    Whoever joins starts at the pool's present: they are neither flooded nor made to wait.
    """
    lock_turns()
    user = locked_person(user_id)
    require_managed(actor, user)
    wanted, before = set(pool_ids), set(pools_of(user))
    if wanted == before:
        return
    if not wanted <= {pool.pk for pool in open_to(user)} | before:
        raise NotTheirPool("Choose among the pools of their own sales teams.", field="pools")
    _store(actor, at, user_id, joined=wanted - before, left=before - wanted)


def follow_places(*, actor: User | None, at: datetime, user_id: int, rep_in: Iterable[int]) -> None:
    """Give turns to somebody whose places changed: in every pool of the teams where they became a rep, in none of a team they left.

    ``rep_in`` are the teams where they became a rep just now. The caller has locked turns and person, and has asked whether the actor may.
    """
    user = User.objects.with_teams().get(pk=user_id)
    possible = {pool.pk: pool.team_id for pool in open_to(user)}
    before, new_in = set(pools_of(user)), set(rep_in)
    joined = {pool_id for pool_id, team_id in possible.items() if team_id in new_in} - before
    left = before - possible.keys()
    if joined or left:
        _store(actor, at, user_id, joined=joined, left=left)


def _store(actor: User | None, at: datetime, user_id: int, *, joined: set[int], left: set[int]) -> None:
    PoolMember.objects.filter(user_id=user_id, pool_id__in=left).delete()
    PoolMember.objects.bulk_create([PoolMember(pool_id=pool_id, user_id=user_id) for pool_id in sorted(joined)])
    write_audit(
        at=at, actor_id=actor.pk if actor else None, verb="set_pools", subject_type="user", subject_ids=[user_id],
        facts={"joined": sorted(joined), "left": sorted(left)},
    )  # fmt: skip
