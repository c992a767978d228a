"""Make tables append-only, columns frozen, and changes noticed, where nobody can forget it: in the database.

An app declares its models in ``AppConfig.ready``; the triggers are installed after every ``migrate``, because Django's SQLite table
rebuild drops them silently, and a system check looks for them. A refused statement raises ``IntegrityError`` on both engines; a watch runs SQL of its app in the transaction that changed the rows.
A trigger's name ends with a digest of its text: where a trigger of the right name is, it is the right trigger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's own word
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

GUARD, WATCH = "_guard_", "_watch_"
"""Part of the name of every trigger of ours."""

REFUSE = """
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
INSTALLED_SQLITE = """
SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND (instr(name, %s) > 0 OR instr(name, %s) > 0)
"""
INSTALLED_POSTGRESQL = """
SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(pg_class.oid)
    AND (strpos(tgname, %s) > 0 OR strpos(tgname, %s) > 0)
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a table refuses. Without ``columns`` every change and deletion of a row.

    With ``columns``: a change of one of them, a deletion, and a change that would end ``when`` (so that nothing thaws), in rows
    where the SQL condition ``when`` holds. ``when`` speaks of the row as ``OLD``.
    """

    table: str
    columns: tuple[str, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is done after each ``statement`` (INSERT, UPDATE or DELETE) on a table, in the same transaction.

    ``sqlite`` is run for each row, ``OLD`` and ``NEW``, for which ``when`` holds; ``postgresql`` once for all rows of the statement, the tables ``old_rows`` and
    ``new_rows``. Both write into the table ``into``: while that is not there, neither is the trigger.
    """

    table: str
    statement: str
    sqlite: str
    postgresql: str
    into: str
    when: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """The trigger of a guard or a watch for one kind of statement, as SQL of one engine."""

    name: str
    table: str
    statement: str


_GUARDS: dict[Guard, None] = {}
_WATCHES: dict[Watch, None] = {}


def protect(model: type[models.Model]) -> None:
    """Declare that rows of ``model`` are only ever added."""
    _GUARDS[Guard(model._meta.db_table)] = None


def freeze(model: type[models.Model], *, columns: Sequence[str], when: str) -> None:
    """Declare that ``columns`` (field names) of a row never change again once ``when`` holds, e.g. ``OLD.state <> 'draft'``."""
    names = tuple(str(model._meta.get_field(name).column) for name in columns)  # type: ignore[union-attr]
    _GUARDS[Guard(model._meta.db_table, names, when)] = None


def watch(
    model: type[models.Model], statement: str, *, sqlite: str, postgresql: str, into: type[models.Model], when: str
) -> None:
    """Declare SQL that follows each ``statement`` on the table of ``model``; see ``Watch``."""
    table, written = model._meta.db_table, into._meta.db_table
    _WATCHES[Watch(table, statement, sqlite.strip(), postgresql.strip(), written, when)] = None


# Installing -----------------------------------------------------------------------------------------------------------


def install(using: str = "default", **_signal: Any) -> None:
    """Create the triggers that are missing and drop those of an earlier wording. Receiver of ``post_migrate``."""
    connection = connections[using]
    wanted, there = declared(connection), installed(connection)
    missing = [trigger for trigger in wanted if (trigger.name, trigger.table) not in there]
    stale = there - {(trigger.name, trigger.table) for trigger in wanted}
    if not missing and not stale:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(REFUSE)
        for name, table in stale:
            cursor.execute(drop_statement(connection, name, table))
        for trigger in missing:
            cursor.execute(drop_statement(connection, trigger.name, trigger.table))  # it may be there, disabled
            cursor.execute(trigger.statement)


def take_down(using: str = "default", plan: Sequence[tuple[Any, bool]] = (), **_signal: Any) -> None:
    """Drop all triggers while migrations are taken back, and on SQLite while any are done; ``install`` puts them back. Receiver of ``pre_migrate``.

    They name columns that go, or are not there yet; SQLite renames no table while a trigger of any table is in that state.
    """
    connection = connections[using]
    is_needed = connection.vendor == "sqlite" or any(is_backwards for _, is_backwards in plan)
    if not plan or not is_needed:
        return
    with connection.cursor() as cursor:
        for name, table in sorted(installed(connection)):
            cursor.execute(drop_statement(connection, name, table))


def check_triggers(*, databases: Sequence[str] | None = None, **_arguments: Any) -> list[CheckMessage]:
    """Report each trigger that is missing.

    A warning, not an error: ``migrate`` runs the checks first and is what puts the triggers back.
    """
    return [
        Warning(
            f"{trigger.table} is not {'watched' if WATCH in trigger.name else 'protected'}: the trigger {trigger.name} is missing in "
            f"the database “{using}”.",
            hint="Run manage.py migrate.",
            id="ledger.W001",
        )
        for using in databases or ()
        for trigger in missing_triggers(connections[using])
    ]


def missing_triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """List the declared triggers that the database does not have."""
    there = installed(connection)
    return [trigger for trigger in declared(connection) if (trigger.name, trigger.table) not in there]


def installed(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """Give name and table of each of our triggers that is there and enabled."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED_POSTGRESQL if connection.vendor == "postgresql" else INSTALLED_SQLITE, [GUARD, WATCH])
        return {(name, table) for name, table in cursor.fetchall()}


def declared(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """List the triggers of all guards and watches whose tables exist already."""
    tables = set(connection.introspection.table_names())
    is_postgresql = connection.vendor == "postgresql"
    write, write_watch = (_postgresql, _watch_postgresql) if is_postgresql else (_sqlite, _watch_sqlite)
    guards = [write(guard, kind) for guard in _GUARDS if guard.table in tables for kind in ("UPDATE", "DELETE")]
    return guards + [write_watch(one) for one in _WATCHES if {one.table, one.into} <= tables]


def drop_statement(connection: BaseDatabaseWrapper, name: str, table: str) -> str:
    """Write the statement that drops a trigger, if it is there."""
    where = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{where}'


# Writing SQL ----------------------------------------------------------------------------------------------------------


def _sqlite(guard: Guard, statement: str) -> Trigger:
    condition = _condition(guard, statement, "IS NOT")
    when = f" WHEN {condition}" if condition else ""
    body = f"BEFORE {statement} ON \"{guard.table}\"{when} BEGIN SELECT RAISE(ABORT, '{_message(guard)}'); END"
    return _named(guard, statement, body)


def _postgresql(guard: Guard, statement: str) -> Trigger:
    condition = _condition(guard, statement, "IS DISTINCT FROM")
    when = f" WHEN ({condition})" if condition else ""
    call = f"EXECUTE FUNCTION ledger_refuse_change('{_message(guard)}')"
    return _named(guard, statement, f'BEFORE {statement} ON "{guard.table}" FOR EACH ROW{when} {call}')


def _watch_sqlite(one: Watch) -> Trigger:
    body = f'AFTER {one.statement} ON "{one.table}" WHEN {one.when} BEGIN {one.sqlite} END'
    name = _watch_name(one, body)
    return Trigger(name, one.table, f'CREATE TRIGGER "{name}" {body}')


def _watch_postgresql(one: Watch) -> Trigger:
    """Write the function and its trigger: one name for both, so that a new wording never changes what an old trigger does."""
    name = _watch_name(one, one.postgresql)
    seen = {"INSERT": "NEW TABLE AS new_rows", "DELETE": "OLD TABLE AS old_rows"}
    tables = seen.get(one.statement, "OLD TABLE AS old_rows NEW TABLE AS new_rows")
    return Trigger(
        name,
        one.table,
        f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$\n'
        f"BEGIN {one.postgresql} RETURN NULL; END $$;\n"
        f'CREATE TRIGGER "{name}" AFTER {one.statement} ON "{one.table}" REFERENCING {tables} '
        f'FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()',
    )


def _watch_name(one: Watch, text: str) -> str:
    return f"{one.table}{WATCH}{one.statement.lower()}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _condition(guard: Guard, statement: str, differs: str) -> str:
    if not guard.columns or statement == "DELETE":
        return guard.when
    changes = [f'NEW."{column}" {differs} OLD."{column}"' for column in guard.columns]
    thaw = f"NOT ({guard.when.replace('OLD.', 'NEW.')})"
    return f"({guard.when}) AND ({' OR '.join([*changes, thaw])})"


def _message(guard: Guard) -> str:
    return f"{guard.table} is append-only" if not guard.columns else f"{guard.table} is frozen"


def _named(guard: Guard, statement: str, body: str) -> Trigger:
    digest = hashlib.sha256(body.encode()).hexdigest()[:8]
    name = f"{guard.table}{GUARD}{statement.lower()}_{digest}"
    return Trigger(name, guard.table, f'CREATE TRIGGER "{name}" {body}')
