"""What cannot be applied is not proposed, and the clause is named that is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.models import Notice
from personas.defaults import create_default_personas
from sla.agreements import (
    UnusableTerms,
    draft_from_template,
    propose,
)
from sla.default_terms import default_document
from sla.in_force import InForce
from sla.models import AgreementVersion, CalendarUse
from teams.models import Team, User
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def accept_in(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**document, "promises": [{**document["promises"][1], **changes}, *document["promises"][9:]]}


LACKING: list[tuple[str, Any]] = [
    ("parties", {"parties": {"marketing": "All", "sales": " "}}),
    ("definitions", {"definitions": {"mql": "Good"}}),
    ("mql-rule", {"mql_rule": {"any": []}}),
    ("mql-rule", {"mql_rule": {"field": "shoe_size", "op": "gte", "value": 40}}),
    ("mql-rule", {"mql_rule": {"field": "tier", "op": "is", "value": "hot"}}),
    ("tier-hot", {"tier_rules": {"hot": {"all": []}}}),
    ("handoff", {"required_for_handoff": ["shoe_size"]}),
    ("sql-checklist", {"sql_checklist": []}),
    ("sql-checklist", {"sql_checklist": [{"code": "a", "words": "A"}, {"code": "a", "words": "B"}]}),
    ("promise-returned", {"promises": [default_document()["promises"][1]]}),
    ("promise-accept", accept_in(default_document(), side="marketing")),
    ("promise-accept", accept_in(default_document(), warn_percents={"hot": [0], "warm": [50], "standard": [50]})),
    ("promise-accept", accept_in(default_document(), grace_seconds={"hot": -1, "warm": 0, "standard": 0})),
    ("promise-accept", accept_in(default_document(), within={t: {"days": 400} for t in ("hot", "warm", "standard")})),
    (
        "targets",
        {"targets": [{"code": "mql_volume", "side": "marketing", "words": "MQLs", "amount": 9, "of": "nobody"}]},
    ),
    (
        "targets",
        {"targets": [{"code": "conversation_share", "side": "sales", "words": "S", "amount": 9, "of": "tepid"}]},
    ),
    (
        "targets",
        {"targets": [{"code": "pipeline_value", "side": "marketing", "words": "P", "amount": 9, "currency": "euros"}]},
    ),
    ("pauses", {"pauses": {"most": 2, "most_days": 0}}),
    ("rules-of-play", {"rules_of_play": [""]}),
    ("recycle", {"recycle_days": {"bad_timing": 60}}),
    ("recycle", {"recycle_days": {"default": 0}}),
    ("attainment", {"attainment_target_percent": 101}),
    ("review", {"review_days": 0}),
    ("disputes", {"dispute_days": -1}),
    ("escalation", {"escalation": [{"at_percent": 2000, "action": "reassign"}]}),
]


@pytest.mark.parametrize(
    ("clause", "change"), LACKING, ids=[f"{place} {lack[0]}" for place, lack in enumerate(LACKING)]
)
def test_what_cannot_be_applied_is_not_proposed_and_its_clause_is_named(
    mona: User, agreement: InForce, clause: str, change: dict[str, Any]
) -> None:
    version = draft_from_template(actor=mona, at=NOW, document={**default_document(), **change})

    with pytest.raises(UnusableTerms) as refused:
        propose(actor=mona, version=version, at=NOW)

    assert {problem.field for problem in refused.value.problems} == {clause}
    assert Notice.objects.filter(code="agreement_proposed").count() == 0


def test_a_persona_that_is_pinned_may_have_a_target(mona: User, agreement: InForce) -> None:
    create_default_personas(at=NOW)
    target = {"code": "mql_volume", "side": "marketing", "words": "MQLs", "amount": 40, "of": "operations-olivia"}
    version = draft_from_template(actor=mona, at=NOW, document={**default_document(), "targets": [target]})

    assert propose(actor=mona, version=version, at=NOW).state == "proposed"


@pytest.mark.parametrize("lack", ["no hours", "not active"])
def test_a_side_without_a_working_team_promises_nothing(
    mona: User, draft: AgreementVersion, sales: Team, lack: str
) -> None:
    if lack == "no hours":
        CalendarUse.objects.filter(team=sales).delete()
    else:
        Team.objects.filter(pk=sales.pk).update(is_active=False)

    with pytest.raises(UnusableTerms) as refused:
        propose(actor=mona, version=draft, at=NOW)

    named = {problem.field for problem in refused.value.problems}
    assert {"promise-accept", "promise-decide_dispute"} <= named
    assert "promise-returned" not in named
