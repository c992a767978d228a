"""Delivery of the outbox: once when all goes well, at least once and recognisable when not."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import connection

from ledger import wording
from ledger.letters import Post
from ledger.models import AuditEntry, Notice
from ledger.outbox import LEASE, MAX_ATTEMPTS, claim, deliver_due, replay_dead, wait_seconds
from ledger.writing import Told, write_notices
from teams.models import User
from tests.ledger.conftest import AT
from tests.racing import at_once

MINUTE = timedelta(minutes=1)


def tell(user: User, *subject_ids: int, code: str = "test_offered", at: datetime = AT) -> list[Notice]:
    """Put a notice for each subject into the outbox; give the emails, oldest first."""
    write_notices([Told(user.pk, code, "lead", subject_id) for subject_id in subject_ids], at=at)
    emails = Notice.objects.filter(channel="email", code=code, subject_id__in=subject_ids)
    return list(emails.order_by("id"))


class Server:
    """A mail server that notes what it gets, and refuses while ``error`` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.got: list[EmailMultiAlternatives] = []

    def __call__(self, message: EmailMultiAlternatives) -> None:
        if self.error:
            raise self.error
        self.got.append(message)

    @property
    def ids(self) -> list[str]:
        return [str(message.extra_headers["Message-ID"]) for message in self.got]


def half() -> float:
    return 0.5


# What goes out --------------------------------------------------------------------------------------------------------


def test_a_due_notice_is_sent_once_and_marked(sam: User) -> None:
    (notice,) = tell(sam, 7)

    first, second = deliver_due(at=AT), deliver_due(at=AT + LEASE * 2)

    notice.refresh_from_db()
    assert (first.sent, second.sent, len(mail.outbox)) == (1, 0, 1)
    assert (notice.state, notice.sent_at, notice.next_attempt_at, notice.attempt_count) == ("sent", AT, None, 1)


def test_the_email_has_text_html_and_an_absolute_link(sam: User, settings: Any) -> None:
    settings.BASE_URL = "https://smarketing.example/"
    (notice,) = tell(sam, 7)

    deliver_due(at=AT)

    email: Any = mail.outbox[0]
    html = str(email.alternatives[0][0])
    assert email.to == ["sam@smarketing.example"]
    assert "Accept lead 7 & go." in email.body
    assert "https://smarketing.example/leads/7/" in email.body
    assert 'href="https://smarketing.example/leads/7/"' in html
    assert "&lt;b&gt;" in html
    assert email.extra_headers["Message-ID"] == f"<notice-{notice.pk}@smarketing.example>"
    assert f"Message-ID: <notice-{notice.pk}@smarketing.example>" in email.message().as_string()


def test_a_line_break_in_a_title_cannot_add_a_header(sam: User) -> None:
    tell(sam, 7)

    deliver_due(at=AT)

    message = mail.outbox[0].message()
    assert message["Subject"] == "Lead 7 <b>is</b> yours Bcc: all"
    assert message["Bcc"] is None


def test_a_notice_waits_for_its_time(sam: User) -> None:
    write_notices([Told(sam.pk, "test_offered", "lead", 1, not_before=AT + MINUTE)], at=AT)

    early, later = deliver_due(at=AT + MINUTE / 2), deliver_due(at=AT + MINUTE)

    assert (early.sent, later.sent) == (0, 1)


def test_the_in_app_notice_is_never_emailed(sam: User) -> None:
    tell(sam, 7)
    Notice.objects.filter(channel="email").delete()

    done = deliver_due(at=AT)

    assert (done.sent, mail.outbox) == (0, [])


def test_a_run_stops_at_its_limit_and_after_a_minute(sam: User, sue: User) -> None:
    tell(sam, 1, 2)
    tell(sue, 3, 4)
    seconds = iter(range(0, 1_000, 40))

    limited = deliver_due(at=AT, limit=1)
    slow = deliver_due(at=AT, stopwatch=lambda: next(seconds))

    assert (limited.sent, slow.sent) == (1, 2)


# What goes wrong ------------------------------------------------------------------------------------------------------


