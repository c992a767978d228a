"""What a side promised for a whole period: a number to be reached by its end."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from sla.models import AgreementVersion
from teams.models import Team


class TargetPeriod(models.Model):
    """A target of the agreement for one month or quarter; its clock is kept or missed at the end.

    ``code`` and ``of`` name the target (``sla.promises.TARGETS``), ``amount`` is what was promised, in its unit. ``reached`` is what it had
    come to when it was judged, with ``counted`` cases behind it; a share without any case is neither kept nor missed. Instants are the
    midnights of the company's zone.
    """

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=24)
    of = models.CharField(max_length=60, blank=True, default="", help_text="The persona or tier it is narrowed to.")
    side = models.CharField(max_length=10, choices=Team.Sides)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True, default="")
    first_on = models.DateField()
    last_on = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reached = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    counted = models.PositiveIntegerField(null=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "of", "first_on"], name="a_target_once_a_period"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_period_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(judged_at__isnull=True, counted__isnull=True)
                | Q(judged_at__isnull=False, counted__isnull=False),
                name="a_judged_period_has_its_figure",
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="target_period_idx")]

    def __str__(self) -> str:
        return f"{self.code} {self.of} from {self.first_on}"
