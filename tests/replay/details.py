"""Damage to what is not a promise but is looked at all the same: reasons, scores, where a lead came from, what was written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef

from leads.models import Assignment, Clock, Handoff, Lead, LeadEvent, Qualification, Touch
from ledger.models import AuditEntry
from tests.replay.planting import one

BY_TURNS = Assignment.objects.filter(trace__chosen__why="turn")


def trace_of(row: Assignment, **changes: Any) -> None:
    """Put another reason on an assignment; ``changes`` replace parts of it."""
    Assignment.objects.filter(pk=row.pk).update(trace={**row.trace, **changes})


def other_person(user_id: int) -> int:
    """Give somebody else to whom leads were assigned."""
    found: int = one(Assignment.objects.exclude(user=None).exclude(user=user_id)).user_id
    return found


def lose_a_reason() -> None:
    Assignment.objects.filter(pk=one(BY_TURNS).pk).update(trace={})


def explain_it_by_another_person() -> None:
    row = one(BY_TURNS)
    trace_of(row, chosen={**row.trace["chosen"], "user": other_person(row.user_id)})


def explain_it_by_another_rule() -> None:
    row = one(BY_TURNS.exclude(trace__rules=[]))
    trace_of(row, chosen={**row.trace["chosen"], "rule": row.trace["rules"][0][0]})


def forget_a_rule_that_was_passed_over() -> None:
    row = one(BY_TURNS.exclude(trace__rules=[]))
    trace_of(row, rules=row.trace["rules"][1:])


def pass_a_rule_over_for_another_reason() -> None:
    row = one(BY_TURNS.exclude(trace__rules=[]))
    trace_of(row, rules=[[code, "no_pool"] for code, _ in row.trace["rules"]])


def exclude_somebody_who_never_had_it() -> None:
    row = one(BY_TURNS.filter(cause="routed"))
    trace_of(row, people=[[other_person(row.user_id), "excluded"]])


def pass_over_who_got_it() -> None:
    row = one(BY_TURNS)
    trace_of(row, people=[*row.trace["people"], [row.user_id, "full"]])


def say_that_they_opened_first() -> None:
    handoffs = Clock.objects.filter(promise="accept", handoff=OuterRef("handoff"), started_at=OuterRef("assigned_at"))
    row = one(BY_TURNS.filter(Exists(handoffs), cause="routed"))
    trace_of(row, chosen={**row.trace["chosen"], "why": "opens_first"})


def explain_a_queue_by_another() -> None:
    row = one(Assignment.objects.filter(queue__isnull=False, routing_version__isnull=False))
    trace_of(row, chosen={**row.trace["chosen"], "queue": row.queue_id + 1})


def claim_from_another_queue() -> None:
    row = one(Assignment.objects.filter(cause="claimed"))
    trace_of(row, chosen={**row.trace["chosen"], "queue": row.trace["chosen"]["queue"] + 1})


def have_another_manager_assign_it() -> None:
    row = one(Assignment.objects.filter(cause="manual"))
    trace_of(row, chosen={**row.trace["chosen"], "by": other_person(row.actor_id)})


def name_no_rules() -> None:
    Assignment.objects.filter(pk=one(BY_TURNS).pk).update(routing_version=None)


def better_the_fit_of_a_qualified_lead() -> None:
    later = LeadEvent.objects.filter(lead=OuterRef("pk"), kind__in=["touched", "completed"])
    lead = one(Lead.objects.filter(~Exists(later), handoffs__isnull=False, fit__lt=100, is_history=False))
    criteria = [line["points"] for line in lead.persona.criteria]
    Lead.objects.filter(pk=lead.pk).update(fit=next(n for n in (sum(criteria), criteria[0], 0) if n != lead.fit))


def give_a_fit_that_no_persona_gives() -> None:
    Lead.objects.filter(pk=one(Lead.objects.filter(stage="lead", fit__isnull=False)).pk).update(fit=F("fit") + 1)


def forget_the_persona() -> None:
    Lead.objects.filter(pk=one(Lead.objects.filter(persona__isnull=False)).pk).update(persona=None)


def better_a_fit_and_its_qualification() -> None:
    row = one(Qualification.objects.filter(fit__lt=100))
    Qualification.objects.filter(pk=row.pk).update(fit=row.fit + 1)
    event = one(LeadEvent.objects.filter(lead=row.lead_id, kind="qualified", occurred_at=row.qualified_at))
    LeadEvent.objects.filter(pk=event.pk).update(facts={**event.facts, "fit": row.fit + 1})


def better_an_engagement_and_its_qualification() -> None:
    row = one(Qualification.objects.filter(engagement__lt=100))
    Qualification.objects.filter(pk=row.pk).update(engagement=row.engagement + 1)
    event = one(LeadEvent.objects.filter(lead=row.lead_id, kind="qualified", occurred_at=row.qualified_at))
    LeadEvent.objects.filter(pk=event.pk).update(facts={**event.facts, "engagement": row.engagement + 1})


def better_an_engagement() -> None:
    lead = one(Lead.objects.filter(engagement_level__isnull=False))
    Lead.objects.filter(pk=lead.pk).update(engagement_level=lead.engagement_level + 0.01)


def touch_it_by_another_campaign_last() -> None:
    lead = one(Lead.objects.filter(last_campaign__isnull=False))
    other = one(Lead.objects.filter(last_campaign__isnull=False).exclude(last_campaign=lead.last_campaign_id))
    Lead.objects.filter(pk=lead.pk).update(last_campaign=other.last_campaign_id)


def credit_an_attempt_to_another_campaign() -> None:
    event = one(LeadEvent.objects.filter(kind="attempted", campaign__isnull=False))
    LeadEvent.objects.filter(pk=event.pk).update(campaign=None)


def touch_it_later() -> None:
    lead = one(Lead.objects.all())
    Lead.objects.filter(pk=lead.pk).update(last_touch_at=lead.last_touch_at + timedelta(minutes=1))


def lower_a_hand() -> None:
    Lead.objects.filter(pk=one(Lead.objects.filter(is_hand_raise=True)).pk).update(is_hand_raise=False)


def raise_a_hand() -> None:
    Lead.objects.filter(pk=one(Lead.objects.filter(is_hand_raise=False)).pk).update(is_hand_raise=True)


def let_a_rejected_lead_qualify_again() -> None:
    lead = one(Lead.objects.filter(needs_new_reason=True))
    Lead.objects.filter(pk=lead.pk).update(needs_new_reason=False)


def take_points_off_that_nobody_agreed() -> None:
    row = one(Qualification.objects.filter(fit__gte=50))
    line = {"score": "fit", "code": "negative:mood", "words": "", "points": -5, "state": "met", "evidence": ""}
    Qualification.objects.filter(pk=row.pk).update(fit=row.fit - 5, items=[*row.items, line])


def say_that_a_touch_came_from_elsewhere() -> None:
    row = one(Qualification.objects.filter(fit__gte=50))
    items = [{**item, "source": "partner"} if "day" in item else item for item in row.items]
    Qualification.objects.filter(pk=row.pk).update(items=items)


def say_another_fit() -> None:
    event = one(LeadEvent.objects.filter(kind="captured", facts__fit=100).exclude(lead__events__kind="touched"))
    LeadEvent.objects.filter(lead=event.lead_id, facts__has_key="fit").update(facts={**event.facts, "fit": 99})


def change_the_source_of_a_touch() -> None:
    touch = one(Touch.objects.exclude(source__in=["unknown", "event"]))
    Touch.objects.filter(pk=touch.pk).update(source="event")


def change_the_source_of_a_lead() -> None:
    lead = one(Lead.objects.exclude(source__in=["unknown", "event"]))
    Lead.objects.filter(pk=lead.pk).update(source="event")


def recycle_it_for_another_reason() -> None:
    event = one(LeadEvent.objects.filter(kind="recycled").exclude(code="no_budget"))
    LeadEvent.objects.filter(pk=event.pk).update(code="no_budget")


def disqualify_it_for_another_reason() -> None:
    event = one(LeadEvent.objects.filter(kind="disqualified").exclude(code="spam"))
    LeadEvent.objects.filter(pk=event.pk).update(code="spam")


def write_another_reason_down() -> None:
    entry = one(AuditEntry.objects.filter(verb="disqualify").exclude(facts__reason="spam"))
    AuditEntry.objects.filter(pk=entry.pk).update(facts={"reason": "spam"})


def reject_it_for_another_reason() -> None:
    handoff = one(Handoff.objects.exclude(reason__in=["", "duplicate"]))
    Handoff.objects.filter(pk=handoff.pk).update(reason="duplicate")


def decide_for_another() -> None:
    handoff = one(Handoff.objects.filter(state="accepted"))
    Handoff.objects.filter(pk=handoff.pk).update(decided_by=other_person(handoff.decided_by_id))


def lower_a_tier() -> None:
    handoff = one(Handoff.objects.filter(tier="hot", clocks__isnull=False))
    Handoff.objects.filter(pk=handoff.pk).update(tier="warm")


def write_twice(verb: str) -> Callable[[], None]:
    """Double an entry that has no seal."""

    def write() -> None:
        entry = one(AuditEntry.objects.filter(verb=verb))
        entry.pk = None
        entry.save(force_insert=True)

    write.__name__ = f"write_{verb}_twice"
    return write


TWICE = (
    "accept", "assign", "claim", "complete", "disqualify", "log_activity", "rate", "reassign", "recall", "recycle",
    "reroute", "return", "sign_agreement", "sweep", "take_in",
)  # fmt: skip

DETAILS: dict[Callable[[], None], str] = {
    lose_a_reason: "lacks its parts",
    explain_it_by_another_person: "chooses",
    explain_it_by_another_rule: "passes over the rules",
    forget_a_rule_that_was_passed_over: "passes over the rules",
    pass_a_rule_over_for_another_reason: "which that rule cannot be passed over for",
    exclude_somebody_who_never_had_it: "who never had the lead",
    pass_over_who_got_it: "who got it",
    say_that_they_opened_first: "their hours were open",
    explain_a_queue_by_another: "chooses",
    claim_from_another_queue: "by its events",
    have_another_manager_assign_it: "by its events",
    name_no_rules: "which were not in force",
    better_the_fit_of_a_qualified_lead: "was qualified with",
    give_a_fit_that_no_persona_gives: "cannot give",
    forget_the_persona: "with persona None",
    better_a_fit_and_its_qualification: "its lines make",
    take_points_off_that_nobody_agreed: "are agreed",
    say_that_a_touch_came_from_elsewhere: "gives as evidence",
    say_another_fit: "its last event gave it",
    better_an_engagement_and_its_qualification: "by the touches",
    better_an_engagement: "by its touches",
    touch_it_by_another_campaign_last: "was last touched by campaign",
    credit_an_attempt_to_another_campaign: "attempted is credited to campaign None",
    touch_it_later: "was touched last at",
    lower_a_hand: "has not raised its hand",
    raise_a_hand: "has raised its hand",
    let_a_rejected_lead_qualify_again: "needs no new reason",
    change_the_source_of_a_touch: "a row of touch without its event",
    change_the_source_of_a_lead: "came from source event",
    recycle_it_for_another_reason: "by its events for no_budget",
    disqualify_it_for_another_reason: "by its events for spam",
    write_another_reason_down: "for spam, by its events for",
    reject_it_for_another_reason: "decided by, reason",
    decide_for_another: "decided by, reason",
    lower_a_tier: "its lead was warm",
    **{write_twice(verb): "told again" for verb in TWICE},
}
"""Each kind of damage, with words that it has to be told with."""
