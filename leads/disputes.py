"""Marketing contests a rejection, or sales a delivery; a manager of each side says what holds. Verbs.

Only the word of both overturns. Everything else lets the handoff stand, the end of the time included: that is when the first of the two clocks
runs out without a word. A lead stays where it is, whatever is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible
from leads import clocks
from leads.alerts import calm_overturned
from leads.clock_acts import COLUMNS, ClockRow, Managers, act, name_subjects
from leads.clock_plans import CLOSE, entries_before, place_of
from leads.clocks import ClockStart
from leads.contests import Contest, contest_of, may_contest, other_of
from leads.going_on import ClockMoved
from leads.holding import Held, Moved, NotYours, hold, permit, permit_work, refuse_merged, with_handoffs
from leads.informing import name_of
from leads.models import Clock, Dispute, Handoff, Lead
from leads.questions import checked_words
from leads.reasons import BadReason
from leads.record import Record
from ledger.rows import update_rows
from sla.in_force import version_terms
from teams.models import User
from teams.roles import MANAGER_ROLES, Side

States, Words, Kinds = Dispute.States, Dispute.Words, Dispute.Kinds
PROMISE = "decide_dispute"
DECIDED = (States.OVERTURNED, States.STANDS, States.EXPIRED)
OTHER = {Side.MARKETING: Side.SALES, Side.SALES: Side.MARKETING}


class CannotContest(Conflict):
    """There is nothing to contest, it was contested before, or the time to do so is over."""

    code = "cannot_contest"


class NoSuchDispute(NotVisible):
    """There is no such dispute about this lead."""

    code = "no_such_dispute"


class WhichDispute(Invalid):
    """Several disputes are open, and none is named."""

    code = "which_dispute"


class DisputeClosed(Conflict):
    """The dispute is decided, withdrawn, or its time is over."""

    code = "dispute_closed"


class AlreadySaid(Conflict):
    """This side has given its word; the message names who did."""

    code = "already_said"


class OneOfEach(NotAllowed):
    """Who manages both sides may not speak for both."""

    code = "one_of_each_side"


class NotRaised(NotAllowed):
    """Only whoever raised a dispute may withdraw it."""

    code = "not_raised_by_you"


# Raise ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def raise_dispute(*, lead_id: int, reason: str, actor: User, at: datetime, handoff_id: int | None = None) -> int:
    """Contest the newest handoff of a lead (or ``handoff_id``), and give the dispute's id; a manager of each side owes a word.

    What sales gave back is contested by the responsible marketer or a manager of marketing, what marketing delivered by the rep who has it, or
    their manager. Raises ``BadReason``, ``CannotContest``, ``WasMerged``, ``NotAllowed``, ``NotYours``.
    """
    reason = checked_words(reason, "reason")
    (item,) = hold([lead_id], actor=actor)
    contest = _contest(item, handoff_id, actor, at)
    refuse_merged(item.lead)
    handoff = contest.handoff
    _refuse_contested(handoff, contest.until, at)
    terms = version_terms(handoff.version_id)
    dispute = Dispute.objects.create(
        handoff=handoff, kind=contest.kind, raised_by=actor, raised_at=at, reason=reason
    )  # fmt: skip
    record = Record("dispute", actor.pk, at)
    starts = [
        ClockStart(
            PROMISE, handoff.tier, handoff.version_id, terms, owner.calendar_version_id, owner.calendar, at,
            dispute_id=dispute.pk, team_id=owner.team_id, side=side.value,
        )
        for side, owner in contest.owners.items()
    ]  # fmt: skip
    clocks.start(record, starts, at)
    record.event(
        lead_id, "disputed", handoff_id=handoff.pk, campaign_id=item.lead.last_campaign_id, user_id=contest.other_id,
        version_id=handoff.version_id, code=dispute.kind, facts={"dispute": dispute.pk},
    )  # fmt: skip
    deciding = _managers((side, owner.team_id) for side, owner in contest.owners.items())
    for user_id in dict.fromkeys([*deciding, contest.other_id]):
        facts = {"dispute": dispute.pk, "kind": dispute.kind, "decides": user_id in deciding}
        record.tell(user_id, "dispute_raised", "lead", lead_id, **facts)
    record.write("lead", [lead_id], dispute=dispute.pk)
    return dispute.pk


def _contest(item: Held, handoff_id: int | None, actor: User, at: datetime) -> Contest:
    """Say what the actor would contest; refuses who may not."""
    if not actor.may("work_lead"):
        permit(actor, "dispute_rejection")
    handoff = item.handoff
    if handoff is not None and handoff_id not in (None, handoff.pk):
        handoff = Handoff.objects.filter(lead=item.lead, pk=handoff_id).first()
    if handoff is None:
        raise CannotContest("This lead was not handed off like that.", details={"lead": item.lead.pk})
    contest = contest_of(item, handoff)
    if contest is None:
        raise CannotContest("Marketing took this lead back: there is nothing to contest.")
    if contest.kind == Kinds.DELIVERY:
        permit_work([item], actor=actor, at=at)
    else:
        permit(actor, "dispute_rejection")
        if not may_contest(item, actor):
            raise NotYours("Another marketer answers for this lead.", details={"user": item.lead.marketer_id})
    return contest


def _refuse_contested(handoff: Handoff, until: datetime | None, at: datetime) -> None:
    earlier = Dispute.objects.filter(handoff=handoff).exclude(state=States.WITHDRAWN).order_by("-id").first()
    if earlier is not None:
        words = "is contested already" if earlier.state == States.OPEN else "was contested before, and that is decided"
        raise CannotContest(f"This handoff {words}.", details={"dispute": earlier.pk})
    if until is None:
        raise CannotContest("The agreement of this handoff knows no disputes.")
    if at > until:
        raise CannotContest("The time to contest this is over.", details={"until": until.isoformat()})


# Decide ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def word(
    *, lead_id: int, word: str, actor: User, at: datetime, dispute_id: int | None = None, side: str = ""
) -> int:  # fmt: skip
    """Give a side's word in a dispute (``overturn`` or ``stand``), and give the dispute's id; the second word decides.

    ``side`` says for which, where the actor manages both; nobody speaks for both. The same word twice is stored once. Raises ``BadReason``,
    ``AlreadySaid``, ``DisputeClosed``, ``OneOfEach``, ``NoSuchDispute``, ``WhichDispute``, ``NotAllowed``.
    """
    if word not in Words:
        raise BadReason("Choose one of the two.", field="word", code="unknown_word")
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "decide_dispute")
    dispute = _held_dispute(item, dispute_id)
    own = _side_of(dispute, actor, side)
    if (getattr(dispute, f"{own}_by_id"), getattr(dispute, f"{own}_word")) == (actor.pk, word):
        return dispute.pk
    _refuse_late(dispute, at)
    _refuse_said(dispute, own, actor)
    record = Record("decide_dispute", actor.pk, at)
    state = _state_with(word, getattr(dispute, f"{OTHER[own]}_word"))
    row = (dispute.pk, word, actor.pk, at, state, None if state == States.OPEN else at, States.OPEN, "")
    columns = (f"{own}_word", f"{own}_by_id", f"{own}_at", "state", "closed_at")
    if not update_rows(Dispute, columns, [row], expected=("state", f"{own}_word")):
        raise Moved("Somebody spoke in the meantime. Look at it anew.")
    clocks.answer(record, promise=PROMISE, side=own.value, dispute_ids=[dispute.pk], at=at)
    if state != States.OPEN:
        _close(record, item, dispute, state)
    record.write("lead", [lead_id], dispute=dispute.pk, side=own.value, word=word)
    return dispute.pk


def _side_of(dispute: Dispute, actor: User, side: str) -> Side:
    """Say for which side the actor speaks; of both sides the one that is asked for, else the one that has not spoken."""
    managed = [own for own in Side if MANAGER_ROLES[own] in actor.roles]
    if side:
        if side not in list(Side):
            raise BadReason("This is no side.", field="side", code="unknown_side")
        if Side(side) not in managed:
            raise NotAllowed("You do not manage this side.", details={"side": side})
        return Side(side)
    spoken = [own for own in managed if getattr(dispute, f"{own}_by_id") == actor.pk]
    silent = [own for own in managed if not getattr(dispute, f"{own}_word")]
    return [*spoken, *silent, *managed][0]


def _refuse_said(dispute: Dispute, own: Side, actor: User) -> None:
    if said_by := getattr(dispute, f"{own}_by_id"):
        who = name_of(said_by)
        raise AlreadySaid(f"{who} has spoken for {own.value} already.", details={"user": said_by})
    if getattr(dispute, f"{OTHER[own]}_by_id") == actor.pk:
        raise OneOfEach("You have spoken for the other side. Somebody else speaks for this one.")


def _state_with(one: str, other: str) -> str:
    if not other:
        return States.OPEN
    return States.OVERTURNED if one == other == Words.OVERTURN else States.STANDS


@transaction.atomic
def withdraw(*, lead_id: int, actor: User, at: datetime, dispute_id: int | None = None) -> int:
    """Take back a dispute that the actor raised, and give its id. Raises ``NotRaised``, ``DisputeClosed``, ``NoSuchDispute``."""
    (item,) = hold([lead_id], actor=actor)
    if not actor.may("work_lead"):
        permit(actor, "dispute_rejection")
    dispute = _held_dispute(item, dispute_id)
    if dispute.raised_by_id != actor.pk:
        raise NotRaised("Only who raised the dispute may withdraw it.", details={"dispute": dispute.pk})
    if dispute.state == States.WITHDRAWN:
        return dispute.pk
    _refuse_late(dispute, at)
    record = Record("withdraw_dispute", actor.pk, at)
    row = (dispute.pk, States.WITHDRAWN, at, States.OPEN)
    if not update_rows(Dispute, ("state", "closed_at"), [row], expected=("state",)):
        raise Moved("Somebody spoke in the meantime. Look at it anew.")
    clocks.cancel(record, dispute_ids=[dispute.pk], code="withdrawn", at=at)
    _close(record, item, dispute, States.WITHDRAWN)
    record.write("lead", [lead_id], dispute=dispute.pk)
    return dispute.pk


def _held_dispute(item: Held, dispute_id: int | None) -> Dispute:
    """Lock the dispute that is named, else the only open one about the lead."""
    found = Dispute.objects.filter(handoff__lead=item.lead).order_by("id")
    locked = found.select_for_update(no_key=True, of=("self",)).select_related("handoff")
    if dispute_id is not None:
        dispute = locked.filter(pk=dispute_id).first()
        if dispute is None:
            raise NoSuchDispute("There is no such dispute.")
        return dispute
    disputes = list(locked.filter(state=States.OPEN)[:2])
    if not disputes:
        raise DisputeClosed("No dispute waits here any more.", details={"lead": item.lead.pk})
    if len(disputes) > 1:
        raise WhichDispute("Several disputes are open. Say which.", field="dispute_id")
    return disputes[0]


def _refuse_late(dispute: Dispute, at: datetime) -> None:
    """Refuse what comes after the dispute was closed, or after the end of the time that the sweep has yet to note."""
    if dispute.state != States.OPEN:
        raise DisputeClosed(f"This dispute is closed: {dispute.get_state_display().lower()}.")
    unanswered = Clock.objects.filter(dispute=dispute, due_at__lt=at, answered_at__isnull=True)
    if unanswered.exclude(state=Clock.States.CANCELLED).exists():
        raise DisputeClosed("The time to decide is over: the handoff stands as it is.")


# The end of the time --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Closed:
    """How many disputes the end of their time has closed, and how many steps of clocks that took."""

    disputes: int = 0
    steps: int = 0


@transaction.atomic
def close_due(clock_ids: Sequence[int], at: datetime) -> Closed:
    """Close the disputes whose time is over on one of these clocks: undecided, so that the handoff stands.

    It never waits for a lead that somebody works on just now: the next sweep will see.
    """
    of_clocks = Dispute.objects.filter(clocks__in=clock_ids)
    leads = Lead.objects.filter(pk__in=of_clocks.values("handoff__lead_id")).order_by("id")
    held = {item.lead.pk: item for item in with_handoffs(list(leads.select_for_update(skip_locked=True, no_key=True)))}
    rows = Dispute.objects.filter(pk__in=of_clocks.values("pk"), handoff__lead__in=held).order_by("id")
    disputes = list(rows.select_related("handoff").select_for_update(no_key=True, of=("self",)))
    record = Record("close_dispute", None, at)
    over = _run_out(record, disputes, at)
    ending = [dispute for dispute in disputes if dispute.pk in over and dispute.state == States.OPEN]
    rows_now = [(dispute.pk, States.EXPIRED, at, States.OPEN) for dispute in ending]
    if len(update_rows(Dispute, ("state", "closed_at"), rows_now, expected=("state",))) != len(ending):
        raise ClockMoved("A dispute was decided just now.")
    clocks.cancel(record, dispute_ids=sorted(over), code=States.EXPIRED.value, at=at)
    for dispute in ending:
        _close(record, held[dispute.handoff.lead_id], dispute, States.EXPIRED)
    if ending:
        record.write("lead", sorted({dispute.handoff.lead_id for dispute in ending}), disputes=[d.pk for d in ending])
    elif record.steps:
        record.write("clock", sorted({step[0] for step in record.steps}))
    return Closed(len(ending), sum(step[1] == "escalated" for step in record.steps))


STOPPED_COLUMNS = ("state", "missed_at", "detected_at", "plan_position", "next_action_at")


def _run_out(record: Record, disputes: Sequence[Dispute], at: datetime) -> set[int]:
    """Miss and stop the clocks of these disputes whose time is over; give the disputes that have one."""
    acting = Clock.objects.filter(dispute__in=disputes, next_action_at__isnull=False).order_by("id")
    found = [ClockRow(*row) for row in acting.select_for_update(no_key=True).values_list(*COLUMNS)]
    name_subjects(found)
    managers = Managers.load(found)
    over, stopped = set(), []
    for clock in found:
        entries = entries_before(clock.plan, clock.plan_position, at)
        place = place_of(entries, frozenset({CLOSE}))
        if place is None:
            continue
        before = (clock.state, clock.plan_position)
        act(record, clock, entries[:place], managers)
        last = entries[place]
        record.step(
            clock.id, "escalated", ordinal=last.ordinal, percent=last.percent, code=last.action, occurred_at=last.at
        )  # fmt: skip
        detected_at = clock.detected_at or at
        stopped.append((clock.id, clock.state, clock.due_at, detected_at, last.ordinal + 1, None, *before))
        over.add(clock.dispute_id or 0)
    if len(update_rows(Clock, STOPPED_COLUMNS, stopped, expected=("state", "plan_position"))) != len(stopped):
        raise ClockMoved("A promise was settled just now.")
    return over


# Parts ----------------------------------------------------------------------------------------------------------------


def _close(record: Record, item: Held, dispute: Dispute, state: str) -> None:
    """Let what was decided count, and tell everybody concerned."""
    if state == States.OVERTURNED:
        _overturn(item, dispute)
        calm_overturned(record, dispute.handoff_id, record.at)
    handoff = dispute.handoff
    record.event(
        item.lead.pk, "dispute_closed", handoff_id=handoff.pk, campaign_id=item.lead.last_campaign_id,
        user_id=dispute.raised_by_id, version_id=handoff.version_id, code=state,
        facts={"dispute": dispute.pk, "kind": dispute.kind},
    )  # fmt: skip
    teams = Clock.objects.filter(dispute=dispute).order_by("id").values_list("side", "team_id")
    other_id = other_of(item, handoff, dispute.kind)
    for user_id in dict.fromkeys([dispute.raised_by_id, other_id, *_managers(teams)]):
        facts = {"dispute": dispute.pk, "kind": dispute.kind, "state": state}
        record.tell(user_id, "dispute_closed", "lead", item.lead.pk, **facts)


def _overturn(item: Held, dispute: Dispute) -> None:
    is_rejection = dispute.kind == Kinds.REJECTION
    column = "is_overturned" if is_rejection else "is_struck"
    update_rows(Handoff, (column,), [(dispute.handoff_id, True)])
    is_newest = item.handoff is not None and item.handoff.pk == dispute.handoff_id
    if is_rejection and is_newest:
        update_rows(Lead, ("needs_new_reason",), [(item.lead.pk, False)])


def _managers(teams: Iterable[tuple[str, int | None]]) -> dict[int, None]:
    """Give the managers of these teams, each with its side; all of the side where a team has none."""
    managers = Managers.load(())
    of_each = [managers.of_team.get(team_id or 0) or managers.of_side.get(side, ()) for side, team_id in teams]
    return dict.fromkeys(user_id for people in of_each for user_id in people)
