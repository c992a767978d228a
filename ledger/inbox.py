"""What a person is told in the app: the reads and the one verb of the bell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.contrib.auth.base_user import AbstractBaseUser

from inputs.refusals import NotVisible
from ledger.models import Notice
from ledger.wording import Message, names_of, wording

PAGE = 25
COUNTED_UP_TO = 99

log = structlog.get_logger(__name__)


class NoSuchNotice(NotVisible):
    """It does not exist, or it is somebody else's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the inbox."""

    notice: Notice
    message: Message
    about: str = ""


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of what a person was told; ``older`` is the ``before_id`` of the next page, nothing on the last."""

    entries: list[Entry]
    older: int | None


def unread_count(*, user_id: int, at: datetime) -> int:
    """Count what is unread, up to 100: the badge says "99+" beyond."""
    unread = Notice.objects.for_inbox(user_id, at).unread()
    return len(unread.values_list("pk", flat=True)[: COUNTED_UP_TO + 1])


def inbox(*, user_id: int, at: datetime, before_id: int | None = None, size: int = PAGE) -> Inbox:
    """Give one page of what ``user_id`` was told, newest first, older than ``before_id`` where given.

    A notice that its wording cannot tell (its code is gone, its subject erased) is left out: it must not hide the others.
    """
    notices = Notice.objects.for_inbox(user_id, at)
    if before_id is not None:
        notices = notices.filter(pk__lt=before_id)
    found = list(notices[: size + 1])
    page = found[:size]
    names = names_of(notice.subject for notice in page)
    entries = [entry for notice in page if (entry := _entry(notice, names.get(notice.subject, "")))]
    return Inbox(entries, page[-1].pk if len(found) > size else None)


def _entry(notice: Notice, about: str) -> Entry | None:
    try:
        return Entry(notice, wording(notice.code).render(notice.subject_id, notice.facts), about)
    except Exception as error:  # noqa: BLE001 - any wording of any app
        log.error("notice_not_rendered", notice=notice.pk, code=notice.code, error=type(error).__name__)
        return None


def mark_read(*, actor: AbstractBaseUser, at: datetime, ids: Sequence[int] | None = None) -> int:
    """Mark the actor's own notices as read, all or those of ``ids``; give how many were unread.

    Raises ``NoSuchNotice`` if one of ``ids`` is not theirs. Nothing about a lead changes, hence no audit entry.
    """
    mine = Notice.objects.for_inbox(actor.pk, at)
    if ids is not None:
        mine = mine.filter(pk__in=ids)
        if mine.count() != len(set(ids)):
            raise NoSuchNotice("There is no such notice.")
    return mine.order_by().unread().update(read_at=at)
