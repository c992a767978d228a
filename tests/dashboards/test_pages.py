"""The pages of the dashboard: both teams see the same, nobody else sees anything, and bad addresses get a clear word."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from dashboards import behind, deliveries
from dashboards.compliance import Owner, OwnerLine
from dashboards.templatetags.dashboards import owner_cells
from leads.models import Handoff
from teams.models import User
from tests.cast import person
from tests.dashboards.world import World, at, fill, found

pytestmark = pytest.mark.django_db
QUARTER = "from=2026-01-01&to=2026-04-01"
MOST_QUERIES = 28


@pytest.fixture
def world() -> World:
    made = found()
    fill(made, 60)
    return made


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def content_of(page: str) -> str:
    """Give what a page says in its main part, without the reader's own name around it."""
    return page.partition('<main id="main"')[2].partition("</main>")[0].partition("figures as of")[2].partition("·")[2]


def test_both_teams_see_the_same_figures(world: World) -> None:
    pages = [as_(user).get(f"/dashboard/?{QUARTER}") for user in (world.maya, world.reps[0])]

    assert [page.status_code for page in pages] == [200, 200]
    first, second = (content_of(page.content.decode()) for page in pages)
    assert first == second
    assert "Sales owes" in first


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/leads?figure=cohort.leads", "/dashboard/formulas"])
def test_an_outsider_is_told_that_nothing_is_there(world: World, path: str) -> None:
    olive = person("Olive")

    answer = as_(olive).get(path)
    missing = as_(olive).get("/dashboard/no-such-page")

    assert answer.status_code == missing.status_code == 404
    assert answer.content == missing.content


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/leads?figure=cohort.leads", "/dashboard/formulas"])
def test_an_administrator_sees_the_figures_and_a_stranger_is_asked_to_log_in(world: World, path: str) -> None:
    anna = person("Anna", is_administrator=True)

    assert as_(anna).get(path).status_code == 200
    assert Client().get(path).status_code == 302


BAD = [
    ("from=abc&to=2026-01-01", "such as 2026-03-01"),
    ("from=2026-02-01&to=2026-01-01", "must end after it begins"),
    ("from=2026-02-01&to=2026-02-01", "must end after it begins"),
    ("from=2026-02-30&to=2026-03-01", "such as 2026-03-01"),
    ("from=2026-01-01", "Give both days"),
    ("from=1990-01-01&to=2026-01-01", "ten years"),
    ("from=0001-01-01&to=2026-01-01", "between"),
    ("from=%00&to=2026-01-01", "such as 2026-03-01"),
    ("period=tomorrow", "Choose one of"),
    ("basis=wish", "Choose one of"),
    ("rep=abc", "whole number"),
    ("rep=0", "must be between"),
    ("rep=-1", "must be between"),
    ("campaign=99999999999999999999", "whole number"),
    ("campaign=9223372036854775807", "no such campaign"),
    ("team=%00", "whole number"),
    ("persona=424242", "no such persona"),
    ("source=%00", "not one we know"),
    ("source=carrier_pigeon", "not one we know"),
    ("tier=%F0%9F%94%A5", "not one we know"),
    ("promise=%00", "not one we know"),
    ("reason=none", "not one we know"),
    ("source_raw=%00", "control character"),
    ("rep=" + "9" * 100_000, "whole number"),
    ("from=" + "2" * 100_000 + "&to=2026-01-01", "such as 2026-03-01"),
    ("source_raw=" + "x" * 100_000, "too long"),
]


@pytest.mark.parametrize(("query", "says"), BAD, ids=[query[:40] for query, _ in BAD])
@pytest.mark.parametrize("path", ["/dashboard/?", "/dashboard/leads?figure=cohort.leads&"])
def test_a_bad_address_gets_a_clear_message(world: World, path: str, query: str, says: str) -> None:
    answer = as_(world.maya).get(path + query)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert len(answer.content) < 50_000


@pytest.mark.parametrize(
    ("query", "field", "kept"),
    [
        ("from=2026-12-01&last=2026-11-01&rep=none", "last", "2026-11-01"),
        ("from=2026-12-01&to=2026-11-01&rep=none", "last", "2026-10-31"),
        ("from=2026-12-01&to=garbage", "last", "garbage"),
        ("from=2026-12-01", "last", ""),
        ("from=garbage&to=2026-11-01", "from", "garbage"),
        ("rep=abc", "rep", "abc"),
        ("basis=wish", "basis", "wish"),
        ("tier=%22%3E<b>", "tier", '"><b>'),
    ],
)
def test_a_bad_filter_is_said_beside_its_field_and_what_was_sent_is_kept(
    world: World, query: str, field: str, kept: str
) -> None:
    answer = as_(world.maya).get(f"/dashboard/?{query}")
    fields = {shown.name: shown for shown in answer.context["fields"]}
    page = answer.content.decode()

    assert answer.status_code == 422
    assert [name for name, shown in fields.items() if shown.problem] == [field]
    assert fields[field].value == kept
    assert f'id="filter-{field}-error"' in page
    assert f'value="{escape(kept)}"' in page
    assert "Sales owes" not in page
    assert "?period=last_month" in page


@pytest.mark.parametrize("query", ["from=2026-01-01&to=2026-04-01", "from=2026-01-01&last=2026-03-31"])
def test_the_form_asks_for_the_last_day_and_links_go_on_to_the_day_after(world: World, query: str) -> None:
    answer = as_(world.maya).get(f"/dashboard/?{query}&tier=hot")
    page = answer.content.decode()

    assert "Q1 2026" in page
    assert {field.name: field.value for field in answer.context["fields"]}["last"] == "2026-03-31"
    assert '<label for="filter-last">Last day</label>' in page
    assert "from=2026-01-01&amp;to=2026-04-01&amp;tier=hot&amp;figure=" in page
    assert "last=" not in "".join(part.split('"')[0] for part in page.split('href="')[1:])


