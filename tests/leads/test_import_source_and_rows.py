"""Where the contacts of a file came from, and what became of each of its rows."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from campaigns.models import Campaign
from campaigns.sources import SOURCE_OF_TYPE
from leads.codes import SOURCES
from leads.importing import BadMapping, finish_imports, map_columns, stage_file, start_run
from leads.models import ImportRun, Lead
from teams.models import User
from tests.cast import NOW

pytestmark = pytest.mark.django_db

FILE = b"""Name,Email,Source,UTM Medium,Campaign
Ada Byron,ada@acme.example,,,
Bob Stone,bob@beta.example,Newsletter,,
Cem Kaya,cem@gamma.example,,cpc,
Dua Noor,dua@delta.example,,,other-fair
Nobody,nothing,,,
"""


def campaign(maya: User, code: str = "spring", type_: str = "trade_show") -> Campaign:
    return Campaign.objects.create(
        name=code.title(), code=code, type=type_, owner=maya, starts_on=date(2026, 1, 1), created_at=NOW
    )


def imported(maya: User, *, of: Campaign | None = None, source: str = "") -> ImportRun:
    run = stage_file(actor=maya, at=NOW, name="list.csv", raw=FILE)
    map_columns(
        actor=maya, run_id=run.pk, mapping=run.mapping, touch_kind="list_import", campaign_id=of.pk if of else None,
        lawful_basis="", source=source, at=NOW,
    )  # fmt: skip
    start_run(actor=maya, run_id=run.pk, at=NOW)
    finish_imports(now=lambda: NOW, seconds=60)
    run.refresh_from_db()
    return run


def sources() -> dict[str, str]:
    return dict(Lead.objects.values_list("contact__email", "source"))


def test_every_type_of_campaign_speaks_for_a_source():
    assert set(SOURCE_OF_TYPE) == set(Campaign.Types.values)
    assert set(SOURCE_OF_TYPE.values()) <= set(SOURCES)


def test_rows_that_say_nothing_take_the_source_of_the_type_of_their_campaign(maya):
    campaign(maya, "other-fair", "email")

    imported(maya, of=campaign(maya))

    assert sources() == {
        "ada@acme.example": "event",
        "bob@beta.example": "email",
        "cem@gamma.example": "paid_search",
        "dua@delta.example": "unknown",  # another campaign than the file's: its type does not speak for her
    }


def test_a_source_chosen_for_the_file_is_that_of_all_rows_that_say_nothing(maya):
    campaign(maya, "other-fair", "email")

    imported(maya, of=campaign(maya), source="partner")

    assert sources()["ada@acme.example"] == sources()["dua@delta.example"] == "partner"
    assert (sources()["bob@beta.example"], sources()["cem@gamma.example"]) == ("email", "paid_search")


def test_without_either_the_source_stays_unknown(maya):
    campaign(maya, "other-fair")

    imported(maya)

    assert sources()["ada@acme.example"] == "unknown"


def test_the_same_file_with_another_source_creates_nothing(maya):
    campaign(maya, "other-fair")
    imported(maya)

    again = imported(maya, source="partner")

    assert (again.created_count, again.updated_count, again.skipped_count) == (0, 0, 4)


def test_a_source_that_is_none_is_refused_beside_its_field(maya):
    with pytest.raises(BadMapping) as caught:
        imported(maya, source="hearsay")

    assert caught.value.field == "file_source"


def test_the_page_remembers_the_choice_and_the_preview_says_it(maya):
    browser = Client()
    browser.force_login(maya)
    run = stage_file(actor=maya, at=NOW, name="list.csv", raw=FILE)
    fair = campaign(maya)
    said = {"email": "Email", "name": "Name", "touch_kind": "list_import", "campaign": fair.pk}

    browser.post(f"/imports/{run.pk}/columns/", said)
    by_type = browser.get(f"/imports/{run.pk}/preview/").content.decode()
    browser.post(f"/imports/{run.pk}/columns/", {**said, "file_source": "partner"})
    chosen = browser.get(f"/imports/{run.pk}/preview/").content.decode()

    assert "get <b>Event</b>, as the type of Spring says" in by_type
    assert "get <b>Partner</b>." in chosen
    assert browser.get(f"/imports/{run.pk}/columns/").context["form"]["file_source"].value() == "partner"


@pytest.mark.parametrize(("state", "count"), [("created", 4), ("updated", 0), ("skipped", 0), ("rejected", 1)])
def test_each_number_of_the_result_opens_its_rows(maya, state, count):
    campaign(maya, "other-fair")
    run = imported(maya)
    browser = Client()
    browser.force_login(maya)

    result = browser.get(f"/imports/{run.pk}/").content.decode()
    page = browser.get(f"/imports/{run.pk}/rows/?state={state}")

    assert f'/imports/{run.pk}/rows/?state={state}">{count}</a>' in result
    assert [row["state"] for row in page.context["rows"]] == [state] * count
    linked = re.findall(r'href="/leads/(\d+)/"', page.content.decode())
    assert sorted(map(int, linked)) == (sorted(Lead.objects.values_list("pk", flat=True)) if state == "created" else [])


def test_the_leads_of_an_import_are_a_list(maya):
    campaign(maya, "other-fair")
    run = imported(maya)
    browser = Client()
    browser.force_login(maya)

    rows = browser.get(f"/leads/?imported={run.pk}").context["rows"]

    assert {row.lead.pk for row in rows} == set(Lead.objects.values_list("pk", flat=True))


def test_rows_are_shown_page_by_page_and_nonsense_is_refused(maya, monkeypatch):
    campaign(maya, "other-fair")
    run = imported(maya)
    browser = Client()
    browser.force_login(maya)
    monkeypatch.setattr("leads.views.imports.ROWS_A_PAGE", 3)

    first = browser.get(f"/imports/{run.pk}/rows/")
    second = browser.get(f"/imports/{run.pk}/rows/?state=created&after={first.context['following']}")

    assert [row["line"] for row in first.context["rows"] + second.context["rows"]] == [2, 3, 4, 5]
    assert second.context["following"] is None
    assert browser.get(f"/imports/{run.pk}/rows/?state=lost").status_code == 422
    assert browser.get(f"/imports/{run.pk}/rows/?after=x").status_code == 422
