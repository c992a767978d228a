"""Buyer personas and how leads are scored: versioned documents, never edited in place."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from personas.portrait import AVATARS, BUYING_ROLES, LONGEST_LINE, Portrait
from teams.models import Team


class Product(models.Model):
    """What we sell, described once for both sides."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    solves = models.TextField(_("what it solves"), blank=True, default="")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Persona(models.Model):
    """A buyer we know by name. What is said of them lives in versions."""

    code = models.SlugField(max_length=40, unique=True)
    is_negative = models.BooleanField(default=False, help_text=_("Someone we do not want: caps the fit."))
    is_retired = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    submission_key = models.UUIDField(null=True, unique=True, editable=False, help_text="Names the form that was sent.")

    def __str__(self) -> str:
        return self.code

    @property
    def newest(self) -> PersonaVersion:
        """The version that counts as what is known today."""
        return self.versions.newest().get()


class PersonaVersionQuerySet(models.QuerySet["PersonaVersion"]):
    def newest(self) -> PersonaVersionQuerySet:
        """Of each persona the version that counts as what is known today."""
        later = PersonaVersion.objects.filter(persona=models.OuterRef("persona"), number__gt=models.OuterRef("number"))
        return self.filter(~models.Exists(later))

    def in_use(self) -> PersonaVersionQuerySet:
        """Versions of personas that are not retired."""
        return self.filter(persona__is_retired=False)


class PersonaVersion(models.Model):
    """One edition of a persona. Immutable once written; an edit is a new version.

    ``criteria`` is a list of ``{"field", "op", "value", "points", "words"}`` whose points sum to at most 100
    (see ``personas.fit``); ``story`` holds goals, pains, objections, offer, message and channels as lists of sentences (``personas.portrait``).
    """

    persona = models.ForeignKey(Persona, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=120, blank=True, default="")
    seniority = models.CharField(_("seniority"), max_length=LONGEST_LINE, blank=True, default="")
    company_size = models.CharField(_("company size"), max_length=LONGEST_LINE, blank=True, default="")
    industry = models.CharField(_("industry"), max_length=LONGEST_LINE, blank=True, default="")
    region = models.CharField(_("region"), max_length=LONGEST_LINE, blank=True, default="")
    buying_role = models.CharField(_("buying role"), max_length=20, blank=True, default="")
    avatar = models.CharField(_("picture"), max_length=20, blank=True, default="")
    summary = models.TextField(_("summary"), blank=True, default="")
    criteria = models.JSONField(default=list)
    story = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PersonaVersionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["persona", "number"], name="persona_version_number_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    @property
    def portrait(self) -> Portrait:
        """All that this version says."""
        return Portrait(**{name: getattr(self, name) for name in Portrait.__dataclass_fields__})

    @property
    def letters(self) -> str:
        """What stands where no picture was chosen."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()

    @property
    def picture(self) -> str:
        """The static file of the face, nothing without one."""
        return f"img/avatars/{self.avatar}.svg" if self.avatar in AVATARS else ""

    @property
    def buying_role_words(self) -> str:
        return BUYING_ROLES.get(self.buying_role, self.buying_role)


class PersonaValidation(models.Model):
    """That somebody of a side stands by a version: one person for each side. Immutable; a new version needs new ones."""

    version = models.ForeignKey(PersonaVersion, on_delete=models.PROTECT, related_name="validations")
    side = models.CharField(max_length=10, choices=Team.Sides.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    validated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="persona_validated_once_a_side"),
            models.UniqueConstraint(fields=["version", "user"], name="persona_validated_once_a_person"),
            models.CheckConstraint(condition=models.Q(side__in=Team.Sides.values), name="persona_validation_side"),
        ]


class ScoringVersion(models.Model):
    """How touches become engagement: points per kind of touch and one half-life; and what takes points off the fit. Immutable.

    ``terms`` is ``{"half_life_days": int, "points": {kind: {"points": int, "decays": bool}}, "negatives": [{"code", "words", "points",
    "rule"}]}``; versions of earlier editions have no negatives.
    """

    number = models.PositiveIntegerField(unique=True)
    terms = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"scoring v{self.number}"
