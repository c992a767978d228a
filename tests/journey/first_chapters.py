"""The first chapters: marketing brings leads in, sales works one and rejects another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import mail
from playwright.sync_api import expect

from leads.tasks import finish_imports
from ledger.tasks import deliver_outbox
from replay.company import DOMAIN
from tests.journey.seats import House, Seat
from tests.journey.story import CAMPAIGN, CLARA, FILE, NOOR

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload

# 1. Marketing brings leads --------------------------------------------------------------------------------------------


def maya_logs_a_campaign(maya: Seat) -> None:
    """With a mistake first: it ends before it begins."""
    maya.look("maya-desk-empty")
    maya.click("Campaigns", "link")
    maya.look("campaigns")
    maya.click("Log a campaign", "link")
    maya.fill("Name", CAMPAIGN)
    maya.choose("Type", "Event")
    maya.fill("Starts on", "2026-02-20")
    maya.fill("Ends on", "2026-02-10")
    maya.fill("Talking points for sales", "They came to see the dock planner.\nAsk who plans the docks today.")
    maya.click("Log the campaign")
    field = maya.page.locator(".field", has=maya.field("Ends on"))
    expect(field.locator(".problem")).to_be_visible()
    expect(maya.page.get_by_label("Name", exact=True)).to_have_value(CAMPAIGN)
    maya.look("campaign-form-mistake")
    maya.fill("Ends on", "2026-04-10")
    maya.click("Log the campaign")
    maya.told(f"“{CAMPAIGN}” is logged.")
    maya.look("campaign-new")


def maya_opens_its_form(maya: Seat) -> None:
    maya.click("Open one", "link")
    maya.fill("Title", "See the dock planner live")
    maya.fill("Address", "dock-planner")
    maya.choose("What it is", "Demo request")
    maya.choose("Campaign", CAMPAIGN)
    maya.click("Open the form")
    expect(maya.page.get_by_role("link", name="/f/dock-planner/")).to_be_visible()
    maya.look("forms")


def a_visitor_asks_for_a_demo(house: House) -> None:
    """Nobody knows her or her firm: what the form asks for is enough to qualify."""
    visitor = house.seat()
    visitor.go("/f/dock-planner/?utm_source=newsletter&utm_medium=email")
    visitor.look("public-form", everywhere=True)
    visitor.fill("Name", CLARA)
    visitor.fill("Work email", "clara@river.example")
    visitor.fill("Company", "River Logistics")
    visitor.fill("Job title", "Head of Operations")
    visitor.fill("People in your company", "320")
    visitor.fill("Country", "Germany")
    visitor.fill("How can we help?", "We want to see it with our own docks.")
    visitor.page.get_by_label("I agree").check()
    visitor.click("Send")
    expect(visitor.page.get_by_role("heading", name="Thank you")).to_be_visible()
    visitor.look("public-form-sent")


# 2. Sales works the first one -----------------------------------------------------------------------------------------


def sam_accepts_by_keyboard(sam: Seat) -> None:
    """The lead was qualified and routed by the rules alone; its clock runs."""
    sam.go("/")
    row = sam.row(CLARA)
    expect(row.locator(".chip")).to_contain_text("min left")
    expect(row).to_contain_text("Hot")
    sam.look("sam-desk-offered", everywhere=True)
    sam.press("a")
    sam.told(f"{CLARA}: Accepted.")
    expect(sam.row(CLARA).get_by_role("link", name="Call")).to_be_visible()
    sam.look("sam-desk-accepted")


def sam_follows_up(sam: Seat) -> None:
    """Nobody answers, then a conversation, then a word on the quality."""
    log_a_call(sam, "No answer")
    expect(sam.row(CLARA)).to_contain_text("1 attempt")
    log_a_call(sam, "Conversation")
    expect(sam.row(CLARA)).to_contain_text("2 attempts")
    sam.press("q")
    sam.page.get_by_label("4 – good").check()
    sam.fill("What was good, what was not", "Knew exactly what she wants.")
    sam.look("sam-desk-rating")
    sam.click("Send the rating")
    sam.told("Rated; marketing sees it.")


def log_a_call(sam: Seat, outcome: str) -> None:
    sam.press("c")
    sam.choose("Outcome", outcome)
    sam.click("Log the call")
    expect(sam.page.locator("[data-slot] form")).to_have_count(0)


def sam_sells(sam: Seat) -> None:
    sam.click(CLARA, "link")
    sam.look("lead-sal")
    sam.click("Make it an SQL…", "link")
    boxes = sam.page.locator("[data-slot] input[type=checkbox]")
    boxes.first.check()
    sam.click("It is an SQL")
    expect(sam.page.locator("[data-slot] .problem").first).to_contain_text("Not ticked.")
    expect(boxes.first).to_be_checked()
    sam.look("lead-checklist")
    for box in boxes.all():
        box.check()
    sam.click("It is an SQL")
    sam.told("It is an SQL now.")
    sam.click("Open opportunity…", "link")
    sam.fill("Amount", "18500")
    sam.fill("Expected close", "2026-05-15")
    sam.look("lead-opportunity-form")
    sam.click("Open it")
    sam.told("The opportunity is open.")
    sam.click("Won…", "link")
    expect(sam.page.get_by_label("Amount won")).to_have_value("18500.00")
    sam.click("It is won")
    sam.told("Won. Congratulations!")
    expect(sam.page.locator("[aria-current=step]")).to_contain_text("Customer")
    sam.look("lead-won", everywhere=True)


# 3. A file, and a rejection -------------------------------------------------------------------------------------------


def maya_imports_a_file(maya: Seat) -> None:
    maya.go("/imports/")
    maya.look("import-1-upload")
    file: FilePayload = {"name": "open-house.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    maya.page.get_by_label("CSV file").set_input_files(file)
    maya.click("Upload and choose columns")
    expect(maya.field("Seniority")).to_have_value("Seniority")
    maya.field("Role").select_option(value="Job")
    maya.choose("What these contacts did", "Contact request")
    maya.choose("Campaign", CAMPAIGN)
    maya.look("import-2-columns")
    maya.click("Show what will happen")
    expect(maya.page.get_by_role("row").filter(has_text="not an address")).to_contain_text("This is not an email")
    maya.look("import-3-preview", everywhere=True)
    maya.click("Import 2 rows")
    expect(maya.page.get_by_text("0 of 2 rows done")).to_be_visible()
    maya.look("import-4-running")
    finish_imports()
    expect(maya.page.get_by_text("2 of 2 rows done")).to_be_visible()  # the page asks again by itself
    expect(maya.page.get_by_role("link", name="Refused rows with reasons (CSV)")).to_be_visible()
    maya.look("import-5-result")


def sam_rejects_what_does_not_fit(sam: Seat) -> None:
    """A rejection without its reason is refused beside the field, and keeps what was typed."""
    sam.go("/")
    sam.press("r")
    expect(sam.page.get_by_text(f"Reject: {NOOR}")).to_be_visible()
    note = sam.field("What marketing should know")
    note.fill("They have three shops; the rest are franchises.")
    sam.click("Reject the lead")
    expect(sam.page.locator("[data-slot] .problem")).to_be_visible()
    expect(note).to_have_value("They have three shops; the rest are franchises.")
    sam.look("sam-desk-reject-mistake", everywhere=True)
    sam.choose("Reason", "Wrong company size")
    sam.click("Reject the lead")
    sam.told("Rejected; marketing is told why.")
    expect(sam.page.get_by_text("Nothing waits for your decision.")).to_be_visible()


def maya_hears_of_it(maya: Seat) -> None:
    """On her desk, among her notifications, and by email."""
    maya.go("/")
    row = maya.row(NOOR)
    expect(row).to_contain_text("Wrong company size")
    expect(row).to_contain_text("They have three shops")
    feedback = maya.page.get_by_role("region", name="What sales said")
    expect(feedback).to_contain_text("4 of 5")
    expect(feedback).to_contain_text("Knew exactly what she wants.")
    campaign = maya.page.get_by_role("row").filter(has_text=CAMPAIGN)
    expect(campaign).to_contain_text("wrong company size 1")
    maya.look("maya-desk", everywhere=True)
    maya.go("/notifications/")
    expect(maya.page.get_by_role("button", name="Sales rejected a lead: Wrong company size")).to_be_visible()
    expect(maya.page.get_by_role("button", name="Sales rated a lead: 4 of 5")).to_be_visible()
    maya.look("notifications")
    deliver_outbox()
    assert [letter.to for letter in mail.outbox if "rejected" in letter.subject] == [[f"maya@{DOMAIN}"]]
