"""Brief sales before a campaign starts: the promise begins as the campaign is logged, and is kept by announcing it to all of sales.

It is owed by the campaign's owner; anybody of marketing may announce. A campaign that had started before it was logged promises nothing. Another
start date is another plan: the running promise is cancelled (``date_changed``) and a fresh one begins; a miss stays. A campaign that is over
before it was announced is owed no longer (``campaign_ended``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from campaigns.actions import Brief, NoSuchCampaign, change_campaign, log_campaign, require_marketer
from campaigns.models import BriefingRead, Campaign
from inputs.refusals import Conflict, NotAllowed
from leads.clocks import ClockStart, answer, cancel, start
from leads.owed import MarketingDesk
from leads.record import Record
from ledger.instants import company_day
from sla.in_force import NoAgreement, agreement_in_force
from teams.models import Membership, User
from teams.roles import Side

PROMISE = "brief"
TIER = "standard"
ANNOUNCED = "campaign_announced"
MOVED = "campaign_moved"
MAY = "confirm_briefing"


class AlreadyBriefed(Conflict):
    """Sales was briefed already."""

    code = "already_briefed"


class CampaignOver(Conflict):
    """There is nothing left to brief sales for."""

    code = "campaign_over"


class NothingToSay(Conflict):
    """The brief is empty."""

    code = "nothing_to_say"


class NotBriefedYet(Conflict):
    """Nobody was told of this campaign yet."""

    code = "not_briefed_yet"


class MayNotConfirm(NotAllowed):
    """Only sales says that it is informed."""

    code = "may_not_confirm"


@transaction.atomic
def plan_campaign(*, brief: Brief, actor: User, at: datetime) -> Campaign:
    """Log a campaign that ``actor`` owns, and promise to brief sales before it starts.

    Raises as ``campaigns.actions.log_campaign`` does, and ``NoCalendar`` where the promise cannot be counted.
    """
    campaign = log_campaign(brief=brief, actor=actor, at=at)
    record = Record("promise_briefing", actor.pk, at)
    _promise(record, campaign, at)
    _write(record, campaign)
    return campaign


@transaction.atomic
def replan_campaign(*, campaign_id: int, brief: Brief, actor: User, at: datetime, seen: str | None = None) -> Campaign:
    """Change a campaign, and what was promised of it where its dates are others; raises as ``campaigns.actions.change_campaign`` does.

    Who was told of a start date that has moved since is told again.
    """
    require_marketer(actor)
    before = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    campaign = change_campaign(campaign_id=campaign_id, brief=brief, actor=actor, at=at, seen=seen)
    record = Record("replan_briefing", actor.pk, at)
    is_moved = before is not None and before.starts_on != campaign.starts_on
    if campaign.announced_at is not None:
        if is_moved:
            _tell_sales(record, campaign, MOVED)
    elif _is_over(campaign, at):
        cancel(record, promises={PROMISE}, code="campaign_ended", at=at, campaign_ids=[campaign.pk])
    elif is_moved:
        cancel(record, promises={PROMISE}, code="date_changed", at=at, campaign_ids=[campaign.pk])
        _promise(record, campaign, at)
    _write(record, campaign)
    return campaign


@transaction.atomic
def brief_sales(*, campaign_id: int, actor: User, at: datetime) -> Campaign:
    """Announce a campaign to everybody in sales, which keeps the promise to brief them.

    Raises ``MayNotLog``, ``NoSuchCampaign``, ``AlreadyBriefed``, ``CampaignOver``, ``NothingToSay``.
    """
    require_marketer(actor)
    campaign = _locked(campaign_id)
    if campaign.announced_at is not None:
        raise AlreadyBriefed("Sales is briefed already. Who is informed stands on the campaign’s page.")
    if _is_over(campaign, at):
        raise CampaignOver("The campaign is over, so there is nothing left to brief sales for.")
    if not has_brief(campaign):
        raise NothingToSay("The brief is empty. Say what is offered, or what to talk about, then brief sales.")
    campaign.announced_at, campaign.announced_by = at, actor
    campaign.save(update_fields=["announced_at", "announced_by"])
    record = Record("brief_sales", actor.pk, at)
    answer(record, promise=PROMISE, campaign_ids=[campaign.pk], at=at)
    _tell_sales(record, campaign, ANNOUNCED)
    record.write("campaign", [campaign.pk])
    return campaign


def has_brief(campaign: Campaign) -> bool:
    """Tell whether a campaign says anything that sales could be briefed with."""
    return bool(campaign.offer.strip() or campaign.talking_points.strip())


def confirm_briefing(*, campaign_id: int, actor: User, at: datetime) -> bool:
    """Note that ``actor`` is informed of a campaign; tell whether that is new. Saying so twice changes nothing.

    Raises ``MayNotConfirm``, ``NoSuchCampaign``, ``NotBriefedYet``.
    """
    if not actor.may(MAY):
        raise MayNotConfirm("That you are informed is for sales to say.")
    try:
        with transaction.atomic():
            campaign = _locked(campaign_id)
            if campaign.announced_at is None:
                raise NotBriefedYet("Sales is not briefed about this campaign yet.")
            if BriefingRead.objects.filter(campaign=campaign, user=actor).exists():
                return False
            BriefingRead.objects.create(campaign=campaign, user=actor, at=at)
            Record("confirm_briefing", actor.pk, at).write("campaign", [campaign.pk])
    except IntegrityError:  # the same person, from another page at the same moment
        return False
    return True


@dataclass(frozen=True, slots=True)
class Briefing:
    """Who of sales is informed of a campaign, and since when; and who is not."""

    informed: list[tuple[User, datetime]]
    missing: list[User]


def briefing_of(campaign: Campaign) -> Briefing:
    """Give who of sales said that they are informed, in the order in which they did, and who has not, by name; two queries."""
    reads = list(BriefingRead.objects.filter(campaign=campaign).select_related("user").order_by("at", "pk"))
    there = [read.user_id for read in reads]
    waiting = User.objects.filter(pk__in=_of_sales().values("user")).exclude(pk__in=there).order_by("name", "pk")
    return Briefing([(read.user, read.at) for read in reads], list(waiting) if campaign.announced_at else [])


def _locked(campaign_id: int) -> Campaign:
    campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign("There is no such campaign.")
    return campaign


def _promise(record: Record, campaign: Campaign, at: datetime) -> None:
    """Start the clock, unless the campaign has started before today or no agreement promises it."""
    if campaign.starts_on < company_day(at):
        return
    try:
        agreement = agreement_in_force(at)
    except NoAgreement:
        return
    if PROMISE not in agreement.terms.promises:
        return
    owner = MarketingDesk.load([campaign.owner_id]).owner(campaign.owner_id)
    wanted = ClockStart(
        PROMISE, TIER, agreement.version_id, agreement.terms, owner.calendar_version_id, owner.calendar, at,
        campaign_id=campaign.pk, user_id=owner.user_id, team_id=owner.team_id, before=campaign.starts_on,
    )  # fmt: skip
    start(record, [wanted], at)


def _is_over(campaign: Campaign, at: datetime) -> bool:
    return campaign.ends_on is not None and campaign.ends_on < company_day(at)


def _sales() -> list[int]:
    """Give everybody who is in sales now."""
    return list(_of_sales().order_by("user_id").values_list("user_id", flat=True).distinct())


def _of_sales() -> QuerySet[Membership]:
    return Membership.objects.filter(team__side=Side.SALES, user__is_active=True)


def _tell_sales(record: Record, campaign: Campaign, code: str) -> None:
    for user_id in _sales():
        record.tell(user_id, code, "campaign", campaign.pk, starts_on=campaign.starts_on.isoformat())


def _write(record: Record, campaign: Campaign) -> None:
    """Store what there is to store: where nothing was promised, the campaign's own audit entry says it all."""
    if record.steps or record.notices:
        record.write("campaign", [campaign.pk])
