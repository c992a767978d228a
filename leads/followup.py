"""The verbs of following up: log what was done, rate the lead. What becomes of it is the matter of ``leads.outcomes``.

An *attempt* is any outbound activity, a **conversation** is two-way; an outbound call that becomes a conversation is both, and each is
recorded as itself. Promises are judged by when something was recorded, whatever time is given for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from inputs.refusals import Invalid
from leads import clocks
from leads.alerts import heed_ratings
from leads.codes import ACTIVITY_KINDS, CONVERSATIONS, FEEDBACK_ASPECTS, OUTCOMES
from leads.handoffs import take_over
from leads.holding import Held, hold, permit, permit_work, require_step, terms_of
from leads.informing import tell_marketing
from leads.lifecycle import Stage, WrongStage
from leads.models import Activity, Feedback, Lead, LeadEvent
from leads.owed import OF_RATER
from leads.rating import owe_rating
from leads.reasons import checked_note
from leads.record import Record
from ledger.rows import update_rows
from teams.models import User

VERDICTS = frozenset(
    {Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.ADVOCATE, Stage.RECYCLED, Stage.DISQUALIFIED, Stage.LOST}
)


class BadActivity(Invalid):
    """Kind, outcome or time of the activity cannot be."""

    code = "bad_activity"


class BadRating(Invalid):
    """The quality is not 1 to 5, or an aspect is not known."""

    code = "bad_rating"


# Activities ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def log_activity(
    *, lead_id: int, kind: str, outcome: str, actor: User, at: datetime, occurred_at: datetime | None = None,
    is_outbound: bool = True, note: str = "", key: UUID | None = None,
) -> int:  # fmt: skip
    """Log what was done with a lead, and give the activity's id; on an offered lead it accepts first.

    ``occurred_at`` may lie in the past, back to when the lead was found ready for sales, else came in: what was done in a former life keeps
    no promise of this one. What was logged with the same ``key`` before is not logged again.
    Raises ``BadActivity``, ``NotYours``, ``WrongStage``, and on an offered lead ``IsAway`` as ``accept`` does.
    """
    note = checked_note(note)
    held = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    (item,) = held
    if sent := sent_before(Activity, item, key):
        return sent
    require_step("log_activity", held)
    owners = permit_work(held, actor=actor, at=at)
    when = _checked(item, kind, outcome, occurred_at, is_outbound=is_outbound, at=at)
    record = Record("log_activity", actor.pk, at)
    if item.lead.stage == Stage.MQL:
        take_over(record, held, owners, at)
    activity = Activity.objects.create(
        lead=item.lead, user=actor, kind=kind, outcome=outcome, is_outbound=is_outbound, note=note, occurred_at=when,
        recorded_at=at, submission_key=key,
    )  # fmt: skip
    is_first_talk = item.lead.conversed_at is None and outcome in CONVERSATIONS
    _count(record, item, activity)
    clocks.answer(record, promise=("first_attempt", "respond"), lead_ids=[lead_id], at=at, occurred_at=when)
    clocks.count_attempts(
        record,
        lead_id=lead_id,
        is_attempt=is_outbound,
        is_conversation=outcome in CONVERSATIONS,
        at=at,
        occurred_at=when,
    )
    if is_first_talk:
        owe_rating(record, item, "quick_rating", at)
    record.write("lead", [lead_id], activity=activity.pk, kind=kind, outcome=outcome)
    return activity.pk


def sent_before(model: type[Activity | Feedback], item: Held, key: UUID | None) -> int | None:
    """Give the id of what the same form stored on this lead already; the lead is locked, so that of two clicks one waits."""
    sent = model._default_manager.filter(lead=item.lead, submission_key=key) if key else model._default_manager.none()
    return sent.values_list("pk", flat=True).first()


def _checked(
    item: Held, kind: str, outcome: str, occurred_at: datetime | None, *, is_outbound: bool, at: datetime
) -> datetime:
    if kind not in ACTIVITY_KINDS:
        raise BadActivity("Choose what was done.", field="kind", code="unknown_kind")
    if outcome not in OUTCOMES:
        raise BadActivity("Choose what came of it.", field="outcome", code="unknown_outcome")
    if not is_outbound and outcome not in CONVERSATIONS:
        raise BadActivity("What came in from the contact is a conversation.", field="outcome", code="not_an_attempt")
    when = occurred_at or at
    if when > at:
        raise BadActivity("This time is in the future.", field="occurred_at", code="in_the_future")
    ready_at = max(item.lead.captured_at, item.lead.mql_at or item.lead.captured_at)
    if when < ready_at.replace(second=0, microsecond=0):  # a form gives whole minutes
        raise BadActivity(
            "This time is before the lead was there for sales to work on.", field="occurred_at", code="before_ready"
        )
    return when


def _count(record: Record, item: Held, activity: Activity) -> None:
    """Bring the activity into the lead's counts and the event log: as an attempt, a conversation, or both."""
    lead, when = item.lead, activity.occurred_at
    is_conversation = activity.outcome in CONVERSATIONS
    kinds = [kind for kind, holds in (("attempted", activity.is_outbound), ("conversed", is_conversation)) if holds]
    for kind in kinds:
        record.event(
            lead.pk, kind, occurred_at=when, handoff_id=item.current_handoff_id, user_id=activity.user_id,
            campaign_id=lead.last_campaign_id, code=activity.outcome, facts={"kind": activity.kind, "activity": activity.pk},
        )  # fmt: skip
    if activity.is_outbound:
        lead.attempt_count += 1
        lead.first_attempt_at = min(lead.first_attempt_at or when, when)
    if is_conversation:
        lead.conversed_at = min(lead.conversed_at or when, when)
    row = (lead.pk, lead.attempt_count, lead.first_attempt_at, lead.conversed_at)
    update_rows(Lead, ("attempt_count", "first_attempt_at", "conversed_at"), [row])


