"""Member statuses: every type of campaign has its own, and they are read however they are written."""

from __future__ import annotations

import pytest

from campaigns.member_statuses import LONGEST, STATUSES, rank, read_status
from campaigns.models import Campaign
from campaigns.sources import SOURCE_OF_TYPE


def test_every_type_has_statuses_and_one_that_it_is_for() -> None:
    assert set(STATUSES) == set(Campaign.Types.values) == set(SOURCE_OF_TYPE)
    for statuses in STATUSES.values():
        codes = [status.code for status in statuses]
        assert len(codes) == len(set(codes)) >= 2
        assert max(len(code) for code in codes) <= LONGEST
        assert any(status.is_success for status in statuses)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("webinar", "registered", "registered"), ("webinar", " No-Show ", "no_show"), ("webinar", "WATCHED LATER", "watched_later"),
        ("webinar", "watched_later", "watched_later"), ("trade_show", "Talked to us", "talked"), ("email", "attended", None),
        ("webinar", "", None), ("webinar", "\x00", None),
    ],
)  # fmt: skip
def test_a_status_is_read_by_its_code_or_its_label(kind: str, text: str, code: str | None) -> None:
    found = read_status(kind, text)

    assert (found.code if found else None) == code


def test_a_status_that_the_type_does_not_know_comes_before_all_others() -> None:
    assert [rank("event", code) for code in ("clicked", "invited", "attended")] == [-1, 0, 3]
