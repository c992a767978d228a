"""Import in the browser: upload, map columns, look at what will happen, run, fetch what was refused."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inputs.csv_file import BadFile
from inputs.fields import add_problems
from inputs.formulas import defused
from inputs.numbers import whole
from inputs.refusals import Invalid, NotVisible
from leads import importing
from leads.codes import SOURCES
from leads.doorbell import ring
from leads.forms import MappingForm, UploadForm
from leads.import_columns import LABELS
from leads.models import ImportRow, ImportRun
from leads.views.capture import lead_path
from leads.views.guard import require
from ledger.instants import edge_now
from teams.models import User

UNPROCESSABLE = 422
RECENT_RUNS = 50
SAMPLE_ROWS = 3
SHOWN_CELLS = 6
SHOWN_PREVIEW_ROWS = 200
ROWS_A_PAGE = 100
OUTCOMES = {
    "created": "new leads",
    "updated": "joined a lead that was there",
    "skipped": "skipped, taken in before",
    "rejected": "refused",
}


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """List the runs and take a file."""
    user = require(request, "import_leads")
    if request.method != "POST":
        return _imports_page(request, user, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = importing.stage_file(
                actor=user,
                at=edge_now(),
                name=file.name or "",
                raw=file.read(),
                first_line=form.cleaned_data["first_line"],
            )
        except BadFile as bad:
            add_problems(form, bad.problems)
        else:
            return redirect("leads:import_columns", run.pk)
    return _imports_page(request, user, form, status=UNPROCESSABLE)


def _imports_page(request: HttpRequest, user: User, form: UploadForm, status: int = 200) -> HttpResponse:
    runs = ImportRun.objects.visible_to(user).select_related("user").order_by("-id")[:RECENT_RUNS]
    return render(request, "leads/import_list.html", {"form": form, "runs": runs}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: HttpRequest, run_id: int) -> HttpResponse:
    """Say what each column is."""
    user = require(request, "import_leads")
    run = _run(user, run_id)
    if run.state != ImportRun.States.STAGED:
        return redirect("leads:import_run", run.pk)
    examples = _examples(run)
    samples = _first_cells(run.columns, examples)
    if request.method != "POST":
        form = MappingForm(columns=run.columns, samples=samples, initial=_initial(run))
        return _columns_page(request, run, form, examples)
    form = MappingForm(request.POST, columns=run.columns, samples=samples)
    if form.is_valid():
        said = form.cleaned_data
        try:
            importing.map_columns(
                actor=user, run_id=run.pk, mapping=form.mapping, touch_kind=said["touch_kind"],
                campaign_id=said["campaign"].pk if said["campaign"] else None, lawful_basis=said["file_basis"],
                source=said["file_source"], at=edge_now(),
            )  # fmt: skip
        except importing.BadMapping as bad:
            add_problems(form, bad.problems)
        else:
            return redirect("leads:import_preview", run.pk)
    return _columns_page(request, run, form, examples, status=UNPROCESSABLE)


def _initial(run: ImportRun) -> dict[str, Any]:
    return {
        **run.mapping, "touch_kind": run.touch_kind, "campaign": run.campaign_id, "file_basis": run.lawful_basis,
        "file_source": run.source,
    }  # fmt: skip


def _first_cells(columns: Sequence[str], examples: Sequence[Sequence[str]]) -> dict[str, str]:
    """Give an example for each column: what the first row says that says anything there."""
    found: dict[str, str] = {}
    for row in reversed(examples):
        found |= {column: cell for column, cell in zip(columns, row, strict=False) if cell.strip()}
    return found


def _examples(run: ImportRun) -> list[list[str]]:
    return list(
        run.rows.filter(state=ImportRow.States.PENDING).order_by("id").values_list("cells", flat=True)[:SAMPLE_ROWS]
    )


def _columns_page(
    request: HttpRequest, run: ImportRun, form: MappingForm, examples: Sequence[Sequence[str]], status: int = 200
) -> HttpResponse:
    samples = [
        (column, [row[place] for row in examples if place < len(row)]) for place, column in enumerate(run.columns)
    ]
    return render(request, "leads/import_columns.html", {"run": run, "form": form, "samples": samples}, status=status)


@require_safe
def import_preview(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what would happen, without doing it."""
    user = require(request, "import_leads")
    run = _run(user, run_id)
    if run.state != ImportRun.States.STAGED:
        return redirect("leads:import_run", run.pk)
    seen = importing.preview(actor=user, run_id=run.pk, at=edge_now())
    troubled = [row for row in seen.rows if row.state == ImportRow.States.REJECTED]
    others = [row for row in seen.rows if row.state != ImportRow.States.REJECTED]
    context = {
        "run": run,
        "preview": seen,
        "is_hopeless": seen.counts.get(ImportRow.States.REJECTED, 0) == seen.rows_read,
        "rows": [_shown(row, run) for row in (troubled + others)[:SHOWN_PREVIEW_ROWS]],
        "columns": run.columns[:SHOWN_CELLS],
        "more_columns": max(0, len(run.columns) - SHOWN_CELLS),
        "source": SOURCES.get(run.source or run.source_of_campaign, ""),
        **{state: seen.counts.get(state, 0) for state in ("created", "updated", "skipped", "rejected")},
    }
    return render(request, "leads/import_preview.html", context)


