"""Buyer personas and how leads are scored: versioned documents, never edited in place."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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

    def __str__(self) -> str:
        return self.code


class PersonaVersion(models.Model):
    """One edition of a persona. Immutable once written; an edit is a new version.

    ``criteria`` is a list of ``{"field", "op", "value", "points", "words"}`` whose points sum to at most 100
    (see ``personas.fit``); ``story`` holds goals, pains, objections, offer and channels as lists of sentences.
    """

    persona = models.ForeignKey(Persona, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=120, blank=True, default="")
    summary = models.TextField(_("summary"), blank=True, default="")
    criteria = models.JSONField(default=list)
    story = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["persona", "number"], name="persona_version_number_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class ScoringVersion(models.Model):
    """How touches become engagement: points per kind of touch and one half-life. Immutable.

    ``terms`` is ``{"half_life_days": int, "points": {kind: {"points": int, "decays": bool}}}``.
    """

    number = models.PositiveIntegerField(unique=True)
    terms = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"scoring v{self.number}"
