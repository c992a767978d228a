"""The pages of pools: who shares leads, with which weight; two managers at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.pool_editing import change_pool
from teams.availability import load_of
from teams.models import Availability, Team, User
from tests.cast import person
from tests.desk.conftest import Enter
from tests.desk.test_people_pages import form_of
from tests.desk.test_routing_pages import browser, draft, rita

__all__ = ["browser", "draft", "rita"]


def test_a_pool_is_made_and_filled_and_its_people_share_by_weight(
    browser: Client, draft: RoutingVersion, rita: User, sam: User, sales: Team
) -> None:
    made = browser.post("/routing/pools/new/", {"name": "Key accounts", "team": sales.pk})
    path = made["location"]
    changes: dict[str, Any] = {
        f"in-{rita.pk}": "on", f"in-{sam.pk}": "on", f"weight-{rita.pk}": "3", f"open-{rita.pk}": "40", f"day-{rita.pk}": "5",
    }  # fmt: skip

    saved = browser.post(path, form_of(browser, path, **changes))

    assert saved["location"] == path
    pool = Pool.objects.get(name="Key accounts")
    assert set(pool.members.values_list("user__name", "weight")) == {("Rita", 3), ("Sam", 1)}
    assert (load_of(rita).open_lead_capacity, load_of(rita).new_leads_per_day) == (40, 5)
    assert "Sam joined, Rita joined" in browser.get(path).content.decode()


def test_a_pool_keeps_turns_of_who_stays(browser: Client, rita: User, sam: User) -> None:
    pool = Pool.objects.get()
    PoolMember.objects.filter(user=sam).update(turn=77)
    path = f"/routing/pools/{pool.pk}/"
    typed = form_of(browser, path, **{f"weight-{sam.pk}": "2"})
    typed.pop(f"in-{rita.pk}")

    browser.post(path, typed)

    assert list(pool.members.values_list("user__name", "weight", "turn")) == [("Sam", 2, 77)]
    assert "Rita left, weight of Sam 1 → 2" in browser.get(path).content.decode()


def test_a_pool_that_somebody_else_changed_is_not_saved_over(browser: Client, rita: User, sam: User) -> None:
    path = f"/routing/pools/{Pool.objects.get().pk}/"
    mine = form_of(browser, path, name="Mine")
    browser.post(path, form_of(browser, path, **{f"weight-{sam.pk}": "4"}))

    refused = browser.post(path, mine)

    assert refused.status_code == 409
    assert 'value="Mine"' in refused.content.decode()
    assert PoolMember.objects.get(user=sam).weight == 4


def test_who_joined_the_team_meanwhile_is_shown_as_they_stand_and_nothing_is_lost(
    browser: Client, rita: User, sam: User, sales: Team
) -> None:
    path = f"/routing/pools/{Pool.objects.get().pk}/"
    mine = form_of(browser, path, **{f"weight-{sam.pk}": "4"})
    nora = person("Nora", sales)
    Availability.objects.create(user=nora, open_lead_capacity=7)
    PoolMember.objects.create(pool=Pool.objects.get(), user=nora, weight=3)

    refused = browser.post(path, mine)
    shown = refused.context["form"]
    again = {field.name: field.value() for field in shown if field.value() not in (None, "", False)}

    assert refused.status_code == 409
    assert (again[f"weight-{sam.pk}"], again[f"weight-{nora.pk}"], again[f"open-{nora.pk}"]) == ("4", "3", "7")
    assert browser.post(path, again).status_code == 302
    assert set(PoolMember.objects.values_list("user__name", "weight")) == {("Sam", 4), ("Rita", 1), ("Nora", 3)}


def test_who_joins_while_a_pool_is_saved_is_shown_too(
    browser: Client, rita: User, sam: User, sales: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/routing/pools/{Pool.objects.get().pk}/"
    mine = form_of(browser, path, **{f"weight-{sam.pk}": "4"})

    def joined(**given: Any) -> None:
        person("Nora", sales)
        change_pool(**given)

    monkeypatch.setattr("desk.views.routing.change_pool", joined)

    refused = browser.post(path, mine)

    assert refused.status_code == 409
    assert "Nora" in refused.content.decode()


@pytest.mark.parametrize("change", [("weight", "17"), ("weight", ""), ("open", "-1"), ("day", "x")])
def test_figures_of_a_pool_that_cannot_be_are_told_beside_them(
    browser: Client, rita: User, sam: User, change: tuple[str, str]
) -> None:
    path = f"/routing/pools/{Pool.objects.get().pk}/"

    answer = browser.post(path, form_of(browser, path, **{f"{change[0]}-{sam.pk}": change[1]}))

    assert answer.status_code == 422
    assert f'id="id_{change[0]}-{sam.pk}_error"' in answer.content.decode()


def test_a_name_that_was_given_at_the_same_moment_is_told_beside_the_field(
    browser: Client, rita: User, sales: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Pool.objects.create(name="Other", team=sales)
    monkeypatch.setattr("leads.routing.pool_editing._check_name", lambda name, pool=None: None)

    for path in ("/routing/pools/new/", f"/routing/pools/{other.pk}/"):
        typed = {"team": sales.pk} if path.endswith("new/") else form_of(browser, path)
        answer = browser.post(path, {**typed, "name": "Sales"})
        assert answer.status_code == 422
        assert 'id="id_name_error"' in answer.content.decode()


def test_a_name_is_given_to_one_pool_only(browser: Client, rita: User, sales: Team) -> None:
    answer = browser.post("/routing/pools/new/", {"name": "Sales", "team": sales.pk})

    assert answer.status_code == 422
    assert "There is a pool of this name already." in answer.content.decode()


def test_a_rep_finds_no_draft_and_no_way_to_change(enter: Enter, draft: RoutingVersion, rita: User, sam: User) -> None:
    reader, path, pool = enter(sam), f"/routing/drafts/{draft.pk}/", Pool.objects.get()
    before = list(draft.rules)

    assert "Begin a draft" not in reader.get("/routing/").content.decode()
    assert reader.get(path).status_code == 404
    for act in (f"{path}rules/rest/", f"{path}rules/everything/remove/", f"{path}activate/", f"{path}discard/",
                f"/routing/pools/{pool.pk}/"):  # fmt: skip
        assert reader.post(act, {"words": "Mine", "name": "Mine"}).status_code == 404

    draft.refresh_from_db()
    pool.refresh_from_db()
    assert (draft.rules, draft.number, pool.name) == (before, None, "Sales")
