"""The editor of rules: groups in groups are shown as they are, changed by buttons, and what nobody touches stays as it was written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.clause_forms.base import Choices
from desk.clause_forms.rules import RuleForm
from desk.rule_words import phrase
from leads.models import Lead
from leads.routing.drafts import begin_draft
from leads.rule_counts import Share
from sla.clauses import part_of
from sla.in_force import InForce
from sla.models import AgreementVersion
from sla.negotiating import change_clause
from teams.models import User
from tests.desk.conftest import Enter, Offer
from tests.desk.test_agreement_editor import edit, form_of, now

FIT = {"field": "fit", "op": "gte", "value": 30}
DEEP: dict[str, Any] = {"all": [
    FIT,
    {"any": [
        {"all": [{"field": "source", "op": "in", "value": ["webinar", "referral"]}, {"any": [{"all": [FIT, {"any": [FIT]}]}]}]},
        {"field": "company", "op": "in", "value": ["Smith, Jones", "O\"Hara", "Berlin"]},
    ]},
    {"field": "engagement", "op": "gte", "value": 12345678901},
    {"field": "is_customer", "op": "is_not", "value": True},
    {"field": "job_title", "op": "is_known"},
]}  # fmt: skip


@pytest.fixture
def deep(draft: AgreementVersion, mona: User, at: Any) -> AgreementVersion:
    change_clause(actor=mona, version=draft, clause="mql-rule", part=DEEP, at=at)
    return draft


@pytest.fixture
def browser(enter: Enter, mona: User) -> Client:
    return enter(mona)


def send(form: RuleForm, **changes: str) -> QueryDict:
    """Give what a form would send, with ``changes``."""
    data = QueryDict(mutable=True)
    data.update({field.html_name: field.value() or "" for field in form})
    data.update(changes)
    for name, value in changes.items():
        data[name] = value
    return data


def rule_form(part: Any, data: QueryDict | None = None, again: QueryDict | None = None) -> RuleForm:
    return RuleForm(data, clause="mql-rule", part=part, choices=Choices(), again=again)


def pressed(part: Any, *buttons: str) -> Any:
    """Give the shape of the lines after these buttons, and the names of the fields that they have."""
    sent = send(rule_form(part))
    for button in buttons:
        sent["change"] = button
        form = rule_form(part, again=sent)
        sent = send(form)
    return sent


def test_what_is_changed_in_a_deep_rule_is_all_that_changes(browser: Client, deep: AgreementVersion) -> None:
    path = edit(deep, "mql-rule")

    answer = browser.post(path, form_of(browser, path, **{"0-value": "45"}))

    assert answer.status_code == 302, dict(answer.context["form"].errors)
    assert part_of(now(deep), "mql-rule") == {"all": [{**FIT, "value": 45}, *DEEP["all"][1:]]}


@pytest.mark.parametrize(
    "part",
    [
        FIT,
        [FIT, [FIT]],
        {"any": []},
        {"any": [{"all": []}, FIT]},
        {"all": [{**FIT, "op": "between", "value": [1, 12345678901]}]},
    ],
)
def test_a_rule_that_nobody_touches_is_the_same_to_the_letter(part: Any) -> None:
    form = RuleForm(send(rule_form(part)), clause="tier-hot", part=part, choices=Choices())

    assert form.is_valid(), form.errors
    assert form.part() is part


@pytest.mark.parametrize(("buttons", "shape"), [
    (("add",), "c((c((c(c))))c)cccc"), (("group",), "c((c((c(c))))c)ccc(c)"),
    (("add-1",), "c((c((c(c))))cc)ccc"), (("group-1",), "c((c((c(c))))c(c))ccc"), (("remove-1",), "cccc"),
    (("remove-2", "remove-0"), "(c)ccc"), (("group-2",), "c((c((c(c)))c)c)ccc"), (("remove-99",), "c((c((c(c))))c)ccc"),
    (("add-0", "explode-1", "add-x", "remove-", "remove"), "c((c((c(c))))c)ccc"),
])  # fmt: skip
def test_buttons_work_on_the_group_they_stand_in(buttons: tuple[str, ...], shape: str) -> None:
    assert pressed(DEEP, *buttons)["lines"] == shape


def test_a_new_group_is_joined_by_the_other_word_and_typed_text_moves_with_its_line() -> None:
    sent = send(rule_form(DEEP), **{"0-value": "many", "change": "group-1"})

    form = rule_form(DEEP, again=sent)
    said = send(form)
    removed = rule_form(DEEP, again=send(form, change="remove-0"))

    assert said["0-value"] == "many"
    assert [said[name] for name in ("join", "1-join", "2-join", "10-join")] == ["all", "any", "all", "all"]
    assert form.fields["11-field"].widget.attrs["autofocus"]
    assert send(removed)["0-join"] == "any"
    assert removed.tree.is_next


def test_mistakes_stand_beside_their_fields_at_any_depth(browser: Client, deep: AgreementVersion) -> None:
    path, before = edit(deep, "mql-rule"), now(deep)
    broken = {"3-value": "rumour", "6-value": "many", "8-field": "", "8-value": "x" * 2001, "11-op": "gte"}

    answer = browser.post(path, form_of(browser, path, **broken))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"3-value", "6-value", "8-field", "8-value", "11-op"}
    assert 'id="id_6-value_error"' in page
    assert 'value="many"' in page
    assert now(deep) == before


def test_a_rule_with_more_lines_than_the_form_takes_is_refused_and_not_cut() -> None:
    form = rule_form(None, data=QueryDict("lines=" + "c" * 301 + "&0-field=fit&0-op=gte&0-value=1"))

    assert not form.is_valid()
    assert "more lines" in str(form.non_field_errors())


def test_groups_are_said_in_brackets_where_the_words_would_mix() -> None:
    assert phrase({"all": [FIT, {"any": [FIT, FIT]}]}) == (
        "fit is at least 30 and (fit is at least 30 or fit is at least 30)"
    )
    assert phrase({"all": [FIT, [FIT, {"any": [FIT]}]]}) == " and ".join(["fit is at least 30"] * 3)


# The count ------------------------------------------------------------------------------------------------------------

COUNTS = {"change": "count"}


def test_the_count_follows_what_is_typed_and_saves_nothing(
    browser: Client, deep: AgreementVersion, offer: Offer, enter: Enter
) -> None:
    for number in range(3):
        offer(f"Person {number}")
    Lead.objects.update(fit=40)
    Lead.objects.filter(contact__name="Person 2").update(fit=60)
    path, before = edit(deep, "tier-warm"), now(deep)
    typed = form_of(
        browser, path, lines="c", join="all", **{"0-field": "fit", "0-op": "gte", "0-value": "50"}, **COUNTS
    )

    part = browser.post(path, typed, headers={"HX-Request": "true"})
    whole = browser.post(path, typed)

    for answer in (part, whole):
        assert answer.status_code == 200
        assert "A lead that is not hot is warm when fit is at least 50." in answer.content.decode()
        assert answer.context["told"].count.leads == Share(1, 3)
    assert "<html" not in part.content.decode()
    assert 'name="0-value" value="50"' in whole.content.decode()
    assert now(deep) == before


@pytest.mark.parametrize(("changes", "said"), [
    ({"lines": ""}, [("", "The rule needs at least one condition.")]),
    ({"6-value": "many", "8-field": ""}, [("fit", "Give a whole number."), ("a condition", "Choose what the condition asks for.")]),
    ({"lines": "c()", "0-value": "\x00"}, [("fit", "This contains a control character; it cannot be stored."), ("a group", "This group is empty: give it a condition, or remove it.")]),
    ({"lines": "c" * 400}, [("", "This rule has more lines, or deeper groups, than can be written here.")]),
])  # fmt: skip
def test_a_rule_that_cannot_be_counted_says_what_is_missing(
    browser: Client, deep: AgreementVersion, changes: dict[str, str], said: list[tuple[str, str]]
) -> None:
    path = edit(deep, "mql-rule")

    answer = browser.post(path, form_of(browser, path, **{**changes, **COUNTS}), headers={"HX-Request": "true"})

    assert answer.status_code == 200
    found = answer.context["told"].problems
    assert [each for each in found if each in said] == said, found


def test_a_routing_rule_is_counted_before_it_has_a_name_or_a_target(
    enter: Enter, agreement: InForce, sue: User, offer: Offer, at: datetime
) -> None:
    offer()
    draft = begin_draft(actor=sue, at=at)
    path = f"/routing/drafts/{draft.pk}/rules/new/"

    answers = [
        enter(sue).post(path, {**COUNTS, **typed}, headers={"HX-Request": "true"})
        for typed in (
            {},
            {"lines": "c", "0-field": "tier", "0-op": "is_missing"},
            {"lines": "c", "0-field": "tier", "0-op": "is"},
        )
    ]

    assert [answer.context["told"].problems for answer in answers] == [[], [], [("tier", "Give a value.")]]
    assert [answer.context["told"].count.leads for answer in answers[:2]] == [Share(1, 1), Share(0, 1)]


def test_a_count_takes_as_many_queries_for_twenty_leads_as_for_two(
    browser: Client, deep: AgreementVersion, offer: Offer
) -> None:
    path, taken = edit(deep, "mql-rule"), []
    typed = form_of(browser, path, **COUNTS)
    for count in (2, 18):
        for number in range(count):
            offer(f"Person {count} {number}")
        with CaptureQueriesContext(connection) as queries:
            browser.post(path, typed, headers={"HX-Request": "true"})
        taken.append(len(queries))

    assert taken[0] == taken[1] <= 10, taken
