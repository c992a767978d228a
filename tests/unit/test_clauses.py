"""The words, parts and comparison of clauses."""

from __future__ import annotations

from typing import Any

import pytest

from desk.clauses import WORDS, Names, chapters_of, clauses_of
from desk.comparing import compare
from leads.facts import FACTS, MISSING_WORDS
from sla import completeness
from sla.clauses import CLAUSES, in_this_edition, part_of, with_part
from sla.completeness import REQUIRABLE, RULE_FIELDS
from sla.default_terms import default_document
from sla.promises import KINDS, TARGETS
from sla.terms import Terms, terms_hash


def test_what_a_rule_may_ask_is_what_is_known_of_a_lead_but_the_tier() -> None:
    assert FACTS - {"tier"} == RULE_FIELDS
    assert set(REQUIRABLE) <= MISSING_WORDS.keys()
    assert tuple(WORDS) == completeness.WORDS


def test_the_template_lacks_nothing() -> None:
    assert completeness.lacks(Terms.from_document(default_document()), []) == []


def test_a_rule_that_makes_an_mql_of_a_forgotten_lead_is_no_agreement() -> None:
    fading = {
        "any": [{"all": [{"field": "fit", "op": "lt", "value": 5}, {"field": "engagement", "op": "lte", "value": 20}]}]
    }
    document = {**default_document(), "mql_rule": fading}

    (clause, sentence), *others = completeness.lacks(Terms.from_document(document), [])

    assert (clause, others) == ("mql-rule", [])
    assert "forgotten" in sentence


def test_the_template_is_written_in_the_form_of_this_edition() -> None:
    assert terms_hash(in_this_edition(default_document())) == terms_hash(default_document())


def test_every_part_of_the_document_is_a_part_of_one_clause() -> None:
    document: dict[str, Any] = {**default_document(), "pinned": {"scoring_version": 1}}
    said = {clause: part_of(document, clause) for clause in CLAUSES}
    built: dict[str, Any] = {"promises": [], "tier_rules": {}}

    for clause, part in said.items():
        built = with_part(built, clause, part)

    assert built == document
    assert {f"promise-{code}" for code in KINDS} <= CLAUSES.keys()


def test_every_clause_has_words_and_chapters_are_numbered_without_gaps() -> None:
    document = {
        **default_document(),
        "calendars": [
            {
                "team": "North",
                "calendar": "Office",
                "version": 2,
                "zone": "Europe/Berlin",
                "week": {"mon": [["09:00", "12:30"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]},
            }
        ],
        "pinned": {
            "scoring_version": 7,
            "persona_versions": [3],
            "scoring": {
                "half_life_days": 30,
                "negatives": [{"code": "rival", "words": "Competes with us", "points": -60, "rule": {}}],
            },
        },
    }
    clauses = clauses_of(document, Names(persona_versions={3: "Ines (v2)"}, scoring={7: 2}))
    chapters = chapters_of(clauses)

    assert all(clause.sentences for clause in clauses)
    assert [chapter.number for chapter in chapters] == list(range(1, len(chapters) + 1))
    assert [chapter.side for chapter in chapters if chapter.side] == ["marketing", "sales", "both"]
    assert next(clause for clause in clauses if clause.key == "calendars").sentences == (
        "North: Office, version 2: Mon 09:00-12:30 13:00-17:00, Tue 09:00-17:00 (Europe/Berlin).",
    )
    assert next(clause for clause in clauses if clause.key == "pins").sentences == (
        "Fit is scored by Ines (v2).",
        "Engagement is counted by scoring version 2, with a half-life of 30 days.",
        "Points of fit: -60. Competes with us.",
    )


@pytest.mark.parametrize("code", TARGETS)
def test_every_target_is_said_with_its_unit_and_period(code: str) -> None:
    kind = TARGETS[code]
    money = {"currency": "EUR"} if kind.unit == "money" else {}
    target = {"code": code, "side": kind.side, "words": kind.words, "amount": 50, "of": "", **money}

    (sentence,) = {clause.key: clause for clause in clauses_of({**default_document(), "targets": [target]})}[
        "targets"
    ].sentences

    amount = {"money": "€50", "percent": "50 %", "count": "50"}[kind.unit]
    assert sentence == f"{kind.side.capitalize()}: {kind.words}, at least {amount} each {kind.period}."


def test_each_change_of_a_part_shows_in_the_clause_that_it_is() -> None:
    document = default_document()
    accept = {**part_of(document, "promise-accept"), "grace_seconds": {"hot": 0, "warm": 0, "standard": 0}}
    changes: dict[str, Any] = {
        "parties": {"marketing": "Us", "sales": "Them"}, "definitions": {"lead": "A lead."}, "tier-hot": {"all": []},
        "handoff": [], "promise-accept": accept, "promise-brief": None, "targets": [], "accept-window": None, "escalation": [],
        "pauses": {"most": 1, "most_days": 10}, "disputes": 0, "rules-of-play": ["Smile."], "recycle": {"default": 9},
        "attainment": {"attainment_target_percent": 90, "judged_from_count": 5}, "review": 30,
        "sql-checklist": [{"code": "x", "words": "X."}], "mql-rule": {"field": "fit", "op": "gte", "value": 60},
    }  # fmt: skip
    for clause, part in changes.items():
        found = compare(clauses_of(document), clauses_of(with_part(document, clause, part)))

        assert [difference.key for difference in found if difference.kind != "same"] == [clause]
