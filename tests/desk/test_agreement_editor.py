"""The editor of a draft: what is typed is what the clause says, and what cannot be said is refused beside its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from sla.agreements import propose
from sla.clauses import CLAUSES, TAKEN, part_of
from sla.models import AgreementVersion
from sla.negotiating import change_clause
from teams.models import User
from tests.desk.conftest import Enter

Propose = Callable[..., AgreementVersion]


def form_of(browser: Client, path: str, **changes: object) -> dict[str, Any]:
    """Give what the form at ``path`` would send, with ``changes``."""
    form = browser.get(path).context["form"]
    shown = {field.html_name: field.value() for field in form if field.value() not in (None, "", False)}
    return {**shown, **changes}


def now(version: AgreementVersion) -> dict[str, Any]:
    terms: dict[str, Any] = AgreementVersion.objects.get(pk=version.pk).terms
    return terms


def edit(version: AgreementVersion, clause: str) -> str:
    return f"/agreement/{version.number}/edit/{clause}/"


# Writing a draft ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause not in TAKEN])
def test_a_clause_that_is_saved_as_it_is_shown_stays_what_it_was(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str
) -> None:
    browser, before = enter(mona), now(draft)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause)))

    assert answer["Location"] == f"/agreement/2/#{clause}"
    assert now(draft) == before


WRITTEN: list[tuple[str, dict[str, object], Any]] = [
    ("parties", {"marketing": "Brand", "sales": "Field"}, {"marketing": "Brand", "sales": "Field"}),
    ("handoff", {"needed": ["name", "country"]}, ["name", "country"]),
    ("handoff", {"needed": ["consent", "business_email"]}, ["business_email", "consent"]),
    ("disputes", {"dispute_days": "0"}, 0),
    ("review", {"review_days": "30"}, 30),
    ("attainment", {"attainment_target_percent": "80"}, {"attainment_target_percent": 80, "judged_from_count": 10}),
    ("accept-window", {"then": "return_to_queue", "days": "2"}, {"then": "return_to_queue", "days": 2}),
    ("accept-window", {"then": ""}, None),
    ("pauses", {"most": "1", "most_days": "5"}, {"most": 1, "most_days": 5}),
    ("rules-of-play", {"0-words": "", "lines": "2"}, ["Every lead has an owner or stands in a queue that everybody sees."]),
    ("escalation", {"0-at_percent": "300"}, [
        {"at_percent": 125, "action": "notify_manager"}, {"at_percent": 150, "action": "reassign"},
        {"at_percent": 200, "action": "notify_both_managers"}, {"at_percent": 300, "action": "notify_rep"}]),
    ("mql-rule", {"2-value": "45", "3-join": "any", "5-op": "between", "5-value": "30 and 60"}, {"any": [
        {"all": [{"field": "fit", "op": "gte", "value": 50}, {"field": "engagement", "op": "gte", "value": 45}]},
        {"any": [{"field": "is_hand_raise", "op": "is", "value": True}, {"field": "fit", "op": "between", "value": [30, 60]}]}]}),
    ("tier-warm", {"0-field": "source", "0-op": "in", "0-value": "Referral, partner", "1-field": "", "1-value": ""},
     {"all": [{"field": "source", "op": "in", "value": ["referral", "partner"]}]}),
    ("tier-hot", {"0-field": "", "0-value": ""}, None),
    ("promise-quick_rating", {"is_promised": ""}, None),
    ("promise-accept", {"amount_hot": "90", "unit_hot": "minutes", "amount_warm": "2", "unit_warm": "days", "until": "close",
                        "amount_standard": "3", "unit_standard": "hours", "warn_hot": "80, 40", "warn_warm": "", "grace_hot": "10"},
     {"code": "accept", "side": "sales", "words": "Accept or reject an offered lead",
      "within": {"hot": {"seconds": 5400}, "warm": {"days": 2, "until": "close"}, "standard": {"seconds": 10800}},
      "warn_percents": {"hot": [40, 80], "warm": [], "standard": [50, 75]},
      "grace_seconds": {"hot": 600, "warm": 0, "standard": 0}}),
    ("targets", {"lines": "1", "0-code": "mql_value", "0-of": "operations-olivia", "0-amount": "20000", "0-currency": "eur",
                 "0-worth": "operations-olivia 800, default 500"},
     [{"code": "mql_value", "side": "marketing", "words": "Worth of the MQLs", "amount": 20000, "of": "operations-olivia",
       "currency": "EUR", "worth": {"operations-olivia": 800, "default": 500}}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "changes", "part"), WRITTEN, ids=[f"{n} {each[0]}" for n, each in enumerate(WRITTEN)]
)
def test_what_is_typed_into_a_clause_is_what_it_says(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, changes: dict[str, object], part: Any
) -> None:
    browser = enter(mona)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **changes))

    assert answer.status_code == 302, dict(answer.context["form"].errors)
    assert part_of(now(draft), clause) == part


def test_a_written_draft_can_be_proposed(enter: Enter, mona: User, draft: AgreementVersion) -> None:
    browser = enter(mona)
    for clause, changes, _part in WRITTEN:
        browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **changes))

    answer = browser.post("/agreement/2/propose/", {})

    assert answer["Location"] == "/agreement/2/"
    assert AgreementVersion.objects.get(pk=draft.pk).state == "proposed"


REFUSED = [
    ("parties", {"sales": " "}, "sales"), ("parties", {"sales": "a\u202eb"}, "sales"), ("review", {"review_days": "0"}, "review_days"),
    ("review", {"review_days": "1.5"}, "review_days"), ("review", {"review_days": "9" * 30}, "review_days"),
    ("disputes", {"dispute_days": "soon"}, "dispute_days"), ("accept-window", {"days": ""}, "days"),
    ("accept-window", {"then": "explode"}, "then"), ("pauses", {"most_days": "0"}, "most_days"), ("recycle", {"default": ""}, "default"),
    ("promise-accept", {"amount_hot": "0.25"}, "amount_hot"), ("promise-accept", {"amount_hot": ""}, "amount_hot"),
    ("promise-accept", {"amount_hot": "367", "unit_hot": "days"}, "amount_hot"), ("promise-accept", {"warn_hot": "150"}, "warn_hot"),
    ("promise-accept", {"warn_hot": "half"}, "warn_hot"), ("promise-cadence", {"attempts_warm": ""}, "attempts_warm"),
    ("mql-rule", {"1-value": "many"}, "1-value"), ("mql-rule", {"1-value": "4.5"}, "1-value"), ("mql-rule", {"1-op": "contains"}, "1-op"),
    ("mql-rule", {"4-value": "perhaps"}, "4-value"), ("mql-rule", {"1-field": ""}, "1-field"), ("mql-rule", {"1-field": "tier"}, "1-field"),
    ("mql-rule", {"1-op": "between", "1-value": "200 and 10"}, "1-value"), ("mql-rule", {"lines": ""}, "__all__"), ("mql-rule", {"lines": "(cc)()", "3-join": "any"}, "3-join"),
    ("mql-rule", {"2-op": "lt"}, "2-op"),
    ("tier-warm", {"0-field": "source", "0-op": "is", "0-value": "Rumour"}, "0-value"),
    ("sql-checklist", {"lines": "0"}, "__all__"), ("sql-checklist", {"0-words": "x" * 301}, "0-words"),
    ("definitions", {"0-said": ""}, "0-said"), ("definitions", {"1-word": "Lead"}, "1-word"),
    ("escalation", {"0-at_percent": "50"}, "0-at_percent"), ("escalation", {"0-action": "shout"}, "0-action"),
    ("targets", {"0-amount": "101"}, "0-amount"), ("targets", {"0-of": "hot"}, "0-of"), ("targets", {"0-currency": "EUR"}, "0-currency"),
    ("targets", {"0-code": "pipeline_value"}, "0-currency"), ("targets", {"1-of": "warm"}, "2-code"), ("targets", {"0-worth": "5"}, "0-worth"),
    ("targets", {"0-code": "mql_value", "0-currency": "EUR", "0-worth": "nobody 5"}, "0-worth"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "change", "field"), REFUSED, ids=[f"{n} {each[0]}" for n, each in enumerate(REFUSED)]
)
def test_a_mistake_stands_beside_its_field_and_nothing_is_written(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, change: dict[str, str], field: str
) -> None:
    browser, before = enter(mona), now(draft)

    answer = browser.post(edit(draft, clause), form_of(browser, edit(draft, clause), **change))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert now(draft) == before


def test_lines_are_added_and_taken_away_without_saving_and_what_was_typed_stays(
    enter: Enter, mona: User, draft: AgreementVersion
) -> None:
    browser, path, before = enter(mona), edit(draft, "sql-checklist"), now(draft)
    typed = form_of(browser, path, **{"0-words": "They called us back."})

    added = browser.post(path, {**typed, "change": "add"})
    removed = browser.post(path, {**typed, "change": "remove-1"})

    assert (added.status_code, removed.status_code) == (200, 200)
    assert now(draft) == before
    assert (added.context["form"].count, removed.context["form"].count) == (6, 4)
    words = [row.fields[0].value() for row in removed.context["form"].rows]
    assert words[0] == "They called us back."
    assert "The contact has a need that one of our products meets." not in words
    saved = {field.html_name: field.value() for field in removed.context["form"]}
    assert browser.post(path, saved).status_code == 302
    assert [item["code"] for item in now(draft)["sql_checklist"]] == ["conversation", "authority", "timing", "budget"]


@pytest.mark.parametrize("sent", [
    {"lines": "many"}, {"lines": "-1"}, {"lines": "9" * 40}, {"lines": "٣"}, {"change": "remove-"}, {"change": "remove-99999999999"},
    {"change": "explode", "lines": "2"}, {"lines": "39", "change": "add"}, {"lines": "1", "0-field": "\x00", "0-value": "\ud800"},
])  # fmt: skip
@pytest.mark.parametrize("clause", ["mql-rule", "targets", "definitions"])
def test_odd_requests_to_the_editor_are_no_fault_of_the_program(
    enter: Enter, mona: User, draft: AgreementVersion, clause: str, sent: dict[str, str]
) -> None:
    before = now(draft)
    sent = {name: value.encode(errors="replace").decode() for name, value in sent.items()}

    answer = enter(mona).post(edit(draft, clause), sent)

    assert answer.status_code in (200, 302, 422)
    if answer.status_code != 302:
        assert now(draft) == before


def test_an_old_page_writes_over_nobody_and_the_next_save_goes_through(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    browser, path = enter(mona), edit(draft, "parties")
    old = form_of(browser, path, sales="Field")
    browser.post(path, form_of(browser, path, sales="Inside"))

    answer = browser.post(path, old)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this clause" in page
    assert 'value="Field"' in page
    assert now(draft)["parties"]["sales"] == "Inside"
    assert browser.post(path, {**old, "seen": answer.context["form"]["seen"].value()}).status_code == 302
    assert now(draft)["parties"]["sales"] == "Field"


def test_a_clause_of_what_is_no_draft_any_more_is_not_written(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    browser, path = enter(mona), edit(draft, "disputes")
    old = form_of(browser, path, dispute_days=9)
    propose(actor=mona, version=draft, at=at)

    assert browser.post(path, old).status_code == 409
    assert browser.get(path)["Location"] == "/agreement/2/"
    assert now(draft)["dispute_days"] == 3


def test_a_draft_begins_from_a_version_and_takes_the_newest_pins(
    enter: Enter, sue: User, proposal: AgreementVersion, at: datetime
) -> None:
    browser = enter(sue)

    answer = browser.post("/agreement/new/", {"source": "2"})
    refused = browser.post("/agreement/new/", {"source": "99"})

    assert answer["Location"] == "/agreement/3/"
    assert AgreementVersion.objects.get(number=3).drafted_for == "sales"
    assert refused.status_code == 422
    assert "Only managers of sales see this draft" in browser.get("/agreement/3/").content.decode()
    assert browser.post("/agreement/3/edit/pins/", {}).status_code == 302


def test_what_is_in_the_way_of_a_proposal_is_listed_with_links(
    enter: Enter, mona: User, draft: AgreementVersion, at: datetime
) -> None:
    change_clause(actor=mona, version=draft, clause="rules-of-play", part=[""], at=at)
    browser = enter(mona)

    pages = [browser.get("/agreement/2/propose/"), browser.post("/agreement/2/propose/", {})]

    assert [page.status_code for page in pages] == [200, 422]
    for page in pages:
        assert '<a href="/agreement/2/edit/rules-of-play/">Rules of play</a>' in page.content.decode()
