"""The verbs about the company itself: its campaigns, people, hours, agreement, routing and notices."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from campaigns.actions import Brief, change_campaign, log_campaign
from desk.first_run import start_company
from leads.routing.defaults import activate_default_routing, activate_rules
from leads.routing.pools import set_pools
from leads.staff import change_places, deactivate, let_in, share_work
from ledger.inbox import mark_read
from ledger.models import Notice
from ledger.outbox import claim, replay_dead
from personas.defaults import create_default_personas, create_default_scoring
from sla.agreements import draft_from_template, propose, sign, sign_default_agreement
from sla.calendars import set_calendar
from sla.models import CalendarUse
from teams.absences import end_absence, set_absence
from teams.availability import Load, set_load
from teams.invitations import invite
from teams.people import Place, create_member, create_team, set_active, set_places
from teams.roles import Side
from teams.tokens import make_token
from tests.cast import NOW, OFFICE, person
from tests.leads.worlds import make_campaign
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company

DAY = timedelta(days=1)

# Campaigns ------------------------------------------------------------------------------------------------------------

BRIEF = Brief(name="Summer", code="summer", type="webinar", starts_on=date(2026, 6, 1), budget=Decimal(500))


def _log_campaign(company: Company) -> Act:
    return lambda: log_campaign(brief=BRIEF, actor=company.maya, at=LATER)


def _change_campaign(company: Company) -> Act:
    campaign = make_campaign(company.maya)
    return lambda: change_campaign(campaign_id=campaign.pk, brief=BRIEF, actor=company.maya, at=LATER)


CAMPAIGNS = [
    Case(log_campaign, _log_campaign, audit="log_campaign"),
    Case(change_campaign, _change_campaign, audit="change_campaign"),
]

# People ---------------------------------------------------------------------------------------------------------------


def _create_member(company: Company) -> Act:
    places = [Place(company.sales.pk)]
    return lambda: create_member(
        actor=company.ada, at=LATER, email="new@smarketing.example", name="New", password="a long pass phrase",
        places=places,
    )  # fmt: skip


def _let_in(company: Company) -> Act:
    places = [Place(company.sales.pk)]
    return lambda: let_in(actor=company.ada, at=LATER, email="new@smarketing.example", name="New", places=places)


def _invite(company: Company) -> Act:
    return lambda: invite(actor=company.ada, at=LATER, user_id=company.sam.pk)


def _create_team(company: Company) -> Act:
    return lambda: create_team(actor=company.ada, at=LATER, name="Abroad", side=Side.SALES)


def _set_places(company: Company) -> Act:
    places = [Place(company.sales.pk, is_manager=True)]
    return lambda: set_places(actor=company.ada, at=LATER, user_id=company.sam.pk, places=places)


def _change_places(company: Company) -> Act:
    company.lead("sal")
    places = [Place(company.marketing.pk)]
    return lambda: change_places(actor=company.ada, at=LATER, user_id=company.sam.pk, places=places)


def _set_active(company: Company) -> Act:
    return lambda: set_active(actor=company.ada, at=LATER, user_id=company.sam.pk, is_active=False)


def _deactivate(company: Company) -> Act:
    company.lead("mql")
    return lambda: deactivate(actor=company.ada, at=LATER, user_id=company.sam.pk)


def _set_load(company: Company) -> Act:
    load = Load(open_lead_capacity=5)
    return lambda: set_load(actor=company.sue, at=LATER, user_id=company.sam.pk, load=load)


def _share_work(company: Company) -> Act:
    load = Load(open_lead_capacity=5)
    return lambda: share_work(actor=company.sue, at=LATER, user_id=company.sam.pk, load=load, pool_ids=[])


def _set_pools(company: Company) -> Act:
    return lambda: set_pools(actor=company.sue, at=LATER, user_id=company.sam.pk, pool_ids=[])


def _set_absence(company: Company) -> Act:
    return lambda: set_absence(
        actor=company.sam, at=LATER, user_id=company.sam.pk, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY,
        cover_id=company.rita.pk,
    )  # fmt: skip


def _end_absence(company: Company) -> Act:
    absence = set_absence(
        actor=company.sam, at=NOW, user_id=company.sam.pk, starts_at=NOW - DAY, ends_at=NOW + DAY, cover_id=None
    )
    return lambda: end_absence(actor=company.sam, at=LATER, absence_id=absence.pk)


def _make_token(company: Company) -> Act:
    return lambda: make_token(actor=None, at=LATER, email=company.maya.email)


PEOPLE = [
    Case(create_member, _create_member, audit="create_member"),
    Case(let_in, _let_in, audit="create_member set_pools invite", told="invited"),
    Case(invite, _invite, audit="invite", told="invited"),
    Case(create_team, _create_team, audit="create_team"),
    Case(set_places, _set_places, audit="set_places"),
    Case(change_places, _change_places, audit="set_places set_pools hand_in", events="assigned", told="lead_assigned"),
    Case(set_active, _set_active, audit="deactivate_member"),
    Case(deactivate, _deactivate, audit="deactivate_member hand_in", events="assigned", told="lead_offered"),
    Case(set_load, _set_load, audit="set_load"),
    Case(share_work, _share_work, audit="set_pools set_load"),
    Case(set_pools, _set_pools, audit="set_pools"),
    Case(set_absence, _set_absence, audit="set_absence"),
    Case(end_absence, _end_absence, audit="end_absence"),
    Case(make_token, _make_token, audit="make_token"),
]

# Agreement, hours, routing, personas ----------------------------------------------------------------------------------


def _draft(company: Company) -> Act:
    return lambda: draft_from_template(actor=company.mona, at=LATER)


def _propose(company: Company) -> Act:
    draft = draft_from_template(actor=company.mona, at=NOW)
    return lambda: propose(actor=company.mona, version=draft, at=LATER)


def _sign(company: Company) -> Act:
    version = propose(actor=company.mona, version=draft_from_template(actor=company.mona, at=NOW), at=NOW)
    read = version.terms_hash
    sign(actor=company.mona, version=version, side=Side.MARKETING, terms_hash=read, at=NOW)
    return lambda: sign(actor=company.sue, version=version, side=Side.SALES, terms_hash=read, at=LATER)


def _sign_default(company: Company) -> Act:
    return lambda: sign_default_agreement(marketing_manager=company.mona, sales_manager=company.sue, at=LATER)


def _start_company(company: Company) -> Act:
    CalendarUse.objects.filter(team=company.sales).delete()
    return lambda: start_company(
        marketing_manager=company.mona, sales_manager=company.sue, zone="Europe/Berlin", opens="09:00", closes="17:00",
        country="DE", at=LATER,
    )  # fmt: skip


def _set_calendar(company: Company) -> Act:
    return lambda: set_calendar(actor=company.ada, name="Sam", hours=OFFICE, at=LATER, user=company.sam)


def _activate_default_routing(company: Company) -> Act:
    person("Nora", company.sales)
    return lambda: activate_default_routing(at=LATER, actor=company.sue)


def _activate_rules(company: Company) -> Act:
    rules = [{"code": "rest", "words": "All waits", "when": [], "to": {"queue": company.sales.pk}}]
    return lambda: activate_rules(rules, at=LATER, actor=company.sue)


def _personas(company: Company) -> Act:
    return lambda: create_default_personas(at=LATER, actor=company.mona)


def _scoring(company: Company) -> Act:
    return lambda: create_default_scoring(at=LATER)


TERMS = [
    Case(draft_from_template, _draft, audit="draft_agreement"),
    Case(propose, _propose, audit="propose_agreement"),
    Case(sign, _sign, audit="sign_agreement"),
    Case(
        sign_default_agreement,
        _sign_default,
        audit="create_default_scoring draft_agreement propose_agreement sign_agreement sign_agreement",
        world="founders",
    ),
    Case(
        start_company,
        _start_company,
        audit="set_calendar create_default_personas create_default_scoring draft_agreement propose_agreement sign_agreement sign_agreement fill_pool activate_rules",
        world="founders",
    ),
    Case(set_calendar, _set_calendar, audit="set_calendar"),
    Case(activate_default_routing, _activate_default_routing, audit="fill_pool activate_rules"),
    Case(activate_rules, _activate_rules, audit="activate_rules"),
    Case(create_default_personas, _personas, audit="create_default_personas", world="founders"),
    Case(create_default_scoring, _scoring, audit="create_default_scoring", world="founders"),
]

# Notices --------------------------------------------------------------------------------------------------------------


def _mark_read(company: Company) -> Act:
    company.lead("mql")
    return lambda: mark_read(actor=company.sam, at=LATER)


def _claim(company: Company) -> Act:
    company.lead("mql")
    Notice.objects.filter(channel=Notice.Channels.EMAIL).update(next_attempt_at=NOW)
    return lambda: claim(at=LATER)


def _replay_dead(company: Company) -> Act:
    company.lead("mql")
    Notice.objects.filter(channel=Notice.Channels.EMAIL).update(state=Notice.States.DEAD, next_attempt_at=None)
    return lambda: replay_dead(at=LATER)


NOTICES = [
    Case(mark_read, _mark_read),
    Case(claim, _claim),
    Case(replay_dead, _replay_dead, audit="replay_notices"),
]

COMPANY_CASES = [*CAMPAIGNS, *PEOPLE, *TERMS, *NOTICES]
