"""Merging two on the page that compares them, and undoing it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from desk.queries.duplicates import comparison
from leads.duplicates import find_all_duplicates
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.merging import merge
from leads.models import Contact, Handoff, Lead, LikelyDuplicate
from sla.in_force import InForce
from teams.models import User
from tests.cast import make_lead
from tests.desk.conftest import Enter

PATH = "/leads/duplicates/"


@pytest.fixture
def two(agreement: InForce, at: datetime) -> tuple[Lead, Lead]:
    people = (("Ana Silva", "ana@acme.example", ""), ("Anna Silva", "a.silva@acme.example", "Head of <b>ops</b>"))
    arrivals = [
        Arrival(name=name, email=email, company="Acme", job_title=title, touch_kind="content_download")
        for name, email, title in people
    ]
    first, second = (Lead.objects.get(pk=outcome.lead_id or 0) for outcome in take_in(arrivals, actor=None, at=at))
    find_all_duplicates(at=at)
    return first, second


def test_a_marketer_merges_two_with_the_better_values_and_undoes_it(
    enter: Enter, two: tuple[Lead, Lead], maya: User, sam: User
) -> None:
    (kept, gone), browser, pair = two, enter(maya), LikelyDuplicate.objects.get()
    page = browser.get(f"{PATH}{pair.pk}/").content.decode()
    assert "&lt;b&gt;ops&lt;/b&gt;" in page

    typed = {"kept": kept.pk, "gone": gone.pk, "value_name": "second", "value_job_title": "second"}
    told = browser.post(f"{PATH}{pair.pk}/merge/", typed, follow=True).content.decode()

    contact = Contact.objects.get(pk=kept.contact_id)
    assert (contact.name, contact.job_title, contact.email) == ("Anna Silva", "Head of <b>ops</b>", "ana@acme.example")
    assert f'<a href="/leads/{gone.pk}/">Lead {gone.pk}</a> of the same person was merged into this one.' in told
    assert "Another lead was merged into it" in told
    before = browser.get(f"/leads/{gone.pk}/").content.decode()
    assert f'This lead was merged into <a href="/leads/{kept.pk}/">lead {kept.pk}</a>' in before
    assert "Compare or undo" not in enter(sam).get(f"/leads/{gone.pk}/").content.decode()
    assert browser.get(f"/api/v1/leads/{gone.pk}").json()["merged_into"] == kept.pk

    merge = pair.merges.get()
    assert f"/leads/merges/{merge.pk}/undo/" in browser.get(f"{PATH}{pair.pk}/").content.decode()
    told = browser.post(f"/leads/merges/{merge.pk}/undo/", follow=True).content.decode()

    gone.refresh_from_db()
    assert "They are two again." in told
    assert (gone.stage, gone.merged_into) == ("lead", None)


@pytest.mark.parametrize(
    ("typed", "words"),
    [({}, "This field is required."), ({"kept": "x", "gone": "1"}, "Select a valid choice"), ({"kept": 0, "gone": 0}, "Choose a lead of each")],
)  # fmt: skip
def test_a_choice_that_makes_no_sense_is_said_beside_its_field(
    enter: Enter, two: tuple[Lead, Lead], maya: User, typed: dict[str, object], words: str
) -> None:
    pair, (kept, _) = LikelyDuplicate.objects.get(), two
    sent = {name: kept.pk if value == 0 else value for name, value in typed.items()}

    answer = enter(maya).post(f"{PATH}{pair.pk}/merge/", {**sent, "value_name": "second"})

    page = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert words in page
    assert 'value="second" checked' in page
    assert not Lead.objects.filter(stage="merged").exists()


def test_a_refused_merge_leaves_the_kept_contact_as_it_is_and_what_was_chosen_in_the_form(
    enter: Enter, two: tuple[Lead, Lead], maya: User, at: datetime
) -> None:
    (kept, gone), pair = two, LikelyDuplicate.objects.get()
    Lead.objects.filter(pk=gone.pk).update(stage="mql", mql_at=at)

    typed = {"kept": kept.pk, "gone": gone.pk, "value_name": "second", "value_job_title": "second"}
    answer = enter(maya).post(f"{PATH}{pair.pk}/merge/", typed)

    page, contact = answer.content.decode(), Contact.objects.get(pk=kept.contact_id)
    assert answer.status_code == 409
    assert "Keep the one that is further along." in page
    assert page.count('value="second" checked') == 2
    assert (contact.name, contact.job_title) == ("Ana Silva", "")


def test_the_email_of_the_other_one_is_taken_over_where_there_was_none_and_makes_the_merge_final(
    enter: Enter, two: tuple[Lead, Lead], maya: User, at: datetime
) -> None:
    (kept, gone), pair, browser = two, LikelyDuplicate.objects.get(), enter(maya)
    Contact.objects.filter(pk=kept.contact_id).update(email="", email_key=None, external_id="crm-1")

    typed = {"kept": kept.pk, "gone": gone.pk, "value_email": "second"}
    told = browser.post(f"{PATH}{pair.pk}/merge/", typed, follow=True).content.decode()

    assert "it stays, for the email is taken over" in told
    assert Contact.objects.get(pk=kept.contact_id).email_key == "a.silva@acme.example"
    assert Contact.objects.get(pk=gone.contact_id).email_key is None
    again = Arrival(name="Anna", email="a.silva@acme.example", touch_kind="content_download")
    assert take_in([again], actor=None, at=at)[0].contact_id == kept.contact_id
    merge = pair.merges.get()
    assert "Something has happened to the lead since" in browser.get(f"{PATH}{pair.pk}/").content.decode()
    assert browser.post(f"/leads/merges/{merge.pk}/undo/").status_code == 409


def test_a_manager_of_sales_merges_what_they_may_not_correct_without_choosing_values(
    enter: Enter, two: tuple[Lead, Lead], sue: User
) -> None:
    (kept, gone), pair, browser = two, LikelyDuplicate.objects.get(), enter(sue)

    page = browser.get(f"{PATH}{pair.pk}/").content.decode()
    browser.post(f"{PATH}{pair.pk}/merge/", {"kept": kept.pk, "gone": gone.pk, "value_name": "second"})

    assert 'type="radio"' not in page
    assert "the values of the kept contact stay" in page
    gone.refresh_from_db()
    assert (gone.merged_into_id, Contact.objects.get(pk=kept.contact_id).name) == (kept.pk, "Ana Silva")


def test_nothing_is_done_on_a_lead_that_was_merged_but_on_the_one_that_is_kept(
    enter: Enter, two: tuple[Lead, Lead], agreement: InForce, maya: User, sam: User, at: datetime
) -> None:
    (kept, gone), pair, browser = two, LikelyDuplicate.objects.get(), enter(maya)
    Handoff.objects.create(
        lead=gone, ordinal=1, version_id=agreement.version_id, tier="hot", offered_at=at, assigned_at=at, assignee=sam,
        state="rejected", decided_at=at, decided_by=sam, reason="bad_timing",
    )  # fmt: skip
    Lead.objects.filter(pk=gone.pk).update(marketer=maya, handoff_count=1)
    before = browser.get(f"/leads/{gone.pk}/").content.decode()
    merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=maya, at=at)

    page = browser.get(f"/leads/{gone.pk}/").content.decode()

    for act, body in (
        ("quote", {"persona": "ops", "text": "We need it."}),
        ("propose-persona-change", {"persona": "ops", "text": "We need it."}),
        ("dispute", {"reason": "It was good."}),
        ("nurture", {"kind": "call"}),
    ):
        answer = browser.post(f"/api/v1/leads/{gone.pk}/{act}", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "was_merged"), act
        assert answer.json()["details"]["merged_into"] == kept.pk
    typed = browser.post(f"/leads/{gone.pk}/correct/", {"name": "Else"})
    assert typed.status_code == 409
    for words in ("Correct data", "Quote the customer", "Propose a change", "Contest"):
        assert words in before
        assert words not in page


def test_lists_leave_out_who_was_merged_unless_they_are_asked_for(
    enter: Enter, two: tuple[Lead, Lead], maya: User, at: datetime
) -> None:
    (kept, gone), pair, browser = two, LikelyDuplicate.objects.get(), enter(maya)
    earlier = make_lead(stage="lost", last_touch_at=at)
    Lead.objects.filter(pk=earlier.pk).update(contact=gone.contact_id)
    merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=maya, at=at)

    def listed(**query: str) -> set[int]:
        return {row.lead.pk for row in browser.get("/leads/", query).context["rows"]}

    def given(**query: str) -> set[int]:
        return {row["id"] for row in browser.get("/api/v1/leads", query).json()["results"]}

    on = {kept.pk, earlier.pk}
    assert [listed(), listed(order="engagement"), listed(order="fit"), given()] == [on] * 4
    assert [listed(stage="merged"), given(stage="merged")] == [{gone.pk}] * 2
    assert [listed(merged="too"), listed(q="silva"), given(q="anna")] == [
        on | {gone.pk},
        on | {gone.pk},
        {gone.pk, earlier.pk},
    ]
    assert given(contact=str(kept.contact_id)) == on


def test_undo_is_offered_only_while_it_is_possible(
    enter: Enter, two: tuple[Lead, Lead], maya: User, at: datetime
) -> None:
    (kept, gone), pair = two, LikelyDuplicate.objects.get()
    merge_id = merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=maya, at=at)
    undo, merges = f"/leads/merges/{merge_id}/undo/", pair.merges

    assert undo in enter(maya).get(f"{PATH}{pair.pk}/").content.decode()
    found = comparison(pair.pk, maya, at + timedelta(days=31))
    assert found.standing == merges.get()
    assert "can be undone for 30 days" in found.undo_problem


def test_who_has_no_lead_cannot_be_merged_and_the_page_says_so(
    enter: Enter, two: tuple[Lead, Lead], maya: User, at: datetime
) -> None:
    third = Contact.objects.create(name="Anne Silva", email_key="anne@acme.example", created_at=at)
    pair = LikelyDuplicate.objects.create(first=two[0].contact, second=third, likeness=90, found_at=at)

    page = enter(maya).get(f"{PATH}{pair.pk}/").content.decode()

    assert "Anne Silva has no lead" in page
    assert "Merge them" not in page
    assert "They are not the same" in page
