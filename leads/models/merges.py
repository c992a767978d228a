"""That two leads of one person became one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.models.duplicates import LikelyDuplicate
from leads.models.leads import Lead


class Merge(models.Model):
    """That ``gone`` was merged into ``kept``, and all that this changed, so that it can be undone. Frozen, but for the undoing.

    ``changes`` is what there was before, by ids and numbers, as ``leads.merging`` writes it.
    """

    pair = models.ForeignKey(LikelyDuplicate, on_delete=models.PROTECT, related_name="merges")
    kept = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    gone = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField()
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at__isnull=True), name="one_merge_per_lead"),
            models.CheckConstraint(condition=~Q(kept=models.F("gone")), name="two_leads_are_merged"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="who_undid_a_merge_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"lead {self.gone_id} into {self.kept_id}"
