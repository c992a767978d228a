"""Companies, contacts and leads while a batch is taken in: what is stored, what is new, and what changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from leads.intake.normalise import Clean
from leads.lifecycle import OPEN_STAGES, Stage
from leads.scoring import TouchLine


@dataclass(slots=True, eq=False)
class CompanyState:
    """A company; ``changed`` names the blanks that the batch has filled, each with what stood there."""

    id: int
    name: str
    name_key: str
    domain: str | None
    industry: str = ""
    employee_count: int | None = None
    country: str = ""
    region: str = ""
    is_target_account: bool = False
    is_customer: bool = False
    is_new: bool = False
    changed: dict[str, Any] = field(default_factory=dict)

    def fill(self, name: str, value: Any) -> None:
        """Put ``value`` where nothing is known; what is known stays."""
        if value not in ("", None) and getattr(self, name) in ("", None):
            self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        self.changed.setdefault(name, getattr(self, name))
        setattr(self, name, value)

    def learn(self, clean: Clean) -> None:
        """Fill blanks from an arrival that names this company. A name that is only the domain counts as a blank."""
        if clean.texts["company"] and self.name == self.domain:
            self._set("name", clean.texts["company"])
            self._set("name_key", clean.company_key)
        self.fill("domain", clean.domain)
        self.fill("industry", clean.texts["industry"])
        self.fill("employee_count", clean.employee_count)
        self.fill("country", clean.texts["country"])
        self.fill("region", clean.texts["region"])

    def is_named_by(self, clean: Clean) -> bool:
        """Tell whether ``clean`` speaks of this company: by its domain, else by its name, or by naming none at all."""
        if clean.domain and self.domain:
            return clean.domain == self.domain or clean.company_key == self.name_key != ""
        return clean.company_key in ("", self.name_key)


CONTACT_TEXTS = ("name", "job_title", "role", "seniority", "country", "region", "language", "lawful_basis")


@dataclass(slots=True, eq=False)
class ContactState:
    """A contact with its company and leads (newest last)."""

    id: int
    external_id: str | None = None
    name: str = ""
    email: str = ""
    email_key: str | None = None
    phone: str = ""
    phone_key: str | None = None
    job_title: str = ""
    role: str = ""
    seniority: str = ""
    country: str = ""
    region: str = ""
    language: str = ""
    lawful_basis: str = ""
    company: CompanyState | None = None
    is_new: bool = False
    changed: set[str] = field(default_factory=set)
    leads: list[LeadState] = field(default_factory=list)

    def fill(self, name: str, value: Any) -> None:
        """Put ``value`` where nothing is known; what is known stays."""
        if value not in ("", None) and getattr(self, name) in ("", None):
            setattr(self, name, value)
            self.changed.add(name)


class CampaignTouch(NamedTuple):
    """A touch by which a campaign reached a lead, with the marketer who answers for the campaign, if anybody does."""

    occurred_at: datetime
    campaign_id: int
    marketer_id: int | None


@dataclass(slots=True, eq=False)
class LeadState:
    """A lead with what the batch adds to it. ``touches`` are the batch's; those of before stay in the database."""

    id: int
    contact: ContactState
    captured_at: datetime
    last_touch_at: datetime
    product_id: int | None = None
    product: str = ""
    stage: str = Stage.LEAD.value
    origin: str = "marketing"
    kind: str = "new_business"
    tier: str = ""
    owner_id: int | None = None
    queue_id: int | None = None
    marketer_id: int | None = None
    source: str = "unknown"
    first_campaign_id: int | None = None
    last_campaign_id: int | None = None
    is_hand_raise: bool = False
    fit: int | None = None
    persona_id: int | None = None
    engagement_fixed: float = 0.0
    engagement_level: float | None = None
    half_life_days: int = 30
    mql_at: datetime | None = None
    sal_at: datetime | None = None
    handoff_count: int = 0
    needs_new_reason: bool = False
    is_history: bool = False
    handoff_id: int | None = None
    assignee_id: int | None = None
    was_recalled: bool = False
    is_new: bool = False
    is_revived: bool = False
    has_new_hand_raise: bool = False
    filled: set[str] = field(default_factory=set)
    touches: list[TouchLine] = field(default_factory=list)
    campaign_touches: list[CampaignTouch] = field(default_factory=list)
    is_backdated: bool = False

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES

    @property
    def counts_as_hand_raise(self) -> bool:
        """A lead that sales gave back raises its hand only by a new touch: the old reason has been judged."""
        return self.has_new_hand_raise if self.needs_new_reason else self.is_hand_raise

    @property
    def may_qualify(self) -> bool:
        """A lead that marketing took back stays there, whatever the contact looks at, until they ask for us again."""
        return self.stage == Stage.LEAD and (
            self.has_new_hand_raise or not (self.needs_new_reason and self.was_recalled)
        )

    def begin_anew(self, fresh: Mapping[str, Any]) -> None:
        """Bring it back to marketing with the values that a new life begins with; those it does not know go into the row."""
        self.stage, self.is_revived = Stage.LEAD.value, True
        for name, value in fresh.items():
            if name in LeadState.__slots__:
                setattr(self, name, value)

    def pin(self, handoff_count: int, queue_id: int | None, kind: str | None) -> None:
        """Note that it was handed off: how often now, to which queue, and as what kind where that changes."""
        self.handoff_count, self.queue_id, self.kind = handoff_count, queue_id, kind or self.kind
