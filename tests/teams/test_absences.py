"""Absences: whose, by whom, and who covers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.models import AuditEntry
from teams.absences import (
    AbsencesOverlap,
    BadAbsence,
    MayNotSetAbsence,
    NoSuchAbsence,
    end_absence,
    set_absence,
)  # fmt: skip
from teams.models import Absence, Team, User
from teams.people import NoSuchPerson
from tests.cast import NOW, person

DAY = timedelta(days=1)


def away(user: User, actor: User | None = None, **changes: Any) -> Absence:
    terms: dict[str, Any] = {"starts_at": NOW + DAY, "ends_at": NOW + 3 * DAY, **changes}
    return set_absence(actor=actor or user, at=NOW, user_id=user.pk, **terms)


@pytest.fixture
def ron(sales: Team) -> User:
    return person("Ron", sales)


@pytest.mark.parametrize("who", ["sam", "sue", "ada"])
def test_a_person_their_manager_and_an_administrator_may_set_it(who: str, sam: User, request: Any) -> None:
    absence = away(sam, actor=request.getfixturevalue(who))

    assert (absence.user, absence.cover) == (sam, None)
    assert AuditEntry.objects.get(verb="set_absence").subject_id == sam.pk


@pytest.mark.parametrize("who", ["ron", "maya", "mona", "olive"])
def test_nobody_else_may(who: str, sam: User, request: Any) -> None:
    with pytest.raises(MayNotSetAbsence):
        away(sam, actor=request.getfixturevalue(who))


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "code"),
    [
        (NOW + DAY, NOW + DAY, "ends_before_it_starts"),
        (NOW + DAY, NOW, "ends_before_it_starts"),
        (NOW - DAY, NOW, "in_the_past"),
    ],
)
def test_a_time_that_cannot_be_is_refused(sam: User, starts_at: datetime, ends_at: datetime, code: str) -> None:
    with pytest.raises(BadAbsence) as refusal:
        away(sam, starts_at=starts_at, ends_at=ends_at)

    assert refusal.value.code == code


def test_an_absence_may_have_begun_already(sam: User) -> None:
    assert away(sam, starts_at=NOW - DAY, ends_at=NOW + timedelta(seconds=1)).pk


@pytest.mark.parametrize("shift", [-2, -1, 0, 1])
def test_absences_of_a_person_do_not_overlap(sam: User, shift: int) -> None:
    away(sam)
    second: dict[str, Any] = {"starts_at": NOW + DAY + shift * DAY, "ends_at": NOW + 3 * DAY + shift * DAY}

    if shift == -2:  # half-open: it ends as the other begins
        assert set_absence(actor=sam, at=NOW - 3 * DAY, user_id=sam.pk, **second).pk
    else:
        with pytest.raises(AbsencesOverlap):
            set_absence(actor=sam, at=NOW - 3 * DAY, user_id=sam.pk, **second)


def test_the_cover_is_an_active_colleague_of_the_same_side(sam: User, ron: User, maya: User, olive: User) -> None:
    former = person("Former", is_active=False)

    for cover in (sam, maya, olive, former):
        with pytest.raises(BadAbsence):
            away(sam, cover_id=cover.pk)
    absence = away(sam, cover_id=ron.pk)

    assert absence.cover == ron


def test_an_absence_can_be_taken_back_ended_early_and_not_twice(sam: User, ron: User) -> None:
    planned, running = away(sam), away(ron, starts_at=NOW - DAY)

    end_absence(actor=sam, at=NOW, absence_id=planned.pk)
    end_absence(actor=ron, at=NOW, absence_id=running.pk)

    running.refresh_from_db()
    assert not Absence.objects.filter(pk=planned.pk).exists()
    assert running.ends_at == NOW
    with pytest.raises(BadAbsence):
        end_absence(actor=ron, at=NOW, absence_id=running.pk)
    with pytest.raises(NoSuchAbsence):
        end_absence(actor=ron, at=NOW, absence_id=999_999)


def test_only_who_may_set_it_may_end_it(sam: User, ron: User) -> None:
    absence = away(sam)

    with pytest.raises(MayNotSetAbsence):
        end_absence(actor=ron, at=NOW, absence_id=absence.pk)


def test_nobody_is_away_who_does_not_exist(ada: User) -> None:
    with pytest.raises(NoSuchPerson):
        set_absence(actor=ada, at=NOW, user_id=999_999, starts_at=NOW, ends_at=NOW + DAY)
