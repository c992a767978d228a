"""Every number of the desks and of the pages of campaigns and personas opens exactly the leads, handoffs, ratings or clocks that it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from dashboards.behind import rows_behind
from dashboards.registry import TO_DATE
from dashboards.to_date import EVERY_FAMILY
from leads.models import Clock, Handoff, Lead, Opportunity
from personas.models import PersonaVersion
from teams.models import User
from tests.dashboards.test_figures_and_rows import scope, some_filters
from tests.dashboards.world import World, fill, found
from tests.leads.worlds import spend

pytestmark = pytest.mark.django_db

NUMBER = re.compile(r'<a href="([^"]+)"[^>]*>([\d,]+)</a>')
NEXT = re.compile(r'rel="next" href="([^"]+)">Next page</a>')
BARE = re.compile(r"<(?:td class=\"num\"|dd|span class=\"num\")>\s*\d[\d,]*\s*</(?:td|dd|span)>")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Fill one company for all tests of this module, with offers, work and misses of the present; it is rolled back at the end."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        made = found()
        fill(made, 220)
        _bring_to_the_present(made)
        yield made
        transaction.set_rollback(True)


def _bring_to_the_present(world: World) -> None:
    now = timezone.now()
    for number, lead in enumerate(Lead.objects.filter(stage="lead").order_by("pk")[:40]):
        lead.marketer = world.maya if number % 2 else None
        lead.is_hand_raise, lead.fit = number % 3 == 0, None if number % 3 == 0 else 60
        lead.save()
    sent_back = Handoff.objects.filter(state="rejected").values("lead_id")
    Lead.objects.filter(pk__in=sent_back).update(stage="lead", needs_new_reason=True, owner=None, queue=None)
    for lead_id, often in Lead.objects.annotate(often=Count("handoffs")).values_list("pk", "often"):
        Lead.objects.filter(pk=lead_id).update(handoff_count=often)
    Lead.objects.filter(stage="mql").order_by("pk").update(marketer=world.maya)
    won = Lead.objects.filter(customer_at__isnull=False)
    Opportunity.objects.bulk_create(
        Opportunity(lead=lead, stage="won", amount=100, currency="EUR", opened_at=now, closed_at=now) for lead in won
    )
    gone = Lead.objects.filter(stage="lead", last_campaign=world.campaigns[0]).order_by("-pk")[:2]
    persona = PersonaVersion.objects.filter(persona__code="owner")[0]
    into = {"stage": "merged", "merged_into": won[0], "merged_at": now}
    Lead.objects.filter(pk__in=[lead.pk for lead in gone]).update(persona=persona, sal_at=now, **into)
    Campaign.objects.update(starts_on=now.date())
    for campaign in Campaign.objects.all():
        spend(campaign, 1000)
    todays = Clock.objects.filter(state=Clock.States.MISSED).order_by("pk")[:20]
    Clock.objects.filter(pk__in=[clock.pk for clock in todays]).update(due_at=now)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rows_at(client: Client, address: str) -> int:
    """Count the rows behind a link, on all its pages."""
    count, path = 0, address
    while True:
        response = client.get(path)
        assert response.status_code == 200, path
        page = response.content.decode()
        main = page[page.index('<main id="main"') : page.index("</main>")]
        is_queue = "show=" in path
        count += main.count('<li class="queue-row') if is_queue else main.count('<th scope="row">')
        following = NEXT.search(main)
        if following is None:
            return count
        path = urljoin(path, unescape(following[1]))


def numbers_on(client: Client, path: str) -> dict[str, int]:
    """Give what the page at ``path`` says in numbers that can be clicked, by address."""
    response = client.get(path)
    assert response.status_code == 200
    page = response.content.decode()
    found = {urljoin(path, unescape(href)): int(text.replace(",", "")) for href, text in NUMBER.findall(page)}
    return {href: number for href, number in found.items() if href.startswith(("/leads/?", "/dashboard/leads?", "/?"))}


PAGES = {
    "maya": ("/", "/campaigns/", "/campaigns/{campaign}/", "/personas/", "/personas/owner/"),
    "rep": ("/", "/campaigns/", "/campaigns/{campaign}/", "/personas/"),
    "Sue": ("/", "/campaigns/{campaign}/"),
    "Mona": ("/", "/?desk=marketer", "/campaigns/"),
}


@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in PAGES.items() for path in paths])
def test_each_number_opens_exactly_what_it_counts(world: World, who: str, path: str) -> None:
    user = {"maya": world.maya, "rep": world.reps[0]}.get(who) or User.objects.get(name=who)
    client = browser_of(user)

    told = numbers_on(client, path.format(campaign=world.campaigns[0].pk))
    behind = {address: rows_at(client, address) for address in told}

    assert behind == told
    assert len(told) >= 3, "this page says next to nothing in numbers"
    assert any(told.values())


@pytest.mark.parametrize("path", ["/campaigns/", "/", "/?desk=rep", "/personas/owner/"])
def test_no_number_stands_there_without_its_list(world: World, path: str) -> None:
    user = User.objects.get(name="Sue") if "desk" in path else world.maya
    page = browser_of(user).get(path).content.decode()

    # points of a persona's criteria count nothing
    assert [bare for bare in BARE.findall(page) if path != "/personas/owner/"] == []


@pytest.mark.parametrize("key", sorted(TO_DATE))
def test_each_figure_to_date_says_by_its_heading_how_many_rows_it_has(world: World, key: str) -> None:
    client = browser_of(world.maya)
    seen = 0
    for filters in some_filters(world):
        narrowed = scope(filters)
        ids = list(rows_behind(key, narrowed).values_list("pk", flat=True))

        page = client.get(f"/dashboard/leads?{narrowed.query(figure=key)}").content.decode()

        assert len(ids) == len(set(ids))
        assert f": {len(ids)} " in page
        seen += len(ids)
    needs_more_of_the_past = {"offer.recalled", "touch.all"}
    assert seen or key in needs_more_of_the_past


def test_every_registered_figure_has_its_set() -> None:
    missing = [key for key, kpi in TO_DATE.items() if kpi.part not in EVERY_FAMILY[kpi.family].measures]

    assert missing == []


def test_offers_are_split_without_rest(world: World) -> None:
    counts = {
        key: rows_behind(f"offer.{key}", scope()).count()
        for key in ("handed_off", "waiting", "accepted", "rejected", "recalled")
    }

    assert (
        counts["handed_off"]
        == Handoff.objects.filter(is_struck=False).count()
        == sum(counts.values()) - counts["handed_off"]
    )
