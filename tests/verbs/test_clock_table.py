"""Each row of those tables of docs/clocks.md that say what becomes of a running clock is done, and its clocks are looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from leads import followup, handoffs, outcomes, second_life, staff, transfers
from leads.assigning import Places
from leads.clocks import start
from leads.completing import complete
from leads.handing_on import hand_on
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock, Lead
from leads.nurturing import nurture
from leads.owed import Duty, Owed, Owner, begin_duties, on_lead
from leads.qualifying import qualify
from leads.record import Record
from leads.sweep import sweep
from replay.invariants import endings
from replay.invariants.facts import Facts
from sla.in_force import agreement_in_force
from sla.promises import KINDS
from teams.models import Absence, User
from tests.cast import NOW, person
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST, make_campaign
from tests.targets.world import promise
from tests.verbs.clock_doc import rows
from tests.verbs.clock_exchange import EXCHANGED, MOVED
from tests.verbs.company import Company

pytestmark = pytest.mark.django_db

AT = NOW + timedelta(minutes=5)
DAY = 24 * 60
TO_QUEUE = {"at_percent": 150, "action": "return_to_queue"}
TO_REP = {"at_percent": 100, "action": "notify_rep"}
OF_MARKETING = ("triage", "returned", "nurture")

Act = Callable[[Company, Any], object]
Setup = Callable[[Company], Any]

ROWS = rows("when")


# Where a lead stands --------------------------------------------------------------------------------------------------


def in_queue(company: Company) -> Lead:
    return company.waiting()


def offered(company: Company) -> Lead:
    return company.lead("mql")


def in_work(company: Company) -> Lead:
    """Give a SAL whose contact has asked for us again."""
    lead = company.lead("sal")
    _asks_again(lead)
    return lead


def talked(company: Company) -> Lead:
    lead = company.lead("sal")
    followup.log_activity(lead_id=lead.pk, kind="call", outcome="conversation", actor=company.sam, at=NOW)
    return lead


def untouched(company: Company) -> Lead:
    return company.lead("sal")


def dealt(company: Company) -> Lead:
    """Give an opportunity whose contact has asked for us again."""
    lead = company.lead("opportunity")
    _asks_again(lead)
    return lead


def closed(stage: str) -> Setup:
    return lambda company: company.lead(stage)


def put_aside(company: Company) -> Lead:
    """Give a recycled lead whose date has come."""
    lead = company.lead("recycled")
    Lead.objects.filter(pk=lead.pk).update(returns_on=AT.date())
    return lead


def offered_under(*steps: dict[str, Any], then: str) -> Setup:
    """Have these steps of escalation agreed upon, and what becomes of an offer at the end of its window of a day."""

    def setup(company: Company) -> Lead:
        promise(company.mona, company.sue, escalation=[*steps], accept_window={"days": 1, "then": then})
        return company.lead("mql")

    return setup


def in_work_under(*steps: dict[str, Any]) -> Setup:
    def setup(company: Company) -> Lead:
        lead: Lead = offered_under(*steps, then="auto_accept")(company)
        handoffs.accept(lead_id=lead.pk, actor=company.sam, at=NOW)
        return lead

    return setup


def decided(company: Company) -> Lead:
    """Give an SQL whose contact has asked for us again."""
    lead = company.lead("sql")
    _asks_again(lead)
    return lead


def transferring(company: Company) -> Lead:
    """Give a SAL, whose contact has asked for us again, that Sam offers to Rita."""
    return _offered_to_rita(company, in_work(company))


def transferring_sql(company: Company) -> Lead:
    return _offered_to_rita(company, decided(company))


def _offered_to_rita(company: Company, lead: Lead) -> Lead:
    transfers.transfer(lead_id=lead.pk, user_id=company.rita.pk, actor=company.sam, at=NOW)
    return lead


def back(company: Company) -> Lead:
    """Give a lead with marketing on which marketing owes all that it can owe there."""
    lead = company.lead("lead")
    agreement = agreement_in_force(NOW)
    owed = Owed(lead.pk, "standard", agreement.version_id, agreement.terms)
    record = Record("test", None, NOW)
    begin_duties(record, [Duty(promise, owed, company.maya.pk) for promise in OF_MARKETING], NOW)
    record.write("test", [])
    return lead


def incomplete(company: Company) -> Lead:
    """Give an MQL of Maya's campaign that could not be handed off: its company is not known."""
    make_campaign(company.maya)
    gaps = {"email": "anna@gmail.com", "company": "", "phone": "+49 30 1234567", "campaign_code": "spring"}
    (outcome,) = take_in([anna(touch_kind="demo_request", **gaps)], actor=None, at=NOW)
    lead = Lead.objects.get(pk=outcome.lead_id or 0)
    assert lead.stage == "mql"
    return lead


