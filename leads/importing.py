"""Import a file of leads: stage it, map its columns, look at what will happen, run it in batches.

``created + updated + skipped + rejected`` is ``rows_read`` when a run is done; the same file again creates nothing; a crash in the
middle resumes (promise P7): each batch stores its leads and the outcomes of its rows in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from inputs import csv_file
from inputs.refusals import Busy, Conflict, Invalid, NotAllowed, NotVisible, Problem
from inputs.text import tidy
from leads.import_columns import BadRow, Reading, names_columns
from leads.import_mapping import choice_problems, mapping_problems, proposed_mapping
from leads.intake.arrival import Arrival, Outcome
from leads.intake.pipeline import foresee, take_in
from leads.models import ImportRow, ImportRun
from ledger.rows import insert_rows, update_rows
from ledger.writing import write_audit
from teams.models import User

BATCH_ROWS = 200
PREVIEW_ROWS = 1_000
STAGE_ROWS = 2_000

FAILED = Problem("", "failed", "The program could not take this row in. The administrators find why in the log.")

LATER = (Busy, OperationalError, InterfaceError)
"""Others are first, or the database is away: no row is to blame, and the next tick is early enough."""

log = structlog.get_logger(__name__)
States = ImportRow.States
ROW_COLUMNS = ("run_id", "line", "cells", "state", "problems", "lead_id")


class MayNotImport(NotAllowed):
    """Only marketing and administrators import."""


class NoSuchRun(NotVisible):
    """There is no such run for this user."""


class RunMovedOn(Conflict):
    """The run is not in the state that the step needs."""

    code = "run_moved_on"


class BadMapping(Invalid):
    """The mapping cannot work."""

    code = "bad_mapping"


# staging --------------------------------------------------------------------------------------------------------------


FIRST_LINE = {"": "Find out", "names": "Names of the columns", "row": "The first row"}


def stage_file(*, actor: User, at: datetime, name: str, raw: bytes, first_line: str = "") -> ImportRun:
    """Read a file and keep its rows until they have their outcome; raises ``csv_file.BadFile``, which names the field ``file``.

    ``first_line`` is of ``FIRST_LINE``: what the first line holds.
    """
    _require(actor)
    try:
        table = csv_file.read(raw, names_columns=_judge_of(first_line))
    except csv_file.BadFile as bad:
        raise csv_file.BadFile(bad.message, code=bad.code, field="file") from None
    with transaction.atomic():
        run = ImportRun.objects.create(
            user=actor, file_name=_file_name(name), columns=list(table.columns), notes=list(table.notes), created_at=at,
            rows_read=len(table.lines), rejected_count=sum(line.problem is not None for line in table.lines),
            mapping=proposed_mapping(actor, table.columns),
        )  # fmt: skip
        rows = [_staged(run.pk, line) for line in table.lines]
        for start in range(0, len(rows), STAGE_ROWS):
            insert_rows(ImportRow, ROW_COLUMNS, rows[start : start + STAGE_ROWS])
        write_audit(
            at=at, actor_id=actor.pk, verb="stage_file", subject_type="import", subject_ids=[run.pk],
            facts={"rows": len(rows)},
        )  # fmt: skip
    return run


def _judge_of(first_line: str) -> Callable[[Sequence[str]], bool]:
    return names_columns if not first_line else lambda _cells: first_line == "names"


def _staged(run_id: int, line: csv_file.Line) -> tuple[Any, ...]:
    cells = [cell.replace("\x00", "\N{SYMBOL FOR NULL}") for cell in line.cells]
    if line.problem is None:
        return (run_id, line.number, cells, States.PENDING.value, [], None)
    return (run_id, line.number, cells, States.REJECTED.value, [_told(line.problem)], None)


def _file_name(name: str) -> str:
    return (tidy("".join(c for c in name if c.isprintable())) or "file.csv")[-200:]


def _told(problem: Problem) -> dict[str, str]:
    return {"field": problem.field, "code": problem.code, "message": problem.message}


# mapping --------------------------------------------------------------------------------------------------------------


def map_columns(
    *,
    actor: User,
    run_id: int,
    mapping: Mapping[str, str],
    touch_kind: str,
    campaign_id: int | None,
    lawful_basis: str,
    at: datetime,
    source: str = "",
) -> ImportRun:
    """Say what each column is and what holds for the whole file; raises ``BadMapping`` with the fields that are wrong."""
    with transaction.atomic():
        run = _staged_run(actor, run_id)
        problems = mapping_problems(actor, run.columns, mapping)
        problems += choice_problems(actor, touch_kind, campaign_id, lawful_basis, source)
        if problems:
            raise BadMapping.of(problems)
        run.mapping = dict(mapping)
        run.touch_kind, run.campaign_id, run.lawful_basis, run.source = touch_kind, campaign_id, lawful_basis, source
        run.save(update_fields=["mapping", "touch_kind", "campaign", "lawful_basis", "source"])
        write_audit(
            at=at, actor_id=actor.pk, verb="map_columns", subject_type="import", subject_ids=[run.pk],
            facts={"fields": sorted(mapping), "campaign": campaign_id, "touch_kind": touch_kind, "source": source},
        )  # fmt: skip
    return run


# looking ahead --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What will become of one row."""

    line: int
    cells: Sequence[str]
    state: str
    problems: Sequence[Mapping[str, str]]
    lead_id: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to the first ``looked_at`` of ``rows_read`` rows now; ``lead_id`` names a lead that is there already."""

    rows: Sequence[PreviewRow]
    counts: Mapping[str, int]
    looked_at: int
    rows_read: int


def preview(*, actor: User, run_id: int, at: datetime) -> Preview:
    """Say what would become of the first rows, by reading alone: nobody waits for it, and it leaves no trace."""
    run = _staged_run(actor, run_id, to_change=False)
    rows = list(run.rows.order_by("id")[:PREVIEW_ROWS])
    _pass_through(foresee, run, [row for row in rows if row.state == States.PENDING], at)
    looked = [PreviewRow(row.line, row.cells, row.state, row.problems, row.lead_id) for row in rows]
    return Preview(looked, Counter(row.state for row in looked), len(looked), run.rows_read)


# running --------------------------------------------------------------------------------------------------------------


def start_run(*, actor: User, run_id: int, at: datetime) -> ImportRun:
    """Let a staged run begin; the worker does the rest."""
    with transaction.atomic():
        run = _staged_run(actor, run_id)
        if problems := mapping_problems(actor, run.columns, run.mapping):
            raise BadMapping.of(problems)
        changed = ImportRun.objects.filter(pk=run.pk, state=ImportRun.States.STAGED).update(
            state=ImportRun.States.RUNNING, started_at=at
        )
        if not changed:
            raise RunMovedOn("This import was started already.")
        write_audit(at=at, actor_id=actor.pk, verb="start_import", subject_type="import", subject_ids=[run.pk])
        run.refresh_from_db()
    return run


def abandon_run(*, actor: User, run_id: int, at: datetime) -> None:
    """Give up a run that waits, and forget its rows."""
    with transaction.atomic():
        run = _staged_run(actor, run_id)
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.States.ABANDONED, finished_at=at)
        run.rows.all().delete()
        write_audit(at=at, actor_id=actor.pk, verb="abandon_import", subject_type="import", subject_ids=[run.pk])


def finish_imports(*, now: Callable[[], datetime], seconds: float) -> int:
    """Run batches of all running imports, a batch of each in turn, for ``seconds`` at most; give how many were run.

    ``now`` is the edge's clock: each batch has its instant.
    """
    stop_at = monotonic() + seconds
    count = 0
    waiting = _running_ids()
    while waiting:
        for run_id in list(waiting):
            if monotonic() > stop_at:
                return count
            if _batch_ran(run_id, now()):
                count += 1
            else:
                waiting.remove(run_id)
    return count


def _batch_ran(run_id: int, at: datetime) -> bool:
    """Run a batch; a run that fails does not stop the others, and is tried again at the next tick."""
    try:
        return run_batch(run_id=run_id, at=at)
    except LATER as error:
        log.warning("import batch put off", run=run_id, error=type(error).__name__)
    except Exception:  # whatever it is, it is logged, and must not stop the other runs
        log.exception("import batch failed", run=run_id)
    return False


def _running_ids() -> list[int]:
    return list(ImportRun.objects.filter(state=ImportRun.States.RUNNING).order_by("id").values_list("id", flat=True))


def run_batch(*, run_id: int, at: datetime) -> bool:
    """Take the next rows of a run in; tell whether more may be left.

    Safe beside itself: the run's row is locked (PostgreSQL; SQLite has one writer), and a locked run is somebody else's.
    """
    with transaction.atomic():
        run = (
            ImportRun.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("user", "campaign")
            .filter(pk=run_id, state=ImportRun.States.RUNNING)
            .first()
        )
        if run is None:
            return False
        rows = list(run.rows.filter(state=States.PENDING).order_by("id")[:BATCH_ROWS])
        if not rows:
            _finish(run, at)
            return False
        _take_in_or_blame(run, rows, at)
        _store(run, rows)
    return True


def _take_in_or_blame(run: ImportRun, rows: Sequence[ImportRow], at: datetime) -> None:
    """Take rows in; where the program fails, find the rows to blame by halves and reject these alone."""
    try:
        with transaction.atomic():
            _pass_through(take_in, run, rows, at)
    except LATER:
        raise
    except (Invalid, NotAllowed) as refusal:  # the importer lost the right meanwhile
        log.warning("import batch refused", run=run.pk, code=refusal.code)
        for row in rows:
            _settle(row, Outcome(States.REJECTED, problems=refusal.problems))
    except Exception:  # whatever it is, it is logged, and must not stop the other rows
        if len(rows) > 1:
            middle = len(rows) // 2
            _take_in_or_blame(run, rows[:middle], at)
            _take_in_or_blame(run, rows[middle:], at)
        else:
            log.exception("import row failed", run=run.pk, line=rows[0].line)
            _settle(rows[0], Outcome(States.REJECTED, problems=(FAILED,)))


def _pass_through(
    intake: Callable[..., list[Outcome]], run: ImportRun, rows: Sequence[ImportRow], at: datetime
) -> None:
    """Pass rows through the intake, ``take_in`` or ``foresee``, and put their outcomes on them, unsaved."""
    reading = _reading(run)
    able: list[tuple[ImportRow, Arrival]] = []
    for row in rows:
        try:
            able.append((row, reading.arrival(row.cells, at=at)))
        except BadRow as bad:
            _settle(row, Outcome(States.REJECTED, problems=bad.problems))
    outcomes = intake([arrival for _, arrival in able], actor=run.user, at=at) if able else []
    for (row, _), outcome in zip(able, outcomes, strict=True):
        _settle(row, outcome)


def _settle(row: ImportRow, outcome: Outcome) -> None:
    row.state = str(outcome.state)
    row.problems = [_told(problem) for problem in outcome.problems]
    row.lead_id = outcome.lead_id


def _store(run: ImportRun, rows: Sequence[ImportRow]) -> None:
    update_rows(
        ImportRow, ("state", "problems", "lead_id"),
        [(row.pk, row.state, row.problems, row.lead_id, States.PENDING.value) for row in rows],
        expected=("state",),
    )  # fmt: skip
    counts = Counter(row.state for row in rows)
    ImportRun.objects.filter(pk=run.pk).update(
        **{f"{state}_count": F(f"{state}_count") + count for state, count in counts.items()}
    )


def _finish(run: ImportRun, at: datetime) -> None:
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.States.DONE, finished_at=at)
    write_audit(
        at=at, actor_id=run.user_id, verb="finish_import", subject_type="import", subject_ids=[run.pk],
        facts={
            "read": run.rows_read, "created": run.created_count, "updated": run.updated_count,
            "skipped": run.skipped_count, "rejected": run.rejected_count,
        },
    )  # fmt: skip


def _reading(run: ImportRun) -> Reading:
    return Reading(
        columns=tuple(run.columns),
        mapping=run.mapping,
        touch_kind=run.touch_kind,
        campaign_code=run.campaign.code if run.campaign else "",
        lawful_basis=run.lawful_basis,
        source=run.source,
        source_of_campaign=run.source_of_campaign,
        zone=ZoneInfo(settings.TIME_ZONE),
    )


def _require(actor: User) -> None:
    if not actor.may("import_leads"):
        raise MayNotImport("Importing is for marketing.")


def _staged_run(actor: User, run_id: int, *, to_change: bool = True) -> ImportRun:
    _require(actor)
    runs = ImportRun.objects.visible_to(actor).select_related("user", "campaign")
    run = (runs.select_for_update(of=("self",)) if to_change else runs).filter(pk=run_id).first()
    if run is None:
        raise NoSuchRun("There is no such import.")
    if run.state != ImportRun.States.STAGED:
        raise RunMovedOn("This import was started already.")
    return run
