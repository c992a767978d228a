"""The sweep: warns, records misses and escalates, once, at the true time, whoever looks and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.clocks import answer
from leads.models import Assignment, Clock, ClockStep, Handoff, Lead
from leads.record import Record
from leads.sweep import SweepResult, next_due_at, sweep
from leads.tasks import sweep_clocks
from ledger.instants import edge_now
from ledger.models import AuditEntry, Notice
from ledger.wording import wording
from sla.in_force import InForce
from teams.models import Membership, Team, User
from tests.cast import NOW, clock_start, make_lead, offer_to, person, start_clocks
from tests.plans import only_on_sqlite, scans
from tests.routing_setup import simple_routing

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DUE = NOW + 15 * MINUTE
pytestmark = pytest.mark.django_db


def steps(kind: str | None = None) -> list[tuple[Any, ...]]:
    found = ClockStep.objects.exclude(kind="started").order_by("id")
    if kind:
        found = found.filter(kind=kind)
    return list(found.values_list("kind", "percent", "code", "occurred_at"))


def told(*, channel: str = "in_app") -> list[tuple[str, str]]:
    notices = Notice.objects.filter(channel=channel).order_by("id")
    return list(notices.values_list("code", "recipient__name"))


def test_it_does_nothing_before_the_first_warning(offered: Handoff) -> None:
    first = next_due_at()
    assert first == NOW + timedelta(seconds=594)  # 66 % of 15 minutes

    assert sweep(at=first - SECOND) == SweepResult()
    assert sweep(at=first) == SweepResult()

    assert steps() == []


def test_it_warns_the_rep_once_after_the_moment_of_the_warning(offered: Handoff) -> None:
    at = NOW + timedelta(seconds=594)

    assert sweep(at=at + SECOND) == SweepResult(warned=1)
    assert sweep(at=at + SECOND) == SweepResult()

    assert steps() == [("warned", 66, "", at)]
    assert told() == [("clock_warned", "Sam")]


@pytest.mark.parametrize(("late", "state"), [(-SECOND, "running"), (0 * SECOND, "running"), (SECOND, "missed")])
def test_it_records_a_miss_only_after_the_due_time(offered: Handoff, late: timedelta, state: str) -> None:
    sweep(at=DUE + late)

    assert Clock.objects.get().state == state


def test_a_miss_has_the_due_time_and_says_when_it_was_detected(offered: Handoff) -> None:
    sweep(at=DUE - SECOND)

    assert sweep(at=DUE + 3 * SECOND) == SweepResult(missed=1, escalated=1)

    clock = Clock.objects.get()
    assert (clock.missed_at, clock.detected_at, clock.met_at) == (DUE, DUE + 3 * SECOND, None)
    assert steps()[1:] == [("missed", 100, "", DUE), ("escalated", 100, "notify_rep", DUE)]
    assert told()[1:] == [("clock_missed", "Sam")]
    assert told(channel="email") == [("clock_missed", "Sam")]


def test_the_step_the_notices_and_the_audit_entry_of_a_batch_are_written_together(offered: Handoff) -> None:
    entries = AuditEntry.objects.count()

    sweep(at=DUE + SECOND)

    assert AuditEntry.objects.count() == entries + 1
    entry = AuditEntry.objects.latest("id")
    assert (entry.verb, entry.subject_type, entry.subject_id, entry.count) == (
        "sweep",
        "clock",
        Clock.objects.get().pk,
        1,
    )
    assert entry.facts == {"warned": 1, "missed": 1, "escalated": 1}


def test_a_warning_that_the_miss_has_overtaken_is_recorded_but_told_to_nobody(offered: Handoff) -> None:
    sweep(at=DUE + SECOND)

    assert [step[0] for step in steps()] == ["warned", "missed", "escalated"]
    assert told() == [("clock_missed", "Sam")]


def test_it_tells_the_managers_of_the_rep_at_their_step(offered: Handoff, agreement: InForce) -> None:
    sweep(at=DUE + SECOND)

    sweep(at=NOW + timedelta(seconds=900 * 125 // 100) + SECOND)

    assert steps("escalated")[-1][1:3] == (125, "notify_manager")
    assert told()[-1] == ("clock_escalated", "Sue")


def test_it_gives_the_lead_to_another_rep_when_the_step_says_so(offered: Handoff, sam: User, sales: Team) -> None:
    zoe = person("Zoe", sales)
    simple_routing(sales, [sam, zoe])
    at = NOW + timedelta(seconds=1350) + SECOND

    result = sweep(at=at)

    assert result == SweepResult(warned=1, missed=1, escalated=3, reassigned=1)
    offered.refresh_from_db()
    assert offered.assignee == zoe
    assignment = Assignment.objects.get()
    assert (assignment.user, assignment.cause) == (zoe, "escalated")
    old, new = Clock.objects.order_by("id")
    assert (old.state, old.user, old.next_action_at) == ("missed", sam, None)
    assert (new.state, new.user, new.promise, new.started_at) == ("running", zoe, "accept", at)
    assert ("clock_taken", "Sam") in told()
    assert _taken_from(sam) == "A lead went to somebody else"
    assert sweep(at=at) == SweepResult()


def test_who_lost_a_lead_is_told_that_it_went_to_the_queue_where_nobody_else_is_there(
    offered: Handoff, sam: User, sales: Team
) -> None:
    simple_routing(sales, [sam])

    sweep(at=NOW + timedelta(seconds=1350) + SECOND)

    offered.lead.refresh_from_db()
    assert offered.lead.queue == sales
    assert _taken_from(sam) == "A lead went back to the queue"


def _taken_from(user: User) -> str:
    notice = Notice.objects.get(code="clock_taken", channel="in_app", recipient=user)
    message = wording("clock_taken").render(notice.subject_id, notice.facts)
    assert ("queue" in message.text) == ("queue" in message.title)
    return message.title


def test_the_leads_that_move_on_are_found_by_their_clocks_alone(offered: Handoff, sam: User, sales: Team) -> None:
    only_on_sqlite()
    simple_routing(sales, [sam, person("Zoe", sales)])
    with CaptureQueriesContext(connection) as queries:
        assert sweep(at=NOW + timedelta(seconds=1350) + SECOND).reassigned == 1

    looked, scanned = scans(queries, 'SELECT "leads_')
    assert looked >= 5
    assert scanned == []


def test_who_gets_a_lead_by_a_long_sweep_has_the_whole_time_for_it(offered: Handoff, sam: User, sales: Team) -> None:
    zoe = person("Zoe", sales)
    simple_routing(sales, [sam, zoe])
    at = NOW + timedelta(seconds=1350) + SECOND

    sweep(at=at, now=lambda: at + MINUTE)

    old, new = Clock.objects.order_by("id")
    assert (old.missed_at, old.detected_at) == (DUE, at)
    assert (new.user, new.started_at) == (zoe, at + MINUTE)


def test_it_puts_the_lead_into_the_queue_when_nobody_else_can_take_it(offered: Handoff, sam: User, sales: Team) -> None:
    simple_routing(sales, [sam])

    sweep(at=NOW + timedelta(seconds=1350) + SECOND)

    lead = Lead.objects.get()
    assert (lead.queue, Handoff.objects.get().assignee) == (sales, None)
    assert list(Clock.objects.filter(state="running").values_list("promise", "team")) == [("assign", sales.pk)]


def test_a_lead_never_returns_to_a_rep_who_missed_it(offered: Handoff, sam: User, sales: Team) -> None:
    zoe = person("Zoe", sales)
    simple_routing(sales, [sam, zoe])
    sweep(at=NOW + timedelta(seconds=1350) + SECOND)

    sweep(at=NOW + timedelta(seconds=2 * 1350) + 3 * SECOND)

    assert Lead.objects.get().queue == sales
    assert Clock.objects.filter(promise="accept", state="missed").count() == 2


def test_a_first_attempt_that_was_missed_gives_the_lead_a_new_owner(agreement: InForce, sam: User, sales: Team) -> None:
    zoe = person("Zoe", sales)
    simple_routing(sales, [sam, zoe])
    lead = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "first_attempt", user=sam, lead_id=lead.pk))

    sweep(at=NOW + timedelta(seconds=1350) + SECOND)

    lead.refresh_from_db()
    assert lead.owner == zoe
    assert list(Clock.objects.order_by("id").values_list("promise", "user", "state")) == [
        ("first_attempt", sam.pk, "missed"),
        *((promise, zoe.pk, "running") for promise in ("first_attempt", "cadence", "verdict")),
    ]


def test_without_anybody_to_route_by_the_clock_is_set_aside_and_the_rest_goes_on(
    offered: Handoff, agreement: InForce, sam: User, caplog: pytest.LogCaptureFixture
) -> None:
    later = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=later.pk), at=NOW + 10 * MINUTE)
    at = NOW + timedelta(seconds=1350) + SECOND  # no routing rules are active: nobody can say who is next

    result = sweep(at=at)

    assert (result.set_aside, result.missed, result.reassigned) == (1, 1, 0)
    assert Clock.objects.get(handoff=offered).next_action_at == at + MINUTE
    assert "could not be swept" in caplog.text


def test_a_step_that_was_set_aside_is_taken_later_with_its_true_time(offered: Handoff, sam: User, sales: Team) -> None:
    at = NOW + timedelta(seconds=1350) + SECOND
    sweep(at=at)
    simple_routing(sales, [sam])

    assert sweep(at=at + MINUTE + SECOND).reassigned == 1

    assert steps("escalated")[-1] == ("escalated", 150, "reassign", at - SECOND)


def test_an_outage_is_caught_up_with_once_and_with_true_times(offered: Handoff, sam: User, sales: Team) -> None:
    simple_routing(sales, [sam])

    result = sweep(at=NOW + timedelta(days=9))

    accept = [step for step in steps() if step[3] < NOW + timedelta(hours=1)]
    assert accept == [
        ("warned", 66, "", NOW + timedelta(seconds=594)),
        ("missed", 100, "", DUE),
        ("escalated", 100, "notify_rep", DUE),
        ("escalated", 125, "notify_manager", NOW + timedelta(seconds=1125)),
        ("escalated", 150, "reassign", NOW + timedelta(seconds=1350)),
    ]
    assert result.missed == 1
    assert sweep(at=NOW + timedelta(days=9)) == SweepResult()


def test_the_managers_of_a_queue_answer_for_its_clock(agreement: InForce, sue: User, mona: User, sales: Team) -> None:
    handoff = offer_to(None, agreement)
    start_clocks(clock_start(agreement, "assign", team=sales, handoff_id=handoff.pk))

    sweep(at=NOW + timedelta(hours=2))

    codes = [step[2] for step in steps("escalated")]
    assert codes == ["notify_rep", "notify_manager", "reassign_not_applicable", "notify_both_managers"]
    assert told() == [
        ("clock_missed", "Sue"), ("clock_escalated", "Sue"), ("clock_escalated", "Sue"), ("clock_escalated", "Mona"),
    ]  # fmt: skip
    assert Clock.objects.get().next_action_at is None


def test_a_manager_who_left_is_told_nothing(offered: Handoff, sue: User) -> None:
    User.objects.filter(pk=sue.pk).update(is_active=False)

    sweep(at=NOW + timedelta(seconds=1126))

    assert ("clock_escalated", "Sue") not in told()


def test_a_reassignment_that_came_too_late_is_recorded_as_not_applicable(
    offered: Handoff, sales: Team, sam: User
) -> None:
    simple_routing(sales, [sam])
    zoe = person("Zoe", sales)
    Handoff.objects.update(assignee=zoe)  # a manager had moved it, the old clock was left acting

    sweep(at=NOW + timedelta(seconds=1800) + SECOND)

    codes = [step[2] for step in steps("escalated")]
    assert codes == ["notify_rep", "notify_manager", "reassign_not_applicable", "notify_both_managers"]
    assert Assignment.objects.count() == 0


def test_an_answered_miss_is_not_escalated_any_further(offered: Handoff, sam: User) -> None:
    sweep(at=DUE + SECOND)
    record = Record("accept", sam.pk, DUE + 2 * SECOND)
    answer(record, promise="accept", handoff_ids=[offered.pk], at=DUE + 2 * SECOND)
    record.write("handoff", [offered.pk])

    assert sweep(at=NOW + timedelta(days=1)) == SweepResult()


def test_a_clock_whose_plan_does_not_fit_is_set_aside(offered: Handoff, caplog: pytest.LogCaptureFixture) -> None:
    Clock.objects.update(plan=[])

    assert sweep(at=DUE + SECOND) == SweepResult(set_aside=1)
    assert sweep(at=DUE + SECOND) == SweepResult()

    assert Clock.objects.get().state == "running"


def test_one_bad_clock_never_stops_the_others(offered: Handoff, agreement: InForce, sam: User) -> None:
    for _ in range(4):
        handoff = offer_to(sam, agreement)
        start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    Clock.objects.filter(handoff=offered).update(plan=[[66, "warn", "not a number"]])

    result = sweep(at=DUE + SECOND)

    assert (result.missed, result.set_aside) == (4, 1)


def test_an_idle_sweep_is_one_query(offered: Handoff) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        sweep(at=NOW)

    assert len(queries) == 1


def test_a_batch_takes_as_many_statements_for_many_clocks_as_for_few(agreement: InForce, sam: User) -> None:
    def sweep_of(size: int) -> int:
        handoffs = [offer_to(sam, agreement) for _ in range(size)]
        start_clocks(*(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk) for handoff in handoffs))
        with CaptureQueriesContext(connection) as queries:
            assert sweep(at=DUE + SECOND).missed == size
        return len(queries)

    assert sweep_of(60) == sweep_of(5) <= 14


def test_it_passes_over_more_than_one_batch(agreement: InForce, sam: User) -> None:
    for _ in range(7):
        handoff = offer_to(sam, agreement)
        start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))

    assert sweep(at=DUE + SECOND, batch=2).missed == 7


def test_it_stops_between_batches_when_its_time_is_over(agreement: InForce, sam: User) -> None:
    for _ in range(3):
        handoff = offer_to(sam, agreement)
        start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))

    assert sweep(at=DUE + SECOND, seconds=0, batch=1).missed == 1


def test_the_task_sweeps_what_is_due_now(agreement: InForce, sam: User) -> None:
    now = edge_now()
    past, future = offer_to(sam, agreement), offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=past.pk), at=now - timedelta(days=30))
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=future.pk), at=now + timedelta(days=30))

    sweep_clocks()

    assert Clock.objects.get(handoff=past).state == "missed"
    assert Clock.objects.get(handoff=future).state == "running"


def test_the_command_sweeps_as_of_an_instant(offered: Handoff, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sweep", "--at", (DUE + SECOND).isoformat())

    assert "missed 1" in capsys.readouterr().out
    assert Clock.objects.get(period=None).state == "missed"


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02T10:15:01"])
def test_the_command_refuses_an_instant_without_a_meaning(text: str) -> None:
    with pytest.raises(CommandError):
        call_command("sweep", "--at", text)


def test_a_rep_in_two_teams_has_the_managers_of_both(offered: Handoff, sam: User, marketing: Team) -> None:
    Membership.objects.create(user=sam, team=marketing)

    sweep(at=NOW + timedelta(seconds=1126))

    assert {name for code, name in told() if code == "clock_escalated"} == {"Sue", "Mona"}
