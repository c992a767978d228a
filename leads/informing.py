"""Tell marketing what became of its leads: the responsible marketer and the campaign's owner, else the managers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaigns.models import Campaign
from leads.holding import Held
from leads.models import Touch
from leads.record import Record
from ledger.selecting import ids
from teams.models import Membership, User
from teams.roles import Side


def tell_marketing(record: Record, held: Sequence[Held], code: str, facts: Mapping[int, Mapping[str, Any]]) -> None:
    """Tell each lead's marketer and campaign owner (once, if they are one person); where neither is there any more, the managers.

    ``facts`` are those of the notice, by lead.
    """
    owners = campaign_owners(held)
    marketers = active_of(item.lead.marketer_id for item in held)
    recipients: dict[int, list[int]] = {}
    for item in held:
        named = (item.lead.marketer_id if item.lead.marketer_id in marketers else None, owners.get(item.lead.pk))
        recipients[item.lead.pk] = list(dict.fromkeys(user for user in named if user))
    managers = [] if all(recipients.values()) else marketing_managers()
    for item in held:
        for user_id in recipients[item.lead.pk] or managers:
            record.tell(user_id, code, "lead", item.lead.pk, **facts.get(item.lead.pk, {}))


def marketers_or_managers(marketers: Mapping[int, int | None]) -> dict[int, list[int]]:
    """Give, by lead, whom of marketing to tell: its marketer (``marketers``), or the managers where there is none or they have left."""
    active = active_of(marketers.values())
    managers = [] if active.issuperset(marketers.values()) else marketing_managers()
    return {lead_id: [user] if user and user in active else managers for lead_id, user in marketers.items()}


def active_of(user_ids: Iterable[int | None]) -> frozenset[int | None]:
    """Give which of these people have not left."""
    wanted = ids(user_ids)
    return frozenset(User.objects.filter(pk__in=wanted, is_active=True).values_list("id", flat=True) if wanted else ())


def campaign_owners(held: Sequence[Held]) -> dict[int, int]:
    """Give, by lead, the active owner of the last campaign it touched."""
    campaigns = {item.lead.last_campaign_id for item in held if item.lead.last_campaign_id}
    if not campaigns:
        return {}
    rows = Campaign.objects.filter(pk__in=campaigns, owner__is_active=True)
    owners = dict(rows.values_list("id", "owner_id"))
    found = ((item.lead.pk, owners.get(item.lead.last_campaign_id or 0)) for item in held)
    return {lead_id: owner for lead_id, owner in found if owner}


def responsible_marketers(held: Sequence[Held]) -> dict[int, int]:
    """Give, by lead, who takes it back: the active owner of the last campaign touched before it was handed off.

    A lead that is not among them goes back to the marketing queue (design, domain page, *reject*).
    """
    rows = Touch.objects.filter(lead__in=[item.lead.pk for item in held], campaign__isnull=False)
    touches = rows.order_by("occurred_at", "id").values_list(
        "lead_id", "occurred_at", "campaign__owner_id", "campaign__owner__is_active"
    )
    before = {item.lead.pk: item.handoff.offered_at for item in held if item.handoff is not None}
    last = {
        lead_id: (owner_id, is_active)
        for lead_id, occurred_at, owner_id, is_active in touches
        if lead_id in before and occurred_at <= before[lead_id]
    }
    return {lead_id: owner_id for lead_id, (owner_id, is_active) in last.items() if is_active}


def marketing_managers() -> list[int]:
    """Give the active managers of all marketing teams."""
    managing = Membership.objects.filter(team__side=Side.MARKETING, is_manager=True, user__is_active=True)
    return list(managing.order_by("user_id").values_list("user_id", flat=True).distinct())


def name_of(user_id: int | None) -> str:
    """Give somebody's name for a message."""
    return User.objects.values_list("name", flat=True).get(pk=user_id) if user_id else "nobody"
