"""Deliver the outbox: claim what is due, send it outside any transaction, write down what came of it.

A claim is a lease: it pushes ``next_attempt_at`` past the time that sending may take. Who dies between sending and marking leaves a
notice that is due again when the lease ends; it goes out a second time under the same Message-ID, by which the receiver knows it.
One message is claimed at a time. A slow mail server holds up the messages behind it and nothing else: a worker of its own delivers
the outbox, and whoever keeps the clocks never waits for it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q

from ledger.letters import Letter, Post, compose
from ledger.models import Notice, NoticeQuerySet
from ledger.rows import update_rows
from ledger.wording import UnknownNotice, names_of
from ledger.writing import write_audit

RUN_SECONDS = 60.0
"""After so long no further message is begun."""

LEASE = timedelta(minutes=10)
"""Longer than one run and its last message may take: each of the dozen answers in a message's exchange is waited for
``EMAIL_TIMEOUT`` seconds. Redis gives a task to a second worker after as long (``visibility_timeout``), and no sooner."""

MAX_ATTEMPTS = 22
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 6 * 60 * 60
"""30 s doubling to 6 h, 22 attempts: three days, as long as webhooks are tried (promise P5)."""

DIGEST_FROM = 11
"""So many notices due at once for one person go out as one message; of what was gathered after an outage, any two."""

DIGEST_UP_TO = 5_000

Send = Callable[[EmailMultiAlternatives], None]
Jitter = Callable[[], float]
States = Notice.States

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Delivery:
    """What one run did, counted in notices."""

    sent: int = 0
    retried: int = 0
    dead: int = 0


def deliver_due(
    *, at: datetime, limit: int = 200, send: Send | None = None, jitter: Jitter = random.random,
    stopwatch: Callable[[], float] = time.monotonic,
) -> Delivery:  # fmt: skip
    """Send at most ``limit`` messages that are due at ``at``, for at most a minute; the next run takes the rest.

    ``jitter`` gives a number in [0, 1) that spreads the retries; ``send`` stands for the mail server.
    """
    done = Delivery()
    began = stopwatch()
    with Post() as post:
        for _ in range(limit):
            claimed = claim(at=at)
            if not claimed:
                break
            _deliver(claimed, send or post.send, at, jitter, done)
            if stopwatch() - began > RUN_SECONDS:
                break
    return done


def claim(*, at: datetime) -> list[Notice]:
    """Lease the notices of the next message: one, or all of a digest. Empty when nothing is due.

    A digest takes with it what is still being gathered for the same person.
    On PostgreSQL rows that another worker is claiming are passed over; on both engines the conditional update decides.
    """
    with transaction.atomic():
        due = Notice.objects.filter(channel=Notice.Channels.EMAIL, state=States.PENDING).due(at)
        first = due.select_for_update(skip_locked=True).first()
        if first is None:
            return []
        found = list(_beside(first, at).select_for_update(skip_locked=True)[:DIGEST_UP_TO])
        if first.digest_id is None and not _belong_together(found, at):
            found = [first]
        digest_id = first.digest_id or (first.pk if len(found) > 1 else None)
        won = update_rows(
            Notice,
            ["next_attempt_at", "attempt_count", "digest_id"],
            [(n.pk, at + LEASE, n.attempt_count + 1, digest_id, n.next_attempt_at) for n in found],
            expected=["next_attempt_at"],
        )
        mine = Notice.objects.filter(pk__in=[row[0] for row in won]).select_related("recipient")
        return list(mine.order_by("id"))


def _beside(first: Notice, at: datetime) -> NoticeQuerySet:
    """Give what may go out with ``first``: the same digest again, or whatever waits for its first attempt."""
    of_person = Notice.objects.filter(
        channel=Notice.Channels.EMAIL, state=States.PENDING, recipient_id=first.recipient_id, digest_id=first.digest_id
    )
    if first.digest_id is not None:
        return of_person.due(at)
    gathered = Q(attempt_count=0, not_before__lte=at, next_attempt_at__gt=F("not_before"))
    return of_person.filter(Q(next_attempt_at__lte=at) | gathered).order_by("next_attempt_at", "id")


def _belong_together(found: Sequence[Notice], at: datetime) -> bool:
    """Tell whether these are told in one message: many that are due at once, or several that were gathered."""
    gathered = [n for n in found if n.attempt_count == 0 and n.next_attempt_at and n.next_attempt_at > n.not_before]
    due = [n for n in found if n.next_attempt_at and n.next_attempt_at <= at]
    return len(due) >= DIGEST_FROM or len(gathered) > 1


def _deliver(notices: Sequence[Notice], send: Send, at: datetime, jitter: Jitter, done: Delivery) -> None:
    """Compose and send one message; whatever goes wrong concerns only its notices."""
    if not notices[0].recipient.is_active:
        done.dead += _bury(notices, "the recipient is not active")
        return
    if notices[0].attempt_count > MAX_ATTEMPTS:
        done.dead += _bury(notices, "every attempt ended without a word of what became of it")
        return
    letters = list(_letters(notices, at, jitter, done))
    if not letters:
        return
    told = [letter.notice for letter in letters]
    try:
        send(compose(letters, digest_id=notices[0].digest_id))
    except Exception as error:  # noqa: BLE001 - mail servers fail in many ways, all of them mean "later"
        _fail(told, error, at, jitter, done)
    else:
        done.sent += _settle(told, state=States.SENT, next_attempt_at=None, sent_at=at, last_error="")


def _letters(notices: Sequence[Notice], at: datetime, jitter: Jitter, done: Delivery) -> Iterator[Letter]:
    """Render each notice. One that cannot be rendered leaves its digest: under that Message-ID it would never be read."""
    try:
        names = names_of(notice.subject for notice in notices)
    except Exception as error:  # noqa: BLE001 - any app's way of naming
        _fail(notices, error, at, jitter, done)
        return
    for notice in notices:
        try:
            yield Letter.of(notice, names)
        except UnknownNotice:
            done.dead += _bury([notice], f"nobody registered the code {notice.code}")
        except Exception as error:  # noqa: BLE001 - a wording that fails must not stop the others
            _fail([notice], error, at, jitter, done, digest_id=None)


def _fail(
    notices: Sequence[Notice], error: Exception, at: datetime, jitter: Jitter, done: Delivery, **changes: object
) -> None:
    """Put ``notices`` off, or give them up. The reason kept is a class and a code: an error's text may hold an address."""
    attempts = max(notice.attempt_count for notice in notices)
    code = getattr(error, "smtp_code", "")
    reason = f"{type(error).__name__} {code}".strip()
    log.warning("notice_not_delivered", notices=[n.pk for n in notices], error=reason, attempt=attempts)
    if attempts >= MAX_ATTEMPTS:
        done.dead += _bury(notices, f"given up after {attempts} attempts: {reason}")
        return
    later = at + timedelta(seconds=wait_seconds(attempts, jitter()))
    done.retried += _settle(notices, state=States.PENDING, next_attempt_at=later, last_error=reason[:200], **changes)


