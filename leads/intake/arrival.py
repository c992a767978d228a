"""What comes in and what became of it: the two ends of the intake. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inputs.refusals import Problem

CREATED = "created"
UPDATED = "updated"
SKIPPED = "skipped"
REJECTED = "rejected"

LIVE = "live"
HISTORY = "history"

UTM_NAMES = ("source", "medium", "campaign", "content", "term")
"""What a link says of itself, without the *utm_* before each."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One row, call or form as it was given: raw text, empty where nothing was said.

    ``occurred_at`` is an aware datetime, or an ISO 8601 text with its offset (a bare date is midnight UTC), or nothing for *now*.
    ``key`` names the touch to the world (a file's row, a tool's event): the same key again is skipped. ``origin`` is ``marketing``, or
    ``sales`` for a lead that the acting rep found. ``utm`` holds what a link said under
    ``UTM_NAMES``; its campaign counts where ``campaign_code`` is empty. ``member_status`` is what they are in that campaign
    (``campaigns.member_statuses``).
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    domain: str = ""
    job_title: str = ""
    role: str = ""
    seniority: str = ""
    country: str = ""
    region: str = ""
    language: str = ""
    industry: str = ""
    employee_count: str | int | None = ""
    external_id: str = ""
    product_code: str = ""
    touch_kind: str = "form"
    source_raw: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    referrer: str = ""
    landing_page: str = ""
    campaign_code: str = ""
    member_status: str = ""
    note: str = ""
    lawful_basis: str = ""
    occurred_at: datetime | str | None = None
    key: str | None = None
    origin: str = "marketing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one arrival, in the order they came.

    ``state`` is *created* (a new lead), *updated* (joined a lead that was there, or another of the same batch), *skipped* (its key was
    taken in before) or *rejected* (``problems`` says why; nothing was stored). With the other states ``problems`` says what of the
    arrival was left out. ``stage`` is the lead's stage afterwards, ``fit`` and ``engagement`` its scores (nothing where the arrival was
    skipped: nobody looked).
    """

    state: str
    lead_id: int | None = None
    contact_id: int | None = None
    stage: str = ""
    problems: tuple[Problem, ...] = ()
    fit: int | None = None
    engagement: int | None = None
