"""The ledger: audit entries, their seal, and the outbox of notices, written inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One verb call or one sweep batch: who did what to which subjects, by ids and codes only. Append-only."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField(null=True, help_text="The one subject; null where the batch has several.")
    count = models.PositiveIntegerField(default=1, help_text="How many subjects the call touched.")
    facts = models.JSONField(default=dict, help_text="Ids and codes; never personal data.")

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_subject_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id or ''}".strip()


class AuditSeal(models.Model):
    """A link of the hash chain over committed audit entries. Written afterwards, so that no writer waits for it.

    ``previous_hash`` is unique, so the chain cannot fork: of two sealers that extend the same link, one fails.
    """

    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.hash


class NoticeQuerySet(models.QuerySet["Notice"]):
    def for_inbox(self, user_id: int, at: datetime) -> NoticeQuerySet:
        """What ``user_id`` may read in the app at ``at``, newest first."""
        return self.filter(recipient_id=user_id, channel=Notice.Channels.IN_APP, not_before__lte=at).order_by("-id")

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at__isnull=True)

    def due(self, at: datetime) -> NoticeQuerySet:
        """What waits for delivery at ``at``, oldest first."""
        return self.filter(next_attempt_at__lte=at).order_by("next_attempt_at", "id")


class Notice(models.Model):
    """An outbox row: one message to one person through one channel.

    An in-app notice is delivered by being there. Others are claimed by ``next_attempt_at`` and sent outside any transaction.
    The wording is registered by the app that knows the code (``ledger.wording``).
    """

    class Channels(models.TextChoices):
        IN_APP = "in_app", _("In the app")
        EMAIL = "email", _("Email")

    class States(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    channel = models.CharField(max_length=10, choices=Channels)
    code = models.CharField(max_length=40)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    facts = models.JSONField(default=dict, help_text="Ids and codes; never personal data.")
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    state = models.CharField(max_length=10, choices=States, default=States.PENDING)
    next_attempt_at = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")
    digest_id = models.BigIntegerField(null=True, help_text="Sent together with others: the first notice of them.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", next_attempt_at__isnull=False)
                | (~Q(state="pending") & Q(next_attempt_at__isnull=True)),
                name="only_a_waiting_notice_has_a_next_attempt",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="notice_due_idx",
                condition=Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["recipient", "-id"],
                name="notice_inbox_idx",
                condition=Q(channel="in_app"),
            ),
            models.Index(
                fields=["recipient", "-id"],
                name="notice_unread_idx",
                condition=Q(channel="in_app", read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} to {self.recipient_id} by {self.channel}"

    @property
    def subject(self) -> tuple[str, int]:
        return (self.subject_type, self.subject_id)
