"""Leads and the touches that made them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from leads.codes import SOURCES, TOUCH_KINDS
from leads.lifecycle import OPEN_STAGES, Stage
from leads.models.order_keys import DecayKey, FitKey
from leads.models.people import Contact
from leads.scoring import STANDARD
from personas.models import PersonaVersion, Product
from teams.models import Team

OPEN = Q(stage__in=sorted(OPEN_STAGES))


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: Any) -> LeadQuerySet:
        """Leads that ``user`` may see: all of them for a member of either team, none for anybody else."""
        return self if user.is_active and user.may("see_leads") else self.none()

    def open(self) -> LeadQuerySet:
        return self.filter(OPEN)

    def going_on(self) -> LeadQuerySet:
        """Leads that were not merged into another one."""
        return self.filter(merged_into__isnull=True)


class Lead(models.Model):
    """One buying interest of a contact, from first inquiry to its end.

    An open lead in sales' hands has an ``owner`` or stands in a ``queue``. Before that it is marketing's: ``marketer``'s, or the whole
    team's when empty. Each ``*_at`` is the first time the stage was entered in this life of the lead; skipping forward fills no
    false time. Engagement is stored so that it stays exact as it decays: see ``leads.scoring``.
    """

    class Stages(models.TextChoices):
        LEAD = Stage.LEAD.value, _("Lead")
        MQL = Stage.MQL.value, _("MQL")
        SAL = Stage.SAL.value, _("SAL")
        SQL = Stage.SQL.value, _("SQL")
        OPPORTUNITY = Stage.OPPORTUNITY.value, _("Opportunity")
        CUSTOMER = Stage.CUSTOMER.value, _("Customer")
        ADVOCATE = Stage.ADVOCATE.value, _("Advocate")
        RECYCLED = Stage.RECYCLED.value, _("Recycled")
        DISQUALIFIED = Stage.DISQUALIFIED.value, _("Disqualified")
        LOST = Stage.LOST.value, _("Lost")
        MERGED = Stage.MERGED.value, _("Merged")

    class Origins(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        SALES = "sales", _("Sales")

    class Kinds(models.TextChoices):
        NEW_BUSINESS = "new_business", _("New business")
        EXPANSION = "expansion", _("Expansion")

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="leads")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    stage = models.CharField(max_length=12, choices=Stages, default=Stages.LEAD)
    origin = models.CharField(max_length=10, choices=Origins, default=Origins.MARKETING)
    kind = models.CharField(max_length=12, choices=Kinds, default=Kinds.NEW_BUSINESS)
    tier = models.CharField(max_length=10, blank=True, default="", help_text="Pinned at handoff.")

    # Five of the references have an index of more columns below: Django's own would only mislead the planners.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", db_index=False
    )
    queue = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="queued_leads", db_index=False
    )
    marketer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="marketed_leads",
        db_index=False,
    )  # fmt: skip

    source = models.CharField(max_length=20, choices=SOURCES, default="unknown")
    first_campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="first_leads"
    )
    last_campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", db_index=False
    )
    is_hand_raise = models.BooleanField(default=False)

    fit = models.PositiveSmallIntegerField(null=True, help_text="0 to 100; null when nothing is known.")
    persona = models.ForeignKey(
        PersonaVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", db_index=False
    )
    engagement_fixed = models.FloatField(default=0, help_text="Points that do not decay.")
    engagement_level = models.FloatField(null=True, help_text="log2 of the decaying points, brought to the epoch.")
    half_life_days = models.PositiveSmallIntegerField(default=30)

    captured_at = models.DateTimeField()
    mql_at = models.DateTimeField(null=True)
    sal_at = models.DateTimeField(null=True)
    sql_at = models.DateTimeField(null=True)
    opportunity_at = models.DateTimeField(null=True)
    customer_at = models.DateTimeField(null=True)
    advocate_at = models.DateTimeField(null=True)
    recycled_at = models.DateTimeField(null=True)
    disqualified_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="The lead that goes on for it, which is merged into none itself.",
    )  # fmt: skip
    stage_note = models.TextField(
        blank=True, db_default="", help_text="What was said when it was recycled, disqualified or reopened."
    )
    returns_on = models.DateField(null=True, help_text="When a recycled lead comes back.")
    last_touch_at = models.DateTimeField()
    first_attempt_at = models.DateTimeField(null=True)
    conversed_at = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    handoff_count = models.PositiveSmallIntegerField(default=0)
    needs_new_reason = models.BooleanField(
        default=False,
        help_text="Came back from sales: qualifies again only by a new touch, corrected data or a marketer.",
    )
    is_history = models.BooleanField(default=False, help_text="Loaded from history: no handoff, clocks or notices.")

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=OPEN & Q(product__isnull=True), name="one_open_lead_per_contact"
            ),
            models.UniqueConstraint(
                fields=["contact", "product"],
                condition=OPEN & Q(product__isnull=False),
                name="one_open_lead_per_contact_and_product",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(queue__isnull=True), name="a_lead_has_an_owner_or_a_queue"
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["sal", "sql", "opportunity"])
                | Q(owner__isnull=False)
                | Q(is_history=True)
                | Q(queue__isnull=False),
                name="a_lead_in_sales_hands_has_somebody",
            ),
            models.CheckConstraint(
                condition=Q(stage="merged", merged_into__isnull=False)
                | (~Q(stage="merged") & Q(merged_into__isnull=True)),
                name="a_merged_lead_says_into_which",
            ),
            models.CheckConstraint(condition=Q(fit__isnull=True) | Q(fit__lte=100), name="fit_is_at_most_100"),
        ]
        indexes = [
            models.Index(fields=["captured_at", "id"], name="lead_captured_idx"),
            models.Index(fields=["merged_into"], name="lead_merged_idx", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["-last_touch_at", "-id"], name="lead_last_touch_idx"),
            models.Index(fields=["owner", "stage"], name="lead_owner_idx", condition=Q(owner__isnull=False)),
            models.Index(fields=["queue"], name="lead_queue_idx", condition=Q(queue__isnull=False)),
            models.Index(fields=["stage", "-last_touch_at", "-id"], name="lead_stage_idx"),
            models.Index(fields=["last_campaign", "-captured_at"], name="lead_campaign_idx"),
            models.Index(fields=["last_campaign", "-last_touch_at", "-id"], name="lead_campaign_touch_idx"),
            models.Index(
                fields=["last_campaign", "handoff_count", "sql_at", "opportunity_at", "customer_at", "advocate_at"],
                name="lead_campaign_won_idx",
            ),
            models.Index(fields=["marketer", "-last_touch_at", "-id"], name="lead_marketer_idx"),
            models.Index(
                fields=["-last_touch_at", "-id"],
                name="lead_marketing_idx",
                condition=Q(owner__isnull=True, queue__isnull=True),
            ),
            # The conditions hold no value that a statement would pass as a parameter: SQLite would not see that they apply.
            models.Index(
                fields=["stage", "last_touch_at", "id"], name="lead_came_back_idx", condition=Q(needs_new_reason=True)
            ),
            models.Index(
                fields=["stage", "last_touch_at", "id"],
                name="lead_unjudged_idx",
                condition=Q(is_hand_raise=True, fit__isnull=True),
            ),
            models.Index(fields=["persona", "sal_at", "customer_at"], name="lead_persona_idx"),
            models.Index(fields=["customer_at"], name="lead_customer_idx", condition=Q(customer_at__isnull=False)),
            # The orders by score: see leads.by_score.
            models.Index(
                "half_life_days",
                "engagement_fixed",
                DecayKey("engagement_level").desc(),
                F("id").desc(),
                name="lead_engagement_idx",
            ),
            models.Index(FitKey("fit").desc(), F("id").desc(), name="lead_fit_idx"),
            models.Index(fields=["returns_on"], name="lead_returns_idx", condition=Q(stage="recycled")),
        ]

    def __str__(self) -> str:
        return f"Lead {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES

    @property
    def tier_of_promises(self) -> str:
        """The tier whose times count for it: a lead that sales found was never judged at a handoff and is *standard*."""
        return self.tier or STANDARD


class Touch(models.Model):
    """Something the contact did with us. ``source_raw`` keeps what was given beside the code made of it.

    ``key`` names the touch to the world: the same row of a file, or the same event of a tool, is stored once.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="touches")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="touches")
    kind = models.CharField(max_length=24, choices=TOUCH_KINDS)
    source = models.CharField(max_length=20, choices=SOURCES, default="unknown")
    source_raw = models.CharField(max_length=200, blank=True, default="")
    medium = models.CharField(max_length=80, blank=True, default="")
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="touches", db_index=False
    )
    utm = models.JSONField(default=dict)
    landing_page = models.CharField(max_length=500, blank=True, default="")
    note = models.TextField(blank=True, default="")
    key = models.CharField(max_length=64, null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(key__isnull=False), name="touch_key_once"),
        ]
        indexes = [
            models.Index(fields=["lead", "occurred_at"], name="touch_lead_idx"),
            models.Index(
                fields=["campaign", "occurred_at"], name="touch_campaign_idx", condition=Q(campaign__isnull=False)
            ),
            models.Index(fields=["campaign", "kind"], name="touch_kind_idx", condition=Q(campaign__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M}"
