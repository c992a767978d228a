"""While no agreement is in force, every desk says what that means and who can mend it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ledger.instants import company_day
from personas.defaults import create_default_scoring
from sla.agreements import draft_from_template, propose, sign
from sla.in_force import InForce
from teams.models import User
from teams.roles import Side
from tests.cast import person
from tests.desk.conftest import Enter

SAID = "No agreement is in force."


def banner_of(enter: Enter, user: User) -> str:
    """Give what the desk of ``user`` says of the lack, in one line; nothing where it says nothing."""
    page = enter(user).get("/").content.decode()
    if SAID not in page:
        return ""
    return " ".join(page.split(SAID)[1].split("</div>")[0].split())


@pytest.mark.parametrize("who", ["sam", "maya", "mona", "sue"])
def test_every_desk_says_what_it_means_and_who_can_sign(
    enter: Enter, mona: User, sue: User, request: pytest.FixtureRequest, who: str
) -> None:
    banner = banner_of(enter, request.getfixturevalue(who))

    assert "no clock starts" in banner
    assert "none can be handed off" in banner
    assert "Who can sign one: Mona (Marketing), Sue (Sales)." in banner
    assert ("start_company" in banner) is (who in ("mona", "sue"))


def test_a_side_without_a_manager_is_named_with_who_can_give_it_one(enter: Enter, mona: User, sam: User) -> None:
    person("Ada", is_administrator=True)

    banner = banner_of(enter, sam)

    assert "Who can sign one: Mona (Marketing)." in banner
    assert "Sales has no manager yet: Ada can give it one" in banner
    assert "Marketing has no manager" not in banner


def test_an_administrator_without_a_desk_reads_it_too_and_an_outsider_does_not(enter: Enter, olive: User) -> None:
    assert "start_company" in banner_of(enter, person("Ada", is_administrator=True))
    assert banner_of(enter, olive) == ""


@pytest.mark.parametrize("who", ["sam", "maya", "sue"])
def test_nothing_is_said_while_one_is_in_force(
    enter: Enter, agreement: InForce, request: pytest.FixtureRequest, who: str
) -> None:
    assert banner_of(enter, request.getfixturevalue(who)) == ""


def test_a_version_that_begins_later_is_announced_and_nobody_is_asked_to_start(
    enter: Enter, mona: User, sue: User, at: datetime
) -> None:
    create_default_scoring(at=at)
    version = propose(actor=mona, version=draft_from_template(actor=mona, at=at), at=at)
    proposed = banner_of(enter, sue)
    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(
            actor=user, version=version, side=side, terms_hash=version.terms_hash, at=at,
            effective_on=company_day(at) + timedelta(days=3),
        )  # fmt: skip

    signed = banner_of(enter, sue)

    assert "once a manager of each side has signed it" in proposed
    assert "Version 1 is signed: it comes into force on" in signed
    assert "Who can sign" in proposed
    assert "Who can sign" not in signed
    assert "start_company" not in proposed + signed
