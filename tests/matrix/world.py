"""A small company in which everybody of the matrix has something of their own and something of somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campaigns.models import Campaign
from leads.models import (
    CaptureForm,
    Clock,
    ClockFault,
    Company,
    Contact,
    Dispute,
    Handoff,
    ImportRow,
    ImportRun,
    Lead,
    LikelyDuplicate,
    Merge,
    Opportunity,
    PersonaProposal,
    Question,
    Quote,
    TargetPeriod,
    Transfer,
)
from leads.pausing import pause
from leads.periods import open_periods
from leads.routing.drafts import add_rule, begin_draft
from leads.sweep import sweep
from ledger.instants import edge_now
from ledger.models import Notice
from ledger.wording import IN_APP, Message, register
from ledger.writing import Told, write_notices
from personas.models import Persona, PersonaVersion
from sla.agreements import draft_from_template, propose
from sla.calendars import set_calendar
from sla.in_force import InForce
from sla.models import AgreementComment, AgreementVersion, Calendar
from sla.negotiating import comment
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, make_lead, offer_to, office, person, sign, start_clocks
from tests.leads.worlds import spend
from tests.matrix.rows import DEACTIVATED
from tests.routing_setup import simple_routing

register("test_matrix", channels=[IN_APP], render=lambda subject_id, facts: Message("Told", "Told.", "/"))

PASSWORD = "four quiet horses"
MISSING_ID = 987_654_321
MISSING_SLUG = "no-such-thing"


@dataclass
class World:
    """What addresses can name. ``rita`` is a rep beside Sam, ``max`` a marketer beside Maya."""

    people: dict[str, User]
    agreement: InForce
    offers: dict[str, Handoff]
    leads: dict[str, Lead]
    """Each rep's own, and one for each state that an act begins in."""
    campaigns: dict[str, Campaign]
    announced: Campaign
    period: TargetPeriod
    form: CaptureForm
    runs: dict[str, ImportRun]
    notices: dict[str, Notice]
    calendar: Calendar
    versions: dict[str, AgreementVersion]
    """A draft of each side, by its manager, and a *proposal* of marketing's."""
    concerns: dict[str, AgreementComment]
    """A concern about the proposal, by who raised it."""
    pairs: list[LikelyDuplicate]
    """Two that look like one person: to be looked at."""
    clocks: dict[str, Clock]
    """Promises of the two reps: running, *paused* and *missed*, one that is *set aside*, and one under an *older* calendar."""

    @staticmethod
    def make() -> World:
        """Fill an empty database."""
        marketing, sales = office("Marketing", "marketing"), office("Sales", "sales")
        people = {
            "olive": person("Olive"), "maya": person("Maya", marketing), "sam": person("Sam", sales),
            "mona": person("Mona", marketing, is_manager=True), "sue": person("Sue", sales, is_manager=True),
            "ada": person("Ada", is_administrator=True), DEACTIVATED: person("Dan", sales, is_active=False),
            "rita": person("Rita", sales), "max": person("Max", marketing),
        }  # fmt: skip
        for user in people.values():
            user.set_password(PASSWORD)
            user.save(update_fields=["password"])
        agreement = sign(people["mona"], people["sue"])
        campaigns = {name: _campaign(people[name]) for name in ("maya", "max")}
        simple_routing(sales, [people["sam"], people["rita"]])
        _routing_draft(people["sue"], sales)
        leads = _leads(people, sales, agreement)
        _persona(people, leads)
        return World(
            people=people,
            agreement=agreement,
            offers={name: offer_to(people[name], agreement) for name in ("sam", "rita")},
            leads=leads,
            campaigns=campaigns,
            announced=_campaign(people["maya"], "briefed", announced_at=NOW, announced_by=people["maya"]),
            period=_period(),
            form=CaptureForm.objects.create(
                slug="demo", title="Demo", touch_kind="demo_request", campaign=campaigns["maya"], created_at=NOW
            ),
            runs={name: _run(people[name]) for name in ("maya", "max", "mona", "ada")},
            notices={name: _notice(user) for name, user in people.items()},
            calendar=Calendar.objects.get(name="Sales hours"),
            **_negotiation(people),
            pairs=[_pair(leads, people["maya"])],
            clocks=_clocks(people, sales, agreement),
        )


