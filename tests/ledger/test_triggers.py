"""Append-only tables and frozen columns, held by the database itself."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, models, transaction

from ledger import triggers
from ledger.models import AuditEntry
from ledger.writing import write_audit
from personas.models import ScoringVersion
from sla.models import Agreement, AgreementVersion

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
APPEND_ONLY = [
    "ledger.AuditEntry", "ledger.AuditSeal", "leads.LeadEvent", "leads.ClockStep", "leads.Assignment",
    "leads.Qualification", "leads.RoutingVersion", "personas.PersonaValidation", "personas.PersonaVersion",
    "personas.ScoringVersion", "sla.CalendarVersion", "sla.Signature",
]  # fmt: skip

pytestmark = pytest.mark.django_db


def entry() -> AuditEntry:
    write_audit(at=AT, actor_id=None, verb="tested", subject_type="lead", subject_ids=[1])
    return AuditEntry.objects.latest("id")


def drop_one(table: str) -> str:
    """Drop one trigger of a table, as Django's rebuild of a SQLite table does; give its name."""
    name = min(name for name, its_table in triggers.installed(connection) if its_table == table)
    with connection.cursor() as cursor:
        cursor.execute(triggers.drop_statement(connection, name, table))
    return name


def agreement_version(state: str = "draft") -> AgreementVersion:
    agreement = Agreement.objects.create(name="A", created_at=AT)
    scoring = ScoringVersion.objects.create(number=1, terms={}, created_at=AT)
    return AgreementVersion.objects.create(
        agreement=agreement, number=1, state=state, terms={"a": 1}, terms_hash="h" if state != "draft" else "",
        scoring=scoring, created_at=AT,
    )  # fmt: skip


@pytest.mark.parametrize("label", APPEND_ONLY)
def test_the_table_has_a_trigger_for_updates_and_one_for_deletions(label: str) -> None:
    model: type[models.Model] = apps.get_model(label)

    found = triggers.installed(connection)

    names = {name for name, table in found if table == model._meta.db_table and triggers.GUARD in name}
    assert len(names) == 2
    assert any("_update_" in name for name in names)
    assert any("_delete_" in name for name in names)


def test_changing_a_row_is_refused() -> None:
    kept = entry()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=kept.pk).update(verb="forged")

    kept.refresh_from_db()
    assert kept.verb == "tested"


def test_deleting_a_row_is_refused() -> None:
    kept = entry()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        kept.delete()

    assert AuditEntry.objects.filter(pk=kept.pk).exists()


def test_a_draft_may_change() -> None:
    version = agreement_version()

    changed = AgreementVersion.objects.filter(pk=version.pk).update(terms={"a": 2}, state="proposed", terms_hash="h")

    assert changed == 1


@pytest.mark.parametrize("change", [{"terms": {"a": 2}}, {"terms_hash": "other"}, {"number": 9}, {"state": "draft"}])
def test_a_proposed_version_keeps_its_terms_and_cannot_go_back_to_draft(change: dict[str, object]) -> None:
    version = agreement_version("proposed")

    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        AgreementVersion.objects.filter(pk=version.pk).update(**change)


def test_a_proposed_version_may_be_signed_and_not_deleted() -> None:
    version = agreement_version("proposed")

    signed = AgreementVersion.objects.filter(pk=version.pk).update(state="signed", signed_at=AT, effective_from=AT)

    assert signed == 1
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        version.delete()


def test_the_check_names_a_trigger_that_is_missing() -> None:
    name = drop_one("ledger_auditentry")

    found = triggers.check_triggers(databases=["default"])

    assert [message.id for message in found] == ["ledger.W001"]
    assert name in found[0].msg


def test_the_check_is_silent_when_all_triggers_are_there() -> None:
    assert triggers.check_triggers(databases=["default"]) == []


def test_the_check_asks_no_database_that_it_was_not_given() -> None:
    drop_one("ledger_auditentry")

    assert triggers.check_triggers(databases=None) == []


def test_manage_py_check_fails_on_a_missing_trigger_when_asked_to() -> None:
    drop_one("leads_clockstep")

    with pytest.raises(SystemCheckError, match="leads_clockstep"):
        call_command("check", databases=["default"], tags=["database"], fail_level="WARNING", stderr=StringIO())


def test_migrating_puts_a_missing_trigger_back() -> None:
    drop_one("ledger_auditentry")

    call_command("migrate", verbosity=0)

    assert triggers.missing_triggers(connection) == []


def test_installing_twice_changes_nothing() -> None:
    before = triggers.installed(connection)

    triggers.install()

    assert triggers.installed(connection) == before


def test_installing_drops_a_trigger_of_an_earlier_wording() -> None:
    wanted = triggers.installed(connection)
    sample = next(trigger for trigger in triggers.declared(connection) if trigger.table == "ledger_auditseal")
    old_name = f"ledger_auditseal{triggers.GUARD}update_00000000"
    with connection.cursor() as cursor:
        cursor.execute(sample.statement.replace(sample.name, old_name))

    triggers.install()

    assert triggers.installed(connection) == wanted


def test_a_disabled_trigger_counts_as_missing() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no disabled triggers")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_auditentry DISABLE TRIGGER USER")

    found = triggers.missing_triggers(connection)
    triggers.install()

    assert len(found) == 2
    assert triggers.missing_triggers(connection) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_transactional_test_starts_empty_and_guarded(time: str) -> None:
    assert AuditEntry.objects.count() == 0
    assert triggers.missing_triggers(connection) == []

    kept = entry()

    with pytest.raises(IntegrityError):
        kept.delete()


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_sqlite_table_gets_its_triggers_back() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite rebuilds tables")
    with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
        editor._remake_table(AuditEntry)  # type: ignore[attr-defined]
    lost = len(triggers.missing_triggers(connection))

    call_command("migrate", verbosity=0)

    assert lost == 2
    assert triggers.missing_triggers(connection) == []
