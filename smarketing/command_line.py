"""The command line: what hinders a command before it begins is said in one sentence, not in a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

MAKES_THE_DATABASE = "serve"
NO_TABLES = ("no such table", "does not exist")
"""How SQLite and PostgreSQL say that nobody migrated."""


def main(arguments: list[str]) -> None:
    """Run a management command; leaves by ``SystemExit`` with a sentence where settings or database are not ready."""
    try:
        refuse_missing_database(arguments)
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        sys.exit(f"The settings cannot be used: {error}")
    except (OperationalError, ProgrammingError) as error:
        if not any(sign in str(error) for sign in NO_TABLES):
            raise
        sys.exit(
            f"The database {settings.DATABASES['default']['NAME']} has not all tables that it needs. "
            "Make them: ./run manage migrate, and ./run manage createcachetable"
        )


def refuse_missing_database(arguments: list[str]) -> None:
    """Refuse a command of ours on an SQLite file that is not there: merely looking into it would make an empty one."""
    name = arguments[1] if len(arguments) > 1 else ""
    file = _missing_file()
    if file is None or name == MAKES_THE_DATABASE or not _is_ours(name) or {"--help", "-h"} & {*arguments}:
        return
    sys.exit(
        f"There is no database at {file}. ./run up makes it. That of the demo is used by ./run manage --demo {name}, "
        "another by SMARKETING_VAR_DIR or DATABASE_URL."
    )


def _is_ours(name: str) -> bool:
    """Tell it by the file: before Django knows the apps, it does not know their commands."""
    return name.isidentifier() and any(settings.BASE_DIR.glob(f"*/management/commands/{name}.py"))


def _missing_file() -> Path | None:
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3") or Path(database["NAME"]).exists():
        return None
    return Path(database["NAME"])
