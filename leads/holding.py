"""Take hold of leads for a verb: lock them in order, look who may act on them and whether the step fits their state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inputs.refusals import Conflict, NotAllowed, NotVisible
from leads.assigning import Offer
from leads.facts import facts_now
from leads.lifecycle import SALES_STAGES, Stage, WrongStage, require, target
from leads.models import Handoff, Lead, LeadEvent
from ledger.rows import update_rows
from ledger.selecting import ids
from sla.in_force import agreement_in_force, version_terms
from sla.terms import Terms
from teams.models import Absence, Membership, User

NOBODY: frozenset[int] = frozenset()
MOVED_ON = "This lead moved on in the meantime. Look at it anew."


class NoSuchLead(NotVisible):
    """There is no such lead, or the actor may not know that there is."""

    code = "no_such_lead"


class Moved(Conflict):
    """The page showed another handoff than the one that is current by now."""

    code = "moved"


class NotYours(NotAllowed):
    """The lead is with somebody else, for whom the actor may not act."""

    code = "not_yours"


class WasMerged(WrongStage):
    """The lead was merged; ``details`` names the one that goes on for it (``merged_into``), on which this may be done."""

    code = "was_merged"


@dataclass(slots=True)
class Held:
    """A locked lead with its newest handoff, if it ever had one."""

    lead: Lead
    handoff: Handoff | None

    @property
    def open_handoff(self) -> Handoff | None:
        return self.handoff if self.handoff is not None and self.handoff.state == Handoff.States.OPEN else None

    @property
    def rep_id(self) -> int | None:
        """Who has it: its owner, else whom it is offered to."""
        return self.lead.owner_id or (self.open_handoff.assignee_id if self.open_handoff else None)

    @property
    def current_handoff_id(self) -> int | None:
        """The handoff it is worked under; none for a lead that sales found, or that is back with marketing."""
        is_with_sales = self.lead.stage in SALES_STAGES or self.open_handoff is not None
        return self.handoff.pk if self.handoff is not None and is_with_sales else None


def hold(lead_ids: Collection[int], *, actor: User) -> list[Held]:
    """Lock these leads and their handoffs, in the order of their ids; raises ``NoSuchLead`` for any that is not visible."""
    wanted = sorted(set(lead_ids))
    visible = Lead.objects.visible_to(actor).filter(pk__in=wanted)
    leads = list(visible.order_by("id").select_for_update(no_key=True))
    if len(leads) < len(wanted):
        raise NoSuchLead("There is no such lead.")
    return with_handoffs(leads)


def with_handoffs(leads: Sequence[Lead]) -> list[Held]:
    """Lock the newest handoff of each of these leads, which are locked already."""
    rows = Handoff.objects.filter(lead__in=leads).order_by("id").select_for_update(no_key=True)
    newest: dict[int, Handoff] = {}
    for handoff in rows:
        known = newest.get(handoff.lead_id)
        if known is None or known.ordinal < handoff.ordinal:
            newest[handoff.lead_id] = handoff
    return [Held(lead, newest.get(lead.pk)) for lead in leads]


def undone_since(held: Sequence[Held], at: datetime) -> list[Held]:
    """Leave out those of these locked leads that somebody did something with after ``at``.

    A task looked at ``at``, before them, and comes after them: what it does would stand before what they did.
    """
    later = LeadEvent.objects.filter(lead__in=[item.lead.pk for item in held], recorded_at__gt=at)
    done = set(later.values_list("lead_id", flat=True)) if held else set()
    return [item for item in held if item.lead.pk not in done]


# Whether the step fits -----------------------------------------------------------------------------------------------


def require_step(step: str, held: Sequence[Held]) -> None:
    """Refuse the whole call where a lead's stage does not allow ``step``; raises ``WrongStage`` and ``WasMerged``."""
    for item in held:
        refuse_merged(item.lead)
        require(step, item.lead.stage, lead=item.lead.pk)


def refuse_merged(lead: Lead) -> None:
    """Refuse what has no stage of its own where the lead was merged; raises ``WasMerged``."""
    if lead.stage == Stage.MERGED:
        raise WasMerged(
            f"This lead was merged into lead {lead.merged_into_id}, where the person goes on: do it there.",
            details={"lead": lead.pk, "merged_into": lead.merged_into_id, "stage": lead.stage},
        )