def _asks_again(lead: Lead) -> None:
    agreement = agreement_in_force(NOW)
    owed = Owed(lead.pk, lead.tier_of_promises, agreement.version_id, agreement.terms)
    places = Places.load([lead.owner_id or 0], (), NOW)
    owner = Owner(lead.owner_id, places.team_of[lead.owner_id or 0], *places.hours.of_person(lead.owner_id or 0))
    record = Record("test", None, NOW)
    start(record, [on_lead("respond", owed, owner, arrived_at=NOW)], NOW)
    record.write("test", [])


# What happens ---------------------------------------------------------------------------------------------------------


def _log(outcome: str) -> Act:
    return lambda c, lead: followup.log_activity(lead_id=lead.pk, kind="call", outcome=outcome, actor=c.sam, at=AT)


def _reroute(c: Company, lead: Lead) -> None:
    handoffs.reroute(lead_id=lead.pk, actor=c.sam, at=AT)


def _reassign(c: Company, lead: Lead) -> None:
    handoffs.assign(lead_id=lead.pk, user_id=c.rita.pk, actor=c.sue, at=AT)


def _leave(c: Company, lead: Lead) -> None:
    staff.deactivate(actor=c.sue, at=AT, user_id=c.sam.pk)


def _go(user: str, *, cover: bool = False, minutes: int = 60 * 24 * 60) -> Act:
    """Let somebody be away from ``AT`` on; what falls due meanwhile is handed on."""

    def act(c: Company, lead: Lead) -> None:
        covers = {"sam": c.rita, "maya": c.mona}[user] if cover else None
        away: User = getattr(c, user)
        ends_at = AT + timedelta(minutes=minutes)
        Absence.objects.create(user=away, cover=covers, starts_at=AT, ends_at=ends_at)
        hand_on(at=AT)

    return act


def _leave_for_good(user: str) -> Act:
    def act(c: Company, lead: Lead) -> None:
        staff.deactivate(actor=c.ada, at=AT, user_id=getattr(c, user).pk)
        hand_on(at=AT)

    return act


def _sweep(*, minutes: int, away: str = "", cover: str = "") -> Act:
    """Let the time pass that a step needs to come due, with somebody away who could get the lead else, and whoever covers."""

    def act(c: Company, lead: Lead) -> None:
        if away:
            covers = getattr(c, cover) if cover else None
            Absence.objects.create(
                user=getattr(c, away), cover=covers, starts_at=NOW, ends_at=NOW + timedelta(days=60)
            )  # fmt: skip
        sweep(at=NOW + timedelta(minutes=minutes))

    return act


def _touch(c: Company, lead: Lead) -> None:
    take_in([Arrival(email=lead.contact.email, touch_kind="page_view")], actor=None, at=AT)


def _reopen(c: Company, lead: Lead) -> None:
    second_life.reopen(lead_id=lead.pk, reason="They called.", actor=c.maya, at=AT)


def _disqualify(c: Company, lead: Lead) -> None:
    outcomes.disqualify(lead_id=lead.pk, reason="vendor", actor=c.sam, at=AT)


def _accept_transfer(c: Company, lead: Lead) -> None:
    transfers.accept_transfer(lead_id=lead.pk, actor=c.rita, at=AT)


def _recycle(c: Company, lead: Lead) -> None:
    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=c.sam, at=AT)


def _rate(c: Company, lead: Lead) -> None:
    followup.rate(lead_id=lead.pk, quality=4, actor=c.sam, at=AT)


def _open(c: Company, lead: Lead) -> None:
    outcomes.open_opportunity(
        lead_id=lead.pk, amount=Decimal(500), expected_close_on=AT.date() + timedelta(days=9), actor=c.sam, at=AT
    )


