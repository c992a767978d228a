"""The verbs about the company itself: its campaigns, people, hours, agreement, routing and notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from campaigns.actions import Brief, change_campaign, log_campaign
from desk.first_run import start_company
from leads.briefings import brief_sales, confirm_briefing, plan_campaign, replan_campaign
from leads.models import Clock
from leads.period_judging import judge
from leads.periods import open_periods
from leads.routing.defaults import activate_default_routing, activate_rules
from leads.routing.pools import set_pools
from leads.staff import change_places, deactivate, let_in, share_work
from ledger.inbox import mark_read
from ledger.models import Notice
from ledger.outbox import claim, replay_dead
from personas.defaults import create_default_personas, create_default_scoring
from sla.agreements import draft_from_template, draft_from_version, propose, sign, sign_default_agreement
from sla.calendars import change_calendar, set_calendar
from sla.models import AgreementVersion, CalendarUse
from sla.negotiating import change_clause, comment, resolve_concern, take_newest, withdraw, withdraw_concern
from sla.reviews import remind_of_review
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


def _plan_campaign(company: Company) -> Act:
    return lambda: plan_campaign(brief=BRIEF, actor=company.maya, at=LATER)


def _replan_campaign(company: Company) -> Act:
    campaign = plan_campaign(brief=BRIEF, actor=company.maya, at=NOW)
    later = replace(BRIEF, starts_on=BRIEF.starts_on + DAY)
    return lambda: replan_campaign(campaign_id=campaign.pk, brief=later, actor=company.maya, at=LATER)


def _brief_sales(company: Company) -> Act:
    campaign = plan_campaign(brief=replace(BRIEF, offer="A demo"), actor=company.maya, at=NOW)
    return lambda: brief_sales(campaign_id=campaign.pk, actor=company.maya, at=LATER)


def _confirm_briefing(company: Company) -> Act:
    campaign = plan_campaign(brief=replace(BRIEF, offer="A demo"), actor=company.maya, at=NOW)
    brief_sales(campaign_id=campaign.pk, actor=company.maya, at=NOW)
    return lambda: confirm_briefing(campaign_id=campaign.pk, actor=company.sam, at=LATER)


CAMPAIGNS = [
    Case(plan_campaign, _plan_campaign, audit="log_campaign promise_briefing"),
    Case(replan_campaign, _replan_campaign, audit="change_campaign replan_briefing"),
    Case(brief_sales, _brief_sales, audit="brief_sales", told="campaign_announced"),
    Case(confirm_briefing, _confirm_briefing, audit="confirm_briefing"),
    Case(log_campaign, _log_campaign, audit="log_campaign"),
    Case(change_campaign, _change_campaign, audit="change_campaign"),
]

# Targets --------------------------------------------------------------------------------------------------------------

FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


def _open_periods(_company: Company) -> Act:
    open_periods(at=FEBRUARY)
    return lambda: open_periods(at=LATER)


def _judge(_company: Company) -> Act:
    open_periods(at=FEBRUARY)
    clocks = list(Clock.objects.filter(period__isnull=False).values_list("pk", flat=True))
    return lambda: judge(clocks, at=LATER)


TARGETS = [
    Case(open_periods, _open_periods, audit="open_periods"),
    Case(judge, _judge, audit="judge_target", told="target_without_cases"),
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


def _draft_again(company: Company) -> Act:
    version = AgreementVersion.objects.get()
    return lambda: draft_from_version(actor=company.sue, version=version, at=LATER)


def _change_clause(company: Company) -> Act:
    draft = draft_from_template(actor=company.mona, at=NOW)
    return lambda: change_clause(actor=company.mona, version=draft, clause="disputes", part=5, at=LATER)


def _take_newest(company: Company) -> Act:
    draft = draft_from_template(actor=company.mona, at=NOW)
    AgreementVersion.objects.filter(pk=draft.pk).update(terms={**draft.terms, "pinned": {}})
    draft.personas.clear()
    return lambda: take_newest(actor=company.mona, version=draft, clause="pins", at=LATER)


def _take_hours(company: Company) -> Act:
    draft = draft_from_template(actor=company.mona, at=NOW)
    AgreementVersion.objects.filter(pk=draft.pk).update(terms={**draft.terms, "calendars": []})
    return lambda: take_newest(actor=company.mona, version=draft, clause="calendars", at=LATER)


def _proposal(company: Company) -> AgreementVersion:
    return propose(actor=company.mona, version=draft_from_template(actor=company.mona, at=NOW), at=NOW)


def _concern(company: Company) -> int:
    version, words = _proposal(company), "Four hours are too few."
    said = comment(actor=company.sam, version=version, clause="disputes", kind="concern", text=words, at=NOW)
    return said.pk


def _withdraw(company: Company) -> Act:
    version = _proposal(company)
    return lambda: withdraw(actor=company.mona, version=version, at=LATER)


def _raise_concern(company: Company) -> Act:
    version = _proposal(company)
    return lambda: comment(
        actor=company.sam, version=version, clause="promise-accept", kind="concern", text="Too short.", at=LATER
    )


def _comment(company: Company) -> Act:
    version = _proposal(company)
    return lambda: comment(actor=company.maya, version=version, clause="pauses", kind="comment", text="Good.", at=LATER)


def _resolve_concern(company: Company) -> Act:
    concern = _concern(company)
    return lambda: resolve_concern(actor=company.mona, comment_id=concern, words="We try it for a month.", at=LATER)


def _withdraw_concern(company: Company) -> Act:
    concern = _concern(company)
    return lambda: withdraw_concern(actor=company.sam, comment_id=concern, at=LATER)


def _remind_of_review(company: Company) -> Act:
    version = AgreementVersion.objects.get()
    shorter = draft_from_template(actor=company.mona, at=NOW, document={**version.terms, "review_days": 1})
    early = NOW - 2 * DAY
    propose(actor=company.mona, version=shorter, at=early)
    shorter.refresh_from_db()
    for side, manager in ((Side.MARKETING, company.mona), (Side.SALES, company.sue)):
        sign(actor=manager, version=shorter, side=side, terms_hash=shorter.terms_hash, at=early)
    return lambda: remind_of_review(at=LATER)


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


def _change_calendar(company: Company) -> Act:
    calendar = CalendarUse.objects.get(team=company.sales).calendar
    return lambda: change_calendar(
        actor=company.ada, at=LATER, calendar_id=calendar.pk, name="Other hours", hours={**OFFICE, "zone": "Europe/Berlin"},
        team_ids=[company.sales.pk], user_ids=[company.sam.pk],
    )  # fmt: skip


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
    Case(draft_from_version, _draft_again, audit="draft_agreement"),
    Case(change_clause, _change_clause, audit="change_agreement_clause"),
    Case(take_newest, _take_newest, audit="change_agreement_clause"),
    Case(take_newest, _take_hours, audit="change_agreement_clause"),
    Case(propose, _propose, audit="propose_agreement", told="agreement_proposed"),
    Case(comment, _comment, audit="comment_on_agreement"),
    Case(comment, _raise_concern, audit="raise_concern", told="agreement_concern"),
    Case(resolve_concern, _resolve_concern, audit="resolve_concern", told="agreement_concern_closed"),
    Case(withdraw_concern, _withdraw_concern, audit="withdraw_concern"),
    Case(withdraw, _withdraw, audit="withdraw_agreement", told="agreement_withdrawn"),
    Case(sign, _sign, audit="sign_agreement", told="agreement_signed agreement_in_force"),
    Case(remind_of_review, _remind_of_review, audit="remind_of_review", told="agreement_review_due"),
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
    Case(change_calendar, _change_calendar, audit="change_calendar"),
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

COMPANY_CASES = [*CAMPAIGNS, *TARGETS, *PEOPLE, *TERMS, *NOTICES]