def require_open_handoff(held: Sequence[Held], seen: int | None = None) -> list[Handoff]:
    """Give the open handoffs; raises ``WrongStage`` without one, ``Moved`` when the page showed another (``seen``)."""
    found = []
    for item in held:
        handoff = item.open_handoff
        if handoff is None:
            raise WrongStage("This lead is not offered to sales at the moment.", details={"lead": item.lead.pk})
        if seen is not None and handoff.pk != seen:
            raise Moved(
                "This lead was handed off again in the meantime. Look at it anew.", details={"lead": item.lead.pk}
            )
        found.append(handoff)
    return found


def step_to(
    held: Sequence[Held], step: str, *, each: Mapping[str, Mapping[int, Any]] | None = None, **changes: Any
) -> None:
    """Take ``step`` on leads that allow it (see ``require_step``), in one statement; raises ``Moved``.

    ``changes`` are values of further columns, the time of the new stage among them; ``each`` those that differ, by column and lead. The
    conditional update is what lets one of two callers win.
    """
    varied = each or {}
    columns = ("stage", *changes, *varied)
    rows = [
        (
            item.lead.pk, target(step, item.lead.stage), *changes.values(),
            *(values[item.lead.pk] for values in varied.values()), item.lead.stage,
        )
        for item in held
    ]  # fmt: skip
    if len(update_rows(Lead, columns, rows, expected=("stage",))) != len(rows):
        raise Moved(MOVED_ON)
    for item, row in zip(held, rows, strict=True):
        for name, value in zip(columns, row[1:-1], strict=True):
            setattr(item.lead, name, value)


def decide(
    handoffs: Sequence[Handoff], state: str, *, actor_id: int | None, at: datetime,
    each: Mapping[str, Mapping[int, Any]] | None = None, **changes: Any,
) -> None:  # fmt: skip
    """Bring these open handoffs to ``state``, in one statement; raises ``Moved`` where one is decided already.

    ``changes`` are values of further columns, ``each`` those that differ, by column and lead. As in ``step_to``, the conditional update is
    what lets one of two callers win.
    """
    varied = each or {}
    columns = ("state", "decided_at", "decided_by_id", *changes, *varied)
    rows = [
        (
            handoff.pk, state, at, actor_id, *changes.values(),
            *(values[handoff.lead_id] for values in varied.values()), Handoff.States.OPEN,
        )
        for handoff in handoffs
    ]  # fmt: skip
    if len(update_rows(Handoff, columns, rows, expected=("state",))) != len(rows):
        raise Moved(MOVED_ON)


# Whether the actor may -----------------------------------------------------------------------------------------------


def permit(actor: User, action: str) -> None:
    """Refuse an actor who may never do ``action``; raises ``NotAllowed``."""
    if not actor.may(action):
        raise NotAllowed("Your role does not allow this.", details={"action": action})


def permit_work(held: Sequence[Held], *, actor: User, at: datetime) -> dict[int, int | None]:
    """Give, by lead, for whom the actor acts: themselves (it is theirs, or they cover for its rep now), else the rep.

    Managers act for the reps of their teams and for their queues. Raises ``NotAllowed`` and ``NotYours``.
    """
    permit(actor, "work_lead")
    reach = reach_of(actor, ids(item.rep_id for item in held), at)
    for item in held:
        if not reach.may_work(item.rep_id, item.lead.queue_id):
            raise not_yours(item)
    return {item.lead.pk: actor.pk if item.rep_id in reach.own else item.rep_id for item in held}


@dataclass(frozen=True, slots=True)
class Reach:
    """For whom somebody may act: ``own`` are themselves and whom they cover for, ``managed`` their reps, ``queues`` their teams."""

    own: frozenset[int]
    managed: frozenset[int]
    queues: frozenset[int]

    def may_work(self, rep_id: int | None, queue_id: int | None) -> bool:
        """Tell whether a lead is in reach that is with this rep, or waits in this queue."""
        return rep_id in self.own or self.may_assign(rep_id, queue_id)

    def may_assign(self, rep_id: int | None, queue_id: int | None) -> bool:
        """Tell whether such a lead is theirs to give to somebody else."""
        return rep_id in self.managed or queue_id in self.queues


