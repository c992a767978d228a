"""What marketing does with campaigns: log one, change one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
PERSONAS = "persona_ids"
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""Between these a campaign starts and ends; the latter is not included."""
ENDS_BEFORE_START = "The campaign would end before it starts."


@dataclass(frozen=True, slots=True)
class Brief:
    """What is said of a campaign. ``code`` is its UTM campaign: links carry it, touches are matched by it.

    ``persona_ids`` are those that it speaks to, in their order; none: all.
    """

    name: str
    code: str
    type: str
    starts_on: date
    ends_on: date | None = None
    persona_ids: tuple[int, ...] = ()
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
            campaign = Campaign.objects.create(**_columns(brief), owner=actor, created_at=at)
            campaign.personas.set(brief.persona_ids)
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
            spoken_to = persona_ids_of(campaign)
            _check(brief, spoken_to)
            _refuse_stale(campaign, seen)
            _refuse_other_money(campaign, brief)
            changed = {name: value for name, value in _columns(brief).items() if getattr(campaign, name) != value}
            fields_changed = sorted(changed) + ["personas"] * (spoken_to != tuple(sorted(set(brief.persona_ids))))
            if not fields_changed:
                return campaign
            for name, value in changed.items():
                setattr(campaign, name, value)
            campaign.save(update_fields=list(changed))
            campaign.personas.set(brief.persona_ids)
            _audit("change_campaign", campaign, actor, at, {"fields": fields_changed})
    except IntegrityError as error:
        raise _taken(brief, error) from error
    return campaign


def require_marketer(actor: User) -> None:
    """Refuse who may not log or change campaigns; raises ``MayNotLog``."""
    if not actor.may(MAY):
        raise MayNotLog("Campaigns are marketing’s to log and change.")


def _check(brief: Brief, spoken_to: Collection[int] = ()) -> None:
    """Refuse a brief that cannot be; personas that are retired are in order where the campaign was ``spoken_to`` them before."""
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
    if added := set(brief.persona_ids).difference(spoken_to):
        in_use = Persona.objects.filter(pk__in=added, is_retired=False)
        if in_use.count() < len(added):
            problems.append(Problem("personas", "unknown_persona", "One of these personas is not in use."))
    if brief.budget is not None and brief.budget < 0:
        problems.append(Problem("budget", "negative", "An amount of money cannot be negative here."))
    if problems:
        raise BadBrief("The campaign cannot be logged like this.", problems=tuple(problems))


def ends_before_start(starts_on: date | None, ends_on: date | None) -> bool:
    """Tell whether a campaign would end before it starts; of a day that is not said, nothing can be told."""
    return starts_on is not None and ends_on is not None and ends_on < starts_on


def fingerprint(campaign: Campaign) -> str:
    """Give a short text that differs as soon as anything that can be changed differs."""
    names = (field.name for field in fields(Brief) if field.name != PERSONAS)
    return digest(*(str(getattr(campaign, name)) for name in names), str(persona_ids_of(campaign)))


def persona_ids_of(campaign: Campaign) -> tuple[int, ...]:
    """Give the personas that a campaign speaks to, in their order; none: all."""
    return tuple(campaign.personas.order_by("pk").values_list("pk", flat=True))


def _columns(brief: Brief) -> dict[str, Any]:
    """Give what the row of a campaign holds of its brief."""
    return {name: value for name, value in asdict(brief).items() if name != PERSONAS}


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
