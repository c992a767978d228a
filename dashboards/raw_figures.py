"""The main figures once more, from the event log alone: row by row in plain Python, sharing nothing with the dashboard's queries.

Read are ``LeadEvent`` and ``ClockStep``, and of clocks only what never changes once they ended (promise and times; ``dashboards.raw_delays``).
``manage.py verify_figures`` compares the two; a stage date without its event, a lost event or a flipped clock shows as a difference.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Q

from dashboards.raw_delays import raw_delays
from leads.models import ClockStep, LeadEvent

LADDER = ("qualified", "accepted", "qualified_for_sales", "opportunity_opened", "won")
NAMES = ("mql", "sal", "sql", "opportunity", "won")
PROCEDURAL = ("open_opportunity", "competitor", "recently_contacted", "do_not_contact")
CHUNK = 5_000

Figures = dict[str, int | None]
Window = tuple[datetime, datetime, tzinfo]


@dataclass(slots=True)
class Story:
    """What the log tells of one lead."""

    arrived_at: datetime | None = None
    source: str = ""
    found_by_sales: bool = False
    is_merged: bool = False
    rungs: list[tuple[str, datetime]] = field(default_factory=list)
    offers: list[int] = field(default_factory=list)

    @property
    def furthest(self) -> int:
        """How many rungs of the ladder it climbed, in any of its lives."""
        return max((LADDER.index(kind) + 1 for kind, _ in self.rungs), default=0)


@dataclass(slots=True)
class Offer:
    """What the log tells of one handoff."""

    lead_id: int
    verdict: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    returned: bool = False
    overturned: bool = False
    struck: bool = False


def raw_figures(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> Figures:
    """Count the figures of the period from ``starts_at`` up to, not including, ``ends_at``; days are those of ``zone``."""
    stories, offers = read_log()
    counts: Counter[str] = Counter()
    days: defaultdict[str, list[int]] = defaultdict(list)
    for story in stories.values():
        if story.arrived_at is not None and not story.is_merged:
            _count_lead(story, story.arrived_at, (starts_at, ends_at, zone), counts, days)
    for offer_id, offer in offers.items():
        if offer.decided_at is not None and starts_at <= offer.decided_at < ends_at:
            _count_offer(offer, offer_id == stories[offer.lead_id].offers[0], counts)
    _count_clocks(starts_at, ends_at, counts)
    figures: Figures = {**counts, **raw_delays(starts_at, ends_at)}
    for basis in ("cohort", "activity"):
        ordered = sorted(days[basis])
        figures[f"{basis}.days_to_win.sum"] = sum(ordered)
        for percent in (50, 90):
            rank = math.ceil(len(ordered) * percent / 100)
            figures[f"{basis}.days_to_win.p{percent}"] = ordered[rank - 1] if ordered else None
    return figures


def read_log() -> tuple[dict[int, Story], dict[int, Offer]]:
    """Read the whole log of leads, in the order in which it was written."""
    stories: defaultdict[int, Story] = defaultdict(Story)
    offers: dict[int, Offer] = {}
    rows = LeadEvent.objects.order_by("id").values_list("lead_id", "kind", "code", "facts", "handoff_id", "occurred_at")
    for event in rows.iterator(CHUNK):
        lead_id, kind, code, facts, handoff_id, occurred_at = event
        story = stories[lead_id]
        if kind == "captured":
            story.arrived_at, story.source = occurred_at, code or "unknown"
            story.found_by_sales = facts.get("origin") == "sales"
        elif kind in ("touched", "completed") and story.source == "unknown":  # what is known is not replaced
            story.source = facts.get("source") or "unknown"
        elif kind in ("merged", "unmerged"):
            story.is_merged = kind == "merged"
        elif kind in LADDER:
            story.rungs.append((kind, occurred_at))
        if handoff_id is not None:
            _hear_of_offer(story, offers, event)
    return stories, offers


def _hear_of_offer(story: Story, offers: dict[int, Offer], event: tuple[Any, ...]) -> None:
    lead_id, kind, code, facts, handoff_id, at = event
    if handoff_id not in offers:
        offers[handoff_id] = Offer(lead_id)
        story.offers.append(handoff_id)
    offer = offers[handoff_id]
    if kind == "rejected" and facts.get("returned"):
        offer.returned, offer.reason = True, code
    elif kind in ("accepted", "rejected", "recalled") and not offer.verdict:
        offer.verdict = "auto_accepted" if kind == "accepted" and code == "auto" else kind
        offer.decided_at, offer.reason = at, code if kind == "rejected" else ""
    elif kind == "dispute_closed" and code == "overturned":
        offer.overturned |= facts.get("kind") == "rejection"
        offer.struck |= facts.get("kind") == "delivery"


def _count_lead(
    story: Story, arrived_at: datetime, window: Window, counts: Counter[str], days: dict[str, list[int]]
) -> None:
    starts_at, ends_at, zone = window
    arrived = starts_at <= arrived_at < ends_at
    if story.found_by_sales:
        counts["cohort.sales_sourced"] += arrived
        return
    if arrived:
        climbed = ("leads", *NAMES[: story.furthest])
        counts.update(f"cohort.{name}" for name in climbed)
        counts.update(f"cohort.{name} source={story.source}" for name in climbed)
        counts["activity.leads"] += 1
    in_period = {kind for kind, at in story.rungs if starts_at <= at < ends_at}
    counts.update(f"activity.{name}" for name, kind in zip(NAMES, LADDER, strict=True) if kind in in_period)
    wins = [at for kind, at in story.rungs if kind == "won"]
    if not wins:
        return
    taken = (wins[-1].astimezone(zone).date() - arrived_at.astimezone(zone).date()).days
    for basis, counted in (("cohort", arrived), ("activity", "won" in in_period)):
        if counted:
            days[basis].append(taken)
            counts[f"{basis}.won_early"] += wins[-1] < arrived_at


def _count_offer(offer: Offer, is_first: bool, counts: Counter[str]) -> None:
    if offer.struck:
        return
    sent_back = (offer.verdict == "rejected" or offer.returned) and not offer.overturned
    if sent_back:
        counts["handoff.all_rejections"] += 1
        counts[f"handoff.all_rejections reason={offer.reason}"] += 1
    if is_first and sent_back:
        counts["handoff.procedural" if offer.reason in PROCEDURAL else "handoff.rejected"] += 1
    elif is_first:
        counts["handoff.accepted" if offer.overturned else f"handoff.{offer.verdict}"] += 1


def _count_clocks(starts_at: datetime, ends_at: datetime, counts: Counter[str]) -> None:
    names = {
        "met": "kept",
        "missed": "missed",
        "cancelled": "cancelled",
        "excused": "excused",
        "answered": "logged_late",
    }
    for promise, due_at, kind in _outcomes():
        if starts_at <= due_at < ends_at:
            counts[f"promise.{names[kind]} promise={promise}"] += 1


def _outcomes() -> Iterable[tuple[str, datetime, str]]:
    """Give how the promises about leads ended: not those for a period or about a campaign."""
    wanted = Q(kind__in=("met", "missed", "cancelled", "excused")) | Q(kind="answered", code="in_time_logged_late")
    steps = ClockStep.objects.filter(wanted, clock__campaign=None, clock__period=None).order_by("id")
    return steps.values_list("clock__promise", "clock__due_at", "kind").iterator(CHUNK)
