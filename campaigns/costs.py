"""What a campaign costs, line by line: add a line, change one, remove one.

Lines are kept by the campaign's owner and by managers of marketing. The campaign is locked first, so that its currency and its lines agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.actions import EARLIEST, LATEST, CampaignMoved, NoSuchCampaign, ends_before_start, require_marketer
from campaigns.models import Campaign, CostLine
from inputs.numbers import BadNumber, amount
from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible, Problem
from inputs.seen import digest
from inputs.text import problem_with, tidy
from ledger.writing import write_audit
from teams.models import User

MAY_ANY = "keep_any_costs"
MOST_LINES = 200
"""Of one campaign: its page shows them all."""
LONGEST_WHAT = 120
ENDS_BEFORE_START = "The last day would be before the first."


@dataclass(frozen=True, slots=True)
class Cost:
    """What a line says; ``amount`` is money of the campaign's currency."""

    what: str
    amount: Decimal
    kind: str
    starts_on: date
    ends_on: date | None = None


class BadCost(Invalid):
    """The line is incomplete or contradicts itself."""

    code = "bad_cost"


class TooManyCosts(Conflict):
    """The campaign has as many lines as its page can show."""

    code = "too_many_costs"


class NotYourCampaign(NotAllowed):
    """Its costs are kept by its owner and by managers of marketing."""

    code = "not_your_campaign"


class NoSuchCost(NotVisible):
    """It does not exist, or not any more."""


@transaction.atomic
def add_cost(*, campaign_id: int, cost: Cost, actor: User, at: datetime, key: UUID | None = None) -> int:
    """Add a line and give its id; what was sent with the same ``key`` before is not added again.

    Raises ``MayNotLog``, ``NoSuchCampaign``, ``NotYourCampaign``, ``BadCost``, ``TooManyCosts``.
    """
    campaign = _held(campaign_id, actor)
    lines = CostLine.objects.filter(campaign=campaign)
    if key and (sent := lines.filter(submission_key=key).values_list("pk", flat=True).first()):
        return sent
    cost = _checked(cost)
    if lines.count() >= MOST_LINES:
        raise TooManyCosts(f"A campaign has at most {MOST_LINES} cost lines: put some of them together.")
    line = CostLine.objects.create(
        **asdict(cost), campaign=campaign, entered_by=actor, entered_at=at, submission_key=key
    )
    _audit("add_cost", line, actor, at, {"kind": line.kind, "amount": str(line.amount)})
    return line.pk


@transaction.atomic
def change_cost(
    *, campaign_id: int, line_id: int, cost: Cost, actor: User, at: datetime, seen: str | None = None
) -> None:
    """Change a line; where nothing differs, nothing is written. ``seen`` is the ``fingerprint`` of what the page showed.

    Raises ``MayNotLog``, ``NoSuchCampaign``, ``NotYourCampaign``, ``NoSuchCost``, ``BadCost``, ``CampaignMoved``.
    """
    line = _line(_held(campaign_id, actor), line_id, seen)
    cost = _checked(cost)
    changed = {name: value for name, value in asdict(cost).items() if getattr(line, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(line, name, value)
    line.save(update_fields=list(changed))
    facts = {"fields": sorted(changed), "kind": line.kind, "amount": str(line.amount)}
    _audit("change_cost", line, actor, at, facts)


@transaction.atomic
def remove_cost(*, campaign_id: int, line_id: int, actor: User, at: datetime, seen: str | None = None) -> None:
    """Remove a line that should not be there; the audit keeps its amount. Raises as ``change_cost`` does."""
    line = _line(_held(campaign_id, actor), line_id, seen)
    _audit("remove_cost", line, actor, at, {"kind": line.kind, "amount": str(line.amount)})
    line.delete()


def may_keep_costs(user: User, campaign: Campaign) -> bool:
    """Tell whether ``user`` may change what is said of the costs of ``campaign``."""
    return user.may(MAY_ANY) or (user.may("log_campaign") and campaign.owner_id == user.pk)


def require_may_keep_costs(user: User, campaign: Campaign) -> None:
    """Refuse who may not; raises ``MayNotLog`` for those who are not in marketing, ``NotYourCampaign`` for those who are."""
    require_marketer(user)
    if not may_keep_costs(user, campaign):
        raise NotYourCampaign("Its costs are kept by its owner and by managers of marketing.")


def fingerprint(line: CostLine) -> str:
    """Give a short text that differs as soon as anything that can be changed differs."""
    return digest(*(str(getattr(line, field.name)) for field in fields(Cost)))


def _held(campaign_id: int, actor: User) -> Campaign:
    """Lock the campaign, for whoever may keep its costs."""
    require_marketer(actor)
    campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign("There is no such campaign.")
    require_may_keep_costs(actor, campaign)
    return campaign


def _line(campaign: Campaign, line_id: int, seen: str | None) -> CostLine:
    line = CostLine.objects.filter(campaign=campaign, pk=line_id).first()
    if line is None:
        raise NoSuchCost("There is no such cost line.")
    if seen is not None and seen != fingerprint(line):
        raise CampaignMoved("Somebody else changed this line since you opened the page. Look at it again, then save.")
    return line


def _checked(cost: Cost) -> Cost:
    """Give what can be stored; raises ``BadCost`` with all that is wrong."""
    what = tidy(cost.what)
    problems = [problem] if (problem := problem_with(what, field="what", single_line=True)) else []
    if not 0 < len(what) <= LONGEST_WHAT:
        problems.append(Problem("what", "length", f"Say what it is, in at most {LONGEST_WHAT} characters."))
    try:
        money = amount(cost.amount, field="amount")
    except BadNumber as bad:
        problems += bad.problems
    if cost.kind not in CostLine.Kinds.values:
        problems.append(Problem("kind", "unknown_kind", "Say whether it is planned or actual."))
    problems += [
        Problem(name, "far_date", "Give a date between 2000 and 2100.")
        for name, day in (("starts_on", cost.starts_on), ("ends_on", cost.ends_on))
        if day is not None and not EARLIEST <= day < LATEST
    ]
    if ends_before_start(cost.starts_on, cost.ends_on):
        problems.append(Problem("ends_on", "ends_before_start", ENDS_BEFORE_START))
    if problems:
        raise BadCost.of(problems)
    return Cost(what, money, cost.kind, cost.starts_on, cost.ends_on)


def _audit(verb: str, line: CostLine, actor: User, at: datetime, facts: Mapping[str, Any]) -> None:
    write_audit(
        at=at, actor_id=actor.pk, verb=verb, subject_type="campaign", subject_ids=[line.campaign_id],
        facts={"line": line.pk, **facts},
    )  # fmt: skip
