"""Scoring in the browser: read by all, written line by line, and what is written counts from the next agreement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from leads.intake.pipeline import take_in
from leads.models import Lead
from leads.qualifying import forget_judges
from personas.defaults import SCORING_TERMS
from personas.models import ScoringVersion
from personas.scoring_versions import write_scoring
from sla.agreements import draft_from_template, propose, sign
from sla.in_force import InForce
from teams.models import User
from teams.roles import Side
from tests.desk.conftest import Enter
from tests.leads.intake_world import anna, world  # noqa: F401 - a fixture

PATH = "/scoring/edit/"
RIVAL = {
    "lines": "3", "2-field": "email_domain", "2-op": "in", "2-value": "rival.example, other.example", "2-points": "80",
    "2-words": "Works for a competitor", "2-kept": "",
}  # fmt: skip


@pytest.fixture
def agreed(world: InForce) -> InForce:  # noqa: F811
    return world


def fields(browser: Client, **changes: str) -> dict[str, str]:
    """Give what the form would send as the page shows it, with ``changes``; a box that is not ticked is not sent."""
    return sent(browser.get(PATH)) | changes


def sent(response: Any) -> dict[str, str]:
    shown = {field.html_name: field.value() for field in response.context["form"]}
    return {
        name: "on" if value is True else str(value or "") for name, value in shown.items() if value is not False
    } | {name: "0" for name, value in shown.items() if value == 0 and value is not False}


def newest() -> ScoringVersion:
    return ScoringVersion.objects.latest("number")


def test_a_competitor_takes_points_off_from_the_next_agreement_on(
    enter: Enter, mona: User, sue: User, sam: User, agreed: InForce, at: datetime
) -> None:
    browser = enter(mona)
    page = browser.post(PATH, fields(browser, **RIVAL), follow=True).content.decode()
    assert "It counts from the next agreement." in page
    take_in([anna(email="before@rival.example")], actor=None, at=at)

    version = propose(actor=mona, version=draft_from_template(actor=mona, at=at), at=at)
    for manager, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        version = sign(actor=manager, version=version, side=side, terms_hash=version.terms_hash, at=at)
    forget_judges()
    take_in([anna(email="after@rival.example", company="Other")], actor=None, at=at)

    before, after = Lead.objects.order_by("pk")
    assert version.scoring_id == newest().pk
    assert (before.fit, after.fit) == (100, 20)
    told = enter(sam).get(f"/leads/{after.pk}/").content.decode()
    for words in ("Works for a competitor", "rival.example", "<b>-80</b>"):
        assert words in told


def test_saving_what_is_there_changes_nothing(enter: Enter, mona: User, agreed: InForce) -> None:
    browser = enter(mona)

    page = browser.post(PATH, fields(browser), follow=True).content.decode()

    assert "Nothing differs from before." in page
    assert newest().number == 1


def test_rules_of_several_conditions_go_through_untouched_and_may_be_removed(
    enter: Enter, mona: User, agreed: InForce
) -> None:
    browser = enter(mona)
    typed = fields(
        browser, **RIVAL, **{"half_life_days": "45", "points-form": "11", "stays-form": "on", "0-points": "15"}
    )

    browser.post(PATH, typed)

    terms = newest().terms
    free_mail, job_seeker = SCORING_TERMS["negatives"]
    assert terms["half_life_days"] == 45
    assert terms["points"] == {**SCORING_TERMS["points"], "form": {"points": 11, "decays": False}}
    assert terms["negatives"] == [
        {**free_mail, "points": -15}, job_seeker,
        {"code": "works_for_a_competitor", "words": "Works for a competitor", "points": -80,
         "rule": {"field": "email_domain", "op": "in", "value": ["rival.example", "other.example"]}},
    ]  # fmt: skip

    fewer = browser.post(PATH, {**fields(browser), "change": "remove-0"})
    browser.post(PATH, sent(fewer))

    assert newest().terms == {**terms, "negatives": terms["negatives"][1:]}
    assert newest().number == 3


def test_who_saves_after_somebody_else_keeps_what_was_typed_and_what_was_kept(
    enter: Enter, mona: User, agreed: InForce, at: datetime
) -> None:
    browser = enter(mona)
    typed = fields(browser, **RIVAL)
    write_scoring(actor=mona, terms={**SCORING_TERMS, "negatives": [], "half_life_days": 20}, seen=1, at=at)

    response = browser.post(PATH, typed)

    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else wrote version 2" in page
    assert "/scoring/2/?since=1" in page
    assert "rival.example, other.example" in page
    assert browser.post(PATH, sent(response)).status_code == 302
    assert newest().number == 3
    assert newest().terms["negatives"][:2] == SCORING_TERMS["negatives"]
    assert newest().terms["half_life_days"] == 30


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"half_life_days": "0"}, "half_life_days", "greater than or equal to 1"),
        ({"points-form": "1001"}, "points-form", "less than or equal to 1000"),
        ({"points-form": ""}, "points-form", "required"),
        ({"0-points": ""}, "0-points", "how many points"),
        ({"2-points": "101"}, "2-points", "less than or equal to 100"),
        ({"2-words": ""}, "2-words", "what speaks against"),
        ({"2-field": ""}, "2-field", "asks for"),
        ({"2-field": "is_customer"}, "2-op", "can be asked here"),
        ({"2-value": ""}, "2-value", "Give values"),
        ({"2-value": "x" * 501}, "2-value", "at most 500"),
        ({"0-kept": "9:nothing"}, "0-field", "asks for"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    enter: Enter, mona: User, agreed: InForce, change: dict[str, str], field: str, words: str
) -> None:
    browser = enter(mona)

    response = browser.post(PATH, fields(browser, **RIVAL, **{"1-words": "What I typed"}) | change)

    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert "What I typed" in response.content.decode()
    assert newest().number == 1


def test_lines_come_without_saving_and_keep_what_was_typed(enter: Enter, mona: User, agreed: InForce) -> None:
    browser = enter(mona)
    typed = fields(browser, **{"half_life_days": "7", "points-form": "3", "stays-form": "on"})

    form = browser.post(PATH, {**typed, "change": "add"}).context["form"]

    assert [row.rule != "" for row in form.rows] == [True, True, False]
    assert [form[name].value() for name in ("half_life_days", "points-form", "stays-form", "seen")] == [
        "7",
        "3",
        "on",
        "1",
    ]
    assert newest().number == 1


def test_everybody_reads_it_in_words_and_what_each_version_changed(
    enter: Enter, mona: User, sam: User, agreed: InForce, at: datetime
) -> None:
    points = {**SCORING_TERMS["points"], "form": {"points": 0, "decays": True}}
    write_scoring(actor=mona, terms={**SCORING_TERMS, "points": points, "half_life_days": 1}, seen=1, at=at)
    browser = enter(sam)

    page, form = browser.get("/scoring/").content.decode(), enter(mona).get(PATH).content.decode()
    second, first = browser.get("/scoring/2/").content.decode(), browser.get("/scoring/1/").content.decode()

    for words in ("Points halve every <b>1 day</b>", "those of event visit stay", "Worth nothing: form, list import",
                  "Studies or looks for a job", "Half-life, Points of touches", "by Mona"):  # fmt: skip
        assert words in page
    assert form.count("they stay") == len(SCORING_TERMS["points"])
    assert PATH not in page
    assert "begin a draft" not in page
    assert "Form: 10 points, decaying" in second
    assert 'href="/agreement/1/"' in first
    assert "?since=1#s-changed" in first
    assert "begin a draft" in enter(mona).get("/scoring/").content.decode()
    assert browser.get("/scoring/?before=1").context["history"].entries == []
    assert "/scoring/1/" in browser.get("/agreement/").content.decode()
    assert 'href="/scoring/"' in browser.get("/personas/").content.decode()


def test_a_draft_that_rests_on_a_version_is_named_to_its_side_alone(
    enter: Enter, mona: User, sam: User, agreed: InForce, at: datetime
) -> None:
    draft_from_template(actor=mona, at=at)

    assert 'href="/agreement/2/"' in enter(mona).get("/scoring/").content.decode()
    assert 'href="/agreement/2/"' not in enter(sam).get("/scoring/").content.decode()


def test_before_there_is_any_scoring_the_page_says_so_and_the_first_is_written(enter: Enter, mona: User) -> None:
    browser = enter(mona)
    assert "Nothing is scored yet." in browser.get("/scoring/").content.decode()

    assert browser.post(PATH, fields(browser)).status_code == 302

    assert (newest().number, newest().terms) == (1, SCORING_TERMS)
