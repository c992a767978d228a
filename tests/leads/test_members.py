"""What somebody is in a campaign: set by marketing, or come in with a call or a file, where it never goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from campaigns.actions import NoSuchCampaign
from campaigns.models import Campaign
from inputs.refusals import NotAllowed
from leads.importing import BadMapping, map_columns
from leads.intake.arrival import CREATED, REJECTED, SKIPPED, UPDATED, Arrival, Outcome
from leads.intake.pipeline import MayNotTakeIn, foresee, take_in
from leads.members import BadStatus, set_member_status
from leads.models import CampaignMember, ImportRow, Lead
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, make_lead, person
from tests.leads.import_runs import finished, staged
from tests.leads.worlds import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(maya: User, agreement: InForce) -> Campaign:
    """A webinar."""
    return make_campaign(maya)


def statuses() -> list[str]:
    return list(CampaignMember.objects.order_by("pk").values_list("status", flat=True))


def come(*said: str, email: str = "ana@firm.example", **fields: Any) -> list[Outcome]:
    """Let somebody come in by the campaign, once for each status that is said of them, in one batch."""
    arrivals = [Arrival(email=email, member_status=status, **({"campaign_code": "spring"} | fields)) for status in said]
    return take_in(arrivals, actor=None, at=NOW)


def test_marketing_sets_changes_and_takes_back_a_status(campaign: Campaign, maya: User) -> None:
    lead = make_lead()
    told = []

    for status in ("registered", "Attended", "registered", "registered", "", ""):
        changed = set_member_status(lead_id=lead.pk, campaign_id=campaign.pk, status=status, actor=maya, at=NOW)
        told.append((changed, statuses()))

    assert told == [
        (True, ["registered"]), (True, ["attended"]), (True, ["registered"]), (False, ["registered"]), (True, []), (False, []),
    ]  # fmt: skip
    entries = AuditEntry.objects.filter(verb="set_member_status", subject_id=lead.pk).order_by("pk")
    assert [entry.facts["status"] for entry in entries] == ["registered", "attended", "registered", ""]


def test_what_no_member_can_be_is_refused(campaign: Campaign, maya: User, sam: User) -> None:
    lead = make_lead()
    call: dict[str, Any] = {
        "lead_id": lead.pk,
        "campaign_id": campaign.pk,
        "status": "attended",
        "actor": maya,
        "at": NOW,
    }

    with pytest.raises(BadStatus, match="registered, no show"):
        set_member_status(**call | {"status": "clicked"})
    with pytest.raises(NoSuchCampaign):
        set_member_status(**call | {"campaign_id": campaign.pk + 1})
    with pytest.raises(NotAllowed):
        set_member_status(**call | {"actor": sam})
    assert statuses() == []


def test_a_status_comes_in_with_a_touch(campaign: Campaign) -> None:
    (outcome,) = come("Attended")

    member = CampaignMember.objects.get()
    assert outcome.state == CREATED
    assert (member.lead_id, member.campaign, member.status, member.set_at) == (
        outcome.lead_id,
        campaign,
        "attended",
        NOW,
    )
    assert member.set_by is None


def test_what_comes_in_goes_on_and_never_back(campaign: Campaign) -> None:
    come("registered", "invited")
    first = statuses()
    come("attended", "no show")
    come("registered")
    come("")

    assert first == ["registered"]
    assert statuses() == ["attended"]
    assert Lead.objects.count() == 1


def test_a_status_of_a_former_type_gives_way(campaign: Campaign) -> None:
    (outcome,) = come("attended")
    Campaign.objects.update(type="email")

    come("opened")

    assert statuses() == ["opened"]
    assert outcome.state == CREATED


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"member_status": "clicked"}, "unknown_status"), ({"campaign_code": ""}, "no_campaign"),
     ({"campaign_code": "", "utm": {"campaign": "unheard-of"}}, "no_campaign")],
)  # fmt: skip
def test_a_status_that_cannot_be_costs_no_lead_and_is_told(
    campaign: Campaign, fields: dict[str, Any], code: str
) -> None:
    arrival = Arrival(**{"email": "ana@firm.example", "campaign_code": "spring", "member_status": "attended"} | fields)

    foreseen, taken = foresee([arrival], actor=None, at=NOW), take_in([arrival], actor=None, at=NOW)

    for (outcome,) in (foreseen, taken):
        assert outcome.state == CREATED
        assert [(problem.field, problem.code) for problem in outcome.problems] == [("member_status", code)]
    assert (Lead.objects.count(), statuses()) == (1, [])


def test_a_status_too_long_for_any_is_refused_like_any_text(campaign: Campaign) -> None:
    (outcome,) = come("x" * 81)

    assert (outcome.state, outcome.problems[0].code) == (REJECTED, "too_long")


def test_what_marketing_set_by_hand_stays_whatever_comes_in(campaign: Campaign, maya: User) -> None:
    (outcome,) = come("registered")
    said: dict[str, Any] = {"lead_id": outcome.lead_id, "campaign_id": campaign.pk, "actor": maya, "at": NOW}
    set_member_status(status="no show", **said)
    come("attended")
    by_hand = (statuses(), CampaignMember.objects.get().set_by)
    set_member_status(status="", **said)
    come("attended")

    assert by_hand == (["no_show"], maya)
    assert (statuses(), CampaignMember.objects.get().set_by) == (["attended"], None)


def test_only_marketing_says_it_with_an_arrival(campaign: Campaign, sam: User, maya: User) -> None:
    ada = person("Ada", is_administrator=True)
    arrival = Arrival(email="ana@firm.example", campaign_code="spring", member_status="attended", origin="sales")
    for arrivals, actor in (([arrival], sam), ([replace(arrival, origin="marketing")], ada)):
        with pytest.raises(MayNotTakeIn) as refused:
            take_in(arrivals, actor=actor, at=NOW)
        assert refused.value.field == "member_status"
    take_in([replace(arrival, member_status="")], actor=sam, at=NOW)
    none_said = statuses()
    take_in([replace(arrival, origin="marketing")], actor=maya, at=NOW)

    assert (none_said, statuses()) == ([], ["attended"])


def test_an_administrator_imports_a_file_without_that_column(campaign: Campaign) -> None:
    ada = person("Ada", is_administrator=True)
    run = staged(ada, b"Email,Member status\nana@firm.example,attended\n")

    assert run.mapping == {"email": "Email"}
    with pytest.raises(BadMapping) as refused:
        map_columns(
            actor=ada, run_id=run.pk, mapping={"email": "Email", "member_status": "Member status"}, at=NOW,
            touch_kind="list_import", campaign_id=None, lawful_basis="consent",
        )  # fmt: skip
    assert [problem.field for problem in refused.value.problems] == ["member_status"]


def test_a_utm_campaign_is_enough_to_know_the_campaign(campaign: Campaign) -> None:
    come("attended", campaign_code="", utm={"campaign": "Spring"})

    assert statuses() == ["attended"]


def test_what_was_taken_in_before_says_nothing_new(campaign: Campaign) -> None:
    come("registered", key="row-1")
    (outcome,) = come("attended", key="row-1")

    assert (outcome.state, statuses()) == (SKIPPED, ["registered"])


def test_one_member_in_two_campaigns(campaign: Campaign, maya: User) -> None:
    make_campaign(maya, "autumn")

    come("registered")
    (outcome,) = come("attended", campaign_code="autumn")

    assert (outcome.state, statuses()) == (UPDATED, ["registered", "attended"])


def test_a_column_of_a_file_says_it(campaign: Campaign, maya: User) -> None:
    content = b"Email,Member status\nana@firm.example,attended\nbob@firm.example,no show\ncem@firm.example,danced\n"

    run = finished(maya, staged(maya, content, campaign_id=campaign.pk))

    assert statuses() == ["attended", "no_show"]
    assert (run.created_count, run.rejected_count) == (3, 0)
    assert [row.problems[0]["code"] for row in ImportRow.objects.exclude(problems=[])] == ["unknown_status"]


def test_the_api_takes_a_status_with_a_lead_and_on_one(campaign: Campaign, maya: User) -> None:
    client, token = Client(), AuthToken.objects.create(user=maya)[1]

    def post(path: str, **body: Any) -> Any:
        return client.post(path, body, content_type="application/json", headers={"authorization": f"Token {token}"})

    taken = post("/api/v1/leads", email="ana@firm.example", campaign_code="spring", member_status="registered")
    path = f"/api/v1/leads/{taken.json()['id']}/member-status"
    set_on = post(path, campaign_code="spring", status="attended")
    after = statuses()
    refused = [
        post(path, campaign_code="spring", status="danced"), post(path, campaign_code="\x00", status="attended"),
        post(path, campaign_code="unheard-of", status="attended"), post(path, campaign_code="spring"),
    ]  # fmt: skip

    assert (taken.status_code, set_on.status_code, after) == (201, 200, ["attended"])
    assert [response.status_code for response in refused] == [400, 400, 404, 400]
    assert refused[0].json()["errors"][0]["field"] == "status"
    assert statuses() == ["attended"]


def test_the_api_tells_who_is_what_page_by_page(campaign: Campaign, maya: User, sam: User) -> None:
    client, token = Client(), AuthToken.objects.create(user=sam)[1]
    come("registered")
    ben, cleo = make_lead(), make_lead()
    for minute, (lead, status) in enumerate([(ben, "attended"), (cleo, "no show")], start=1):
        set_member_status(
            lead_id=lead.pk, campaign_id=campaign.pk, status=status, actor=maya, at=NOW + timedelta(minutes=minute)
        )
    set_member_status(
        lead_id=ben.pk, campaign_id=make_campaign(maya, "autumn").pk, status="attended", actor=maya, at=NOW
    )

    def read(path: str = "spring", **query: Any) -> Any:
        return client.get(f"/api/v1/campaigns/{path}/members", query, headers={"authorization": f"Token {token}"})

    first = read(limit=2).json()
    rest = read(limit=2, cursor=first["next"]).json()
    rows = [*first["results"], *rest["results"]]

    assert [(row["status"], row["set_by"] and row["set_by"]["name"]) for row in rows] == [
        ("no_show", "Maya"), ("attended", "Maya"), ("registered", None),
    ]  # fmt: skip
    assert rest["next"] is None
    assert [row["lead_id"] for row in read(status="attended,invited").json()["results"]] == [ben.pk]
    assert [read("unheard-of").status_code, read(status="danced").status_code] == [404, 400]
