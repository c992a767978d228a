"""People and teams: who is let in, by whom, and who is whose manager."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from inputs.refusals import Refusal
from ledger.models import AuditEntry
from teams.managing import MayNotManagePeople
from teams.models import Team, User
from teams.people import (
    BadPerson,
    BadTeam,
    LastAdministrator,
    NoSuchPerson,
    NoSuchTeam,
    Place,
    create_member,
    create_team,
    set_places,
)  # fmt: skip
from teams.roles import Role, Side
from tests.cast import NOW, person
from tests.racing import refusals_of

GOOD: dict[str, Any] = {"email": "Rita@Smarketing.Example ", "name": "Rita", "password": "four quiet horses"}


def codes(refusal: Refusal) -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in refusal.problems}


def test_an_administrator_lets_a_person_in(ada: User, sales: Team) -> None:
    rita = create_member(actor=ada, at=NOW, **GOOD, places=[Place(sales.pk, is_manager=True)])

    assert rita.email == "rita@smarketing.example"
    assert rita.check_password("four quiet horses")
    assert rita.roles == {Role.SALES_MANAGER}
    entry = AuditEntry.objects.get(verb="create_member")
    assert (entry.actor_id, entry.subject_id) == (ada.pk, rita.pk)
    assert entry.facts == {"team_ids": [sales.pk], "managed_ids": [sales.pk], "admin": False}


def test_a_person_without_a_password_cannot_log_in(ada: User) -> None:
    rita = create_member(actor=ada, at=NOW, email="rita@smarketing.example", name="Rita")

    assert not rita.has_usable_password()


@pytest.mark.parametrize("who", ["maya", "mona", "sam", "sue", "olive"])
def test_nobody_else_lets_anybody_in(who: str, request: pytest.FixtureRequest, ada: User) -> None:
    actor = request.getfixturevalue(who)

    with pytest.raises(MayNotManagePeople):
        create_member(actor=actor, at=NOW, **GOOD)
    with pytest.raises(MayNotManagePeople):
        create_team(actor=actor, at=NOW, name="East", side=Side.SALES)
    with pytest.raises(MayNotManagePeople):
        set_places(actor=actor, at=NOW, user_id=ada.pk, places=[])

    assert not User.objects.filter(name="Rita").exists()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"email": "no address"}, ("email", "invalid")),
        ({"email": "ADA@smarketing.example"}, ("email", "unique")),
        ({"name": " "}, ("name", "blank")),
        ({"name": "R" * 121}, ("name", "max_length")),
        ({"name": "Rita\u202eadA"}, ("name", "invisible_character")),
        ({"name": "Rita\nAda"}, ("name", "line_break")),
        ({"timezone": "Mars/Olympus"}, ("timezone", "unknown_zone")),
        ({"password": "short"}, ("password", "weak_password")),
        ({"password": "password12345"}, ("password", "weak_password")),
        ({"password": "rita@smarketing"}, ("password", "weak_password")),
    ],
)
def test_a_person_who_cannot_be_is_refused_with_the_field(
    ada: User, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(BadPerson) as refusal:
        create_member(actor=ada, at=NOW, **{**GOOD, **change})

    assert problem in codes(refusal.value)
    assert User.objects.count() == 1


def test_a_team_that_does_not_exist_lets_nobody_in(ada: User) -> None:
    with pytest.raises(NoSuchTeam):
        create_member(actor=ada, at=NOW, **GOOD, places=[Place(999_999)])

    assert User.objects.count() == 1


def test_a_team_is_made_once(ada: User) -> None:
    team = create_team(actor=ada, at=NOW, name=" East ", side=Side.SALES)

    with pytest.raises(BadTeam) as refusal:
        create_team(actor=ada, at=NOW, name="East", side=Side.MARKETING)

    assert (team.name, team.side) == ("East", "sales")
    assert codes(refusal.value) == {("name", "unique")}


def test_a_place_can_change(ada: User, sam: User, sales: Team) -> None:
    set_places(actor=ada, at=NOW, user_id=sam.pk, places=[Place(sales.pk, is_manager=True)])

    assert User.objects.get(pk=sam.pk).roles == {Role.SALES_MANAGER}
    with pytest.raises(NoSuchPerson):
        set_places(actor=ada, at=NOW, user_id=999_999, places=[Place(sales.pk, is_manager=True)])


def test_the_last_administrator_stays(ada: User, sue: User, sales: Team) -> None:
    person("Gone", is_administrator=True, is_active=False)
    seat = [Place(sales.pk)]

    with pytest.raises(LastAdministrator):
        set_places(actor=None, at=NOW, user_id=ada.pk, places=seat, is_administrator=False)
    sue = set_places(actor=ada, at=NOW, user_id=sue.pk, places=[Place(sales.pk, True)], is_administrator=True)
    set_places(actor=sue, at=NOW, user_id=ada.pk, places=seat, is_administrator=False)

    assert set(User.objects.filter(is_administrator=True, is_active=True)) == {sue}


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_dismiss_each_other_at_once(ada: User, sales: Team) -> None:
    bob = person("Bob", is_administrator=True)

    def dismiss(actor: User, other: User) -> None:
        set_places(actor=actor, at=NOW, user_id=other.pk, places=[Place(sales.pk)], is_administrator=False)

    refusals = refusals_of([partial(dismiss, ada, bob), partial(dismiss, bob, ada)], LastAdministrator)

    assert User.objects.filter(is_administrator=True, is_active=True).count() == 1
    assert len([refusal for refusal in refusals if refusal]) == 1