def test_a_bad_filter_that_the_form_does_not_offer_is_said_above_it(world: World) -> None:
    answer = as_(world.maya).get("/dashboard/?reason=nonsense&campaign=none")

    assert answer.context["elsewhere"] == ["This reason is not one we know."]
    assert {shown.name: shown.value for shown in answer.context["fields"]}["campaign"] == "none"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "no figure of this name"),
        ("figure=%00", "no figure of this name"),
        ("figure=cohort.wishes", "no figure of this name"),
        ("figure=" + "x" * 100_000, "no figure of this name"),
        ("figure=cohort.won&part=half", "Choose the whole"),
        ("figure=cohort.won&part=whole", "count, not a share"),
        ("figure=cohort.won&before=abc", "whole number"),
        ("figure=cohort.won&before=0", "must be between"),
    ],
)  # fmt: skip
def test_an_unknown_figure_gets_a_clear_message(world: World, query: str, says: str) -> None:
    answer = as_(world.maya).get(f"/dashboard/leads?{query}")

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_who_owed_what_stands_in_one_table(world: World) -> None:
    answer = as_(world.maya).get(f"/dashboard/?{QUARTER}")
    promises = [line for line in answer.context["report"].compliance.promises if line.by_owner]
    lines = answer.context["owners"]
    page = answer.content.decode()

    assert len(promises) >= 2
    assert len({line.owner for line in lines}) == len(lines) >= 3
    for place, promise in enumerate(promises):
        of_promise = {line.owner: line.cells[place] for line in lines}
        assert {words for words, _ in of_promise.values()} == {promise.words}
        assert {owner: kept for owner, (_, kept) in of_promise.items() if kept} == {
            kept.value: kept for kept in promise.by_owner
        }
    assert page.count('aria-label="Promises kept, by rep and queue"') == 1
    assert "by rep and queue</h2>" not in page


def test_an_empty_company_shows_no_data_and_never_nought_percent(world: World) -> None:
    answer = as_(world.maya).get("/dashboard/?from=2020-01-01&to=2020-02-01")

    page = content_of(answer.content.decode())
    assert answer.status_code == 200
    assert "no data" in page
    assert "0.0 %" not in page
    assert "No leads arrived in this period" in page


def test_every_number_on_the_page_leads_to_as_many_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "PAGE", 10_000)
    client = as_(world.maya)
    page = client.get(f"/dashboard/?{QUARTER}").content.decode()
    links = set(re.findall(r'<a href="(/dashboard/leads\?[^"]+)">([\d,]+)</a>', page))

    wrong = []
    for path, text in sorted(links)[:: max(1, len(links) // 60)]:
        context = client.get(unescape(path)).context
        counts = {int(text.replace(",", "")), context["count"], len(context["rows"])}
        if len(counts) > 1:
            wrong.append((path, text, counts))

    assert wrong == []
    assert len(links) > 60


def test_beside_a_reason_stand_its_largest_groups_and_how_many_more_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_GROUPS", 2)
    counted = Handoff.objects.filter(is_overturned=False, is_struck=False)
    rejected = counted.filter(decided_at__isnull=False, state="rejected").exclude(reason="")
    Handoff.objects.filter(pk__in=rejected).update(reason="duplicate", decided_at=at(30))
    sources = Counter(rejected.values_list("lead__source", flat=True))
    assert len(sources) > 2

    page = as_(world.maya).get(f"/dashboard/?{QUARTER}").content.decode()

    cell = page.partition('data-label="By source">')[2].partition("</td>")[0]
    counts = [int(text) for text in re.findall(r">(\d+)</a>", cell)]
    assert counts == [count for _, count in sources.most_common(2)]
    assert f"and {len(sources) - 2} more" in cell


def test_words_of_a_promise_are_never_markup() -> None:
    words = """"><script>alert('x')</script>"""

    cells = owner_cells(OwnerLine(Owner(1, None), [(words, None)]))

    assert "<script" not in cells
    assert f'data-label="{escape(words)}"' in cells


def test_the_rows_behind_a_figure_come_in_pages_without_gaps(world: World) -> None:
    fill(world, 100)
    client, seen, before = as_(world.maya), [], ""
    address = f"/dashboard/leads?figure=cohort.leads&{QUARTER}"

    while True:
        context = client.get(address + before).context
        seen += [row.lead.pk for row in context["rows"]]
        if context["following"] is None:
            break
        before = f"&before={context['following']}"

    assert len(seen) == len(set(seen)) == context["count"] > 50


@pytest.mark.parametrize("basis", ["cohort", "activity"])
def test_the_dashboard_asks_as_much_of_a_large_company_as_of_a_small_one(world: World, basis: str) -> None:
    client = as_(world.maya)
    counts = []
    for more in (0, 80):
        fill(world, more)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/dashboard/?{QUARTER}&basis={basis}")
        counts.append(len(captured))

    assert counts[0] == counts[1] <= MOST_QUERIES + (7 if basis == "activity" else 0) * 2


def test_unsafe_methods_are_refused(world: World) -> None:
    client: Any = as_(world.maya)

    assert client.post("/dashboard/").status_code == 405
    assert client.post("/dashboard/leads").status_code == 405
