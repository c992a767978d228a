"""Imports as their tests make them: a file staged and mapped, and run to its end."""

from __future__ import annotations

from typing import Any

from leads.importing import finish_imports, map_columns, stage_file, start_run
from leads.models import ImportRun
from teams.models import User
from tests.cast import NOW

FILE = b"Name,Email,Company\nAda Byron,ada@acme.example,Acme\nBob Stone,bob@stone.example,Stone\n"


def staged(maya: User, raw: bytes = FILE, **choices: Any) -> ImportRun:
    run = stage_file(actor=maya, at=NOW, name="list.csv", raw=raw)
    usual: dict[str, Any] = {"touch_kind": "list_import", "campaign_id": None, "lawful_basis": "consent"}
    return map_columns(actor=maya, run_id=run.pk, mapping=run.mapping, at=NOW, **{**usual, **choices})


def finished(maya: User, run: ImportRun) -> ImportRun:
    start_run(actor=maya, run_id=run.pk, at=NOW)
    finish_imports(now=lambda: NOW, seconds=60)
    run.refresh_from_db()
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.created_count, run.updated_count, run.skipped_count, run.rejected_count