HAPPENINGS: dict[str, tuple[Setup, Act]] = {
    "claimed from the queue": (in_queue, lambda c, x: handoffs.claim(lead_id=x.pk, actor=person("Zoe", c.sales), at=AT)),
    "assigned from the queue": (in_queue, lambda c, x: handoffs.assign(lead_id=x.pk, user_id=c.rita.pk, actor=c.sue, at=AT)),
    "recalled from the queue": (in_queue, lambda c, x: handoffs.recall(lead_id=x.pk, actor=c.maya, at=AT)),
    "accepted": (offered, lambda c, x: handoffs.accept(lead_id=x.pk, actor=c.sam, at=AT)),
    "rejected": (offered, lambda c, x: handoffs.reject(lead_id=x.pk, reason="wrong_role", actor=c.sam, at=AT)),
    "recalled": (offered, lambda c, x: handoffs.recall(lead_id=x.pk, actor=c.maya, at=AT)),
    "offer rerouted": (offered, _reroute),
    "offer reassigned by a manager": (offered, _reassign),
    "rep leaves, with an offer": (offered, _leave),
    "attempt": (in_work, _log("no_answer")),
    "conversation": (in_work, _log("conversation")),
    "rerouted in work": (in_work, _reroute),
    "reassigned by a manager in work": (in_work, _reassign),
    "rep leaves, with a lead in work": (in_work, _leave),
    "on leave, nobody covers, with an offer": (offered, _go("sam")),
    "on leave, nobody covers, with a lead in work": (in_work, _go("sam")),
    "on leave with a cover": (in_work, _go("sam", cover=True)),
    "on leave, back before anything is due": (in_work, _go("sam", minutes=1)),
    "on leave, nobody covers, after a conversation": (talked, _go("sam")),
    "rep leaves, after a conversation": (talked, _leave_for_good("sam")),
    "escalated, with an offer": (offered, _sweep(minutes=23)),
    "escalated, with an offer, and nobody else is there": (offered, _sweep(minutes=23, away="rita")),
    "escalated to the queue, with an offer": (offered_under(TO_QUEUE, then="auto_accept"), _sweep(minutes=23)),
    "escalated, with a lead in work": (untouched, _sweep(minutes=23)),
    "escalated, with a lead in work, and nobody else is there": (untouched, _sweep(minutes=23, away="rita")),
    "escalated to the queue, with a lead in work": (in_work_under(TO_QUEUE), _sweep(minutes=23)),
    "the window ends, and it is accepted for them": (offered_under(TO_REP, then="auto_accept"), _sweep(minutes=DAY + 1)),
    "the window ends, and it goes back to the queue": (
        offered_under(TO_REP, then="return_to_queue"), _sweep(minutes=DAY + 1),
    ),
    "the window ends while they are away, and it is accepted for who covers": (
        offered_under(TO_REP, then="auto_accept"), _sweep(minutes=DAY + 1, away="sam", cover="rita"),
    ),
    "the window ends while they are away, nobody covers, and it goes to the queue": (
        offered_under(TO_REP, then="auto_accept"), _sweep(minutes=DAY + 1, away="sam"),
    ),
    "returned": (in_work, lambda c, x: handoffs.return_lead(lead_id=x.pk, reason="wrong_role", actor=c.sam, at=AT)),
    "recycled untouched": (in_work, _recycle),
    "rerouted after a conversation": (talked, _reroute),
    "SQL": (talked, lambda c, x: outcomes.qualify_for_sales(lead_id=x.pk, confirmed=CHECKLIST, actor=c.sam, at=AT)),
    "recycled after a conversation": (talked, _recycle),
    "disqualified by sales": (talked, lambda c, x: outcomes.disqualify(lead_id=x.pk, reason="vendor", actor=c.sam, at=AT)),
    "rated": (talked, _rate),
    "rated after the verdict": (decided, _rate),
    "opportunity opened": (decided, _open),
    "SQL recycled": (decided, _recycle),
    "SQL disqualified": (decided, _disqualify),
    "opportunity disqualified": (dealt, _disqualify),
    "won": (dealt, lambda c, x: outcomes.win(lead_id=x.pk, actor=c.sam, at=AT)),
    "lost": (dealt, lambda c, x: outcomes.lose(lead_id=x.pk, reason="price", actor=c.sam, at=AT)),
    "lost, and reopened": (closed("lost"), _reopen),
    "disqualified, and reopened": (closed("disqualified"), _reopen),
    "recycled, and back on its date": (put_aside, lambda c, x: second_life.revive_due(at=AT)),
    "recycled, and back by a touch": (put_aside, _touch),
    "transferred, not yet accepted": (in_work, lambda c, x: transfers.transfer(lead_id=x.pk, user_id=c.rita.pk, actor=c.sam, at=AT)),
    "transfer accepted": (transferring, _accept_transfer),
    "transfer declined": (transferring, lambda c, x: transfers.decline_transfer(lead_id=x.pk, actor=c.rita, at=AT)),
    "transfer taken back": (transferring, lambda c, x: transfers.withdraw_transfer(lead_id=x.pk, actor=c.sam, at=AT)),
    "rerouted while a transfer waits": (transferring, _reroute),
    "colleague on leave, nobody covers, while a transfer waits": (transferring, _go("rita")),
    "colleague leaves while a transfer waits": (transferring, _leave_for_good("rita")),
    "rep leaves while a transfer waits": (transferring, _leave),
    "transfer of an SQL accepted": (transferring_sql, _accept_transfer),
    "opportunity opened while a transfer waits": (transferring_sql, _open),
    "nurtured": (back, lambda c, x: nurture(lead_id=x.pk, kind="email", actor=c.maya, at=AT)),
    "qualified by a marketer": (back, lambda c, x: qualify(lead_ids=[x.pk], reason="Met at the fair", actor=c.maya, at=AT)),
    "disqualified by marketing": (back, lambda c, x: outcomes.disqualify(lead_id=x.pk, reason="spam", actor=c.maya, at=AT)),
    "completed and handed off": (
        incomplete, lambda c, x: complete(lead_id=x.pk, changes={"company": "Acme GmbH"}, actor=c.maya, at=AT),
    ),
    "disqualified for want of data": (incomplete, lambda c, x: outcomes.disqualify(lead_id=x.pk, reason="spam", actor=c.maya, at=AT)),
    "marketer on leave, nobody covers": (back, _go("maya")),
    "marketer on leave with a cover": (back, _go("maya", cover=True)),
    "marketer leaves": (back, _leave_for_good("maya")),
    "on leave, nobody covers, with an MQL to complete": (incomplete, _go("maya")),
    "on leave with a cover, with an MQL to complete": (incomplete, _go("maya", cover=True)),
    "marketer leaves, with an MQL to complete": (incomplete, _leave_for_good("maya")),
    **EXCHANGED,
}  # fmt: skip

