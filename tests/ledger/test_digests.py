"""Digests: what is due at once for one person goes out as one message, the same one however often it is tried; never a storm."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail

from ledger import wording
from ledger.letters import LISTED
from ledger.outbox import DIGEST_FROM, deliver_due
from ledger.writing import Told, write_notices
from teams.models import User
from tests.ledger.conftest import AT
from tests.ledger.test_outbox import MINUTE, Server, half, tell

NAMELESS = 666
SECOND = timedelta(seconds=1)


@pytest.fixture
def named() -> Iterator[list[set[int]]]:
    """Have leads called by their number, but one that cannot be; gives which were asked for together."""
    asked: list[set[int]] = []
    usual = wording._NAMERS.get("lead")

    def name(lead_ids: Collection[int]) -> dict[int, str]:
        asked.append(set(lead_ids))
        if NAMELESS in lead_ids:
            raise ZeroDivisionError
        return {lead_id: f"Subject {lead_id}" for lead_id in lead_ids}

    wording.register_subject("lead", name)
    yield asked
    if usual:
        wording.register_subject("lead", usual)


def test_many_notices_due_at_once_go_out_as_one_message(sam: User, sue: User) -> None:
    tell(sam, *range(1, DIGEST_FROM + 1))
    tell(sue, *range(101, 100 + DIGEST_FROM))
    server = Server()

    done = deliver_due(at=AT, send=server)

    to_sam = [message for message in server.got if message.to == [sam.email]]
    assert done.sent == 2 * DIGEST_FROM - 1
    assert len(to_sam) == 1
    assert len(server.got) == DIGEST_FROM
    assert to_sam[0].subject == f"Notices from Smarketing: {DIGEST_FROM}"
    assert all(f"/leads/{number}/" in str(to_sam[0].body) for number in range(1, DIGEST_FROM + 1))


def test_a_digest_tried_again_is_the_same_digest_whatever_came_meanwhile(sam: User) -> None:
    first = tell(sam, *range(1, DIGEST_FROM + 1))
    down, up = Server(OSError()), Server()

    deliver_due(at=AT, send=down, jitter=half)
    tell(sam, *range(50, 50 + DIGEST_FROM), at=AT + MINUTE)
    deliver_due(at=AT + MINUTE, send=up)

    assert up.ids[0] == f"<digest-{first[0].pk}@localhost>"
    assert len(up.got) == 2
    assert up.got[0].subject == up.got[1].subject
    assert "/leads/50/" not in str(up.got[0].body)


def test_a_digest_asks_once_how_its_subjects_are_called(sam: User, named: list[set[int]]) -> None:
    tell(sam, *range(1, DIGEST_FROM + 1))

    deliver_due(at=AT)

    assert named == [set(range(1, DIGEST_FROM + 1))]
    assert "– Subject 7" in str(mail.outbox[0].body)


def test_what_cannot_be_named_is_tried_again_and_stops_nobody(sam: User, sue: User, named: list[set[int]]) -> None:
    (bad,) = tell(sam, NAMELESS)
    tell(sue, 7)

    done = deliver_due(at=AT)

    bad.refresh_from_db()
    assert (done.sent, done.retried) == (1, 1)
    assert (bad.state, bad.last_error) == ("pending", "ZeroDivisionError")


def test_a_notice_that_cannot_be_told_leaves_its_digest(sam: User) -> None:
    tell(sam, *range(1, DIGEST_FROM + 1))
    (bad,) = tell(sam, 99, code="test_broken")

    done = deliver_due(at=AT)

    bad.refresh_from_db()
    assert (done.sent, done.retried, len(mail.outbox)) == (DIGEST_FROM, 1, 1)
    assert (bad.digest_id, bad.state) == (None, "pending")


# After an outage ------------------------------------------------------------------------------------------------------


def late(user: User, *subject_ids: int, at: datetime) -> None:
    write_notices([Told(user.pk, "test_offered", "lead", number, is_late=True) for number in subject_ids], at=at)


def test_what_comes_late_is_gathered_however_many_batches_it_comes_in(sam: User, sue: User) -> None:
    server = Server()
    for second in range(0, 50, 5):  # a sweep that catches up, and a delivery beside each of its batches
        late(sam, second, second + 1, at=AT + second * SECOND)
        deliver_due(at=AT + second * SECOND, send=server)
    late(sue, 99, at=AT)
    assert server.got == []

    for second in range(55, 130, 5):
        deliver_due(at=AT + second * SECOND, send=server)

    assert {message.to[0]: message.subject for message in server.got}.keys() == {sam.email, sue.email}
    assert len(server.got) == 2
    assert f"Notices from Smarketing: {20}" in [message.subject for message in server.got]


def test_what_is_told_in_time_does_not_wait_for_what_is_gathered(sam: User) -> None:
    server = Server()
    late(sam, 1, at=AT)
    tell(sam, 2, at=AT + SECOND)

    deliver_due(at=AT + SECOND, send=server)

    assert ["/leads/2/" in str(message.body) for message in server.got] == [True]


def test_a_digest_lists_a_hundred_and_counts_the_rest(sam: User) -> None:
    tell(sam, *range(1, LISTED + 8))

    deliver_due(at=AT)

    (message,) = mail.outbox
    assert message.subject == f"Notices from Smarketing: {LISTED + 7}"
    assert str(message.body).count("/leads/") == LISTED
    assert "And 7 more: " in str(message.body)