def test_a_refusal_is_tried_again_later_under_the_same_message_id(sam: User) -> None:
    (notice,) = tell(sam, 7)
    down, up = Server(SMTPResponseException(451, b"sam@smarketing.example: later")), Server()

    failed = deliver_due(at=AT, send=down, jitter=half)
    notice.refresh_from_db()
    too_early = deliver_due(at=AT + timedelta(seconds=29), send=up)
    sent = deliver_due(at=AT + timedelta(seconds=30), send=up)

    assert (failed.retried, too_early.sent, sent.sent) == (1, 0, 1)
    assert notice.next_attempt_at == AT + timedelta(seconds=30)
    assert notice.last_error == "SMTPResponseException 451"
    assert up.ids == [f"<notice-{notice.pk}@localhost>"]


def test_the_kept_reason_holds_no_address(sam: User) -> None:
    (notice,) = tell(sam, 7)

    deliver_due(at=AT, send=Server(SMTPRecipientsRefused({"sam@smarketing.example": (550, b"unknown")})))

    notice.refresh_from_db()
    assert notice.last_error == "SMTPRecipientsRefused"


@pytest.mark.parametrize(
    ("attempts", "chance", "seconds"),
    [
        (1, 0.0, 22.5),
        (1, 0.5, 30),
        (1, 1.0, 37.5),
        (2, 0.5, 60),
        (10, 0.5, 15_360),
        (11, 0.5, 21_600),
        (21, 0.5, 21_600),
    ],
)
def test_the_wait_doubles_up_to_six_hours_and_is_spread(attempts: int, chance: float, seconds: float) -> None:
    assert wait_seconds(attempts, chance) == seconds


def test_attempts_go_on_for_three_days() -> None:
    total = sum(wait_seconds(attempts, 0.5) for attempts in range(1, MAX_ATTEMPTS))

    assert 70 <= total / 3600 <= 80


def test_after_the_last_attempt_a_notice_is_given_up_with_its_reason(sam: User) -> None:
    (notice,) = tell(sam, 7)
    Notice.objects.filter(pk=notice.pk).update(attempt_count=MAX_ATTEMPTS - 1)

    done = deliver_due(at=AT, send=Server(OSError("no route")))

    notice.refresh_from_db()
    assert (done.dead, notice.state, notice.next_attempt_at) == (1, "dead", None)
    assert notice.last_error == f"given up after {MAX_ATTEMPTS} attempts: OSError"


def test_a_notice_that_kills_its_worker_each_time_is_given_up(sam: User) -> None:
    (notice,) = tell(sam, 7)
    Notice.objects.filter(pk=notice.pk).update(attempt_count=MAX_ATTEMPTS)
    server = Server()

    done = deliver_due(at=AT, send=server)

    assert (done.dead, server.got) == (1, [])


def test_one_bad_notice_does_not_stop_the_others(sam: User) -> None:
    good, bad = tell(sam, 1, 3), tell(sam, 2, code="test_broken")

    done = deliver_due(at=AT)

    assert (done.sent, done.retried) == (2, 1)
    assert {n.state for n in Notice.objects.filter(pk__in=[n.pk for n in good])} == {"sent"}
    bad[0].refresh_from_db()
    assert (bad[0].state, bad[0].last_error) == ("pending", "LookupError")


def test_a_code_nobody_registered_is_given_up_at_once(sam: User) -> None:
    (notice,) = tell(sam, 7)
    wording._REGISTER.pop("test_offered")

    done = deliver_due(at=AT)

    notice.refresh_from_db()
    assert (done.dead, notice.state) == (1, "dead")
    assert notice.last_error == "nobody registered the code test_offered"


def test_an_inactive_person_gets_no_email(sam: User) -> None:
    (notice,) = tell(sam, 7)
    User.objects.filter(pk=sam.pk).update(is_active=False)

    done = deliver_due(at=AT)

    notice.refresh_from_db()
    assert (done.dead, notice.state, mail.outbox) == (1, "dead", [])
    assert notice.last_error == "the recipient is not active"