def _pair(leads: dict[str, Lead], maya: User) -> LikelyDuplicate:
    """Make two who look like one person, and who were merged once, and made two again."""
    one, other = leads["sam"], leads["rita"]
    pair = LikelyDuplicate.objects.create(
        first=one.contact, second=other.contact, likeness=90, evidence=[{"code": "phone"}], found_at=NOW
    )
    Merge.objects.create(
        pair=pair, kept=one, gone=other, changes={}, merged_by=maya, merged_at=NOW, undone_by=maya, undone_at=NOW
    )
    return pair


def _routing_draft(sue: User, sales: Team) -> None:
    """Begin a draft of the routing rules that has one more."""
    found = begin_draft(actor=sue, at=NOW)
    line = {"words": "Pumps", "when": [{"field": "product", "op": "is", "value": "pump"}], "to": {"queue": sales.pk}}
    add_rule(actor=sue, at=NOW, draft_id=found.pk, line=line)


def _negotiation(people: dict[str, User]) -> dict[str, Any]:
    """Make a draft of each side, and a proposal about which there are concerns; it cannot be signed."""
    versions = {name: draft_from_template(actor=people[name], at=NOW) for name in ("mona", "sue")}
    versions["proposal"] = proposal = draft_from_template(actor=people["mona"], at=NOW)
    propose(actor=people["mona"], version=proposal, at=NOW)
    concerns = {
        name: comment(actor=people[name], version=proposal, clause="disputes", kind="concern", text="Why?", at=NOW)
        for name in ("sam", "maya", "rita")
    }
    return {"versions": versions, "concerns": concerns}


def _leads(people: dict[str, User], sales: Team, agreement: InForce) -> dict[str, Lead]:
    """Make leads by the names that the table uses: ``stage of whom``, or what they wait for."""
    sam, rita = people["sam"], people["rita"]
    leads = {"new": make_lead(stage="lead", mql_at=None, tier=""), "waiting": make_lead(queue=sales)}
    leads["ready"] = ready = make_lead(source="event")
    company = Company.objects.create(name="Customer", name_key="customer", created_at=NOW)
    Contact.objects.filter(pk=ready.contact_id).update(company=company)
    for name, rep in (("sam", sam), ("rita", rita)):
        leads[name] = make_lead(stage="sal", owner=rep, sal_at=NOW)
        Handoff.objects.create(
            lead=leads[name], ordinal=1, version_id=agreement.version_id, tier="hot", state="accepted", offered_at=NOW,
            assignee=rep, assigned_at=NOW, decided_at=NOW, decided_by=rep,
        )  # fmt: skip
        leads[f"talked {name}"] = make_lead(stage="sal", owner=rep, sal_at=NOW, conversed_at=NOW)
        leads[f"sql {name}"] = make_lead(stage="sql", owner=rep, sal_at=NOW, sql_at=NOW, conversed_at=NOW)
        leads[f"deal {name}"] = deal = make_lead(stage="opportunity", owner=rep, opportunity_at=NOW, conversed_at=NOW)
        Opportunity.objects.create(lead=deal, owner=rep, amount=1, opened_at=NOW)
        leads[f"delivered {name}"] = make_lead(stage="sal", owner=rep, sal_at=NOW)
        _accepted(leads[f"delivered {name}"], rep, agreement)
        leads[f"lost {name}"] = make_lead(stage="lost", owner=rep, lost_at=NOW)
        asked = leads[f"asked {name}"] = make_lead(stage="sal", owner=rep, sal_at=NOW)
        Question.objects.create(
            lead=asked, to_side="sales", addressee=rep, asked_by=people["max"], asked_at=NOW, text="?"
        )
        wanting = leads[f"wanting {name}"] = make_lead(stage="sal", owner=rep, sal_at=NOW)
        Question.objects.create(lead=wanting, to_side="marketing", asked_by=rep, asked_at=NOW, text="?")
        giver = rita if rep == sam else sam
        passed = leads[f"passed to {name}"] = make_lead(stage="sal", owner=giver, sal_at=NOW)
        Transfer.objects.create(lead=passed, giver=giver, receiver=rep, offered_by=giver, offered_at=NOW)
        contested = leads[f"contested {name}"] = make_lead(stage="sal", owner=rep, sal_at=NOW)
        handoff = _accepted(contested, rep, agreement)
        Dispute.objects.create(handoff=handoff, kind="delivery", raised_by=rep, raised_at=NOW, reason="?")
    return leads


