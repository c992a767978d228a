"""The verbs about leads: from the first touch to what became of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from leads import followup, handoffs, outcomes, pausing, second_life
from leads.capture import capture, open_form, set_form_active, submit
from leads.completing import complete
from leads.escalation import move_on
from leads.excusing import excuse
from leads.faults import set_aside, try_again
from leads.history import PastWin, record_wins
from leads.importing import abandon_run, map_columns, run_batch, stage_file, start_run
from leads.intake.arrival import HISTORY
from leads.intake.pipeline import take_in
from leads.models import CaptureForm, Clock, ImportRun, Lead
from leads.nurturing import nurture
from leads.qualifying import qualify
from leads.recomputing import recompute
from sla.calendars import set_calendar
from tests.cast import NOW, OFFICE
from tests.leads.follow_up_calls import VERBS, log
from tests.leads.import_runs import FILE, staged
from tests.leads.intake_world import anna, visitor
from tests.leads.worlds import ready_lead
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company

# Handoffs and moves ---------------------------------------------------------------------------------------------------


def _hand_off(company: Company) -> Act:
    lead = ready_lead()
    return lambda: handoffs.hand_off(lead_id=lead.pk, actor=company.maya, at=LATER)


def _accept(company: Company) -> Act:
    lead = company.lead("mql")
    return lambda: handoffs.accept(lead_id=lead.pk, actor=company.sam, at=LATER)


def _accept_many(company: Company) -> Act:
    ids = [company.lead("mql").pk]
    company.lead("mql")  # Rita's turn
    ids.append(company.lead("mql").pk)
    return lambda: handoffs.accept_many(lead_ids=ids, actor=company.sam, at=LATER)


def _reject(company: Company) -> Act:
    lead = company.lead("mql")
    return lambda: handoffs.reject(lead_id=lead.pk, reason="duplicate", actor=company.sam, at=LATER)


def _reject_many(company: Company) -> Act:
    ids = [company.lead("mql").pk]
    company.lead("mql")  # Rita's turn
    ids.append(company.lead("mql").pk)
    return lambda: handoffs.reject_many(lead_ids=ids, reason="duplicate", actor=company.sam, at=LATER)


def _return_lead(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: handoffs.return_lead(lead_id=lead.pk, reason="wrong_role", actor=company.sam, at=LATER)


def _reroute(company: Company) -> Act:
    lead = company.lead("mql")
    return lambda: handoffs.reroute(lead_id=lead.pk, actor=company.sam, at=LATER)


def _recall(company: Company) -> Act:
    lead = company.lead("mql")
    return lambda: handoffs.recall(lead_id=lead.pk, actor=company.maya, at=LATER)


def _claim(company: Company) -> Act:
    lead = company.waiting()
    return lambda: handoffs.claim(lead_id=lead.pk, actor=company.sam, at=LATER)


def _assign(company: Company) -> Act:
    lead = company.lead("opportunity")
    return lambda: handoffs.assign(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sue, at=LATER)


MOVES = [
    Case(handoffs.hand_off, _hand_off, audit="hand_off", events="assigned handed_off", told="lead_offered"),
    Case(handoffs.accept, _accept, audit="accept", events="accepted"),
    Case(handoffs.accept_many, _accept_many, audit="accept", events="accepted"),
    Case(handoffs.reject, _reject, audit="reject", events="rejected", told="lead_rejected"),
    Case(handoffs.reject_many, _reject_many, audit="reject", events="rejected", told="lead_rejected"),
    Case(handoffs.return_lead, _return_lead, audit="return", events="rejected", told="lead_rejected"),
    Case(handoffs.reroute, _reroute, audit="reroute", events="assigned rerouted", told="lead_offered"),
    Case(handoffs.recall, _recall, audit="recall", events="recalled", told="lead_recalled"),
    Case(handoffs.claim, _claim, audit="claim", events="assigned"),
    Case(handoffs.assign, _assign, audit="assign", events="assigned", told="lead_assigned lead_rerouted"),
]

# Following up, outcomes, a second life --------------------------------------------------------------------------------


def _log_activity(company: Company) -> Act:
    lead = company.lead("mql")  # which it accepts, too
    return lambda: log(lead, company.sam, "conversation")


def _rate(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: followup.rate(lead_id=lead.pk, quality=2, aspects={"data": False}, actor=company.sam, at=LATER)


def _qualify_for_sales(company: Company) -> Act:
    lead = company.lead("sal")
    log(lead, company.sam, "conversation", at=NOW)
    return lambda: VERBS["qualify_for_sales"](lead, company.sam)


def _open_opportunity(company: Company) -> Act:
    lead = company.lead("sql")
    return lambda: VERBS["open_opportunity"](lead, company.sam)


def _win(company: Company) -> Act:
    lead = company.lead("opportunity")
    return lambda: outcomes.win(lead_id=lead.pk, amount=Decimal(1500), actor=company.sam, at=LATER)


def _lose(company: Company) -> Act:
    lead = company.lead("opportunity")
    return lambda: VERBS["lose"](lead, company.sam)


def _recycle(company: Company) -> Act:
    lead = company.lead("sal")
    return lambda: VERBS["recycle"](lead, company.sam)


def _disqualify(company: Company) -> Act:
    lead = company.lead("opportunity")
    return lambda: VERBS["disqualify"](lead, company.sam)


def _reopen(company: Company) -> Act:
    lead = company.lead("lost")
    return lambda: VERBS["reopen"](lead, company.sam)


def _revive_due(company: Company) -> Act:
    lead = company.lead("recycled")
    Lead.objects.filter(pk=lead.pk).update(returns_on=LATER.date())
    return lambda: second_life.revive_due(at=LATER)


def _record_wins(company: Company) -> Act:
    take_in([anna(external_id="a1", occurred_at=NOW - timedelta(days=400))], actor=company.maya, at=NOW, mode=HISTORY)
    won = PastWin("a1", NOW - timedelta(days=300), Decimal(900), company="Acme GmbH")
    return lambda: record_wins(wins=[won], actor=company.maya, at=LATER)


AFTERWARDS = [
    Case(followup.log_activity, _log_activity, audit="log_activity", events="accepted attempted conversed"),
    Case(followup.rate, _rate, audit="rate", events="rated", told="lead_rated"),
    Case(outcomes.qualify_for_sales, _qualify_for_sales, audit="qualify_for_sales", events="qualified_for_sales"),
    Case(outcomes.open_opportunity, _open_opportunity, audit="open_opportunity", events="opportunity_opened"),
    Case(outcomes.win, _win, audit="win", events="won", told="lead_won"),
    Case(outcomes.lose, _lose, audit="lose", events="lost", told="lead_lost"),
    Case(outcomes.recycle, _recycle, audit="recycle", events="recycled", told="lead_recycled"),
    Case(outcomes.disqualify, _disqualify, audit="disqualify", events="disqualified", told="lead_disqualified"),
    Case(second_life.reopen, _reopen, audit="reopen", events="reopened", told="lead_reopened"),
    Case(second_life.revive_due, _revive_due, audit="revive", events="revived", told="lead_revived"),
    Case(record_wins, _record_wins, audit="record_history", events="won"),
]

# Intake ---------------------------------------------------------------------------------------------------------------


def _take_in_one(company: Company) -> Act:
    return lambda: take_in([anna()], actor=None, at=LATER)


def _take_in_many(company: Company) -> Act:
    take_in([anna(touch_kind="page_view")], actor=None, at=NOW)
    arrivals = [anna(), visitor(1), visitor(2, touch_kind="demo_request"), anna(email="no address", phone="")]
    return lambda: take_in(arrivals, actor=company.maya, at=LATER)


def _capture(company: Company) -> Act:
    return lambda: capture(arrival=anna(), actor=company.sam, at=LATER)


def _open_form(company: Company) -> Act:
    return lambda: open_form(
        actor=company.maya, at=LATER, slug="demo", title="Demo", touch_kind="demo_request", campaign_id=None
    )


def _form() -> CaptureForm:
    return CaptureForm.objects.create(slug="demo", title="Demo", touch_kind="demo_request", created_at=NOW)


def _set_form_active(company: Company) -> Act:
    form = _form()
    return lambda: set_form_active(actor=company.maya, at=LATER, form_id=form.pk, is_active=False)


def _submit(company: Company) -> Act:
    form, values = _form(), {"name": "Anna Arnold", "email": "anna@acme.example", "company": "Acme GmbH"}
    return lambda: submit(form=form, values=values, utm={}, referrer="", landing_page="", nonce="n1", at=LATER)


def _complete(company: Company) -> Act:
    (taken,) = take_in([anna(industry="", employee_count="", touch_kind="demo_request")], actor=None, at=NOW)
    changes = {"industry": "Manufacturing", "employee_count": "250"}
    return lambda: complete(lead_id=taken.lead_id or 0, changes=changes, actor=company.maya, at=LATER)


def _nurture(company: Company) -> Act:
    (taken,) = take_in([anna(touch_kind="page_view")], actor=None, at=NOW)
    return lambda: nurture(lead_id=taken.lead_id or 0, kind="email", actor=company.maya, at=LATER)


def _qualify(company: Company) -> Act:
    (taken,) = take_in([anna(touch_kind="page_view")], actor=None, at=NOW)
    return lambda: qualify(lead_ids=[taken.lead_id or 0], actor=company.maya, at=LATER, reason="Met at the fair")


INTAKE = [
    Case(take_in, _take_in_one, audit="take_in", events="assigned captured handed_off qualified", told="lead_offered"),
    Case(
        take_in,
        _take_in_many,
        audit="take_in",
        events="assigned captured handed_off qualified touched triage_needed",
        told="lead_offered lead_triage",
    ),
    Case(capture, _capture, audit="take_in", events="captured"),
    Case(open_form, _open_form, audit="open_form"),
    Case(set_form_active, _set_form_active, audit="close_form"),
    Case(submit, _submit, audit="take_in", events="captured triage_needed", told="lead_triage"),
    Case(complete, _complete, audit="complete", events="completed", told="lead_corrected"),
    Case(qualify, _qualify, audit="qualify", events="qualified"),
    Case(nurture, _nurture, audit="nurture", events="nurtured"),
]

# Import ---------------------------------------------------------------------------------------------------------------


def _stage_file(company: Company) -> Act:
    return lambda: stage_file(actor=company.maya, at=LATER, name="list.csv", raw=FILE)


def _map_columns(company: Company) -> Act:
    run = staged(company.maya)
    return lambda: map_columns(
        actor=company.maya, run_id=run.pk, mapping={"email": "Email"}, touch_kind="form", campaign_id=None,
        lawful_basis="consent", at=LATER,
    )  # fmt: skip


def _start_run(company: Company) -> Act:
    run = staged(company.maya)
    return lambda: start_run(actor=company.maya, run_id=run.pk, at=LATER)


def _abandon_run(company: Company) -> Act:
    run = staged(company.maya)
    return lambda: abandon_run(actor=company.maya, run_id=run.pk, at=LATER)


def _started(company: Company) -> ImportRun:
    run = staged(company.maya, FILE + b"Cleo,no address,Clay\n")
    return start_run(actor=company.maya, run_id=run.pk, at=NOW)


def _run_batch(company: Company) -> Act:
    run = _started(company)
    return lambda: run_batch(run_id=run.pk, at=LATER)


def _last_batch(company: Company) -> Act:
    run = _started(company)
    run_batch(run_id=run.pk, at=NOW)
    return lambda: run_batch(run_id=run.pk, at=LATER)


IMPORT = [
    Case(stage_file, _stage_file, audit="stage_file"),
    Case(map_columns, _map_columns, audit="map_columns"),
    Case(start_run, _start_run, audit="start_import"),
    Case(abandon_run, _abandon_run, audit="abandon_import"),
    Case(run_batch, _run_batch, audit="take_in", events="captured"),
    Case(run_batch, _last_batch, audit="finish_import"),
]

# What the sweep does --------------------------------------------------------------------------------------------------


def _overdue(company: Company) -> Clock:
    """Give the clock of an offer to Sam that he left lying for half an hour."""
    lead = company.lead("mql", at=NOW - timedelta(minutes=30))
    return Clock.objects.get(handoff__lead=lead, promise="accept")


def _reassign(company: Company) -> Act:
    clock = _overdue(company)
    return lambda: move_on([clock.pk], at=LATER)


def _set_aside(company: Company) -> Act:
    clock = _overdue(company)
    return lambda: set_aside(clock.pk, LATER, ZeroDivisionError())


SWEEP = [
    Case(
        move_on,
        _reassign,
        audit="reassign",
        events="assigned",
        told="clock_escalated clock_missed clock_taken lead_offered",
    ),
    Case(set_aside, _set_aside),
]

# What people do to clocks -----------------------------------------------------------------------------------------------


def _owed(company: Company, promise: str = "verdict") -> Clock:
    return Clock.objects.get(lead=company.lead("sal"), promise=promise)


def _pause(company: Company) -> Act:
    clock = _owed(company)
    return lambda: pausing.pause(clock_id=clock.pk, reason="later_date", actor=company.sam, at=LATER)


def _paused(company: Company) -> Clock:
    clock, until = _owed(company), LATER - timedelta(minutes=1)
    pausing.pause(clock_id=clock.pk, reason="later_date", until=until, actor=company.sam, at=NOW)
    return clock


def _resume(company: Company) -> Act:
    clock = _owed(company)
    pausing.pause(clock_id=clock.pk, reason="later_date", actor=company.sam, at=NOW)
    return lambda: pausing.resume(clock_id=clock.pk, actor=company.sam, at=LATER)


def _resume_due(company: Company) -> Act:
    clock = _paused(company)
    return lambda: pausing.resume_due([clock.pk], LATER)


def _excuse(company: Company) -> Act:
    clock = _overdue(company)
    move_on([clock.pk], at=NOW)
    return lambda: excuse(clock_id=clock.pk, reason="system_down", actor=company.mona, at=LATER)


def _recompute(company: Company) -> Act:
    clock = _owed(company)
    set_calendar(
        actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2026-03-03"]}, at=NOW, team=company.sales
    )
    return lambda: recompute(clock_ids=[clock.pk], note="A holiday", actor=company.sue, at=LATER)


def _try_again(company: Company) -> Act:
    clock = _overdue(company)
    set_aside(clock.pk, NOW, ZeroDivisionError())
    return lambda: try_again(clock_id=clock.pk, actor=company.ada, at=LATER)


MARKS = [
    Case(pausing.pause, _pause, audit="pause", told="clock_paused"),
    Case(pausing.resume, _resume, audit="resume", told="clock_resumed"),
    Case(pausing.resume_due, _resume_due, audit="resume", told="clock_resumed"),
    Case(excuse, _excuse, audit="excuse", told="clock_excused"),
    Case(recompute, _recompute, audit="recompute", told="clock_recomputed"),
    Case(try_again, _try_again, audit="try_again"),
]

LEAD_CASES = [*MOVES, *AFTERWARDS, *INTAKE, *IMPORT, *SWEEP, *MARKS]
