"""Every address × method × person × own or foreign object, against ``table.py``.

The addresses come from the resolver, so that none can be forgotten: one that the table does not name fails, and so does a row for an
address that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import transaction

from desk.steps import STEPS
from leads.api.acts import ACTS as API_ACTS
from tests.matrix.acts import ACTS
from tests.matrix.asking import Asker, seen
from tests.matrix.resolver import addresses
from tests.matrix.rows import ANONYMOUS, ASKING, DEACTIVATED, PEOPLE, Access, Row
from tests.matrix.table import TABLE
from tests.matrix.world import World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PAIRS = [(name, row) for name, rows in TABLE.items() for row in (rows if isinstance(rows, tuple) else (rows,))]


def rows(pairs: Iterable[tuple[str, Row]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "row"), [pytest.param(name, row, id=f"{name} {row.label}".strip()) for name, row in pairs]
    )


EVERY_ROW = rows(PAIRS)
EVERY_UNSAFE_ROW = rows(pair for pair in PAIRS if not pair[1].methods.keys().isdisjoint(UNSAFE))
EVERY_ROW_WITH_AN_OBJECT = rows(pair for pair in PAIRS if pair[1].missing)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Make one world for all tests of this module, since each request is taken back; it is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World.make()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def asker(world: World, django_db_blocker: Any) -> Asker:
    with django_db_blocker.unblock():
        return Asker(world)


@pytest.fixture(scope="module")
def asker_without_token(world: World, django_db_blocker: Any) -> Asker:
    with django_db_blocker.unblock():
        return Asker(world, enforce_csrf_checks=True)


def expected(row: Row, method: str, actor: str, which: str) -> frozenset[int]:
    """Give the right statuses; a method that the row does not name is refused, to strangers and by role first."""
    access = _access(row, method)
    if actor in {ANONYMOUS, DEACTIVATED} and row.strangers != "open":
        return frozenset({302} if row.strangers == "login" else {401})
    if method == "OPTIONS":  # says no more than which methods there are
        return frozenset({200, 405}) | _refusals(row) | row.also
    if access is None:
        refusals = frozenset() if row.strangers == "open" or _is_allowed(row, actor) else _refusals(row)
        return frozenset({405}) | refusals | row.also
    return access.expected(actor, which)


def _access(row: Row, method: str) -> Access | None:
    return row.methods.get("GET" if method == "HEAD" else method)


def _refusals(row: Row) -> frozenset[int]:
    return frozenset(access.refused for access in row.methods.values()) | ({404} if _blind(row) else frozenset())


def _blind(row: Row) -> bool:
    return any(access.blind for access in row.methods.values())


def _is_allowed(row: Row, actor: str) -> bool:
    return any(actor in access.allowed | access.own_only for access in row.methods.values())


def _methods(row: Row, which: str, actor: str) -> Iterable[str]:
    """Give the methods to ask with: those of the row as everybody, all there are as whoever stands for others who get the same.

    A method that no view knows is refused before anything but whether the person may be here at all; HEAD is GET without its body.
    """
    return METHODS if which == "own" and actor in _standing_for_all(row) else row.methods


def _standing_for_all(row: Row) -> set[str]:
    may = [actor for actor in sorted(PEOPLE) if _is_allowed(row, actor)]
    may_not = [actor for actor in sorted(PEOPLE) if actor not in may]
    return {ANONYMOUS, DEACTIVATED, *may[:1], *may_not[:1]}


def test_the_table_names_every_address_and_no_other() -> None:
    found = addresses()

    assert sorted(found - set(TABLE)) == [], "addresses that tests/matrix/table.py does not name"
    assert sorted(set(TABLE) - found) == [], "rows of tests/matrix/table.py for addresses that are gone"


def test_the_acts_on_a_lead_are_all_named() -> None:
    assert {act.step for act in ACTS if act.step} == set(STEPS)
    assert {act.api for act in ACTS if act.api} == set(API_ACTS)


@EVERY_ROW
def test_everybody_gets_what_the_table_says(asker: Asker, name: str, row: Row, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False  # who may ask is the question here, not how often
    wrong: list[str] = []

    for actor in ASKING:
        for which in row.choices:
            path = asker.address(name, row, which, actor)
            for method in _methods(row, which, actor):
                status = asker.ask(actor, method, path, _access(row, method)).status_code
                right = expected(row, method, actor, which)
                if status not in right:
                    wrong.append(f"{method} {path} ({which}) as {actor}: {status}, not {sorted(right)}")

    assert not wrong, "\n".join(wrong)


@EVERY_ROW
def test_a_stranger_is_sent_to_the_login_or_told_to_authenticate(asker: Asker, name: str, row: Row) -> None:
    path = asker.address(name, row, "own", "sam")

    answers: list[Any] = [asker.ask(actor, "GET", path) for actor in (ANONYMOUS, DEACTIVATED)]

    for response in answers:
        if row.strangers == "login":
            assert response["Location"].startswith("/accounts/login/?next=")
        elif row.strangers == "api":
            assert response["Content-Type"] == "application/problem+json"
            assert "WWW-Authenticate" in response
        else:
            assert "/accounts/login/?next=" not in response.get("Location", "")


@EVERY_ROW_WITH_AN_OBJECT
def test_what_is_hidden_looks_like_what_is_missing_byte_for_byte(asker: Asker, name: str, row: Row) -> None:
    compared, differing = 0, []

    for actor in PEOPLE:
        missing = asker.address(name, row, "missing", actor)
        for which in (choice for choice in row.choices if choice != "missing"):
            path = asker.address(name, row, which, actor)
            for method, access in row.methods.items():
                answer: Any = asker.ask(actor, method, path, access)
                if not (access.sees_nothing(actor) or answer.status_code == 404):
                    continue
                compared += 1
                if seen(answer, path) != seen(asker.ask(actor, method, missing, access), missing):
                    differing.append(f"{method} {path} ({which}) as {actor}")

    assert not differing, "\n".join(differing)
    assert compared > 0 or row.strangers == "open" or all(access.allowed == PEOPLE for access in row.methods.values())


@EVERY_UNSAFE_ROW
def test_an_unsafe_request_without_a_token_is_refused(asker_without_token: Asker, name: str, row: Row) -> None:
    wrong: list[str] = []

    for method in (method for method in UNSAFE if method in row.methods):
        access = row.methods[method]
        for actor in sorted((access.allowed | access.own_only) & PEOPLE):
            path = asker_without_token.address(name, row, "own", actor)
            status = asker_without_token.ask(actor, method, path, access).status_code
            if (status == 403) != row.csrf:
                wrong.append(f"{method} {path} as {actor}: {status}")

    assert not wrong, "\n".join(wrong)
