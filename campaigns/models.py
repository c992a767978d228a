"""Campaigns: what marketing does to be noticed, and what sales should know about it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from personas.models import Persona


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: object) -> CampaignQuerySet:
        """Campaigns that ``user`` may see: everybody's, for both teams read the same."""
        return self if getattr(user, "is_active", False) else self.none()

    def running(self, on: date) -> CampaignQuerySet:
        """Campaigns that run on the day ``on``."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)

    def with_money(self) -> CampaignQuerySet:
        """Campaigns with what was ``spent`` and is ``planned``: the sums of their cost lines, null where there is none; no further query."""
        return self.annotate(**{name: Subquery(_sum_of(kind)) for name, kind in SUMS.items()})


class Money(models.DecimalField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The type of a sum of amounts: in cents, also on SQLite, which adds them up as floating-point numbers."""

    def from_db_value(self, value: Decimal | None, _expression: object, _connection: object) -> Decimal | None:
        return None if value is None else value.quantize(CENT)


CENT = Decimal("0.01")
SUMS = {"spent": "actual", "planned": "planned"}
"""Names of sums, by the kind of the lines that they add up."""


def _sum_of(kind: str) -> models.QuerySet[CostLine, Any]:
    lines = CostLine.objects.filter(campaign=OuterRef("pk"), kind=kind).order_by().values("campaign")
    return lines.annotate(sum=Sum("amount", output_field=Money(max_digits=16, decimal_places=2))).values("sum")


class Campaign(models.Model):
    """One campaign with its brief to sales. ``code`` is its ``utm_campaign``: touches are matched by it."""

    class Types(models.TextChoices):
        EMAIL = "email", _("Email")
        WEBINAR = "webinar", _("Webinar")
        EVENT = "event", _("Event")
        TRADE_SHOW = "trade_show", _("Trade show")
        CONTENT = "content", _("Content")
        CONTENT_SYNDICATION = "content_syndication", _("Content syndication")
        PAID_SEARCH = "paid_search", _("Paid search")
        PAID_SOCIAL = "paid_social", _("Paid social")
        DISPLAY = "display", _("Display")
        SEO = "seo", _("Search engine optimisation")
        DIRECT_MAIL = "direct_mail", _("Direct mail")
        TELEMARKETING = "telemarketing", _("Telemarketing")
        PARTNER = "partner", _("Partner")
        REFERRAL = "referral", _("Referral")
        PUBLIC_RELATIONS = "public_relations", _("Public relations")
        NURTURE = "nurture", _("Nurture")
        ACCOUNT_BASED = "account_based", _("Account-based")
        LIST_IMPORT = "list_import", _("List import")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=120)
    code = models.SlugField(_("UTM campaign"), max_length=80, unique=True)
    type = models.CharField(_("type"), max_length=24, choices=Types)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("owner")
    )
    personas = models.ManyToManyField(
        Persona, blank=True, related_name="campaigns", verbose_name=_("personas"), help_text="None: it speaks to all."
    )
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    offer = models.CharField(_("offer"), max_length=200, blank=True, default="")
    talking_points = models.TextField(_("talking points"), blank=True, default="")
    created_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True, help_text="When sales was briefed.")
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    spent: Decimal | None
    planned: Decimal | None

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="a_campaign_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0), name="a_campaign_budget_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(announced_at__isnull=True, announced_by__isnull=True)
                | Q(announced_at__isnull=False, announced_by__isnull=False),
                name="somebody_announced_a_campaign",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-starts_on"], name="campaign_owner_idx")]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> Decimal | None:
        """What is left of the budget (below zero: overspent); nothing without one. Needs ``with_money``."""
        return None if self.budget is None else self.budget - (self.spent or 0)

    @property
    def left_after_plan(self) -> Decimal | None:
        """What is left once everything planned is spent too."""
        return None if self.left is None else self.left - (self.planned or 0)


class CostLine(models.Model):
    """Something that a campaign costs, in its currency: *planned*, or *actual* once it is spent. What a campaign cost is the sum of the latter.

    It is of one day, or of the days from ``starts_on`` to ``ends_on``, both included.
    """

    class Kinds(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTUAL = "actual", _("Actual")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="cost_lines", db_index=False)
    what = models.CharField(_("what"), max_length=120)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    kind = models.CharField(max_length=8, choices=Kinds)
    starts_on = models.DateField(_("on"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    submission_key = models.UUIDField(
        null=True, editable=False, help_text="Names the form that was sent, to take it once."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_cost_is_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="a_cost_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["campaign", "submission_key"],
                condition=Q(submission_key__isnull=False),
                name="cost_sent_once",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "kind", "amount"], name="cost_campaign_idx")]

    def __str__(self) -> str:
        return self.what


class BriefingRead(models.Model):
    """That somebody of sales said *I am informed* about a campaign, once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "user"], name="informed_once")]

    def __str__(self) -> str:
        return f"{self.user_id} is informed of campaign {self.campaign_id}"


class CampaignAlert(models.Model):
    """That sales says one thing of a campaign's leads too often (``campaigns.alerting``): its owner was told when it rose.

    ``code`` is a reason of rejections, or *poor_rating*; ``count`` of the last ``of`` judged said so when it was looked at last.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="alerts")
    code = models.CharField(max_length=24)
    count = models.PositiveSmallIntegerField()
    of = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When the last of them said so less often.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "code"], condition=Q(ended_at__isnull=True), name="one_standing_alert_per_code"
            ),
            models.CheckConstraint(condition=Q(count__lte=F("of")), name="an_alert_counts_some_of_all"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.count} of {self.of} in campaign {self.campaign_id}"
