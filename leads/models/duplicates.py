"""Two contacts who may be one person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models.people import Contact


class LikelyDuplicate(models.Model):
    """That two contacts look like one person, and what somebody said about it. A pair is found once, and asked about once.

    ``evidence`` is why, as ``leads.likeness`` says it: ``[{"code": "names", "percent": 92}, …]``, with the company but nothing of a person.
    """

    class States(models.TextChoices):
        OPEN = "open", _("To be looked at")
        DIFFERENT = "different", _("Not the same")
        MERGED = "merged", _("Merged")

    first = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    second = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    likeness = models.PositiveSmallIntegerField(help_text="0 to 100.")
    evidence = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=States, default=States.OPEN)
    found_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="a_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="a_pair_is_in_order"),
            models.CheckConstraint(condition=Q(likeness__lte=100), name="likeness_is_at_most_100"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="a_pair_is_open_or_decided",
            ),
        ]
        indexes = [models.Index(fields=["-likeness", "-id"], name="duplicate_open_idx", condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"contacts {self.first_id} and {self.second_id}"
