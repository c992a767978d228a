"""The agreement between the two teams, and the calendars its promises are counted in."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from personas.models import PersonaVersion, ScoringVersion
from sla.business_time import BusinessCalendar
from sla.terms import Terms
from teams.models import Team, User
from teams.roles import MANAGER_ROLES


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

    def visible_to(self, user: User) -> AgreementVersionQuerySet:
        """What ``user`` may see: a draft is the matter of the managers of its side until it is proposed."""
        sides = [side.value for side, role in MANAGER_ROLES.items() if role in user.roles]
        own = Q(drafted_for__in=[*sides, ""]) if sides else Q(pk__in=[])
        return self.filter(~Q(state=AgreementVersion.States.DRAFT) | own)

    def named(self, number: int) -> AgreementVersionQuerySet:
        """The version of this number; one beyond what a column holds is none."""
        return self.filter(number=min(number, 2**31 - 1))


class Standing(models.TextChoices):
    """Where a version stands at an instant: its state, and once it is signed what follows from the dates."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    SIGNED = "signed", _("Signed, not in force yet")
    ACTIVE = "active", _("In force")
    SUPERSEDED = "superseded", _("Superseded")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class AgreementVersion(models.Model):
    """One edition of the agreement.

    From *proposed* on, ``terms`` is frozen (a database trigger refuses changes) and ``terms_hash`` covers it. Active and superseded
    are not states: which version is in force at an instant follows from ``effective_from``. ``drafted_for`` is the side whose managers
    began it; empty in drafts from before there was such a thing, which managers of both sides see.
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
    drafted_for = models.CharField(max_length=10, choices=Team.Sides, blank=True, default="", db_default="")
    withdrawn_at = models.DateTimeField(null=True)
    review_told_at = models.DateTimeField(null=True, help_text="When the managers were told that a review is due.")

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

    def standing(self, at: datetime, in_force_id: int | None) -> Standing:
        """Say where this version stands at ``at``; ``in_force_id`` is the version in force then."""
        if self.state != self.States.SIGNED:
            return Standing(self.state)
        if self.pk == in_force_id:
            return Standing.ACTIVE
        return Standing.SIGNED if self.effective_from is None or self.effective_from > at else Standing.SUPERSEDED

    def is_due_for_review(self, today: date) -> bool:
        """Tell whether its review date has come on this day of the company."""
        return self.review_on is not None and self.review_on <= today


class Signature(models.Model):
    """A manager's word for one side, over the hash of the terms.

    ``effective_on`` is the day of the company from which this signer wants it to be in force; none: as soon as both have signed.
    """

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=10, choices=Team.Sides)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    terms_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    effective_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="one_signature_per_side"),
            models.UniqueConstraint(fields=["version", "user"], name="a_person_signs_for_one_side"),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.side}"


class AgreementComment(models.Model):
    """What somebody of either team says about a clause of a proposal, for good; a concern stands in the way of signing while it is open.

    ``clause`` is a key of ``sla.clauses``. Closing a concern is the one change there is: by a manager with a word why, or by its author.
    """

    class Kinds(models.TextChoices):
        COMMENT = "comment", _("Comment")
        CONCERN = "concern", _("Concern")

    class States(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="comments")
    clause = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kinds)
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=States, default=States.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closing_words = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True, closing_words="")
                | (Q(kind="concern", closed_at__isnull=False, closed_by__isnull=False) & ~Q(state="open")),
                name="only_a_concern_is_closed_and_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | ~Q(closing_words=""), name="a_concern_is_resolved_with_a_word_why"
            ),
        ]
        indexes = [models.Index(fields=["version", "clause", "id"], name="agreement_comment_idx")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.author} on {self.clause}"

    @property
    def is_open_concern(self) -> bool:
        """Tell whether this stands in the way of signing."""
        return self.kind == self.Kinds.CONCERN and self.state == self.States.OPEN
