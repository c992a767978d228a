"""What a customer said in their own words, and what somebody would change about a persona: both from a lead."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.exchange import ExchangeQuerySet
from leads.models.leads import Lead
from personas.models import Persona, PersonaVersion


class Quote(models.Model):
    """Words of the contact of a lead that say something about a persona; ``version`` is what it said when they were noted.

    The words are personal data: events and notices hold only the id, and a quote that is taken away is gone.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="quotes")
    persona = models.ForeignKey(Persona, on_delete=models.PROTECT, related_name="quotes", db_index=False)
    version = models.ForeignKey(PersonaVersion, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("their words"))
    quoted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    quoted_at = models.DateTimeField()
    submission_key = models.UUIDField(null=True, editable=False, help_text="Names the form that was sent.")

    objects = ExchangeQuerySet["Quote"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "submission_key"], condition=Q(submission_key__isnull=False), name="quote_sent_once"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="a_quote_has_words"),
        ]
        indexes = [models.Index(fields=["persona", "id"], name="quote_persona_idx")]

    def __str__(self) -> str:
        return f"quote {self.pk} of lead {self.lead_id}"


class PersonaProposal(models.Model):
    """What somebody would change about a persona, seen from a lead; marketing takes or declines it with a word.

    What is said may be personal data: events and notices hold only the id.
    """

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        TAKEN = "taken", _("Taken up")
        DECLINED = "declined", _("Declined")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="persona_proposals")
    persona = models.ForeignKey(Persona, on_delete=models.PROTECT, related_name="proposals", db_index=False)
    version = models.ForeignKey(PersonaVersion, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("proposed change"))
    state = models.CharField(max_length=10, choices=States, default=States.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    words = models.TextField(_("answer"), blank=True, default="")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    submission_key = models.UUIDField(null=True, editable=False, help_text="Names the form that was sent.")

    objects = ExchangeQuerySet["PersonaProposal"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "submission_key"], condition=Q(submission_key__isnull=False), name="proposal_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False) & ~Q(words="")),
                name="a_proposal_is_open_or_answered",
            ),
        ]
        indexes = [
            models.Index(fields=["persona", "state", "id"], name="proposal_persona_idx"),
            models.Index(fields=["id"], condition=Q(state="open"), name="proposal_open_idx"),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk} from lead {self.lead_id}"
