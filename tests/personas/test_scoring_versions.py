"""How leads are scored is written as versions: checked as a whole, numbered one after the other, none ever changed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inputs.refusals import Conflict
from leads.codes import TOUCH_KINDS
from leads.scoring import Scoring
from ledger.models import AuditEntry
from personas.defaults import SCORING_TERMS, create_default_scoring
from personas.models import ScoringVersion
from personas.scoring_terms import BadScoringTerms, checked
from personas.scoring_versions import MayNotWriteScoring, ScoringMoved, kinds_of, write_scoring
from teams.models import User
from tests.cast import NOW, SIGNED_AT, person
from tests.racing import refusals_of

RIVAL: dict[str, Any] = {
    "code": "competitor", "words": " Works for a competitor ", "points": -80,
    "rule": {"field": "email_domain", "op": "in", "value": ["rival.example", " other.example "]},
}  # fmt: skip


@pytest.fixture
def first(db: None) -> ScoringVersion:
    return create_default_scoring(at=SIGNED_AT)


def terms(**changes: Any) -> dict[str, Any]:
    return {**SCORING_TERMS, **changes}


def with_negatives(*lines: Any) -> dict[str, Any]:
    return terms(negatives=[*SCORING_TERMS["negatives"], *lines])


def with_points(kind: str, line: Any) -> dict[str, Any]:
    return terms(points={**SCORING_TERMS["points"], kind: line})


def test_a_version_is_added_and_the_old_one_stays(first: ScoringVersion, mona: User) -> None:
    version = write_scoring(actor=mona, terms={**with_negatives(RIVAL), "note": "x"}, seen=1, at=NOW)

    assert (version.number, version.created_by, version.created_at) == (2, mona, NOW)
    assert version.terms["negatives"][-1] == {
        **RIVAL, "words": "Works for a competitor", "rule": {**RIVAL["rule"], "value": ["rival.example", "other.example"]},
    }  # fmt: skip
    assert set(version.terms) == {"half_life_days", "points", "negatives"}
    assert version.terms["negatives"][:2] == SCORING_TERMS["negatives"]
    assert ScoringVersion.objects.get(number=1).terms == SCORING_TERMS
    entry = AuditEntry.objects.get(verb="write_scoring")
    assert (entry.actor_id, entry.facts) == (mona.pk, {"number": 2, "replaces": first.pk})
    assert len(Scoring.from_terms(version.pk, version.terms).negatives) == 3


def test_a_version_cannot_be_rewritten_nor_deleted(first: ScoringVersion) -> None:
    for act in (partial(ScoringVersion.objects.update, terms={}), ScoringVersion.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_saying_the_same_writes_nothing(first: ScoringVersion, mona: User) -> None:
    assert write_scoring(actor=mona, terms=terms(), seen=1, at=NOW) == first
    assert not AuditEntry.objects.filter(verb="write_scoring").exists()


def test_a_version_of_before_there_were_negatives_says_the_same_as_one_with_none(db: None, mona: User) -> None:
    old = {name: SCORING_TERMS[name] for name in ("half_life_days", "points")}
    ScoringVersion.objects.create(number=1, terms=old, created_at=SIGNED_AT)

    assert write_scoring(actor=mona, terms=terms(negatives=[]), seen=1, at=NOW).number == 1


def test_the_first_may_be_written_before_there_is_any(db: None, mona: User) -> None:
    assert write_scoring(actor=mona, terms=terms(half_life_days=20), seen=0, at=NOW).number == 1


@pytest.mark.parametrize("who", ["maya", "sam", "sue", "olive"])
def test_nobody_writes_but_managers_of_marketing_and_administrators(
    first: ScoringVersion, request: pytest.FixtureRequest, who: str
) -> None:
    with pytest.raises(MayNotWriteScoring):
        write_scoring(actor=request.getfixturevalue(who), terms=terms(half_life_days=20), seen=1, at=NOW)
    assert ScoringVersion.objects.count() == 1


def test_an_administrator_writes(first: ScoringVersion) -> None:
    ada = person("Ada", is_administrator=True)

    assert write_scoring(actor=ada, terms=terms(half_life_days=20), seen=1, at=NOW).created_by == ada


def test_whoever_saves_on_an_old_sight_is_told_so(first: ScoringVersion, mona: User) -> None:
    write_scoring(actor=mona, terms=terms(half_life_days=20), seen=1, at=NOW)

    with pytest.raises(ScoringMoved) as refusal:
        write_scoring(actor=mona, terms=terms(half_life_days=10), seen=1, at=NOW)

    assert refusal.value.details == {"seen": 2}
    assert ScoringVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ([], ""),
        (terms(half_life_days=0), "half_life_days"),
        (terms(half_life_days=3651), "half_life_days"),
        (terms(half_life_days=True), "half_life_days"),
        (terms(half_life_days="30"), "half_life_days"),
        (terms(points=None), "points.demo_request"),
        (with_points("form", {"points": 1001, "decays": True}), "points.form"),
        (with_points("form", {"points": -1, "decays": True}), "points.form"),
        (with_points("form", {"points": True, "decays": True}), "points.form"),
        (with_points("form", {"points": 5, "decays": 1}), "points.form"),
        (with_points("form", None), "points.form"),
        (with_points("visit_on_mars", {"points": 5, "decays": True}), "points.visit_on_mars"),
        (terms(negatives={}), "negatives"),
        (terms(negatives=[RIVAL] * 41), "negatives"),
        (with_negatives("x"), "negatives[2]"),
        (with_negatives({**RIVAL, "code": "free_mail"}), "negatives[2].code"),
        (with_negatives({**RIVAL, "code": "No Slug"}), "negatives[2].code"),
        (with_negatives({**RIVAL, "words": "  "}), "negatives[2].words"),
        (with_negatives({**RIVAL, "words": "x" * 121}), "negatives[2].words"),
        (with_negatives({**RIVAL, "words": "a\u200bb"}), "negatives[2].words"),
        (with_negatives({**RIVAL, "points": 0}), "negatives[2].points"),
        (with_negatives({**RIVAL, "points": -101}), "negatives[2].points"),
        (with_negatives({**RIVAL, "rule": []}), "negatives[2].rule"),
        (with_negatives({**RIVAL, "rule": {**RIVAL["rule"], "field": "engagement"}}), "negatives[2].rule.field"),
        (with_negatives({**RIVAL, "rule": {**RIVAL["rule"], "op": "like"}}), "negatives[2].rule.op"),
        (with_negatives({**RIVAL, "rule": {**RIVAL["rule"], "value": ["x" * 501]}}), "negatives[2].rule.value"),
    ],
)
def test_what_cannot_be_is_named_by_its_field(said: Any, field: str) -> None:
    with pytest.raises(BadScoringTerms) as refusal:
        checked(said, kinds=kinds_of(None))

    assert {problem.field for problem in refusal.value.problems} >= {field}


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = with_negatives({**RIVAL, "points": 5}, {**RIVAL, "words": ""}) | {"half_life_days": 0}

    with pytest.raises(BadScoringTerms) as refusal:
        checked(wrong, kinds=kinds_of(None))

    fields = [problem.field for problem in refusal.value.problems]
    assert fields == ["half_life_days", "negatives[2].points", "negatives[3].words"]


def test_every_kind_of_touch_has_its_points() -> None:
    assert set(kinds_of(None)) == set(TOUCH_KINDS)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_one_is_told(first: ScoringVersion, mona: User) -> None:
    writer = User.objects.with_teams().get(pk=mona.pk)
    works = [
        partial(write_scoring, actor=writer, terms=terms(half_life_days=days), seen=1, at=NOW) for days in (10, 20)
    ]

    refusals = refusals_of(works, Conflict)

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["NoneType", "ScoringMoved"]
    assert list(ScoringVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
