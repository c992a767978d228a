"""Contacts who may be one person are found beside the work, and asked about once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inputs.refusals import NotAllowed
from leads import duplicates
from leads.completing import complete
from leads.duplicates import NoSuchPair, PairDecided, find_all_duplicates, find_duplicates, keep_apart
from leads.intake.pipeline import take_in
from leads.models import Contact, LikelyDuplicate
from leads.tasks import find_duplicates as tick
from ledger.models import AuditEntry
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna
from tests.racing import refusals_of

OTHER = {"email": "a.arnold@acme.example", "phone": ""}
DESK = {"email": "desk@acme.example", "phone": ""}


def arrive(**fields: Any) -> int:
    (outcome,) = take_in([anna(**fields)], actor=None, at=NOW)
    return Contact.objects.get(leads=outcome.lead_id).pk


def pairs() -> list[tuple[int, int, int]]:
    return list(LikelyDuplicate.objects.order_by("id").values_list("first_id", "second_id", "likeness"))


def test_a_name_like_that_of_a_colleague_is_found_by_the_next_tick(world: InForce) -> None:
    first, second = arrive(), arrive(name="Ana Arnold", **OTHER)
    arrive(name="Ana Arnold", email="ana@elsewhere.example", company="Elsewhere", phone="")
    assert pairs() == []

    tick()
    tick()

    assert pairs() == [(first, second, 90)]
    (found,) = LikelyDuplicate.objects.all()
    assert found.evidence == [{"code": "domain", "domain": "acme.example"}, {"code": "names", "percent": 90}]
    assert not Contact.objects.filter(is_compared=False).exists()
    entry = AuditEntry.objects.get(verb="find_duplicates")
    assert (entry.subject_type, entry.facts) == ("contact", {"ids": [first, second]})


def test_whoever_shares_a_phone_is_found_across_companies(world: InForce) -> None:
    first = arrive()
    second = arrive(name="A. Arnold", email="anna.arnold@web.de", company="")

    find_duplicates(at=NOW)

    assert pairs() == [(first, second, 95)]


def test_who_is_corrected_is_looked_at_again(world: InForce, maya: User) -> None:
    first, second = arrive(), arrive(name="Bernd Bach", **OTHER)
    find_all_duplicates(at=NOW)
    assert pairs() == []

    lead = Contact.objects.get(pk=second).leads.get()
    complete(lead_id=lead.pk, changes={"name": "Anna Arnolt"}, actor=maya, at=NOW)
    find_all_duplicates(at=NOW)

    assert [pair[:2] for pair in pairs()] == [(first, second)]


def test_what_an_arrival_fills_in_is_looked_at_again(world: InForce) -> None:
    first, second = arrive(), arrive(name="", **DESK)
    find_all_duplicates(at=NOW)
    assert pairs() == []

    arrive(name="Anna Arnold", **DESK)
    find_all_duplicates(at=NOW)

    assert [pair[:2] for pair in pairs()] == [(first, second)]


def test_two_who_are_kept_apart_are_never_asked_about_again(world: InForce, maya: User) -> None:
    arrive(), arrive(**OTHER)
    find_all_duplicates(at=NOW)
    (pair,) = LikelyDuplicate.objects.all()

    keep_apart(pair_id=pair.pk, actor=maya, at=NOW)
    call_command("find_duplicates", "--all")

    pair.refresh_from_db()
    assert LikelyDuplicate.objects.count() == 1
    assert (pair.state, pair.decided_by, pair.decided_at) == ("different", maya, NOW)
    assert AuditEntry.objects.get(verb="keep_apart").facts == {"ids": [pair.first_id, pair.second_id], "pair": pair.pk}
    with pytest.raises(PairDecided):
        keep_apart(pair_id=pair.pk, actor=maya, at=NOW)


def test_reps_do_not_decide_about_pairs(world: InForce, sam: User, maya: User) -> None:
    with pytest.raises(NotAllowed):
        keep_apart(pair_id=1, actor=sam, at=NOW)
    with pytest.raises(NoSuchPair):
        keep_apart(pair_id=1, actor=maya, at=NOW)


def test_its_cost_grows_with_who_changed_and_not_with_who_is_there(
    world: InForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "MOST", 3)
    arrive()
    with CaptureQueriesContext(connection) as alone:
        find_duplicates(at=NOW)
    namesakes = [arrive(name="Ana Arnold", email=f"ana{number}@acme.example", phone="") for number in range(6)]
    Contact.objects.filter(pk__in=namesakes[:-1]).update(is_compared=True)

    with CaptureQueriesContext(connection) as many:
        assert find_duplicates(at=NOW) == 1

    assert [pair[:2] for pair in pairs()] == [(namesakes[3], namesakes[5]), (namesakes[4], namesakes[5])]
    assert len(many) <= len(alone) + 3  # the pairs, those that are known, and the audit entry


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_is_told(world: InForce, maya: User, mona: User) -> None:
    arrive(), arrive(**OTHER)
    find_all_duplicates(at=NOW)
    pair = LikelyDuplicate.objects.get().pk

    refused = refusals_of(
        [lambda: keep_apart(pair_id=pair, actor=maya, at=NOW), lambda: keep_apart(pair_id=pair, actor=mona, at=NOW)],
        PairDecided,
    )

    assert len([refusal for refusal in refused if refusal]) == 1
    assert AuditEntry.objects.filter(verb="keep_apart").count() == 1
