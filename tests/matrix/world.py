"""A small company in which everybody of the matrix has something of their own and something of somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaigns.models import Campaign
from leads.models import CaptureForm, Company, Contact, Handoff, ImportRow, ImportRun, Lead, Opportunity
from ledger.models import Notice
from ledger.wording import IN_APP, Message, register
from ledger.writing import Told, write_notices
from personas.models import Persona, PersonaVersion
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, make_lead, offer_to, office, person, sign
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
    form: CaptureForm
    runs: dict[str, ImportRun]
    notices: dict[str, Notice]

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
        _persona()
        simple_routing(sales, [people["sam"], people["rita"]])
        return World(
            people=people,
            agreement=agreement,
            offers={name: offer_to(people[name], agreement) for name in ("sam", "rita")},
            leads=_leads(people, sales, agreement),
            campaigns=campaigns,
            form=CaptureForm.objects.create(
                slug="demo", title="Demo", touch_kind="demo_request", campaign=campaigns["maya"], created_at=NOW
            ),
            runs={name: _run(people[name]) for name in ("maya", "max", "mona", "ada")},
            notices={name: _notice(user) for name, user in people.items()},
        )


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
        leads[f"lost {name}"] = make_lead(stage="lost", owner=rep, lost_at=NOW)
    return leads


def _campaign(owner: User) -> Campaign:
    return Campaign.objects.create(
        name=f"Of {owner.name}", code=f"of-{owner.name.lower()}", type="webinar", owner=owner, starts_on=NOW.date(),
        created_at=NOW,
    )  # fmt: skip


def _persona() -> Persona:
    persona, _ = Persona.objects.get_or_create(code="it-lead", defaults={"created_at": NOW})
    PersonaVersion.objects.get_or_create(
        persona=persona, number=1, defaults={"name": "IT lead", "criteria": [], "story": {}, "created_at": NOW}
    )
    return persona


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
