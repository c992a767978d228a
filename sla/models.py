"""The agreement between the two teams, and the calendars its promises are counted in."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from personas.models import PersonaVersion, ScoringVersion
from sla.business_time import BusinessCalendar
from sla.terms import Terms
from teams.models import Team


class Calendar(models.Model):
    """Opening hours by a name. What they are lives in versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One edition of a calendar, immutable, holidays stored as dates.

    Neither an edited calendar nor a newer holiday package can move a clock that is pinned to a version.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    terms = models.JSONField(help_text="The canonical form of sla.business_time.BusinessCalendar.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_number_once")]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"

    @property
    def hours(self) -> BusinessCalendar:
        """The calendar as the arithmetic wants it."""
        return BusinessCalendar.from_terms(self.terms)


class CalendarUse(models.Model):
    """Whose calendar it is: a team's, or a person's own, which goes before the team's."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="uses")
    team = models.OneToOneField(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="calendar_use")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="calendar_use"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(team__isnull=True, user__isnull=False) | Q(team__isnull=False, user__isnull=True),
                name="a_calendar_is_used_by_a_team_or_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.calendar} for {self.team or self.user}"


class Agreement(models.Model):
    """The contract as a whole; its terms live in versions."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AgreementVersionQuerySet(models.QuerySet["AgreementVersion"]):
    def in_force(self, at: datetime) -> AgreementVersionQuerySet:
        """Signed versions whose date has come at ``at``, the one in force first."""
        return self.filter(state=AgreementVersion.States.SIGNED, effective_from__lte=at).order_by(
            "-effective_from", "-number"
        )


class AgreementVersion(models.Model):
    """One edition of the agreement.

    From *proposed* on, ``terms`` is frozen (a database trigger refuses changes) and ``terms_hash`` covers it. Active and superseded
    are not states: which version is in force at an instant follows from ``effective_from``.
    """

    class States(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Proposed")
        SIGNED = "signed", _("Signed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=States, default=States.DRAFT)
    terms = models.JSONField(help_text="The canonical document; see sla.terms.")
    terms_hash = models.CharField(max_length=64, blank=True, default="")
    scoring = models.ForeignKey(ScoringVersion, on_delete=models.PROTECT, related_name="+")
    personas = models.ManyToManyField(PersonaVersion, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField(null=True)
    review_on = models.DateField(null=True)

    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_number_once"),
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(terms_hash=""), name="a_proposed_version_has_its_hash"
            ),
            models.CheckConstraint(
                condition=~Q(state="signed") | Q(effective_from__isnull=False, signed_at__isnull=False),
                name="a_signed_version_has_its_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"

    @property
    def parsed_terms(self) -> Terms:
        """The document as frozen dataclasses."""
        return Terms.from_document(self.terms)


class Signature(models.Model):
    """A manager's word for one side, over the hash of the terms."""

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=10, choices=Team.Sides)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    terms_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="one_signature_per_side"),
            models.UniqueConstraint(fields=["version", "user"], name="a_person_signs_for_one_side"),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.side}"
