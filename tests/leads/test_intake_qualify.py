"""A marketer's word: a lead becomes an MQL with a reason, whatever the rule says."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inputs.refusals import NotVisible
from leads import qualifying
from leads.holding import Moved
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.lifecycle import WrongStage
from leads.models import Lead, LeadEvent, Qualification
from leads.qualifying import (
    MAX_TOUCH_ITEMS,
    Judge,
    MayNotQualify,
    QualifyWithoutReason,
    judge_in_force,
    qualify,
    touch_lines,
)
from leads.scoring import TouchLine
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna, visitor

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=30)


@pytest.fixture
def lead(world: InForce) -> Lead:
    take_in([visitor(1, role="Operations", touch_kind="content_download")], actor=None, at=NOW)
    return Lead.objects.get()


def test_a_marketer_qualifies_with_a_reason_that_is_kept(lead: Lead, world: InForce, maya: User) -> None:
    qualify(lead_ids=[lead.pk], actor=maya, at=LATER, reason="  Met at the fair ")

    lead.refresh_from_db()
    kept = Qualification.objects.get()
    points = world.scoring["points"]["content_download"]["points"]
    assert (lead.stage, lead.mql_at, lead.needs_new_reason) == ("mql", LATER, False)
    assert (kept.actor, kept.reason, kept.version_id, kept.fit) == (maya, "Met at the fair", world.version_id, 30)
    assert kept.engagement == int(points / 2 + 0.5)
    assert [item["age_days"] for item in kept.items if item["score"] == "engagement"] == [30]
    assert LeadEvent.objects.get(kind="qualified").code == "manual"
    assert AuditEntry.objects.get(verb="qualify").actor == maya


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "poison\x00"])
def test_a_reason_that_says_nothing_is_refused(lead: Lead, maya: User, reason: str) -> None:
    with pytest.raises(QualifyWithoutReason):
        qualify(lead_ids=[lead.pk], actor=maya, at=LATER, reason=reason)

    assert Qualification.objects.count() == 0


def test_sales_and_outsiders_do_not_qualify(lead: Lead, sam: User, sue: User, olive: User) -> None:
    for actor in (sam, sue, olive):
        with pytest.raises(MayNotQualify):
            qualify(lead_ids=[lead.pk], actor=actor, at=LATER, reason="Because")


def test_a_lead_that_is_further_on_is_refused_and_the_others_stay(lead: Lead, maya: User) -> None:
    take_in([anna()], actor=None, at=NOW)
    further = Lead.objects.exclude(pk=lead.pk).get()

    with pytest.raises(WrongStage):
        qualify(lead_ids=[lead.pk, further.pk], actor=maya, at=LATER, reason="Because")

    lead.refresh_from_db()
    assert lead.stage == "lead"


def test_whoever_comes_second_changes_nothing(lead: Lead, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def recycled_meanwhile(at: datetime) -> Judge:
        Lead.objects.update(stage="recycled")
        return judge_in_force(at)

    monkeypatch.setattr(qualifying, "judge_in_force", recycled_meanwhile)

    with pytest.raises(Moved):
        qualify(lead_ids=[lead.pk], actor=maya, at=LATER, reason="Because")

    assert not Qualification.objects.exists()
    assert not AuditEntry.objects.filter(verb="qualify").exists()


def test_a_lead_that_is_not_there_is_not_found(lead: Lead, maya: User) -> None:
    with pytest.raises(NotVisible):
        qualify(lead_ids=[lead.pk, 10**9], actor=maya, at=LATER, reason="Because")


# What a score lists ---------------------------------------------------------------------------------------------------


def glances(number: int) -> list[Arrival]:
    """Anna looks at a page every ten days so many times, the last ten days ago."""
    return [
        anna(touch_kind="page_view", occurred_at=NOW - timedelta(days=10 * times)) for times in range(1, number + 1)
    ]


@pytest.mark.parametrize("one_batch", [False, True])
def test_a_qualification_lists_the_newest_touches_only(world: InForce, one_batch: bool) -> None:
    arrivals = [*glances(MAX_TOUCH_ITEMS + 20), anna()]

    for batch in [arrivals] if one_batch else [arrivals[:-1], arrivals[-1:]]:
        take_in(batch, actor=None, at=NOW)

    listed = [item for item in Qualification.objects.get().items if item["score"] == "engagement"]
    assert [item["age_days"] for item in listed] == list(range(0, 10 * MAX_TOUCH_ITEMS, 10))


def test_no_more_touches_of_a_lead_are_read_than_a_score_lists(world: InForce) -> None:
    take_in([*glances(MAX_TOUCH_ITEMS + 20), visitor(1), visitor(1)], actor=None, at=NOW)
    anna_id, visitor_id = Lead.objects.order_by("id").values_list("pk", flat=True)

    with CaptureQueriesContext(connection) as asked:
        lines = touch_lines([anna_id, visitor_id])
    with connection.cursor() as cursor:
        cursor.execute(asked[0]["sql"])
        read = len(cursor.fetchall())

    assert (len(asked), read) == (1, MAX_TOUCH_ITEMS + 2)
    ages = [(line.kind, line.source, (NOW - line.occurred_at).days) for line in lines[anna_id]]
    assert ages == [("page_view", "paid_search", 10 * times) for times in range(1, MAX_TOUCH_ITEMS + 1)]
    assert lines[visitor_id] == [TouchLine("page_view", NOW, "unknown")] * 2
