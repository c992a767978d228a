"""The bell: what a person was told in the app."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inputs.refusals import NotVisible
from ledger.inbox import inbox, mark_read, unread_count
from ledger.models import Notice
from ledger.writing import Told, write_notices
from teams.models import User
from tests.ledger.conftest import AT


def tell(user: User, *subject_ids: int, code: str = "test_offered") -> list[int]:
    write_notices([Told(user.pk, code, "lead", subject_id) for subject_id in subject_ids], at=AT)
    mine = Notice.objects.for_inbox(user.pk, AT).filter(subject_id__in=subject_ids)
    return list(mine.order_by("id").values_list("pk", flat=True))


def test_the_inbox_is_newest_first_and_only_ones_own(sam: User, sue: User) -> None:
    tell(sam, 1, 2)
    tell(sue, 3)

    entries = inbox(user_id=sam.pk, at=AT).entries

    assert [entry.message.path for entry in entries] == ["/leads/2/", "/leads/1/"]


def test_the_inbox_goes_on_below_an_id(sam: User) -> None:
    ids = tell(sam, 1, 2, 3)

    entries = inbox(user_id=sam.pk, at=AT, before_id=ids[2], size=1).entries

    assert [entry.notice.pk for entry in entries] == [ids[1]]


def test_a_notice_that_cannot_be_told_does_not_hide_the_others(sam: User) -> None:
    tell(sam, 1)
    tell(sam, 2, code="test_broken")

    entries = inbox(user_id=sam.pk, at=AT).entries

    assert [entry.message.path for entry in entries] == ["/leads/1/"]


@pytest.mark.parametrize("untold", [[], [4], [3, 4], [1]])
def test_the_pages_of_the_inbox_lead_to_all_that_can_be_told(sam: User, untold: list[int]) -> None:
    for number in range(1, 6):
        tell(sam, number, code="test_broken" if number in untold else "test_offered")
    seen, before = [], None

    while True:
        page = inbox(user_id=sam.pk, at=AT, before_id=before, size=2)
        seen += [entry.notice.subject_id for entry in page.entries]
        before = page.older
        if before is None:
            break

    assert seen == [number for number in (5, 4, 3, 2, 1) if number not in untold]


def test_a_full_last_page_leads_no_further(sam: User) -> None:
    tell(sam, 1, 2)

    assert inbox(user_id=sam.pk, at=AT, size=2).older is None


def test_a_notice_is_not_there_before_its_time(sam: User) -> None:
    write_notices([Told(sam.pk, "test_offered", "lead", 1, not_before=AT + timedelta(seconds=1))], at=AT)

    early, due = (unread_count(user_id=sam.pk, at=at) for at in (AT, AT + timedelta(seconds=1)))

    assert (early, due) == (0, 1)


def test_marking_one_read_leaves_the_others_unread(sam: User) -> None:
    ids = tell(sam, 1, 2)

    changed = mark_read(actor=sam, at=AT, ids=[ids[0]])

    assert (changed, unread_count(user_id=sam.pk, at=AT)) == (1, 1)


def test_marking_all_read_touches_only_ones_own_and_keeps_the_first_time(sam: User, sue: User) -> None:
    tell(sam, 1, 2)
    tell(sue, 3)
    mark_read(actor=sam, at=AT)

    again = mark_read(actor=sam, at=AT + timedelta(hours=1))

    assert again == 0
    assert unread_count(user_id=sue.pk, at=AT) == 1
    assert set(Notice.objects.filter(recipient=sam, channel="in_app").values_list("read_at", flat=True)) == {AT}


def test_anothers_notice_is_refused_like_one_that_does_not_exist(sam: User, sue: User) -> None:
    (hers,) = tell(sue, 1)

    with pytest.raises(NotVisible) as hidden:
        mark_read(actor=sam, at=AT, ids=[hers])
    with pytest.raises(NotVisible) as missing:
        mark_read(actor=sam, at=AT, ids=[10**9])

    assert str(hidden.value) == str(missing.value)
    assert unread_count(user_id=sue.pk, at=AT) == 1


def test_the_badge_stops_counting_after_ninety_nine(sam: User) -> None:
    tell(sam, *range(120))

    assert unread_count(user_id=sam.pk, at=AT) == 100
