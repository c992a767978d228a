"""People who come, change places and leave, with the leads they hold: verbs over those of ``teams``.

Nobody can be given a lead while they leave. Whoever leaves is locked last, after their leads, handoffs and all turns; routing locks those it
chooses among in the same order (see ``leads.routing.board``). Leads that came to them until then are seen by a second look, and the verb
starts anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from inputs.refusals import Busy
from inputs.seen import digest
from leads.holding import Held, hold
from leads.lifecycle import SALES_STAGES
from leads.models import Assignment, Handoff, Lead
from leads.moves import give_elsewhere
from leads.record import Record
from leads.routing.pools import follow_places, lock_turns, pools_of, set_pools
from leads.transfers import end_transfers, offered_to
from teams.availability import Load, load_of, set_load
from teams.invitations import invite
from teams.managing import refuse_stale, require_managed
from teams.models import Team, User
from teams.people import Place, create_member, locked_person, places_of, set_active, set_places
from teams.roles import Side

ATTEMPTS = 5
LEFT = "left"

Result = TypeVar("Result")


class _StillGiven(Exception):
    """Somebody was given a lead after it was looked which they hold."""


@transaction.atomic
def let_in(
    *, actor: User | None, at: datetime, email: str, name: str, password: str | None = None,
    places: Sequence[Place] = (), is_administrator: bool = False, timezone: str = "UTC",
) -> User:  # fmt: skip
    """Let a person in: a rep takes turns in every pool of their teams from now on; without ``password`` they are invited by email.

    Raises what ``teams.people.create_member`` does.
    """
    user = create_member(
        actor=actor, at=at, email=email, name=name, password=password, places=places, is_administrator=is_administrator,
        timezone=timezone,
    )  # fmt: skip
    follow_places(actor=actor, at=at, user_id=user.pk, rep_in=_reps(places))
    if password is None:
        invite(actor=actor, at=at, user_id=user.pk)
    return user


def change_places(
    *, actor: User, at: datetime, user_id: int, places: Sequence[Place], is_administrator: bool | None = None,
    seen: str | None = None,
) -> int:  # fmt: skip
    """Say where a person belongs from now on. Who is in no sales team any more hands in their leads; give how many.

    Raises what ``teams.people.set_places`` does, ``NoRouting`` and ``NoCalendar`` where leads cannot be routed.
    """
    stays = Team.objects.filter(
        pk__in=[place.team_id for place in places], side=Side.SALES, is_active=True
    ).exists()  # fmt: skip

    def change() -> None:
        before = _reps(places_of(User.objects.with_teams().get(pk=user_id)))
        set_places(actor=actor, at=at, user_id=user_id, places=places, is_administrator=is_administrator, seen=seen)
        follow_places(actor=actor, at=at, user_id=user_id, rep_in=_reps(places) - before)

    return _again(lambda: _leave(user_id, change, actor=actor, at=at, keeps=stays))


def deactivate(*, actor: User, at: datetime, user_id: int, seen: str | None = None) -> int:
    """Shut a leaver out at once, and route what they hold to others; give how many leads that were.

    May be repeated: whatever is still with somebody who has left is routed then. Raises what ``teams.people.set_active`` does, ``NoRouting``
    and ``NoCalendar`` where leads cannot be routed.
    """

    def change() -> None:
        set_active(actor=actor, at=at, user_id=user_id, is_active=False, seen=seen)

    return _again(lambda: _leave(user_id, change, actor=actor, at=at, keeps=False))


@transaction.atomic
def share_work(
    *, actor: User, at: datetime, user_id: int, load: Load, pool_ids: Sequence[int], seen: str | None = None
) -> None:  # fmt: skip
    """Say how much work a person takes and in which pools they take turns; ``seen`` is the ``share`` that the page showed.

    Raises ``PersonMoved``, and what ``set_load`` and ``set_pools`` do.
    """
    lock_turns()
    user = locked_person(user_id)
    require_managed(actor, user)
    refuse_stale(seen, share(user))
    set_pools(actor=actor, at=at, user_id=user_id, pool_ids=pool_ids)
    set_load(actor=actor, at=at, user_id=user_id, load=load)


# Reads ----------------------------------------------------------------------------------------------------------------


def share(user: User) -> str:
    """Give a short text that differs as soon as somebody changes how much work a person takes, or in which pools."""
    return digest(load_of(user), pools_of(user))


def held_by(user_id: int) -> list[int]:
    """Give the leads that are in somebody's hands: in work with them, or offered to them."""
    offers = Handoff.objects.filter(assignee_id=user_id, state=Handoff.States.OPEN)
    mine = Q(owner_id=user_id, stage__in=sorted(SALES_STAGES)) | Q(pk__in=offers.values("lead_id"))
    return list(Lead.objects.filter(mine).order_by("id").values_list("id", flat=True))


# Parts ----------------------------------------------------------------------------------------------------------------


def _reps(places: Iterable[Place]) -> set[int]:
    return {place.team_id for place in places if not place.is_manager}


def _again(act: Callable[[], Result]) -> Result:
    """Run ``act`` in a transaction, anew where the person got another lead while it ran; raises ``Busy`` when that does not end."""
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return act()
        except _StillGiven:
            continue
    raise Busy("They are being given leads right now. Try again in a moment.")


def _leave(user_id: int, change: Callable[[], None], *, actor: User, at: datetime, keeps: bool) -> int:
    """Lock what a person holds, ``change`` the person, and route it to others unless they keep it; give how many leads that were.

    The statements do not grow with the leads. Locks: leads, handoffs, turns, the person; then clocks.
    """
    lead_ids = [] if keeps else _concerned(user_id)
    held = hold(lead_ids, actor=actor) if lead_ids else []
    lock_turns()
    change()
    if keeps:
        return 0
    if not set(_concerned(user_id)) <= set(lead_ids):
        raise _StillGiven
    return _hand_in(held, user_id, actor=actor, at=at)


def _concerned(user_id: int) -> list[int]:
    """Give the leads that are in somebody's hands, and those that colleagues offer to them."""
    return sorted({*held_by(user_id), *offered_to(user_id)})


def _hand_in(held: Sequence[Held], user_id: int, *, actor: User, at: datetime) -> int:
    """Route leads to others, as after a reassignment: running promises end, fresh ones begin, an old miss stays.

    What colleagues offered to them stays with these colleagues.
    """
    theirs = [item for item in held if item.rep_id == user_id]
    if held:
        record = Record("hand_in", actor.pk, at)
        end_transfers(record, held, code=LEFT, at=at)
        if theirs:
            give_elsewhere(record, theirs, code=LEFT, cause=Assignment.Causes.LEFT, at=at)
        record.write("lead", [item.lead.pk for item in held], user=user_id)
    return len(theirs)
