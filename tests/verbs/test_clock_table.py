"""Each row of the tables of docs/clocks.md is done, and its clocks are looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from leads import followup, handoffs, outcomes, staff, transfers
from leads.assigning import Places
from leads.clocks import start
from leads.completing import complete
from leads.handing_on import hand_on
from leads.intake.pipeline import take_in
from leads.models import Clock, Lead
from leads.nurturing import nurture
from leads.owed import Duty, Owed, Owner, begin_duties, on_lead
from leads.qualifying import qualify
from leads.record import Record
from replay.invariants import endings
from replay.invariants.facts import Facts
from sla.in_force import agreement_in_force
from teams.models import Absence, User
from tests.cast import NOW, person
from tests.leads.intake_world import anna
from tests.leads.worlds import CHECKLIST
from tests.verbs.company import Company

pytestmark = pytest.mark.django_db

DOC = Path(__file__).parents[2] / "docs" / "clocks.md"
AT = NOW + timedelta(minutes=5)
OF_MARKETING = ("triage", "returned", "nurture")

Act = Callable[[Company, Lead], object]
Setup = Callable[[Company], Lead]


def rows() -> list[tuple[str, dict[str, str]]]:
    """Read the tables whose first column is *when*: what happens, and what becomes of each promise."""
    found: list[tuple[str, dict[str, str]]] = []
    head: list[str] = []
    for line in DOC.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells or set(cells[0]) == {"-"}:
            head = head if cells else []
        elif not head:
            head = cells
        elif head[0] == "when":
            named = {name.replace(" ", "_"): cell for name, cell in zip(head[1:], cells[1:], strict=True) if cell}
            found.append((cells[0], named))
    return found


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
    """Give an MQL that could not be handed off: its company is not known."""
    gaps = {"email": "anna@gmail.com", "company": "", "phone": "+49 30 1234567"}
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
    "marketer on leave, nobody covers": (back, _go("maya")),
    "marketer on leave with a cover": (back, _go("maya", cover=True)),
    "marketer leaves": (back, _leave_for_good("maya")),
}  # fmt: skip

BECOMES = {"kept": "met", "cancelled": "cancelled", "afresh": "cancelled", "runs on": "running"}


def test_every_row_is_done() -> None:
    assert [when for when, _ in rows()] == list(HAPPENINGS)


@pytest.mark.parametrize(("when", "wanted"), rows(), ids=[when for when, _ in rows()])
def test_it_happens_to_the_clocks_as_the_table_says(when: str, wanted: dict[str, str], company: Company) -> None:
    setup, act = HAPPENINGS[when]
    lead = setup(company)
    before = {clock.promise: clock for clock in Clock.objects.running()}
    assert before.keys() == wanted.keys()

    act(company, lead)

    after = dict(Clock.objects.values_list("pk", "state"))
    assert {promise: after[before[promise].pk] for promise in wanted} == {
        promise: BECOMES[cell] for promise, cell in wanted.items()
    }
    running = Clock.objects.running().exclude(pk__in=[clock.pk for clock in before.values()])
    fresh = {clock.promise for clock in running if clock.promise in before}
    assert fresh == {promise for promise, cell in wanted.items() if cell == "afresh"}
    holder = None  # what marketing owes afresh is owed by the team
    if setup is not back:
        holder = Lead.objects.get(pk=lead.pk).owner or lead.handoffs.latest("ordinal").assignee
    assert {clock.user for clock in running if clock.promise in fresh} <= {holder}
    if setup not in (
        back,
        in_work,
        decided,
        transferring,
        transferring_sql,
    ):  # where clocks were started beside the events
        assert list(endings.differences(Facts.load())) == []
