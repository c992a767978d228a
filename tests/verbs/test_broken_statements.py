"""Together or not at all (promise P2): each verb, with the database failing at each of its statements in turn."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from leads import handoffs
from tests.breaking import changed_tables, every_row, left_behind
from tests.cast import NOW
from tests.verbs.campaign_cases import CAMPAIGN_CASES
from tests.verbs.cases import Case, told_twice, written
from tests.verbs.company import Company
from tests.verbs.company_cases import COMPANY_CASES
from tests.verbs.duplicate_cases import DUPLICATE_CASES
from tests.verbs.exchange_cases import EXCHANGE_CASES
from tests.verbs.finding import NOT_VERBS, candidates, verbs, verbs_in
from tests.verbs.lead_cases import LEAD_CASES
from tests.verbs.persona_cases import PERSONA_CASES
from tests.verbs.routing_cases import ROUTING_CASES
from tests.verbs.transfer_cases import TRANSFER_CASES

pytestmark = pytest.mark.django_db

CASES = [
    *LEAD_CASES, *TRANSFER_CASES, *EXCHANGE_CASES, *COMPANY_CASES, *PERSONA_CASES, *ROUTING_CASES, *CAMPAIGN_CASES,
    *DUPLICATE_CASES,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.prepare.__name__.strip("_") for case in CASES])
def test_a_verb_that_breaks_at_any_statement_leaves_nothing_behind(case: Case, request: pytest.FixtureRequest) -> None:
    act = case.prepare(request.getfixturevalue(case.world))
    before = every_row()

    statements, wrong = left_behind(act)

    assert wrong == ""
    assert statements > 0
    assert changed_tables(before, every_row())
    assert written() == case.expected
    assert told_twice() == []


# Every verb is tried --------------------------------------------------------------------------------------------------


def test_every_verb_of_the_program_is_in_the_table() -> None:
    assert {case.name for case in CASES} == verbs()


def test_what_is_no_verb_is_still_there() -> None:
    assert NOT_VERBS.keys() <= candidates()


NEW = """
def praise(*, lead_id, actor, at): ...
def praise_many(lead_ids, *, actor, at): ...
@transaction.atomic
def remember(lead_id, at): ...
def forget(lead_id, at):
    with transaction.atomic():
        ...
def _part(*, actor, at): ...
def praised(lead, at): ...
def name_of(*, lead_id): ...
"""


def test_a_new_verb_is_found() -> None:
    assert list(verbs_in(NEW)) == ["praise", "praise_many", "remember", "forget"]


# The check sees what it is for ----------------------------------------------------------------------------------------


def test_a_verb_without_its_transaction_is_caught(company: Company) -> None:
    lead = company.lead("mql")
    torn = handoffs.accept_many.__wrapped__  # type: ignore[attr-defined]  # the verb as it would be without transaction.atomic

    _, wrong = left_behind(lambda: torn(lead_ids=[lead.pk], actor=company.sam, at=NOW))

    assert "leads_handoff" in wrong


def test_a_verb_that_swallows_the_failure_is_caught(company: Company) -> None:
    lead = company.lead("mql")

    def deaf() -> None:
        try:
            handoffs.accept(lead_id=lead.pk, actor=company.sam, at=NOW)
        except DatabaseError:
            return

    _, wrong = left_behind(deaf)

    assert wrong == "it swallowed the failure at statement 1"