def reach_of(actor: User, rep_ids: Collection[int], at: datetime) -> Reach:
    """Give for whom among these reps the actor may act at ``at``, given that their role lets them work leads."""
    others = set(rep_ids) - {actor.pk}
    queues = actor.managed_team_ids if actor.may("work_any_lead") else NOBODY
    themselves = frozenset({actor.pk})
    return Reach(
        own=themselves | (covered_by(actor, at).keys() & others if others else NOBODY),
        managed=managed_by(actor, others) | (themselves if queues else NOBODY),
        queues=queues,
    )


def managed_by(actor: User, user_ids: Collection[int]) -> frozenset[int]:
    """Give which of these people are in a team that the actor manages."""
    if not user_ids or not actor.may("work_any_lead"):
        return NOBODY
    teams = Membership.objects.filter(user_id__in=user_ids, team_id__in=actor.managed_team_ids)
    return frozenset(teams.values_list("user_id", flat=True))


def not_yours(item: Held) -> NotYours:
    """Make the refusal that names who has the lead."""
    rep = User.objects.filter(pk=item.rep_id).first() if item.rep_id else None
    message = f"This lead is with {rep.name}." if rep else "This lead is with nobody yet: claim it first."
    return NotYours(message, details={"lead": item.lead.pk, "user": item.rep_id})


def covered_by(actor: User, at: datetime) -> dict[int, str]:
    """Give whom the actor covers for at ``at``: the names of those who are away, by id."""
    away = Absence.objects.at(at).filter(cover=actor)
    return dict(away.values_list("user_id", "user__name"))


# What routing and clocks need ----------------------------------------------------------------------------------------


PinnedTerms = tuple[int, Terms]
"""An agreement version's id with its terms."""


def terms_of(held: Sequence[Held], at: datetime) -> dict[int, PinnedTerms]:
    """Give, by lead, the agreement version it is worked under: its newest handoff's, else the one in force.

    Takes one small query per version, not per lead.
    """
    pinned = {item.handoff.version_id for item in held if item.handoff is not None}
    terms = {version_id: version_terms(version_id) for version_id in sorted(pinned)}
    found = {
        item.lead.pk: (item.handoff.version_id, terms[item.handoff.version_id])
        for item in held
        if item.handoff is not None
    }
    if len(found) < len(held):
        agreement = agreement_in_force(at)
        for item in held:
            found.setdefault(item.lead.pk, (agreement.version_id, agreement.terms))
    return found


def load_facts(lead_ids: Collection[int], at: datetime) -> dict[int, dict[str, Any]]:
    """Give the facts of these leads as of ``at``, with one query."""
    leads = Lead.objects.filter(pk__in=lead_ids).select_related("contact__company", "product")
    return {lead.pk: facts_now(lead, at) for lead in leads}


def offers_of(
    held: Sequence[Held], *, at: datetime, excluded: Mapping[int, frozenset[int]] | None = None
) -> list[Offer]:
    """Give what routing needs to put these leads to somebody anew; ``excluded`` names, by lead, who may not have it."""
    facts = load_facts([item.lead.pk for item in held], at)
    pinned = terms_of(held, at)
    return [
        _offer(item, facts[item.lead.pk], pinned[item.lead.pk], at, (excluded or {}).get(item.lead.pk, NOBODY))
        for item in held
    ]


def _offer(item: Held, facts: Mapping[str, Any], pinned: PinnedTerms, at: datetime, excluded: frozenset[int]) -> Offer:
    version_id, terms = pinned
    handoff_id = item.current_handoff_id
    arrived_at = item.handoff.offered_at if item.handoff is not None and handoff_id is not None else at
    return Offer(
        lead_id=item.lead.pk, handoff_id=handoff_id, tier=item.lead.tier_of_promises, facts=facts,
        version_id=version_id, terms=terms, arrived_at=arrived_at, stage=item.lead.stage, excluded=excluded,
        has_conversed=item.lead.conversed_at is not None,
    )  # fmt: skip