BECOMES = {"kept": "met", "cancelled": "cancelled", "afresh": "cancelled", "runs on": "running", "missed": "missed"}
BESIDE_EVENTS = (back, in_work, decided, dealt, transferring, transferring_sql)
"""Where clocks were started beside the events."""
OWED_BY_A_REP = ("accept", "first_attempt", "cadence", "verdict")


def test_every_row_is_done() -> None:
    assert [when for when, _ in ROWS] == list(HAPPENINGS)


def test_every_promise_has_its_column() -> None:
    columns = {promise for _, cells in ROWS for promise in cells}

    assert columns == (KINDS.keys() - {"decide_dispute"}) | {"decide_marketing", "decide_sales"}


def column_of(clock: Clock) -> str:
    """Give the code of the column that a clock stands in: what both sides owe has two."""
    return f"decide_{clock.side}" if clock.promise == "decide_dispute" else clock.promise


@pytest.mark.parametrize(("when", "wanted"), ROWS, ids=[when for when, _ in ROWS])
def test_it_happens_to_the_clocks_as_the_table_says(when: str, wanted: dict[str, str], company: Company) -> None:
    setup, act = HAPPENINGS[when]
    thing = setup(company)
    before = {column_of(clock): clock for clock in Clock.objects.running()}
    assert before.keys() == wanted.keys()

    act(company, thing)

    after = dict(Clock.objects.values_list("pk", "state"))
    cells = {promise: cell.split(", ") for promise, cell in wanted.items()}
    assert {promise: after[before[promise].pk] for promise in wanted} == {
        promise: BECOMES[words[0]] for promise, words in cells.items()
    }
    running = Clock.objects.running().exclude(pk__in=[clock.pk for clock in before.values()])
    fresh = [clock for clock in running if column_of(clock) in before]
    assert {column_of(clock) for clock in fresh} == {promise for promise, words in cells.items() if "afresh" in words}
    for clock in fresh:
        assert clock.user == _owed_afresh_by(clock, thing, when, company)
    if setup not in BESIDE_EVENTS:
        assert list(endings.differences(Facts.load())) == []


def _owed_afresh_by(clock: Clock, thing: Any, when: str, company: Company) -> User | None:
    """Say who owes a promise that began anew: who has the lead now, else whose date moved, else the team."""
    if clock.promise in OWED_BY_A_REP:
        return Lead.objects.get(pk=thing.pk).owner or thing.handoffs.latest("ordinal").assignee
    return company.maya if when == MOVED else None
