"""The main job, from a campaign to the dashboard, as the people of both sides do it in their browsers.

One story in chapters: what one person does is what the next one finds. Where a worker would act, the test calls the worker's task.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from leads.models import Lead
from leads.tasks import sweep_clocks
from replay.company import DOMAIN, PASSWORD, Company
from teams.people import create_member
from teams.tokens import make_token
from tests.journey.conftest import Clock
from tests.journey.first_chapters import (
    a_visitor_asks_for_a_demo,
    maya_hears_of_it,
    maya_imports_a_file,
    maya_logs_a_campaign,
    maya_opens_its_form,
    sam_accepts_by_keyboard,
    sam_follows_up,
    sam_rejects_what_does_not_fit,
    sam_sells,
)
from tests.journey.seats import House, Seat
from tests.journey.story import CAMPAIGN, CLARA, GRETA, TARIQ, Story

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse

pytestmark = [pytest.mark.browser, pytest.mark.minutes, pytest.mark.xdist_group("journey")]


@pytest.fixture
def story(house: House, clock: Clock, company: Company) -> Story:
    seats = {name: house.seat(f"{name}@{DOMAIN}") for name in ("maya", "sam", "sue", "mona")}
    return Story(house, clock, company, **seats)


def test_a_lead_goes_its_whole_way_in_the_browser(story: Story) -> None:
    maya_logs_a_campaign(story.maya)
    maya_opens_its_form(story.maya)
    a_visitor_asks_for_a_demo(story.house)
    sam_accepts_by_keyboard(story.sam)
    sam_follows_up(story.sam)
    sam_sells(story.sam)
    maya_imports_a_file(story.maya)
    sam_rejects_what_does_not_fit(story.sam)
    maya_hears_of_it(story.maya)
    a_program_sends_a_lead(story)
    the_time_to_accept_passes(story)
    sue_gives_it_to_another(story)
    a_stale_page_is_told_so(story)
    both_sides_see_the_same_figures(story)
    the_other_pages_are_in_order(story)
    who_may_not_is_refused(story)

    stages = dict(Lead.objects.values_list("contact__name", "stage"))
    assert (stages[CLARA], stages[TARIQ], stages[GRETA]) == ("customer", "mql", "lead")  # won, waiting, recalled


# 4. A promise breaks --------------------------------------------------------------------------------------------------


def a_program_sends_a_lead(story: Story) -> None:
    answer = post_lead(story, token=api_token(f"maya@{DOMAIN}"))

    assert answer.status == 201, answer.text()
    assert answer.json()["stage"] == "mql"


def post_lead(story: Story, token: str) -> APIResponse:
    body = {
        "name": TARIQ, "email": "tariq@stone.example", "company": "Stone Castings", "industry": "manufacturing",
        "employee_count": 130, "role": "production", "seniority": "director", "country": "DE",
        "touch_kind": "demo_request", "source_raw": "partner", "campaign_code": "spring-open-house", "lawful_basis": "consent",
    }  # fmt: skip
    request = story.house.seat().page.request
    return request.post(
        f"{story.house.address}/api/v1/leads", data=body, headers={"Authorization": f"Token {token}"}
    )  # fmt: skip


def api_token(email: str) -> str:
    """Make a token that is valid now: who checks it reads the real clock, not the story's."""
    return make_token(actor=None, at=datetime.now(UTC), email=email)


def the_time_to_accept_passes(story: Story) -> None:
    """Sam types a rejection and is called away: 19 of his 15 minutes pass, and his manager hears of it."""
    story.sam.go("/")
    story.sam.press("r")
    story.sam.fill("What marketing should know", "I know them: no budget.")
    story.clock.skip(minutes=19)
    sweep_clocks()
    story.sue.go("/")
    broken = story.sue.page.get_by_role("region", name="What broke today")
    expect(broken).to_contain_text(TARIQ)
    expect(broken).to_contain_text("Sam Brandt")
    story.sue.look("sue-desk-broken", everywhere=True)
    story.sue.go("/notifications/")
    told = story.sue.page.get_by_role("button", name="Escalated: nobody came to accept or reject an offered lead")
    expect(told).to_be_visible()
    told.click()
    expect(story.sue.page.get_by_role("heading", name=TARIQ)).to_be_visible()
    story.sue.look("lead-missed")


def sue_gives_it_to_another(story: Story) -> None:
    """At 23 minutes it is taken from Sam and stands in the queue of his team; Sam comes back too late, and Sue assigns it."""
    story.clock.skip(minutes=4)
    sweep_clocks()
    story.sue.go("/")
    waiting = story.sue.page.get_by_role("region", name="Waiting for an assignment")
    expect(waiting).to_contain_text(TARIQ)
    sam_comes_too_late(story.sam)
    story.sue.look("sue-desk-waiting")
    waiting.get_by_role("link", name="Assign…").click()
    story.sue.choose("To whom", "Ava Morris")
    story.sue.look("sue-desk-assigning")
    story.sue.click("Assign")
    story.sue.told("Assigned.")
    expect(story.sue.page.get_by_role("region", name="The lead")).to_contain_text("Offered to Ava Morris")


