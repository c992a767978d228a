"""From the count in the navigation to the word about two who may be one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.queries import duplicates
from leads.duplicates import find_all_duplicates
from leads.models import Contact, Lead, LikelyDuplicate
from teams.models import User
from tests.desk.conftest import Enter, Offer

PATH = "/leads/duplicates/"


@pytest.fixture
def two(offer: Offer, at: datetime) -> tuple[Lead, Lead]:
    """Two leads of one company whose names are alike."""
    first, second = offer("Ines Carvalho").lead, offer("Inês Carvalhó").lead
    Contact.objects.filter(pk=second.contact_id).update(company=first.contact.company, job_title="<b>Head</b>")
    Contact.objects.filter(pk=first.contact_id).update(job_title="Head of ops", phone="+49 30 1")
    find_all_duplicates(at=at)
    return first, second


def likely(first: Contact, second: Contact, likeness: int, at: datetime) -> LikelyDuplicate:
    return LikelyDuplicate.objects.create(
        first=first, second=second, likeness=likeness, evidence=[{"code": "names", "percent": likeness}], found_at=at
    )


@pytest.mark.parametrize("who", ["maya", "mona", "sue"])
def test_the_navigation_counts_the_pairs_and_each_lead_leads_to_the_comparison(
    enter: Enter, two: tuple[Lead, Lead], request: pytest.FixtureRequest, who: str
) -> None:
    browser, pair = enter(request.getfixturevalue(who)), LikelyDuplicate.objects.get()

    listed = browser.get(PATH).content.decode()
    assert 'class="rail-count">1<' in browser.get("/leads/").content.decode()
    assert f'href="{PATH}{pair.pk}/"' in listed
    assert "Same company Company" in listed
    assert "names 100 % alike" in listed
    for lead in two:
        assert f'href="{PATH}{pair.pk}/"' in browser.get(f"/leads/{lead.pk}/").content.decode()
    compared = browser.get(f"{PATH}{pair.pk}/").content.decode()
    for lead in two:
        assert f'href="/leads/{lead.pk}/"' in compared
    assert "&lt;b&gt;Head&lt;/b&gt;" in compared
    assert 'Job title<span class="visually-hidden"> (differs)' in compared
    assert "Phone<span" not in compared  # one of them is not known


def test_a_rep_is_not_asked(enter: Enter, two: tuple[Lead, Lead], sam: User) -> None:
    page = enter(sam).get(f"/leads/{two[0].pk}/").content.decode()

    assert "May be the same person" not in page
    assert PATH not in page


def test_who_are_not_the_same_leave_the_list_and_it_says_who_said_so(
    enter: Enter, two: tuple[Lead, Lead], maya: User, mona: User
) -> None:
    pair = LikelyDuplicate.objects.get()

    told = enter(maya).post(f"{PATH}{pair.pk}/different/", follow=True).content.decode()
    late = enter(mona).post(f"{PATH}{pair.pk}/different/")

    assert "they are not asked about again" in told
    assert "<strong>None.</strong>" in told
    assert late.status_code == 409
    page = enter(mona).get(f"{PATH}{pair.pk}/").content.decode()
    assert "said Maya" in page
    assert "They are not the same</button>" not in page
    assert "May be the same person" not in enter(mona).get(f"/leads/{two[0].pk}/").content.decode()


def test_the_list_is_paged_without_a_gap_and_grows_in_no_query(
    enter: Enter, offer: Offer, maya: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "PAGE", 2)
    contacts = [offer(f"Person {number}").lead.contact for number in range(6)]
    made = [likely(contacts[0], other, 80 + number % 2, at) for number, other in enumerate(contacts[1:])]
    browser, path, seen, queries = enter(maya), PATH, [], []

    while path:
        with CaptureQueriesContext(connection) as counted:
            context: Any = browser.get(path).context
        queries.append(len(counted))
        seen += [pair.pk for pair, _ in context["page"].pairs]
        path = f"{PATH}?after={context['page'].following}" if context["page"].following else ""

    assert seen == [pair.pk for pair in sorted(made, key=lambda pair: (-pair.likeness, -pair.pk))]
    assert max(queries) <= 9
    assert browser.get(f"{PATH}?after=nonsense").context["page"].pairs[0][0].pk == seen[0]
