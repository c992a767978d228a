"""The company that the intake is measured in: a signed agreement, routing to many reps, and the rows a batch writes."""

import io
import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from leads.intake.arrival import Arrival
from leads.models import Assignment, Clock, ClockStep, Company, Contact, Handoff, Lead, LeadEvent, Qualification, Touch
from leads.routing.defaults import activate_default_routing
from ledger.models import AuditEntry, Notice
from personas.defaults import create_default_personas
from sla.agreements import sign_default_agreement
from sla.calendars import set_calendar
from teams.models import Availability, Membership, Team, User

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
REPS = 40
FIRST_COPY = -(10**15)
COPIES_APART = 10**9
"""Copies have ids below zero, each batch of them above the one before: the sequences of the tables never meet them."""
TABLES: tuple[type[models.Model], ...] = (
    Company, Contact, Lead, Touch, Qualification, Handoff, Assignment, Clock, ClockStep, LeadEvent, Notice, AuditEntry,
)  # fmt: skip
OFFICE = {"zone": "UTC", "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
RENAMED = {Company: ("domain",), Contact: ("email_key", "external_id"), Touch: ("key",)}
"""Columns of unique texts: a copy of a row gets others."""


def build() -> User:
    """Fill an empty database with people, rules and terms; gives the marketer who takes leads in."""
    before = AT - timedelta(days=30)
    people: dict[str, User] = {}
    for side in ("marketing", "sales"):
        team = Team.objects.create(name=side.title(), side=side)
        set_calendar(actor=None, name=f"{side} hours", hours=OFFICE, at=before, team=team)
        for name in (f"{side}-manager", f"{side}-member"):
            people[name] = _person(name, team, is_manager=name.endswith("manager"))
        if side == "sales":
            reps = [_person(f"rep{number}", team) for number in range(REPS - 1)]
            Availability.objects.bulk_create(
                Availability(user=rep, open_lead_capacity=32_000) for rep in [*reps, people["sales-member"]]
            )
    create_default_personas(at=before)
    sign_default_agreement(
        marketing_manager=people["marketing-manager"], sales_manager=people["sales-manager"], at=before
    )
    activate_default_routing(at=before)
    return people["marketing-member"]


def maya() -> User | None:
    """Give the marketer of a company that was built before."""
    return User.objects.filter(email="marketing-member@smarketing.example").first()


def _person(name: str, team: Team, *, is_manager: bool = False) -> User:
    user = User.objects.create(email=f"{name}@smarketing.example", name=name, password="!")
    Membership.objects.create(user=user, team=team, is_manager=is_manager)
    return user


def arrivals(count: int, serial: int) -> list[Arrival]:
    """Make new people who fit and ask for a demo, three of five firms with two of them."""
    chance = random.Random(serial)
    return [_arrival(f"{serial}x{number}", f"{serial}x{number * 5 // 8}", chance) for number in range(count)]


def _arrival(person: str, firm: str, chance: random.Random) -> Arrival:
    return Arrival(
        name=f"Person {person}",
        email=f"person.{person}@firm{firm}.example",
        phone=f"+4930{chance.randrange(10**7, 10**8)}",
        company=f"Firm {firm} GmbH",
        job_title="Head of Operations",
        role=chance.choice(["Operations", "Logistics", "Production"]),
        seniority=chance.choice(["Director", "Head", "VP"]),
        country=chance.choice(["DE", "AT", "CH"]),
        region=chance.choice(["Berlin", "Wien", "Bern", ""]),
        industry=chance.choice(["Manufacturing", "Retail", "Logistics"]),
        employee_count=chance.randrange(60, 900),
        touch_kind="demo_request",
        source_raw=chance.choice(["paid search", "organic search", "email"]),
        utm={"source": "google", "medium": "cpc"},
        landing_page="https://www.smarketing.example/demo",
        key=f"{person}:{chance.randrange(10**9)}",
    )


# The rows of a batch, to be written again by the controls -------------------------------------------------------------


def last_ids() -> dict[type[models.Model], int]:
    """Give the newest id of each table, copies aside."""
    return {table: _own(table).order_by("-pk").values_list("pk", flat=True).first() or 0 for table in TABLES}


def rows_after(before: dict[type[models.Model], int]) -> dict[type[models.Model], list[models.Model]]:
    """Give what was written since, as instances."""
    return {table: list(_own(table).filter(pk__gt=before[table]).order_by("pk")) for table in TABLES}


def _own(table: type[models.Model]) -> Any:
    return table._default_manager.filter(pk__gt=0)


def copies(
    rows: dict[type[models.Model], list[models.Model]], number: int
) -> dict[type[models.Model], list[models.Model]]:
    """Make the same rows under other ids and unique texts, so that they can be written beside the first."""
    offset = FIRST_COPY + number * COPIES_APART
    return {table: [_copy_of(row, offset) for row in of_table] for table, of_table in rows.items()}


def _copy_of(row: models.Model, offset: int) -> models.Model:
    table = type(row)
    values: dict[str, Any] = {}
    for field in table._meta.concrete_fields:
        value = getattr(row, field.attname)
        names_row = field.primary_key or (field.is_relation and field.related_model in TABLES)
        if value is not None and names_row:
            value += offset
        elif value and field.attname in RENAMED.get(table, ()):
            value = f"{offset}{value}"[-250:] if (field.max_length or 0) > 64 else f"{offset}{value}"[:64]
        values[field.attname] = value
    if "subject_id" in values and values["subject_id"] is not None:
        values["subject_id"] += offset
    return table(**values)


def bulk_create(rows: dict[type[models.Model], list[models.Model]]) -> None:
    """Write rows the usual way, in one transaction."""
    with transaction.atomic():
        for table, of_table in rows.items():
            table._default_manager.bulk_create(of_table)


def copy_texts(rows: dict[type[models.Model], list[models.Model]]) -> list[tuple[str, str]]:
    """Give for each table its ``COPY`` statement and the text to send: all that is left is sending it."""
    return [(_statement(table), _text(table, of_table)) for table, of_table in rows.items()]


def _statement(table: type[models.Model]) -> str:
    names = ", ".join(f'"{field.column}"' for field in table._meta.concrete_fields)
    return f'COPY "{table._meta.db_table}" ({names}) FROM STDIN'


def _text(table: type[models.Model], rows: Sequence[models.Model]) -> str:
    names = [field.attname for field in table._meta.concrete_fields]
    return "".join("\t".join(_cell(getattr(row, name)) for name in names) + "\n" for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def send(statements: Iterable[tuple[str, str]]) -> None:
    """Send prepared texts in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, text in statements:
            cursor.cursor.copy_expert(statement, io.StringIO(text))
