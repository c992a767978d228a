"""A rule as SQL holds for the leads for which it holds in Python: the same random leads and rules asked both ways."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import rule_counts
from leads.codes import SOURCES
from leads.facts import FACTS, facts_now
from leads.models import Company, Contact, Lead
from leads.rule_counts import Share, count_matches
from leads.rule_query import narrowed, spellings
from leads.scoring import DAY_SECONDS, EPOCH
from personas.conditions import BadRule, compile_rule
from personas.models import Product
from teams.models import User
from tests.cast import NOW

pytestmark = pytest.mark.django_db

WORDS = (
    "", "Finance", "FINANCE", "Finanzen", "Steel", "ſteel", "Kelvin", "\u212aelvin", "Großhandel", "GROSSHANDEL", "grosshandel", "MÜNCHEN",
    "München", "İstanbul", "istanbul", "Σίσυφος", "ΣΊΣΥΦΟΣ", "\u212bngström", "ÅNGSTRÖM", "Smith, Jones", "50", "100 %", "a_b", "[x]*", "Ҩ",
)  # fmt: skip
CASES = ("", "DE", "de", "AT", "CH")
NUMBERS = (-5, 0, 1, 24, 25, 39, 40, 50, 75, 99, 100, 101, 10**10, 24.5, 49.999999)
TEXTS = (
    "name",
    "email",
    "phone",
    "job_title",
    "role",
    "seniority",
    "language",
    "region",
    "company",
    "industry",
    "product",
    "country",
)
MADE, ASKED = 160, 350


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def leads(at: datetime, db: None) -> list[Lead]:
    dice = random.Random(7)
    products = [Product.objects.create(code=code, name=code) for code in ("pumps", "valves")]
    companies = Company.objects.bulk_create(_company(dice, at) for _ in range(40))
    contacts = Contact.objects.bulk_create(_contact(dice, at, place, companies) for place in range(MADE))
    Lead.objects.bulk_create(_lead(dice, at, contact, products) for contact in contacts)
    return list(Lead.objects.select_related("contact__company", "product").order_by("pk"))


def _company(dice: random.Random, at: datetime) -> Company:
    size = dice.choice([None, 0, 1, 25, 50, 51, 2**31 - 1])
    return Company(
        name=dice.choice(WORDS), name_key="x", industry=dice.choice(WORDS), employee_count=size, country=dice.choice(CASES),
        region=dice.choice(WORDS), is_target_account=dice.random() < 0.5, is_customer=dice.random() < 0.5, created_at=at,
    )  # fmt: skip


def _contact(dice: random.Random, at: datetime, place: int, companies: list[Company]) -> Contact:
    said = {
        name: dice.choice(WORDS)[:10]
        for name in ("name", "email", "phone", "job_title", "role", "seniority", "region", "language")
    }
    company = dice.choice([None, *companies])
    return Contact(external_id=f"x{place}", company=company, country=dice.choice(CASES), created_at=at, **said)


def _lead(dice: random.Random, at: datetime, contact: Contact, products: list[Product]) -> Lead:
    half_life, fixed = dice.choice([7, 30]), float(dice.choice([0, 0, 5, 24, 24.5, 39, 39.499999, 100, 150]))
    points = dice.choice([None, 0.001, 24.499999, 24.4999994, 24.5, 39.5 - fixed, 40 - fixed, 15.499, 500, 1e-30, 1e40])
    age = (at - EPOCH).total_seconds() / (half_life * DAY_SECONDS)
    level = math.log2(points) + age if points is not None and points > 0 else None
    captured = at - timedelta(days=dice.choice([1, 50, 92, 93, 400]))
    return Lead(
        contact=contact, product=dice.choice([None, *products]), kind=dice.choice(Lead.Kinds.values), origin=dice.choice(Lead.Origins.values),
        tier=dice.choice(["", "hot", "warm", "standard"]), source=dice.choice(list(SOURCES)), is_hand_raise=dice.random() < 0.5,
        fit=dice.choice([None, 0, 24, 25, 49, 50, 74, 75, 100]), engagement_fixed=fixed, engagement_level=level, half_life_days=half_life,
        captured_at=captured, last_touch_at=at, mql_at=dice.choice([None, captured]),
    )  # fmt: skip


def _rule(dice: random.Random, depth: int = 0) -> Any:
    if depth < 3 and dice.random() < 0.5:
        members = [_rule(dice, depth + 1) for _ in range(dice.randint(0, 3))]
        return dice.choice([members, {"all": members}, {"any": members}])
    return _condition(dice, dice.choice(sorted(FACTS)))


def _condition(dice: random.Random, name: str) -> dict[str, Any]:
    values: list[Any] = (
        [*WORDS[1:], *CASES[1:]]
        if name in TEXTS
        else [*NUMBERS, *NUMBERS, "A", "b", "hot", *SOURCES, *Lead.Kinds.values]
    )
    values += [True, False, True, False] if name.startswith("is_") else [True, 5]
    op = dice.choice(
        ["is", "is_not", "in", "not_in", "contains", "gte", "lte", "gt", "lt", "between", "is_known", "is_missing"]
    )
    line: dict[str, Any] = {"field": name, "op": op}
    if op in ("in", "not_in"):
        line["value"] = [dice.choice(values) for _ in range(dice.randint(1, 4))]
    elif op == "between":
        line["value"] = sorted(dice.choice(NUMBERS) for _ in range(2))
    elif op in ("gte", "lte", "gt", "lt"):
        line["value"] = dice.choice(NUMBERS)
    elif op == "contains":
        line["value"] = dice.choice([*WORDS[1:], "nan", "ss", "ü", "Σ", "%", "*"])
    elif op in ("is", "is_not"):
        line["value"] = dice.choice(values)
    return line


def test_sql_says_what_python_says(leads: list[Lead], sue: User, at: datetime) -> None:
    dice, rows = random.Random(11), Lead.objects.all()
    facts = {lead.pk: facts_now(lead, at) for lead in leads}
    rules = [_condition(dice, name) for name in sorted(FACTS) for _ in range(8)] + [_rule(dice) for _ in range(ASKED)]
    exact = 0
    for rule in rules:
        compiled, found = compile_rule(rule), narrowed(rule, at=at)
        meant = {pk for pk, known in facts.items() if compiled.holds(known)}

        surely, perhaps = (
            set(facts) if sql is True else set() if sql is False else set(rows.filter(sql).values_list("pk", flat=True))
            for sql in (found.surely, found.perhaps)
        )  # fmt: skip

        assert surely <= meant <= perhaps, rule
        exact += surely == perhaps
        counted = count_matches(rule, user=sue, at=at)
        assert (counted.leads, counted.looked_at) == (Share(len(meant), MADE), 0), rule
    assert exact > len(rules) * 0.5


def test_arrivals_and_mqls_are_those_of_the_last_92_days_but_who_was_merged_is_none_of_them(
    leads: list[Lead], sue: User, at: datetime
) -> None:
    since = at - timedelta(days=92)
    mqls = [lead for lead in leads if lead.mql_at and lead.mql_at >= since]
    gone = next(lead for lead in mqls if lead.captured_at >= since)
    Lead.objects.filter(pk=gone.pk).update(stage="merged", merged_into=next(lead for lead in leads if lead != gone))
    fresh = [lead for lead in leads if lead.captured_at >= since and lead != gone]
    mqls.remove(gone)

    counted = count_matches({"field": "fit", "op": "gte", "value": 50}, user=sue, at=at)

    assert counted.leads.total == MADE - 1
    assert counted.arrivals == Share(sum(lead.fit is not None and lead.fit >= 50 for lead in fresh), len(fresh))
    assert counted.mqls == Share(sum(lead.fit is not None and lead.fit >= 50 for lead in mqls), len(mqls))


def test_a_rule_is_counted_by_one_statement_unless_sql_is_not_sure(leads: list[Lead], sue: User, at: datetime) -> None:
    plain = {"any": [{"field": "engagement", "op": "gte", "value": 30}, {"field": "country", "op": "is_known"}]}
    unsure = {"field": "industry", "op": "is", "value": "Großhandel"}
    sue.may("see_leads")  # the roles are read

    taken = []
    for rule in (plain, unsure):
        with CaptureQueriesContext(connection) as queries:
            count_matches(rule, user=sue, at=at)
        taken.append(len(queries))

    assert taken == [1, 2]


def test_where_too_many_would_have_to_be_looked_at_the_newest_stand_for_them(
    leads: list[Lead], sue: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_counts, "MOST_LOOKED_AT", 3)
    Company.objects.update(industry="Großhandel")

    counted = count_matches({"field": "industry", "op": "is", "value": "GROSSHANDEL"}, user=sue, at=at)

    with_company = sum(lead.contact.company is not None for lead in leads)
    assert (counted.leads, counted.looked_at) == (Share(with_company, MADE), 3)


def test_what_is_no_rule_is_refused_and_who_sees_nothing_counts_nothing(
    leads: list[Lead], olive: User, at: datetime
) -> None:
    with pytest.raises(BadRule):
        count_matches({"field": "fit", "op": "around", "value": 5}, user=olive, at=at)

    assert count_matches([], user=olive, at=at).leads == Share(0, 0)


def test_a_text_with_more_spellings_than_can_be_asked_for_is_left_open() -> None:
    assert spellings("münchen") == frozenset({"münchen", "mÜnchen"})
    assert spellings("ü" * 40) is None
