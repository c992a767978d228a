"""The pages of routing: a draft is begun, written and activated; two managers at once; pools."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from leads.models import Pool, PoolMember, RoutingVersion
from leads.routing.drafts import begin_draft
from leads.routing.versions import NoSuchVersion
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import Availability, Membership, Team, User
from tests.cast import office, person
from tests.desk.conftest import Enter
from tests.desk.test_people_pages import form_of
from tests.leads.worlds import go_round, offered, ready_lead


@pytest.fixture
def rita(agreement: InForce, sam: User, sales: Team) -> User:
    """A rep beside Sam; they take turns."""
    found = person("Rita", sales)
    go_round(sales)
    return found


@pytest.fixture
def draft(rita: User, sue: User, at: datetime) -> RoutingVersion:
    return begin_draft(actor=sue, at=at)


@pytest.fixture
def browser(enter: Enter, sue: User) -> Client:
    return enter(sue)


def pumps(to: str, **changes: str) -> dict[str, str]:
    """Type a rule: leads of finance go to ``to``."""
    condition = {"join": "all", "0-field": "industry", "0-op": "is", "0-value": "Finance"}
    return {"words": "Finance", "to": to, "lines": "c", **condition, **changes}


def put_first(browser: Client, found: RoutingVersion, typed: dict[str, str]) -> None:
    """Add a rule to a draft of the default rules, before the one that takes all."""
    path = f"/routing/drafts/{found.pk}/rules"
    browser.post(f"{path}/new/", typed)
    found.refresh_from_db()
    browser.post(f"{path}/{found.rules[-2]['code']}/up/")


def codes(found: RoutingVersion) -> list[str]:
    found.refresh_from_db()
    return [line["code"] for line in found.rules]


# From draft to force --------------------------------------------------------------------------------------------------


def test_a_rule_is_written_moved_up_and_activated_and_the_next_lead_follows_it(
    browser: Client, rita: User, maya: User, sue: User, at: datetime
) -> None:
    begun = browser.post("/routing/drafts/new/")
    found = RoutingVersion.objects.get(activated_at__isnull=True)
    assert begun["location"] == f"/routing/drafts/{found.pk}/"

    browser.post(f"{begun['location']}rules/new/", pumps(f"person:{rita.pk}"))
    assert codes(found) == ["known_company", "everything", "finance", "rest"]
    for _ in range(2):
        browser.post(f"{begun['location']}rules/finance/up/")
    shown = browser.get(begun["location"]).content.decode()
    done = browser.post(f"{begun['location']}activate/")

    assert "If industry is Finance: to Rita." in shown
    assert done["location"] == "/routing/"
    found.refresh_from_db()
    assert (found.number, found.activated_by, codes(found)[0]) == (2, sue, "finance")
    for industry, who in (("Finance", {"Rita"}), ("Steel", {"Sam", "Rita"})):
        lead = ready_lead(captured_at=at, mql_at=at)
        lead.contact.company.industry = industry  # type: ignore[union-attr]
        lead.contact.company.save()  # type: ignore[union-attr]
        assert offered(lead, maya, at=found.activated_at or at).assignee.name in who  # type: ignore[union-attr]
    entry = AuditEntry.objects.filter(verb="activate_rules").latest("id")
    assert (entry.actor, entry.facts["added"], entry.facts["changed"]) == (sue, ["finance"], [])


def test_history_says_who_activated_what_and_two_versions_are_compared(
    browser: Client, draft: RoutingVersion, rita: User, enter: Enter, sam: User
) -> None:
    put_first(browser, draft, pumps(f"person:{rita.pk}"))
    browser.post(f"/routing/drafts/{draft.pk}/activate/")

    reader = enter(sam)
    listed = reader.get("/routing/versions/").content.decode()
    shown = reader.get("/routing/versions/2/").content.decode()
    turned = reader.get("/routing/versions/1/?with=2").content.decode()

    assert "Version 2" in listed
    assert "Sue" in listed
    assert "<ins>If industry is Finance: to Rita.</ins>" in shown
    assert "<del>If industry is Finance: to Rita.</del>" in turned
    assert reader.get("/routing/versions/1/?with=x").status_code == 422
    assert reader.get("/routing/versions/9/").status_code == 404


def test_a_draft_may_begin_from_an_earlier_version(browser: Client, draft: RoutingVersion, rita: User) -> None:
    put_first(browser, draft, pumps(f"person:{rita.pk}"))
    browser.post(f"/routing/drafts/{draft.pk}/activate/")

    browser.post("/routing/drafts/new/", {"from": "1"})

    assert codes(RoutingVersion.objects.get(activated_at__isnull=True)) == ["known_company", "everything", "rest"]


def test_what_is_in_force_already_is_not_activated_again(browser: Client, draft: RoutingVersion) -> None:
    answer = browser.post(f"/routing/drafts/{draft.pk}/activate/")

    assert answer.status_code == 409
    assert "says what is in force already" in answer.content.decode()


def test_a_draft_is_thrown_away_and_then_there_is_none(browser: Client, draft: RoutingVersion) -> None:
    assert browser.post(f"/routing/drafts/{draft.pk}/discard/")["location"] == "/routing/"
    assert browser.get(f"/routing/drafts/{draft.pk}/").status_code == 404
    assert AuditEntry.objects.filter(verb="discard_routing_draft").count() == 1


def test_the_page_says_of_everybody_what_a_decision_would_and_what_is_wrong_by_now(
    browser: Client, draft: RoutingVersion, rita: User, sam: User, sales: Team, at: datetime
) -> None:
    Availability.objects.create(user=sam, weight=3, new_leads_per_day=0)
    PoolMember.objects.filter(user=sam).update(weight=2)
    Membership.objects.filter(user=rita).delete()

    page = browser.get("/routing/").content.decode()

    assert "full for today" in page
    assert "not in sales" in page
    assert "6<small>2 here × 3 of their own</small>" in page
    assert "By now this is wrong with the rules in force:" in page
    assert "still in the pool Sales: Rita" in page


# What is wrong --------------------------------------------------------------------------------------------------------


def test_a_draft_with_a_fault_is_not_activated_and_the_fault_is_told_with_its_rule(
    browser: Client, draft: RoutingVersion, rita: User, sam: User, sales: Team
) -> None:
    path = f"/routing/drafts/{draft.pk}/"
    browser.post(f"{path}rules/new/", pumps(f"person:{sam.pk}"))

    refused = browser.post(f"{path}activate/")

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "“All other leads go round the team by turns” stands before it" in page
    assert f'href="{path}rules/finance/"' in page
    assert "Activate it now" not in page
    assert RoutingVersion.objects.get(pk=draft.pk).number is None
    browser.post(f"{path}rules/finance/up/")
    assert browser.post(f"{path}activate/").status_code == 302


def test_who_left_and_what_is_empty_is_told_in_words(
    browser: Client, draft: RoutingVersion, rita: User, sales: Team
) -> None:
    path = f"/routing/drafts/{draft.pk}/"
    made = browser.post("/routing/pools/new/", {"name": "Key accounts", "team": sales.pk})
    pool_id = made["location"].split("/")[-2]
    for number, to in enumerate((f"person:{rita.pk}", f"pool:{pool_id}:turns")):
        browser.post(f"{path}rules/new/", pumps(to, words=f"Rule {number}"))
    browser.post(f"{path}rules/everything/remove/")
    User.objects.filter(pk=rita.pk).update(is_active=False)

    page = browser.get(path).content.decode()

    assert "Rita does not work in sales any more." in page
    assert "Nobody who works in sales is in the pool Key accounts." in page
    assert "No rule leads to the pool Sales." in page
    assert browser.post(f"{path}activate/").status_code == 422


def test_a_warning_does_not_block(browser: Client, draft: RoutingVersion, rita: User, sales: Team) -> None:
    path = f"/routing/drafts/{draft.pk}/"
    browser.post("/routing/pools/new/", {"name": "Key accounts", "team": sales.pk})
    browser.post(f"{path}rules/known_company/", form_of(browser, f"{path}rules/known_company/", words="Known"))

    assert "(does not block)" in browser.get(f"{path}activate/").content.decode()
    assert browser.post(f"{path}activate/").status_code == 302


# What is typed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": ""}, "This field is required."),
        ({"to": "pool:999:turns"}, "Select a valid choice."),
        ({"to": ""}, "This field is required."),
        ({"0-field": "fit", "0-op": "gte", "0-value": "many"}, "Give a whole number."),
        ({"0-field": "tier", "0-value": "boiling"}, "is no tier"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_kept(
    browser: Client, draft: RoutingVersion, sales: Team, changes: dict[str, str], said: str
) -> None:
    answer = browser.post(f"/routing/drafts/{draft.pk}/rules/new/", {**pumps(f"queue:{sales.pk}"), **changes})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert f'value="{changes.get("0-value", "Finance")}"' in page
    assert "finance" not in codes(draft)


def test_a_button_that_adds_a_condition_saves_nothing_and_keeps_what_was_typed(
    browser: Client, draft: RoutingVersion, sales: Team
) -> None:
    typed = pumps(f"queue:{sales.pk}", words="Half", change="add")

    page = browser.post(f"/routing/drafts/{draft.pk}/rules/new/", typed).content.decode()

    assert 'value="Half"' in page
    assert 'value="Finance"' in page
    assert 'name="1-field"' in page
    assert f'<option value="queue:{sales.pk}" selected>' in page
    assert len(codes(draft)) == 3


def test_the_last_rule_takes_the_rest_and_leads_to_a_queue(browser: Client, draft: RoutingVersion, sales: Team) -> None:
    north, path = office("North", "sales"), f"/routing/drafts/{draft.pk}/rules/rest"

    assert browser.post(f"{path}/", {"words": "Rest", "to": f"queue:{north.pk}"}).status_code == 302
    assert browser.post(f"{path}/", {"words": "Rest", "to": "owner"}).status_code == 422
    for deed in ("up", "down", "remove"):
        assert browser.post(f"{path}/{deed}/").status_code == 422

    draft.refresh_from_db()
    assert draft.rules[-1] == {"code": "rest", "words": "Rest", "when": [], "to": {"queue": north.pk}}


def test_a_rule_is_shown_as_it_is_and_saved_without_change_says_the_same(
    browser: Client, draft: RoutingVersion, rita: User
) -> None:
    path = f"/routing/drafts/{draft.pk}/rules"
    pool = Pool.objects.get()
    browser.post(f"{path}/new/", pumps(f"pool:{pool.pk}:least_loaded", **{"0-op": "in", "0-value": "Finance, Steel"}))
    draft.refresh_from_db()
    before = draft.rules

    browser.post(f"{path}/finance/", form_of(browser, f"{path}/finance/"))

    draft.refresh_from_db()
    assert before[2]["to"] == {"pool": pool.pk, "by": "least_loaded"}
    assert draft.rules == before


# Two managers ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_somebody_else_changed_is_not_saved_over_and_what_was_typed_stays(
    browser: Client, draft: RoutingVersion, rita: User, sam: User
) -> None:
    path = f"/routing/drafts/{draft.pk}/rules/everything/"
    mine = form_of(browser, path, words="Mine", to=f"person:{sam.pk}")
    browser.post(path, form_of(browser, path, words="Theirs"))

    refused = browser.post(path, mine)
    page = refused.content.decode()

    assert refused.status_code == 409
    assert "Somebody else changed this rule" in page
    assert 'value="Mine"' in page
    draft.refresh_from_db()
    assert draft.rules[1]["words"] == "Theirs"
    again = browser.post(path, {**mine, "seen": refused.context["form"]["seen"].value()})
    assert again.status_code == 302


def test_a_draft_whose_ground_moved_is_activated_only_after_a_second_look(
    browser: Client, draft: RoutingVersion, rita: User, sue: User, at: datetime
) -> None:
    other = begin_draft(actor=sue, at=at)
    for found in (draft, other):
        put_first(browser, found, pumps(f"person:{rita.pk}", words=f"Of {found.pk}"))
    seen = browser.get(f"/routing/drafts/{draft.pk}/activate/").context["seen"]
    browser.post(f"/routing/drafts/{other.pk}/activate/")

    refused = browser.post(f"/routing/drafts/{draft.pk}/activate/", {"seen": seen})

    assert refused.status_code == 409
    assert f"Of {other.pk}" in refused.content.decode()
    done = browser.post(f"/routing/drafts/{draft.pk}/activate/", {"seen": refused.context["seen"]})
    assert (done.status_code, RoutingVersion.objects.get(pk=draft.pk).number) == (302, 3)


def test_an_order_that_somebody_else_changed_is_looked_at_again(
    browser: Client, draft: RoutingVersion, rita: User
) -> None:
    seen = browser.get(f"/routing/drafts/{draft.pk}/").context["seen"]
    browser.post(f"/routing/drafts/{draft.pk}/rules/everything/up/", {"seen": seen})

    refused = browser.post(f"/routing/drafts/{draft.pk}/rules/everything/remove/", {"seen": seen})

    assert refused.status_code == 409
    assert codes(draft) == ["everything", "known_company", "rest"]
    assert browser.post(f"/routing/drafts/{draft.pk}/rules/gone/remove/").status_code == 409


@pytest.mark.parametrize("deed", ["activate", "discard"])
def test_what_was_typed_for_a_draft_that_is_gone_is_kept_and_goes_into_another(
    deed: str, browser: Client, draft: RoutingVersion, rita: User, sue: User, at: datetime
) -> None:
    put_first(browser, draft, pumps(f"person:{rita.pk}", words="First"))
    path = f"/routing/drafts/{draft.pk}/rules/new/"
    browser.post(f"/routing/drafts/{draft.pk}/{deed}/")

    alone = browser.post(path, pumps(f"person:{rita.pk}", words="Mine"))
    other = begin_draft(actor=sue, at=at)
    page = browser.post(path, pumps(f"person:{rita.pk}", words="Mine")).content.decode()

    assert (alone.status_code, browser.get(path).status_code) == (409, 404)
    assert "Begin a draft" in alone.content.decode()
    assert all(typed in page for typed in ('value="Mine"', 'value="Finance"', f'value="person:{rita.pk}" selected'))
    assert f'formaction="/routing/drafts/{other.pk}/rules/new/"' in page


def test_a_draft_that_goes_while_a_rule_is_saved_loses_nothing(
    browser: Client, draft: RoutingVersion, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**given: object) -> str:
        raise NoSuchVersion("There is no such draft any more.")

    monkeypatch.setattr("desk.views.routing_drafts.add_rule", gone)

    answer = browser.post(f"/routing/drafts/{draft.pk}/rules/new/", pumps(f"person:{rita.pk}", words="Mine"))

    assert answer.status_code == 409
    assert 'value="Mine"' in answer.content.decode()
