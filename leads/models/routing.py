"""Routing: the ordered rules, versioned, and the pools they point to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teams.models import Team


class RoutingVersion(models.Model):
    """One edition of the ordered rules. A draft until it is activated, immutable from then on; the latest activated one is in force.

    ``rules`` is a list of ``{"code", "words", "when": [{field, op, value}], "to": {...}}`` with ``to`` one of
    ``{"owner_of_company": true}``, ``{"pool": id, "by": strategy}``, ``{"person": user id}``, ``{"queue": team id}``; the last rule has no
    conditions and names a queue. ``number`` counts what was activated; ``based_on`` is the version that a draft began from.
    """

    number = models.PositiveIntegerField(unique=True, null=True)
    rules = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number__isnull=True, activated_at__isnull=True)
                | Q(number__isnull=False, activated_at__isnull=False),
                name="a_routing_version_has_a_number_once_activated",
            )
        ]

    def __str__(self) -> str:
        return f"routing v{self.number}" if self.number else f"draft {self.pk} of routing"


class Pool(models.Model):
    """People of a team who share leads: by turns, by load or by how long they have waited, as the rule says that leads to it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="pools")

    def __str__(self) -> str:
        return self.name


class PoolMember(models.Model):
    """A person in a pool. ``turn`` is their place in weighted time: where they take turns, the smallest among those who can take the lead is next.

    Each lead by turns moves it on by ``leads.routing.choice.TURN`` divided by the weight here times their own. Whoever cannot take leads for
    a while keeps their distance from the present: they are neither flooded after a holiday nor forgiven what they were ahead.
    """

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pool_memberships")
    weight = models.PositiveSmallIntegerField(default=1)
    turn = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "user"], name="one_place_per_pool_and_user"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="pool_weight_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.pool}"
