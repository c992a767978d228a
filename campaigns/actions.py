"""What marketing does with campaigns: log one, change one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from campaigns.models import Campaign, CostLine
from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible, Problem
from inputs.seen import digest
from ledger.writing import write_audit
from personas.models import Persona
from teams.models import User

MAY = "log_campaign"
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""Between these a campaign starts and ends; the latter is not included."""
ENDS_BEFORE_START = "The campaign would end before it starts."


@dataclass(frozen=True, slots=True)
class Brief:
    """What is said of a campaign. ``code`` is its UTM campaign: links carry it, touches are matched by it."""

    name: str
    code: str
    type: str
    starts_on: date
    ends_on: date | None = None
    persona_id: int | None = None
    budget: Decimal | None = None
    currency: str = "EUR"
    offer: str = ""
    talking_points: str = ""


class BadBrief(Invalid):
    """The brief is incomplete or contradicts itself."""

    code = "bad_brief"


class CodeTaken(Invalid):
    """Another campaign has this UTM campaign: touches could not be told apart."""

    code = "code_taken"


class MayNotLog(NotAllowed):
    """Campaigns are marketing's to log and change."""


class NoSuchCampaign(NotVisible):
    """It does not exist."""


class CampaignMoved(Conflict):
    """Somebody else changed it since the page was opened."""

    code = "campaign_moved"


def log_campaign(*, brief: Brief, actor: User, at: datetime) -> Campaign:
    """Log a campaign that ``actor`` owns; raises ``MayNotLog``, ``BadBrief``, ``CodeTaken``."""
    require_marketer(actor)
    _check(brief)
    try:
        with transaction.atomic():
            campaign = Campaign.objects.create(**asdict(brief), owner=actor, created_at=at)
            _audit("log_campaign", campaign, actor, at, {})
    except IntegrityError as error:
        raise _taken(brief, error) from error
    return campaign


def change_campaign(*, campaign_id: int, brief: Brief, actor: User, at: datetime, seen: str | None = None) -> Campaign:
    """Change what is said of a campaign; where nothing differs, nothing is written.

    ``seen`` is the ``fingerprint`` of what the page showed: where the campaign differs now, ``CampaignMoved`` is raised and nothing
    changes. Raises ``MayNotLog``, ``NoSuchCampaign``, ``BadBrief``, ``CodeTaken`` too.
    """
    require_marketer(actor)
    try:
        with transaction.atomic():
            campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
            if campaign is None:
                raise NoSuchCampaign("There is no such campaign.")
            _check(brief, kept_persona_id=campaign.persona_id)
            _refuse_stale(campaign, seen)
            _refuse_other_money(campaign, brief)
            changed = {name: value for name, value in asdict(brief).items() if getattr(campaign, name) != value}
            for name, value in changed.items():
                setattr(campaign, name, value)
            if not changed:
                return campaign
            campaign.save(update_fields=list(changed))
            _audit("change_campaign", campaign, actor, at, {"fields": sorted(changed)})
    except IntegrityError as error:
        raise _taken(brief, error) from error
    return campaign


def require_marketer(actor: User) -> None:
    """Refuse who may not log or change campaigns; raises ``MayNotLog``."""
    if not actor.may(MAY):
        raise MayNotLog("Campaigns are marketing’s to log and change.")


def _check(brief: Brief, *, kept_persona_id: int | None = None) -> None:
    """Refuse a brief that cannot be; the persona that a campaign has already may be retired meanwhile."""
    problems = []
    if brief.type not in Campaign.Types.values:
        problems.append(Problem("type", "unknown_type", "Choose one of the types."))
    problems += [
        Problem(name, "far_date", "Give a date between 2000 and 2100.")
        for name in ("starts_on", "ends_on")
        if (day := getattr(brief, name)) is not None and not EARLIEST <= day < LATEST
    ]
    if ends_before_start(brief.starts_on, brief.ends_on):
        problems.append(Problem("ends_on", "ends_before_start", ENDS_BEFORE_START))
    chosen = brief.persona_id
    if chosen and chosen != kept_persona_id and not Persona.objects.filter(pk=chosen, is_retired=False).exists():
        problems.append(Problem("persona", "unknown_persona", "This persona is not in use."))
    if brief.budget is not None and brief.budget < 0:
        problems.append(Problem("budget", "negative", "An amount of money cannot be negative here."))
    if problems:
        raise BadBrief("The campaign cannot be logged like this.", problems=tuple(problems))


def ends_before_start(starts_on: date | None, ends_on: date | None) -> bool:
    """Tell whether a campaign would end before it starts; of a day that is not said, nothing can be told."""
    return starts_on is not None and ends_on is not None and ends_on < starts_on


def fingerprint(campaign: Campaign) -> str:
    """Give a short text that differs as soon as anything that can be changed differs."""
    return digest(*(str(getattr(campaign, field.name)) for field in fields(Brief)))


def _refuse_stale(campaign: Campaign, seen: str | None) -> None:
    if seen is not None and seen != fingerprint(campaign):
        raise CampaignMoved(
            "Somebody else changed this campaign since you opened the page. Look at it again, then save."
        )


def _refuse_other_money(campaign: Campaign, brief: Brief) -> None:
    """Refuse another currency where cost lines are told in the present one: their amounts would be other money."""
    if brief.currency != campaign.currency and CostLine.objects.filter(campaign=campaign).exists():
        raise BadBrief(
            f"Its cost lines are in {campaign.currency}: remove them first, then enter them anew.",
            field="currency", code="has_costs",
        )  # fmt: skip


def _audit(verb: str, campaign: Campaign, actor: User, at: datetime, facts: Mapping[str, Any]) -> None:
    write_audit(at=at, actor_id=actor.pk, verb=verb, subject_type="campaign", subject_ids=[campaign.pk], facts=facts)


def _taken(brief: Brief, error: IntegrityError) -> Exception:
    """Tell the one conflict that a person can solve from those that are mistakes of the program."""
    if Campaign.objects.filter(code=brief.code).exists():
        return CodeTaken("Another campaign has this UTM campaign already.", field="code")
    return error
