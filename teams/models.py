"""People: users, teams, who belongs where, and when they can take work."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from teams.defaults import OPEN_LEAD_CAPACITY
from teams.roles import MANAGER_ROLES, MEMBER_ROLES, Role, Side, may


def validate_zone(value: str) -> None:
    """Refuse anything that is not an IANA zone known to this machine."""
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone we know."), params={"zone": value}, code="unknown_zone")


class UserManager(BaseUserManager["User"]):
    """Creates users and finds them by email, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; ``email`` is stored in lower case, because it is the login."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator."""
        return self.create_user(email, password, is_administrator=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())

    def with_teams(self) -> models.QuerySet[User]:
        """Users with their memberships and teams loaded, as roles need them."""
        return self.prefetch_related("memberships__team")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by email. Roles follow from memberships; ``is_administrator`` stands apart."""

    email = models.EmailField(_("email"), unique=True, error_messages={"unique": _("This email is taken.")})
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    is_administrator = models.BooleanField(_("administrator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds now; an inactive person holds none. One query, then kept on the instance."""
        if not self.is_active:
            return frozenset()
        held = {membership.role for membership in self.memberships.all()}
        return frozenset(held | ({Role.ADMINISTRATOR} if self.is_administrator else set()))

    def may(self, action: str) -> bool:
        """Tell whether this person may do ``action`` at all (the object is the verb's question)."""
        return may(self.roles, action)

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset(membership.team_id for membership in self.memberships.all())

    @cached_property
    def managed_team_ids(self) -> frozenset[int]:
        return frozenset(membership.team_id for membership in self.memberships.all() if membership.is_manager)


class Team(models.Model):
    """A group of one side. Its calendar is given to it by the ``sla`` app."""

    class Sides(models.TextChoices):
        MARKETING = Side.MARKETING.value, _("Marketing")
        SALES = Side.SALES.value, _("Sales")

    name = models.CharField(_("name"), max_length=80, unique=True)
    side = models.CharField(_("side"), max_length=10, choices=Sides)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user in a team, as member or manager."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    is_manager = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="one_membership_per_user_and_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    @property
    def role(self) -> Role:
        return (MANAGER_ROLES if self.is_manager else MEMBER_ROLES)[Side(self.team.side)]


class Availability(models.Model):
    """How much work a person takes. Without a daily limit none holds; weight 1 is the common share of turns."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="availability")
    open_lead_capacity = models.PositiveSmallIntegerField(default=OPEN_LEAD_CAPACITY)
    new_leads_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(weight__gte=1), name="availability_weight_at_least_one")]

    def __str__(self) -> str:
        return f"availability of {self.user}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def at(self, at: datetime) -> AbsenceQuerySet:
        """Absences that cover the instant ``at`` (half-open)."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def left_alone(self, at: datetime) -> AbsenceQuerySet:
        """Absences that cover ``at`` and in which nobody covers who is there."""
        away = self.at(at)
        return away.filter(Q(cover__isnull=True) | Q(cover__is_active=False) | Q(cover__in=away.values("user")))


class Absence(models.Model):
    """A time in which a person takes no work, with whoever covers for them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cover = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="covers")

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(cover__isnull=True) | ~Q(cover=F("user")), name="absence_covered_by_another"
            ),
        ]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_user_ends_idx")]

    def __str__(self) -> str:
        return f"{self.user} away {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"
