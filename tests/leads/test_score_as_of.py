"""A past score, told from the event log: what the program said at every instant it says again, whatever came since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from leads.completing import complete
from leads.handoffs import accept
from leads.intake.pipeline import take_in
from leads.models import Lead, LeadEvent, Qualification
from leads.outcomes import recycle
from leads.score_as_of import NotKnownThen, ScoreAsOf, score_as_of
from leads.scoring import engagement_now
from personas.defaults import SCORING_TERMS
from personas.models import ScoringVersion
from sla.agreements import sign_default_agreement
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ANNA = {"role": "", "seniority": "", "industry": "", "employee_count": None, "touch_kind": "content_download"}


def history(maya: User, mona: User, sam: User, sue: User) -> Iterator[datetime]:
    """Let much happen to one lead, a step at a time; gives the instant of each step."""
    take_in([anna(**ANNA, occurred_at=NOW - 3 * DAY)], actor=None, at=NOW)
    lead = Lead.objects.get()
    yield NOW
    take_in([anna(**{**ANNA, "touch_kind": "event_visit"}, occurred_at=NOW - 40 * DAY)], actor=None, at=NOW + DAY)
    yield NOW + DAY
    complete(lead_id=lead.pk, changes={"role": "Operations", "seniority": "Head"}, actor=maya, at=NOW + 2 * DAY)
    yield NOW + 2 * DAY
    shorter = {
        **SCORING_TERMS,
        "half_life_days": 7,
        "points": {**SCORING_TERMS["points"], "form": {"points": 33, "decays": False}},
    }
    ScoringVersion.objects.create(number=2, terms=shorter, created_at=NOW)
    sign_default_agreement(marketing_manager=mona, sales_manager=sue, at=NOW + 3 * DAY)
    yield NOW + 3 * DAY
    take_in([anna(touch_kind="form"), anna(touch_kind="demo_request")], actor=None, at=NOW + 6 * DAY)
    yield NOW + 6 * DAY
    accept(lead_id=lead.pk, actor=sam, at=NOW + 7 * DAY)
    recycle(lead_id=lead.pk, reason="no_budget", actor=sam, at=NOW + 8 * DAY)
    yield NOW + 8 * DAY
    take_in([anna(touch_kind="email_click", language="de")], actor=None, at=NOW + 9 * DAY)
    yield NOW + 9 * DAY


@pytest.fixture
def said(world: InForce, maya: User, mona: User, sam: User, sue: User) -> dict[datetime, tuple[int | None, int]]:
    """What the program said of the lead right after each step, and a day later if nothing had come."""
    found = {}
    for at in history(maya, mona, sam, sue):
        lead = Lead.objects.get()
        for instant in (at, at + DAY / 2):
            found[instant] = (lead.fit, engagement_now(lead, instant))
    return found


def test_every_past_score_is_what_was_said_then(said: dict[datetime, tuple[int | None, int]]) -> None:
    lead = Lead.objects.get()

    scores = {at: score_as_of(lead, at) for at in said}

    assert {at: (score.fit, score.engagement) for at, score in scores.items()} == said
    assert len(set(said.values())) == 7
    for score in scores.values():
        assert sum(item["points"] for item in score.engagement_items) == pytest.approx(score.points, abs=0.5)
        assert score.is_fit_kept
    assert [score.agreement.number for score in scores.values() if score.agreement] == [1] * 6 + [2] * 8


def test_a_qualification_is_told_with_its_lines_until_something_comes(
    said: dict[datetime, tuple[int | None, int]],
) -> None:
    lead, kept = Lead.objects.get(), Qualification.objects.get()

    then: ScoreAsOf = score_as_of(lead, kept.qualified_at + DAY)

    assert (then.fit, list(then.fit_items)) == (kept.fit, [item for item in kept.items if item["score"] == "fit"])
    assert score_as_of(lead, NOW + 9 * DAY).fit_items == ()


def test_before_it_came_in_there_is_no_score(said: dict[datetime, tuple[int | None, int]]) -> None:
    with pytest.raises(NotKnownThen):
        score_as_of(Lead.objects.get(), NOW - timedelta(seconds=1))


def test_what_an_earlier_edition_did_not_keep_is_not_made_up(
    said: dict[datetime, tuple[int | None, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = LeadEvent.objects.get(kind="captured")
    event.pk, event.recorded_at, event.facts = None, NOW + 20 * DAY, {"kind": "form"}
    event.save(force_insert=True)

    score = score_as_of(Lead.objects.get(), NOW + 20 * DAY)

    assert (score.fit, score.is_fit_kept) == (None, False)
