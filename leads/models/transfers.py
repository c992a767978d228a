"""The offer of a lead in work to a colleague in sales."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.leads import Lead


class Transfer(models.Model):
    """One offer of a SAL or SQL by whoever has it to a colleague. At most one is open per lead.

    It is no handoff: nothing is delivered by it, and no figure of marketing counts it. Until it is accepted the lead stays with ``giver``.
    What is said are personal data: events hold only the id.
    """

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        AUTO_ACCEPTED = "auto_accepted", _("Accepted automatically")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")
        ENDED = "ended", _("Ended by itself")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="transfers")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers", db_index=False
    )
    state = models.CharField(max_length=14, choices=States, default=States.OPEN)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="")
    answer = models.TextField(blank=True, default="", help_text="What was said when it was declined.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(state="open"), name="one_open_transfer_per_lead"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_transfer_is_open_or_closed",
            ),
            models.CheckConstraint(condition=~Q(giver=models.F("receiver")), name="a_transfer_goes_to_somebody_else"),
        ]
        indexes = [models.Index(fields=["receiver"], name="transfer_open_idx", condition=Q(state="open"))]

    def __str__(self) -> str:
        return f"transfer of lead {self.lead_id} to {self.receiver_id}"
