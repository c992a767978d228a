"""The hash chain over the audit entries, and that it shows what was done to them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import sealing, triggers
from ledger.models import AuditEntry, AuditSeal
from ledger.sealing import GENESIS, seal_committed, verify
from ledger.tasks import seal_audit
from ledger.writing import write_audit
from tests.ledger.conftest import AT
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def write(count: int = 3) -> list[int]:
    for number in range(count):
        write_audit(at=AT, actor_id=None, verb="accept", subject_type="lead", subject_ids=[number], facts={"n": 1.5})
    return list(AuditEntry.objects.order_by("-id").values_list("pk", flat=True)[:count])[::-1]


def corrupt(statement: str) -> None:
    """Do what an intruder with the database's own rights would: past the triggers and the foreign keys."""
    with connection.cursor() as cursor:
        for name, table in triggers.installed(connection):
            cursor.execute(triggers.drop_statement(connection, name, table))
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_sealing_chains_every_entry_in_order() -> None:
    ids = write()

    count = seal_committed()

    seals = list(AuditSeal.objects.order_by("id"))
    assert count == 3
    assert [seal.entry_id for seal in seals] == ids
    assert [seal.previous_hash for seal in seals] == [GENESIS, seals[0].hash, seals[1].hash]


def test_sealing_again_adds_only_what_is_new() -> None:
    write()
    seal_audit()
    write(2)

    first, second = seal_committed(), seal_committed()

    assert (first, second) == (2, 0)
    assert verify().fault_count == 0


def test_sealing_goes_on_over_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    write(5)

    limited, rest = seal_committed(limit=3), seal_committed()

    assert (limited, rest) == (3, 2)
    assert (verify().sealed, verify().fault_count) == (5, 0)


def test_an_entry_that_commits_late_is_sealed_later() -> None:
    ids = write(3)
    late = AuditEntry.objects.get(pk=ids[0])
    corrupt(f"DELETE FROM ledger_auditentry WHERE id = {ids[0]}")
    seal_committed()
    late.save(force_insert=True)

    seal_committed()

    assert list(AuditSeal.objects.order_by("id").values_list("entry_id", flat=True)) == [ids[1], ids[2], ids[0]]
    assert verify().fault_count == 0


@pytest.mark.parametrize(
    "change",
    ["verb = 'reject'", "actor_id = NULL, count = 9", "facts = '{\"n\": 2}'", "subject_id = 77", "at = '2026-03-02 09:00:01+00:00'"],
)  # fmt: skip
def test_a_changed_entry_is_found(change: str) -> None:
    ids = write()
    seal_committed()

    corrupt(f"UPDATE ledger_auditentry SET {change} WHERE id = {ids[1]}")

    assert verify().faults == [f"Entry {ids[1]} is not what was sealed."]


def test_an_entry_taken_out_is_found() -> None:
    ids = write()
    seal_committed()

    # Foreign keys hold to the end of a SQLite transaction: the entry goes and its seal is there while we look.
    savepoint = transaction.savepoint()
    corrupt(f"UPDATE ledger_auditseal SET entry_id = 999999 WHERE entry_id = {ids[1]}")
    corrupt(f"DELETE FROM ledger_auditentry WHERE id = {ids[1]}")
    faults = verify().faults
    transaction.savepoint_rollback(savepoint)

    assert faults == ["Entry 999999 is gone."]


def test_a_link_taken_out_is_found() -> None:
    ids = write()
    seal_committed()

    corrupt(f"DELETE FROM ledger_auditseal WHERE entry_id = {ids[1]}")

    assert verify().faults == [f"The chain is broken before entry {ids[2]}: a link is missing or was put in."]


def test_a_cut_off_end_is_found_against_a_head_noted_earlier() -> None:
    ids = write()
    seal_committed()
    noted = verify().head

    corrupt(f"DELETE FROM ledger_auditseal WHERE entry_id = {ids[2]}")
    corrupt(f"DELETE FROM ledger_auditentry WHERE id = {ids[2]}")

    assert verify().fault_count == 0
    assert verify(known_head=noted).faults == [f"The head {noted} is not in the chain: its end was cut off."]


def test_a_head_noted_earlier_is_still_there_when_the_chain_has_grown() -> None:
    write()
    seal_committed()
    noted = verify().head
    write()
    seal_committed()

    assert verify(known_head=noted).fault_count == 0


def test_an_old_entry_without_a_seal_is_a_fault_and_a_new_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = write(6)
    seal_committed()
    corrupt(f"DELETE FROM ledger_auditseal WHERE entry_id = {ids[5]}")
    waiting = verify()
    corrupt(f"DELETE FROM ledger_auditseal WHERE entry_id = {ids[0]}")
    monkeypatch.setattr(sealing, "LOOKBACK", 2)

    faults = verify().faults

    assert (waiting.unsealed, waiting.fault_count) == (1, 0)
    assert f"Entry {ids[0]} is old and was never sealed, or lost its seal." in faults


def test_the_command_says_that_the_chain_holds() -> None:
    write()
    seal_committed()
    out = StringIO()

    call_command("verify_audit", stdout=out)

    assert "sealed 3, waiting 0, head " in out.getvalue()
    assert "The audit chain holds." in out.getvalue()


def test_the_command_exits_with_one_on_a_difference() -> None:
    ids = write()
    seal_committed()
    corrupt(f"UPDATE ledger_auditentry SET verb = 'forged' WHERE id = {ids[0]}")
    err = StringIO()

    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", stdout=StringIO(), stderr=err)

    assert failure.value.returncode == 1
    assert f"Entry {ids[0]} is not what was sealed." in err.getvalue()


@pytest.mark.django_db(transaction=True)
def test_four_sealers_at_once_make_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 20)
    with transaction.atomic():
        write(400)

    at_once([lambda: [seal_committed() for _ in range(30)]] * 4)
    seal_committed()

    verdict = verify()
    assert (verdict.sealed, verdict.unsealed, verdict.fault_count) == (400, 0, 0)
