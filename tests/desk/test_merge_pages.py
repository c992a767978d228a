"""Merging two on the page that compares them, and undoing it."""

from __future__ import annotations

from datetime import datetime

import pytest

from leads.duplicates import find_all_duplicates
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Contact, Lead, LikelyDuplicate
from sla.in_force import InForce
from teams.models import User
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
