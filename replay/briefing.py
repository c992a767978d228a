"""Marketing plans campaigns ahead and briefs sales: in time, after another start date, and too late; sales says who is informed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from campaigns.actions import Brief
from campaigns.models import Campaign
from leads.briefings import brief_sales, confirm_briefing, plan_campaign, replan_campaign
from replay.company import Company
from replay.play import Play
from teams.models import User

DAY = timedelta(days=1)
HOUR = 10
EVERY_WEEKS = 4
CONFIRMS = 0.8
"""How many of sales say that they are informed."""


def plan_briefings(play: Play, company: Company, starts_at: datetime, weeks: int) -> None:
    """Plan two campaigns every four weeks: one that is briefed in time, one whose date moves and that is briefed too late."""
    for block in range(max(1, weeks // EVERY_WEEKS)):
        first = starts_at.replace(hour=HOUR, minute=0, second=0, microsecond=0) + (28 * block + 2) * DAY
        play.plan(first, partial(_in_time, play, company, block))
        play.plan(first + DAY, partial(_too_late, play, company, block))
    for campaign in company.campaigns:
        _plan_confirming(play, company, campaign, starts_at.replace(hour=HOUR))


def _brief(block: int, what: str, at: datetime, days: int) -> Brief:
    starts_on = at.date() + days * DAY
    return Brief(
        name=f"{what} {block + 1}", code=f"{what.lower().replace(' ', '-')}-{block + 1}", type="webinar",
        starts_on=starts_on, ends_on=starts_on + 20 * DAY, offer="A session with a customer",
        talking_points="Ask what they compare us with.",
    )  # fmt: skip


def _in_time(play: Play, company: Company, block: int, at: datetime) -> None:
    campaign = plan_campaign(brief=_brief(block, "Open house", at, 14), actor=company.people["maya"], at=at)
    play.done["plan_campaign"] += 1
    play.plan(at + 2 * DAY, partial(_announce, play, company, campaign))


def _too_late(play: Play, company: Company, block: int, at: datetime) -> None:
    """Log it, move it to a later date the day after, and brief sales only when it is about to start."""
    milo, brief = company.people["milo"], _brief(block, "Round table", at, 10)
    campaign = plan_campaign(brief=brief, actor=milo, at=at)
    play.done["plan_campaign"] += 1
    moved = replace(brief, starts_on=brief.starts_on + 2 * DAY)
    play.plan(at + DAY, lambda now: _move(play, company, campaign, moved, now))
    play.plan(at + 11 * DAY, partial(_announce, play, company, campaign))


def _move(play: Play, company: Company, campaign: Campaign, brief: Brief, at: datetime) -> None:
    play.do(replan_campaign, campaign_id=campaign.pk, brief=brief, actor=company.people["milo"], at=at)


def _announce(play: Play, company: Company, campaign: Campaign, at: datetime) -> None:
    if play.do(brief_sales, campaign_id=campaign.pk, actor=campaign.owner, at=at):
        play.again(brief_sales, campaign_id=campaign.pk, actor=campaign.owner, at=at + timedelta(seconds=1))
    _plan_confirming(play, company, campaign, at)


def _plan_confirming(play: Play, company: Company, campaign: Campaign, at: datetime) -> None:
    """Let most of sales say that they are informed, within a day."""
    for reps in company.reps.values():
        for rep in reps:
            chance = play.chance("informed", campaign.code, rep.email)
            if chance.random() < CONFIRMS:
                at_last = at + timedelta(minutes=chance.randint(5, 1_400))
                play.plan(at_last, partial(_confirm, play, campaign, rep))


def _confirm(play: Play, campaign: Campaign, rep: User, at: datetime) -> None:
    play.do(confirm_briefing, campaign_id=campaign.pk, actor=rep, at=at)
