"""Sets of leads that a page counts and that the list of leads shows when the count is clicked: one definition for both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from dashboards import families
from dashboards.families import STAGES
from leads.holding import covered_by
from leads.lifecycle import PATH, SALES_STAGES, Stage
from leads.models import Clock, Handoff, ImportRow, ImportRun, Lead, LeadEvent, Transfer
from ledger.literals import literal
from teams.models import Absence, User

REACHED = {str(stage): measure for stage, measure in zip(PATH, STAGES, strict=True) if stage != Stage.LEAD}
"""What a lead can have reached, with the measure of the dashboard that counts it."""

OPEN_OFFERS = Handoff.objects.filter(state=literal(Handoff.States.OPEN.value))


def reached(stage: str) -> Q:
    """Leads that came at least to ``stage``, in this life of theirs or a former one: as the dashboard counts."""
    return families.reached(REACHED[stage])


def working(user_ids: Iterable[int]) -> Q:
    """Leads that these people have and that are in sales' stages."""
    return Q(owner__in=list(user_ids), stage__in=sorted(SALES_STAGES))


def offered_to(user_ids: Collection[int]) -> Q:
    """Leads that are offered to one of these people and wait for the decision."""
    return Q(pk__in=OPEN_OFFERS.filter(assignee__in=list(user_ids)).values("lead_id"))


def transferred_to(user_ids: Collection[int]) -> Q:
    """Leads in work that a colleague offers to one of these people and that wait for the answer."""
    waiting = Transfer.objects.filter(state=Transfer.States.OPEN, receiver__in=list(user_ids))
    return Q(pk__in=waiting.values("lead_id"))


def carried_by(rep_id: int) -> Q:
    """What counts as the load of a rep: leads in work, and offers that wait."""
    return working([rep_id]) | offered_to([rep_id])


def on_desk_of(user: User, at: datetime) -> Q:
    """What stands on the desk of a rep: their load, and what is offered to those for whom they stand in."""
    mine = Q(stage=Stage.MQL.value, queue__isnull=True) & offered_to([user.pk, *covered_by(user, at)])
    return working([user.pk]) | mine


def marketed_by(user: User, at: datetime) -> Q:
    """Leads that ``user`` answers for, and those that no marketer does, or one who has left or is away at ``at`` with nobody to cover."""
    gone = User.objects.filter(Q(is_active=False) | Q(pk__in=Absence.objects.left_alone(at).values("user")))
    return Q(marketer=user) | Q(marketer__isnull=True) | Q(marketer__in=gone.values("pk"))


def returned_to(user: User, at: datetime) -> Q:
    """Leads that sales sent back, or marketing took back, and that wait for a decision of ``user``: nurtured since, they wait no more."""
    back = Q(stage=Stage.LEAD.value, needs_new_reason=True, handoff_count__gt=0)
    later = LeadEvent.objects.filter(lead=OuterRef("lead"), kind__in=["rejected", "recalled"], pk__gt=OuterRef("pk"))
    is_looked_after = Exists(LeadEvent.objects.filter(~Exists(later), lead=OuterRef("pk"), kind="nurtured"))
    return marketed_by(user, at) & back & ~Q(is_looked_after)


def to_nurture(user: User, at: datetime) -> Q:
    """Leads of ``user`` that came back on their date, and that nobody of marketing has been in touch with yet."""
    waiting = Clock.objects.unanswered().filter(promise="nurture", lead__isnull=False)
    return marketed_by(user, at) & Q(stage=Stage.LEAD.value, pk__in=waiting.values("lead_id"))


def feedback_owed_by(user: User) -> Q:
    """Leads that ``user`` has said nothing about since they were decided."""
    waiting = Clock.objects.unanswered().filter(promise="full_feedback", user=user, lead__isnull=False)
    return Q(pk__in=waiting.values("lead_id"))


def stuck_with(user: User, at: datetime) -> Q:
    """MQLs of ``user`` that are in nobody's hands; what was loaded from history lies in the past until a touch makes it an MQL anew."""
    is_offered = Exists(OPEN_OFFERS.filter(lead_id=OuterRef("pk")))
    is_loose = Q(stage=Stage.MQL.value, owner__isnull=True, queue__isnull=True, is_history=False)
    return marketed_by(user, at) & is_loose & ~Q(is_offered)


def in_triage_with(user: User, at: datetime) -> Q:
    """Leads of ``user`` that raised a hand while their fit is unknown: no rule can judge them, a marketer has to.

    Those that came back from sales stand among ``returned_to``.
    """
    return marketed_by(user, at) & Q(
        stage=Stage.LEAD.value,
        origin=Lead.Origins.MARKETING,
        is_hand_raise=True,
        fit__isnull=True,
        needs_new_reason=False,
    )


NEEDS: dict[str, tuple[str, Callable[[User, datetime], Q]]] = {
    "decision": ("came back from sales, for me to decide", returned_to),
    "handoff": ("MQLs in nobody’s hands, mine to hand off", stuck_with),
    "triage": ("raised a hand, fit unknown, mine to decide", in_triage_with),
    "nurture": ("came back, mine to get in touch with", to_nurture),
}
"""What a lead can need of a marketer: in words, and which those are."""


def imported(user: User, run_id: int) -> Q:
    """Leads that an import which ``user`` may see created or joined."""
    runs = ImportRun.objects.visible_to(user).filter(pk=run_id)
    rows = ImportRow.objects.filter(run__in=runs.values("pk"), lead__isnull=False)
    return Q(pk__in=rows.values("lead_id"))