def test_dying_between_sending_and_marking_sends_again_under_the_same_message_id(sam: User) -> None:
    tell(sam, 7)
    server = Server()

    def send_and_die(message: EmailMultiAlternatives) -> None:
        server(message)
        raise KeyboardInterrupt  # as a signal that ends the process would, past every "except Exception"

    with pytest.raises(KeyboardInterrupt):
        deliver_due(at=AT, send=send_and_die)
    leased = deliver_due(at=AT + LEASE - MINUTE, send=server)
    again = deliver_due(at=AT + LEASE, send=server)

    assert (leased.sent, again.sent) == (0, 1)
    assert len(server.ids) == 2
    assert len(set(server.ids)) == 1


def test_who_lost_the_lease_does_not_write_over_the_new_holder(sam: User) -> None:
    (notice,) = tell(sam, 7)
    later = AT + LEASE

    def send_slowly(message: EmailMultiAlternatives) -> None:
        claim(at=later)  # meanwhile another worker takes it over

    done = deliver_due(at=AT, send=send_slowly, limit=1)

    notice.refresh_from_db()
    assert done.sent == 0
    assert (notice.state, notice.next_attempt_at, notice.attempt_count) == ("pending", later + LEASE, 2)


# Several workers, real transactions -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_sending_happens_outside_any_transaction(sam: User) -> None:
    tell(sam, 7)
    inside: list[bool] = []

    deliver_due(at=AT, send=lambda message: inside.append(connection.in_atomic_block))

    assert inside == [False]


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_notice_once(sam: User, sue: User) -> None:
    people = [sam, sue, *(User.objects.create_user(f"p{n}@smarketing.example", name=f"P{n}") for n in range(6))]
    for number, person in enumerate(people):
        tell(person, *range(number * 10, number * 10 + 5))
    server = Server()

    at_once([lambda: deliver_due(at=AT, send=server)] * 4)
    deliver_due(at=AT, send=server)  # what a worker passed over because another held it

    assert len(server.ids) == 40
    assert len(set(server.ids)) == 40
    assert Notice.objects.filter(channel="email", state="sent").count() == 40


# The mail server's connection, the command ----------------------------------------------------------------------------


def test_one_connection_serves_many_messages_and_a_failure_makes_a_new_one(sam: User) -> None:
    tell(sam, 1, 2)
    post = Post()

    with post:
        deliver_due(at=AT, send=post.send)
        first = post.connection
        broken = EmailMultiAlternatives("s", "b", to=["x@smarketing.example"], headers={"X": "a\nb"})
        with pytest.raises(ValueError, match="newlines"):
            post.send(broken)
        after = post.connection

    assert first is not None
    assert after is None
    assert len(mail.outbox) == 2


def test_given_up_notices_can_be_put_back(sam: User) -> None:
    one, two = tell(sam, 1, 2)
    Notice.objects.filter(channel="email").update(state="dead", next_attempt_at=None, attempt_count=9, last_error="x")

    only_one = replay_dead(at=AT, ids=[one.pk])
    rest = replay_dead(at=AT)
    none = replay_dead(at=AT)

    two.refresh_from_db()
    assert (only_one, rest, none) == (1, 1, 0)
    assert (two.state, two.attempt_count, two.next_attempt_at) == ("pending", 0, AT)
    assert AuditEntry.objects.filter(verb="replay_notices").count() == 2


def test_the_command_shows_puts_back_and_delivers(sam: User) -> None:
    (notice,) = tell(sam, 7)
    Notice.objects.filter(pk=notice.pk).update(state="dead", next_attempt_at=None, last_error="OSError")
    shown, acted = StringIO(), StringIO()

    call_command("outbox", stdout=shown)
    call_command("outbox", "--replay-dead", "--deliver", stdout=acted)

    assert f"dead {notice.pk} test_offered after 0: OSError" in shown.getvalue()
    assert "email dead: 1" in shown.getvalue()
    assert "sam@" not in shown.getvalue()
    assert "put back 1" in acted.getvalue()
    assert "sent 1, to be tried again 0, given up 0" in acted.getvalue()