def wait_seconds(attempts: int, chance: float) -> float:
    """Give the wait after ``attempts`` failures: doubling, at most six hours, spread by a quarter to either side."""
    return min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (attempts - 1)) * (0.75 + chance / 2)


def _bury(notices: Sequence[Notice], reason: str) -> int:
    log.error("notice_given_up", notices=[notice.pk for notice in notices], reason=reason)
    return _settle(notices, state=States.DEAD, next_attempt_at=None, last_error=reason[:200])


def _settle(notices: Sequence[Notice], **changes: object) -> int:
    """Write the outcome, unless the lease ran out and somebody else took the notice over."""
    lease = notices[0].next_attempt_at
    held = Notice.objects.filter(pk__in=[n.pk for n in notices], state=States.PENDING, next_attempt_at=lease)
    return held.update(**changes)


@transaction.atomic
def replay_dead(*, at: datetime, ids: Sequence[int] | None = None) -> int:
    """Put given-up notices (all, or those of ``ids``) back into the outbox, as if they were new; give their count."""
    dead = Notice.objects.select_for_update().filter(state=States.DEAD)
    chosen = list((dead if ids is None else dead.filter(pk__in=ids)).values_list("pk", flat=True))
    if chosen:
        Notice.objects.filter(pk__in=chosen, state=States.DEAD).update(
            state=States.PENDING, next_attempt_at=at, attempt_count=0, digest_id=None, last_error=""
        )
        write_audit(at=at, actor_id=None, verb="replay_notices", subject_type="notice", subject_ids=chosen)
    return len(chosen)
