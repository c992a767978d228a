"""Make tables append-only, and columns frozen, where nobody can forget it: in the database.

An app declares its models in ``AppConfig.ready``; the triggers are installed after every ``migrate``, because Django's SQLite table
rebuild drops them silently, and a system check looks for them. A refused statement raises ``IntegrityError`` on both engines.
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

MARK = "_guard_"
"""Part of the name of every trigger of ours."""

REFUSE = """
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
INSTALLED_SQLITE = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND instr(name, %s) > 0"
INSTALLED_POSTGRESQL = """
SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(pg_class.oid) AND strpos(tgname, %s) > 0
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
class Trigger:
    """A guard's trigger for one kind of statement, as SQL of one engine."""

    name: str
    table: str
    statement: str


_GUARDS: dict[Guard, None] = {}


def protect(model: type[models.Model]) -> None:
    """Declare that rows of ``model`` are only ever added."""
    _GUARDS[Guard(model._meta.db_table)] = None


def freeze(model: type[models.Model], *, columns: Sequence[str], when: str) -> None:
    """Declare that ``columns`` (field names) of a row never change again once ``when`` holds, e.g. ``OLD.state <> 'draft'``."""
    names = tuple(str(model._meta.get_field(name).column) for name in columns)  # type: ignore[union-attr]
    _GUARDS[Guard(model._meta.db_table, names, when)] = None


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


def check_triggers(*, databases: Sequence[str] | None = None, **_arguments: Any) -> list[CheckMessage]:
    """Report each trigger that is missing.

    A warning, not an error: ``migrate`` runs the checks first and is what puts the triggers back.
    """
    return [
        Warning(
            f"{trigger.table} is not protected: the trigger {trigger.name} is missing in the database “{using}”.",
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
        cursor.execute(INSTALLED_POSTGRESQL if connection.vendor == "postgresql" else INSTALLED_SQLITE, [MARK])
        return {(name, table) for name, table in cursor.fetchall()}


def declared(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """List the triggers of all guards whose table exists already."""
    tables = set(connection.introspection.table_names())
    write = _postgresql if connection.vendor == "postgresql" else _sqlite
    return [write(guard, statement) for guard in _GUARDS if guard.table in tables for statement in ("UPDATE", "DELETE")]


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
    name = f"{guard.table}{MARK}{statement.lower()}_{digest}"
    return Trigger(name, guard.table, f'CREATE TRIGGER "{name}" {body}')
