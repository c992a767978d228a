"""Marketing keeps in touch with a lead that is with it: the verb of nurturing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from leads.codes import ACTIVITY_KINDS
from leads.followup import BadActivity, sent_before
from leads.holding import hold, permit, require_step
from leads.models import Activity
from leads.owed import end_duties
from leads.reasons import checked_note
from leads.record import Record
from teams.models import User

NURTURED = frozenset({"nurture", "returned"})
"""What is done by it: a lead that came back is looked after, one that sales gave back stays with marketing on purpose."""


@transaction.atomic
def nurture(*, lead_id: int, kind: str, actor: User, at: datetime, note: str = "", key: UUID | None = None) -> int:
    """Log that marketing got in touch with a lead of its own, and give the activity's id.

    It is neither an attempt nor a conversation of sales, and counts as neither. What was logged with the same ``key`` before is not logged
    again. Raises ``BadActivity``, ``NotAllowed``, ``WrongStage``.
    """
    note = checked_note(note)
    held = hold([lead_id], actor=actor)
    permit(actor, "nurture_lead")
    (item,) = held
    if sent := sent_before(Activity, item, key):
        return sent
    require_step("nurture", held)
    if kind not in ACTIVITY_KINDS:
        raise BadActivity("Choose what was done.", field="kind", code="unknown_kind")
    record = Record("nurture", actor.pk, at)
    activity = Activity.objects.create(
        lead=item.lead, user=actor, kind=kind, outcome="sent", is_outbound=True, note=note, occurred_at=at, recorded_at=at,
        submission_key=key,
    )  # fmt: skip
    record.event(
        lead_id, "nurtured", campaign_id=item.lead.last_campaign_id, user_id=actor.pk,
        facts={"kind": kind, "activity": activity.pk},
    )  # fmt: skip
    end_duties(record, [lead_id], at, NURTURED)
    record.write("lead", [lead_id], activity=activity.pk, kind=kind)
    return activity.pk