def sam_comes_too_late(sam: Seat) -> None:
    """He lost the right while he typed: he is told in the place where he typed, and nothing of it is gone."""
    sam.choose("Reason", "Wrong industry")
    sam.click("Reject the lead")
    expect(sam.page.locator("[data-slot]").get_by_role("alert")).to_have_text(
        "This lead is with nobody yet: claim it first."
    )
    expect(sam.field("What marketing should know")).to_have_value("I know them: no budget.")
    sam.look("sam-desk-too-late")


def a_stale_page_is_told_so(story: Story) -> None:
    """Maya takes a lead back while Sam types: what he sends is refused with the reason, and what he typed is kept."""
    maya, sam = story.maya, story.sam
    maya_adds_a_lead_by_hand(maya)
    sam.go("/")
    sam.row(GRETA).get_by_role("link", name="Reject…").click()
    sam.choose("Reason", "Duplicate")
    sam.fill("What marketing should know", "Looks like the Greta of last year.")
    maya.click("Recall")
    maya.told("Taken back; sales is told.")
    sam.click("Reject the lead")
    expect(sam.page.locator("[data-slot]").get_by_role("alert")).to_be_visible()
    expect(sam.field("What marketing should know")).to_have_value("Looks like the Greta of last year.")
    expect(sam.field("Reason")).to_have_value("duplicate")
    sam.look("sam-desk-conflict", everywhere=True)


def maya_adds_a_lead_by_hand(maya: Seat) -> None:
    maya.go("/leads/new/")
    for label, text in (("Name", GRETA), ("Email", "greta@osprey.example"), ("Company", "Osprey Trading"),
                        ("Role", "logistics"), ("Seniority", "head"), ("Country", "Germany"), ("Industry", "wholesale"),
                        ("Employees", "75")):  # fmt: skip
        maya.fill(label, text)
    maya.choose("What they did", "Demo request")
    maya.look("lead-new")
    maya.click("Add the lead")
    maya.go(f"/leads/{Lead.objects.get(contact__name=GRETA).pk}/")
    maya.look("lead-offered")


# 5. One dashboard -----------------------------------------------------------------------------------------------------


def both_sides_see_the_same_figures(story: Story) -> None:
    seen = {}
    for name, seat in (("mona", story.mona), ("sue", story.sue)):
        seat.click("Dashboard", "link")
        expect(seat.page.locator("[data-chart] svg").first).to_be_visible()
        links = seat.page.locator("main a[href*='figure=']")
        seen[name] = [(link.inner_text(), link.get_attribute("href")) for link in links.all()]

    assert len(seen["mona"]) > 30
    assert seen["mona"] == seen["sue"]
    story.mona.look("dashboard", everywhere=True)
    a_figure_opens_its_leads(story.mona, "Leads", 4)
    story.sue.click("all formulas", "link")
    story.sue.look("formulas")


def a_figure_opens_its_leads(seat: Seat, figure: str, count: int) -> None:
    link = seat.page.locator(".funnel tbody tr").filter(has_text=figure).first.get_by_role("link").first
    expect(link).to_have_text(str(count))
    link.click()
    expect(seat.page.get_by_role("heading", level=1)).to_contain_text(f": {count} ")
    expect(seat.page.locator("tbody tr")).to_have_count(count)
    seat.look("leads-behind", everywhere=True)


# 6. What else there is, and who may not -------------------------------------------------------------------------------


def the_other_pages_are_in_order(story: Story) -> None:
    for path in ("leads", "personas", "agreement"):
        story.sue.go(f"/{path}/")
        story.sue.look(path, everywhere=True)
    for path in ("glossary", "routing", "personas/operations-olivia"):
        story.sue.go(f"/{path}/")
        story.sue.look(path.replace("/", "-"))
    story.mona.go("/")
    story.mona.look("mona-desk", everywhere=True)
    story.maya.go("/campaigns/")
    story.maya.click(CAMPAIGN, "link")
    story.maya.look("campaign", everywhere=True)


def who_may_not_is_refused(story: Story) -> None:
    """A stranger is asked to log in, an outsider finds nothing, a rep may not do marketing's work."""
    stranger = story.house.seat()
    stranger.go("/dashboard/")
    expect(stranger.page.get_by_role("heading", name="Log in")).to_be_visible()
    stranger.look("login")
    create_member(
        actor=story.company.people["ada"], at=story.clock.now(), email=f"olive@{DOMAIN}", name="Olive", password=PASSWORD,
        places=(),
    )  # fmt: skip
    olive = story.house.seat(f"olive@{DOMAIN}")
    olive.look("olive-desk")
    refused(olive, "/leads/", 404)
    refused(olive, f"/leads/{Lead.objects.earliest('id').pk}/", 404)
    olive.look("not-found")
    refused(story.sam, "/campaigns/new/", 403)
    story.sam.look("forbidden")
    assert post_lead(story, token="f" * 64).status == 401


def refused(seat: Seat, path: str, status: int) -> None:
    answer = seat.page.goto(seat.address + path)
    assert answer is not None
    assert answer.status == status
