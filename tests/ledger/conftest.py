"""Two people to tell things, and a wording to tell them with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger import wording
from ledger.wording import EMAIL, IN_APP, Message
from teams.models import User

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def sam(db: None) -> User:
    return User.objects.create_user("sam@smarketing.example", name="Sam")


@pytest.fixture
def sue(db: None) -> User:
    return User.objects.create_user("sue@smarketing.example", name="Sue")


def _offered(subject_id: int, facts: Mapping[str, Any]) -> Message:
    return Message(
        f"Lead {subject_id} <b>is</b> yours\r\nBcc: all", f"Accept lead {subject_id} & go.", f"/leads/{subject_id}/"
    )


def _broken(subject_id: int, facts: Mapping[str, Any]) -> Message:
    raise LookupError(f"lead {subject_id} of somebody@private.example is gone")


@pytest.fixture(autouse=True)
def wordings() -> Iterator[None]:
    """Register two codes for the length of a test: one that reads well, one whose wording fails."""
    wording.register("test_offered", channels=[IN_APP, EMAIL], render=_offered)
    wording.register("test_broken", channels=[IN_APP, EMAIL], render=_broken)
    yield
    for code in ("test_offered", "test_broken"):
        wording._REGISTER.pop(code, None)
