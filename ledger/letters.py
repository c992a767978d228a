"""Turn notices into email: text and HTML, absolute links, and a Message-ID that stays the same over every attempt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils import timezone

from ledger.models import Notice
from ledger.wording import Subject, wording

SUBJECT_LENGTH = 150
LISTED = 100
"""So many notices a digest lists; it counts the rest."""
UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words, with the absolute address of what it is about."""

    notice: Notice
    title: str
    text: str
    url: str

    @staticmethod
    def of(notice: Notice, names: Mapping[Subject, str]) -> Letter:
        """Render ``notice`` in its recipient's time zone, its subject called as in ``names`` if it is among them.

        Raises ``UnknownNotice``, and whatever its wording raises.
        """
        with timezone.override(ZoneInfo(notice.recipient.timezone)):
            message = wording(notice.code).render(notice.subject_id, notice.facts)
        about = names.get(notice.subject)
        title = f"{message.title} – {about}" if about else message.title
        return Letter(notice, one_line(title), message.text, absolute(message.path))


def compose(letters: Sequence[Letter], *, digest_id: int | None) -> EmailMultiAlternatives:
    """Write the email for ``letters``, which are for one person: one of them, or a digest."""
    kind = "notice" if digest_id is None else "digest"
    subject = letters[0].title if digest_id is None else f"Notices from Smarketing: {len(letters)}"
    context = {
        "letters": letters[:LISTED],
        "further": max(0, len(letters) - LISTED),
        "letter": letters[0],
        "subject": subject,
        "all": absolute(resolve_url(settings.NOTICES_URL)),
    }
    name = f"{kind}-{letters[0].notice.pk if digest_id is None else digest_id}"
    email = EmailMultiAlternatives(
        subject,
        render_to_string(f"ledger/email/{kind}.txt", context),
        to=[letters[0].notice.recipient.email],
        headers={"Message-ID": f"<{name}@{host()}>", "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(render_to_string(f"ledger/email/{kind}.html", context), "text/html")
    return email


def one_line(text: str) -> str:
    """Give ``text`` as a subject: no line break that could begin a header of its own."""
    return UNPRINTABLE.sub(" ", text).strip()[:SUBJECT_LENGTH]


def absolute(path: str) -> str:
    """Give the address of ``path`` as people outside reach it."""
    return f"{settings.BASE_URL.rstrip('/')}/{path.lstrip('/')}"


def host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"


class Post:
    """One connection to the mail server for many messages; a failure closes it, the next message opens a new one."""

    def __init__(self) -> None:
        self.connection: BaseEmailBackend | None = None

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send ``message``; raises what the mail backend raises."""
        try:
            if self.connection is None:
                self.connection = get_connection()
                self.connection.open()
            self.connection.send_messages([message])
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Hang up; the messages are sent already, so a server that is gone is no matter."""
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except OSError:  # also smtplib's errors
                return