def _shown(row: importing.PreviewRow | ImportRow, run: ImportRun) -> dict[str, Any]:
    """Give what a line of a table shows: its cells with their columns, as many for each line of the file."""
    cells = [*list(row.cells)[:SHOWN_CELLS], *[""] * SHOWN_CELLS]
    width = min(SHOWN_CELLS, max(len(run.columns), len(row.cells)))
    problems = [{**told, "label": LABELS.get(told["field"], "")} for told in row.problems]
    return {
        "line": row.line, "state": row.state,
        "cells": list(zip([*run.columns, *[""] * width][:width], cells[:width], strict=True)),
        "problems": problems, "lead_id": row.lead_id,
    }  # fmt: skip


@require_POST
def import_start(request: HttpRequest, run_id: int) -> HttpResponse:
    """Let the run begin; a second click finds it running and changes nothing."""
    user = require(request, "import_leads")
    run = _run(user, run_id)
    with suppress(importing.RunMovedOn):
        importing.start_run(actor=user, run_id=run.pk, at=edge_now())
        ring("leads.tasks.finish_imports")
    return redirect("leads:import_run", run.pk)


@require_POST
def import_abandon(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give the run up before it began."""
    user = require(request, "import_leads")
    importing.abandon_run(actor=user, run_id=_run(user, run_id).pk, at=edge_now())
    messages.info(request, "The import was abandoned; nothing was taken in.")
    return redirect("leads:imports")


@require_safe
def import_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show how far the run is, then what came of it. Asked by htmx, answer with that part alone."""
    user = require(request, "import_leads")
    run = _run(user, run_id)
    if run.state == ImportRun.States.STAGED:
        return redirect("leads:import_columns", run.pk)
    template = "leads/_import_progress.html" if request.headers.get("HX-Request") else "leads/import_run.html"
    percent = 100 * run.done_count // max(run.rows_read, 1)
    leads_path = f"/leads/?imported={run.pk}&merged=too"  # the list of leads, which an app above owns
    return render(request, template, {"run": run, "percent": percent, "leads_path": leads_path})


@require_safe
def import_rows(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show the rows of a run that had one outcome, in the order of the file, with the leads that they made or joined."""
    user = require(request, "import_leads")
    run = _run(user, run_id)
    state = request.GET.get("state", "created")
    if state not in OUTCOMES:
        raise Invalid("Choose what became of the rows.", field="state", code="unknown_state")
    after = whole(request.GET.get("after", "") or "0", field="after")
    found = list(
        run.rows.filter(state=state, line__gt=after).select_related("lead__contact").order_by("line")[: ROWS_A_PAGE + 1]
    )
    context = {
        "run": run, "state": state, "title": OUTCOMES[state], "count": getattr(run, f"{state}_count"),
        "rows": [{**_shown(row, run), "lead": row.lead, "path": lead_path(row.lead_id)} for row in found[:ROWS_A_PAGE]],
        "columns": run.columns[:SHOWN_CELLS], "more_columns": max(0, len(run.columns) - SHOWN_CELLS),
        "following": found[ROWS_A_PAGE - 1].line if len(found) > ROWS_A_PAGE else None, "is_first": not after,
        "query": f"state={state}",
    }  # fmt: skip
    return render(request, "leads/import_rows.html", context)


@require_safe
def import_refused(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """Give the refused rows with their reasons as a CSV file that can be corrected and imported."""
    run = _run(require(request, "import_leads"), run_id)
    response = StreamingHttpResponse(_refused_lines(run), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-rows-{run.pk}.csv"'
    return response


class _Echo:
    """A file whose ``write`` gives the text back, so that ``csv`` can write into a stream."""

    def write(self, text: str) -> str:
        return text


def _refused_lines(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    width = len(run.columns)
    # The mark lets Excel read it as UTF-8.
    yield "\ufeff" + writer.writerow(defused([*run.columns, "Line", "Reason"]))
    rows = run.rows.filter(state=ImportRow.States.REJECTED).order_by("line")
    for row in rows.iterator(chunk_size=500):
        cells = [*row.cells, *[""] * width][: max(width, len(row.cells))]
        yield writer.writerow(defused([*cells, row.line, _reason(row)]))


def _reason(row: ImportRow) -> str:
    return " ".join(
        f"{LABELS.get(told['field'], told['field'])}: {told['message']}" if told["field"] else told["message"]
        for told in row.problems
    )


def _run(user: User, run_id: int) -> ImportRun:
    run = ImportRun.objects.visible_to(user).select_related("user", "campaign").filter(pk=run_id).first()
    if run is None:
        raise NotVisible("There is no such import.")
    return run