# Rating --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def rate(
    *,
    lead_id: int,
    quality: int,
    actor: User,
    at: datetime,
    aspects: Mapping[str, bool] | None = None,
    comment: str = "",
    key: UUID | None = None,
) -> int:
    """Say how good a lead is, 1 to 5, and what was good or poor about it; give the feedback's id.

    It is the *full* feedback once there is a verdict, until then a *quick* rating. Whoever had the lead under its last handoff may rate it,
    also after rejecting or returning it. What was rated with the same ``key`` before is not rated again. Raises ``BadRating``, ``NotYours``, ``WrongStage``.
    """
    comment = checked_note(comment, field="comment")
    aspects = _checked_rating(quality, aspects or {})
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "work_lead")
    if sent := sent_before(Feedback, item, key):
        return sent
    kind = _kind(item)
    if not had_it(item, actor):
        permit_work([item], actor=actor, at=at)
    feedback = Feedback.objects.create(
        lead=item.lead, handoff=item.handoff, user=actor, kind=kind, quality=quality, aspects=aspects, comment=comment,
        given_at=at, submission_key=key,
    )  # fmt: skip
    record = Record("rate", actor.pk, at)
    record.event(
        lead_id, "rated", handoff_id=item.handoff.pk if item.handoff else None, user_id=actor.pk,
        campaign_id=item.lead.last_campaign_id, version_id=terms_of([item], at)[lead_id][0], code=kind,
        facts={"feedback": feedback.pk, "quality": quality, "aspects": aspects},
    )  # fmt: skip
    promises = OF_RATER if kind == Feedback.Kinds.FULL else {"quick_rating"}
    clocks.answer(record, promise=promises, lead_ids=[lead_id], at=at)
    tell_marketing(record, [item], "lead_rated", {lead_id: {"quality": quality, "feedback": feedback.pk}})
    heed_ratings(record, [item], at)
    record.write("lead", [lead_id], feedback=feedback.pk, quality=quality)
    return feedback.pk


def _checked_rating(quality: int, aspects: Mapping[str, bool]) -> dict[str, bool]:
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 5:
        raise BadRating("Rate the quality from 1 to 5.", field="quality", code="out_of_range")
    for aspect, is_good in aspects.items():
        if aspect not in FEEDBACK_ASPECTS or not isinstance(is_good, bool):
            raise BadRating("This aspect is not known.", field="aspects", code="unknown_aspect")
    return dict(aspects)


def had_it(item: Held, user: User) -> bool:
    """Tell whether the lead was this person's under its last handoff, if only to give it back."""
    handoff = item.handoff
    if handoff is None:
        return False
    return user.pk in (handoff.assignee_id, handoff.decided_by_id) or (handoff.was_returned and _returned(item, user))


def _returned(item: Held, user: User) -> bool:
    """Tell whether the lead was returned from this person, who may have it by a later assignment, or by them for another."""
    returns = LeadEvent.objects.filter(lead=item.lead, handoff=item.handoff, kind="rejected")
    return returns.filter(Q(user=user) | Q(actor=user)).exists()


def rating_due(item: Held) -> str:
    """Give which rating of the lead is due; empty before sales had it in hand."""
    if item.lead.stage in VERDICTS or (item.handoff and item.handoff.reason):
        return Feedback.Kinds.FULL
    return Feedback.Kinds.QUICK if item.lead.stage == Stage.SAL else ""


def _kind(item: Held) -> str:
    """Give which rating is due; raises ``WrongStage`` before sales had the lead in hand."""
    kind = rating_due(item)
    if not kind:
        raise WrongStage("Sales has not had this lead in hand yet.", details={"stage": item.lead.stage})
    return kind