def _accepted(lead: Lead, rep: User, agreement: InForce) -> Handoff:
    return Handoff.objects.create(
        lead=lead, ordinal=1, version_id=agreement.version_id, tier="hot", state="accepted", offered_at=edge_now(),
        assignee=rep, assigned_at=NOW, decided_at=edge_now(), decided_by=rep,
    )  # fmt: skip


def _clocks(people: dict[str, User], sales: Team, agreement: InForce) -> dict[str, Clock]:
    now = edge_now()
    found = {}
    for name in ("sam", "rita"):
        for prefix in ("", "paused ", "missed ", "older "):
            lead = make_lead(stage="sal", owner=people[name], sal_at=now)
            began = now - timedelta(days=90) if prefix == "missed " else now
            start_clocks(
                clock_start(agreement, "verdict", user=people[name], lead_id=lead.pk, arrived_at=began), at=began
            )
            found[f"{prefix}{name}"] = clock = Clock.objects.get(lead=lead)
            if prefix == "paused ":
                pause(clock_id=clock.pk, reason="later_date", actor=people[name], at=now)
    sweep(at=now)
    aside = found["sam"]
    ClockFault.objects.create(
        clock=aside, plan_position=0, first_at=now, last_at=now, logged_at=now, error="ZeroDivisionError"
    )
    set_calendar(actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2026-12-25"]}, at=now, team=sales)
    return found


def _campaign(owner: User, code: str = "", **fields: Any) -> Campaign:
    campaign = Campaign.objects.create(
        name=f"Of {owner.name}", code=code or f"of-{owner.name.lower()}", type="webinar", owner=owner,
        starts_on=NOW.date(), offer="A demo", created_at=NOW, **fields,
    )  # fmt: skip
    spend(campaign, 100)
    return campaign


def _period() -> TargetPeriod:
    open_periods(at=NOW)
    return TargetPeriod.objects.latest("pk")


def _persona(people: dict[str, User], leads: dict[str, Lead]) -> None:
    """Make a persona, on which each rep has quoted a customer and proposed a change."""
    persona = Persona.objects.create(code="it-lead", created_at=NOW)
    version = PersonaVersion.objects.create(persona=persona, number=1, name="IT lead", created_at=NOW)
    for name in ("sam", "rita"):
        said = {"lead": leads[name], "persona": persona, "version": version, "text": "Well."}
        Quote.objects.create(**said, quoted_by=people[name], quoted_at=NOW)
        PersonaProposal.objects.create(**said, proposed_by=people[name], proposed_at=NOW)


def _run(user: User) -> ImportRun:
    run = ImportRun.objects.create(
        user=user, file_name="people.csv", columns=["Email"], mapping={"email": "Email"}, created_at=NOW, rows_read=1,
        lawful_basis="legitimate_interest",
    )  # fmt: skip
    ImportRow.objects.create(run=run, line=2, cells=[f"of-{user.pk}@customer.example"])
    return run


def _notice(user: User) -> Notice:
    write_notices([Told(user.pk, "test_matrix", "lead", 1)], at=NOW)
    return Notice.objects.get(recipient=user)


# How addresses name them ----------------------------------------------------------------------------------------------


def of(actor: str, things: dict[str, Any], otherwise: str) -> Any:
    """Give the actor's own thing, or for who has none the one of ``otherwise``."""
    return things.get(actor) or things[otherwise]
