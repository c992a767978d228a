"""Rules are put into force one after another, looked through, and never changed from then on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from leads.models import Pool, RoutingVersion
from leads.routing.activating import FaultyRules
from leads.routing.defaults import activate_rules, default_rules
from leads.routing.drafts import BadRule, activate_draft, add_rule, begin_draft, move_rule
from leads.routing.rules import BadRules, check_rules
from leads.routing.versions import in_force
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW
from tests.leads.intake_beside import beside
from tests.leads.worlds import go_round
from tests.racing import at_once

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def routed(agreement: InForce, sam: User, sales: Team) -> Team:
    go_round(sales)
    return sales


def draft_of(sue: User, sam: User, words: str) -> RoutingVersion:
    """Give a draft that begins with a rule more."""
    found = begin_draft(actor=sue, at=NOW)
    when = [{"field": "industry", "op": "is", "value": words}]
    code = add_rule(
        actor=sue, at=NOW, draft_id=found.pk, line={"words": words, "when": when, "to": {"person": sam.pk}}
    )  # fmt: skip
    for _ in range(2):
        move_rule(actor=sue, at=NOW, draft_id=found.pk, code=code, by=-1)
    return found


def line(code: str = "rest", **changes: Any) -> dict[str, Any]:
    return {"code": code, "words": "Rest", "when": [], "to": {"queue": 1}, **changes}


# Two at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_an_activation_comes_after_it(routed: Team, sue: User, sam: User) -> None:
    first, second = draft_of(sue, sam, "Steel"), draft_of(sue, sam, "Finance")

    made = beside(
        lambda: activate_draft(actor=sue, at=LATER, draft_id=first.pk),
        lambda: activate_draft(actor=sue, at=NOW, draft_id=second.pk),
    )

    first.refresh_from_db()
    assert (first.number, made.number) == (2, 3)
    assert made.activated_at == first.activated_at == LATER
    assert in_force(LATER) == made
    entry = AuditEntry.objects.filter(verb="activate_rules").latest("id")
    assert (entry.facts["replaces"], entry.facts["added"], entry.facts["removed"]) == (first.pk, ["finance"], ["steel"])


@pytest.mark.django_db(transaction=True)
def test_any_number_at_once_get_numbers_of_their_own(agreement: InForce, sam: User, sales: Team) -> None:
    rules = [line(to={"queue": sales.pk})]

    at_once([partial(activate_rules, rules, at=NOW)] * 4)

    assert set(RoutingVersion.objects.values_list("number", flat=True)) == {1, 2, 3, 4}


# What may be put into force -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_rules_that_a_program_activates_are_looked_through_and_told(routed: Team, sue: User) -> None:
    pool = Pool.objects.get()
    known, *rest = default_rules(pool.pk, routed.pk)

    with pytest.raises(FaultyRules, match="Nobody who works in sales"):
        activate_rules(default_rules(Pool.objects.create(name="Empty", team=routed).pk, routed.pk), at=NOW, actor=sue)
    with pytest.raises(FaultyRules, match="a code has"):
        activate_rules([{**known, "code": "known company"}, *rest], at=NOW, actor=sue)
    made = activate_rules(rest, at=NOW, actor=sue)

    entry = AuditEntry.objects.filter(verb="activate_rules").latest("id")
    before = RoutingVersion.objects.get(number=1)
    assert entry.facts["replaces"] == before.pk
    assert (made.number, entry.facts["removed"]) == (2, ["known_company"])


@pytest.mark.parametrize(
    "rules",
    [
        [line("new"), line()],
        [line("two words"), line()],
        [line(words="x" * 121)],
        [line(words=7)],
        [line("tall", when=[{"field": "height", "op": "gte", "value": 3}]), line()],
        [line(f"rule{number}") for number in range(101)],
    ],
    ids=["new", "no slug", "long words", "no words", "no such fact", "too many"],
)
def test_what_may_not_be_written_is_refused(rules: list[dict[str, Any]]) -> None:
    check_rules([line("tall"), line()])

    with pytest.raises(BadRules):
        check_rules(rules)


@pytest.mark.django_db
def test_a_rule_of_a_draft_is_called_something(routed: Team, sue: User, sam: User) -> None:
    found = begin_draft(actor=sue, at=NOW)

    for words in ("  ", "x" * 121):
        with pytest.raises(BadRule) as refused:
            add_rule(actor=sue, at=NOW, draft_id=found.pk, line={"words": words, "when": [], "to": {"person": sam.pk}})
        assert refused.value.field == "words"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"rules": []}, {"activated_at": LATER}, {"number": 9}, {"activated_by": None}, {"created_at": LATER}]
)
def test_what_was_in_force_is_never_changed_or_deleted(
    change: dict[str, Any], routed: Team, sue: User, sam: User
) -> None:
    found = draft_of(sue, sam, "Steel")
    activate_draft(actor=sue, at=NOW, draft_id=found.pk)

    with pytest.raises(DatabaseError), transaction.atomic():
        RoutingVersion.objects.filter(pk=found.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        RoutingVersion.objects.filter(pk=found.pk).delete()


@pytest.mark.django_db
def test_who_activated_versions_from_before_drafts_is_named(sue: User) -> None:
    """Whoever made such a version activated it; one that the program made stays with the program."""
    for number, maker in enumerate((sue, None), 1):
        RoutingVersion.objects.create(number=number, rules=[], created_at=NOW, created_by=maker, activated_at=NOW)
    migration = import_module("leads.migrations.0012_who_activated")

    migration.name_who_activated(apps, SimpleNamespace(connection=connection))

    assert list(RoutingVersion.objects.order_by("number").values_list("activated_by", flat=True)) == [sue.pk, None]
