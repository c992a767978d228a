"""A file of leads on its way in (promise P7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from campaigns.models import Campaign
from inputs.csv_file import BadFile
from leads import importing
from leads.import_columns import BadRow, Reading, suggest
from leads.importing import (
    BadMapping,
    MayNotImport,
    NoSuchRun,
    RunMovedOn,
    abandon_run,
    finish_imports,
    map_columns,
    preview,
    run_batch,
    stage_file,
    start_run,
)
from leads.intake.arrival import Arrival, Outcome
from leads.intake.pipeline import take_in
from leads.models import Contact, ImportRow, ImportRun, Lead, Touch
from tests.cast import NOW
from tests.leads.import_runs import FILE, counts, finished, staged
from tests.racing import at_once


def test_a_file_becomes_leads(maya):
    run = finished(maya, staged(maya))

    assert run.state == "done"
    assert counts(run) == (2, 0, 0, 0)
    assert set(Contact.objects.values_list("email", "lawful_basis")) == {
        ("ada@acme.example", "consent"), ("bob@stone.example", "consent"),
    }  # fmt: skip
    assert set(run.rows.values_list("lead_id", flat=True)) == set(Lead.objects.values_list("pk", flat=True))


def test_the_same_file_again_creates_nothing(maya):
    finished(maya, staged(maya))

    again = finished(maya, staged(maya))

    assert counts(again) == (0, 0, 2, 0)
    assert (Lead.objects.count(), Touch.objects.count()) == (2, 2)


def test_every_row_read_has_one_outcome(maya):
    raw = (
        b"Name,Email\nAda,ada@acme.example\nAda,ada@acme.example\nAda B,ADA@acme.example\nX,not an email\nY\n"
        b'Z,\nBob,bob@stone.example\n"open,x@y.example\nNul\x00,n@y.example\nHid\xe2\x80\x8bden,h@y.example\n'
    )

    run = finished(maya, staged(maya, raw))

    assert run.rows_read == 10
    assert counts(run) == (2, 1, 1, 6)
    assert sum(counts(run)) == run.rows_read == run.rows.exclude(state="pending").count()
    codes = {row.line: row.problems[0]["code"] for row in run.rows.filter(state="rejected")}
    assert codes == {
        5: "invalid_email", 6: "too_few_cells", 7: "unrecognisable", 9: "open_quote", 10: "nul_character",
        11: "invisible_character",
    }  # fmt: skip


def test_it_resumes_after_a_crash_in_the_middle(maya, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_ROWS", 3)
    raw = b"email\n" + b"".join(b"p%d@acme.example\n" % n for n in range(10))
    run = staged(maya, raw)
    start_run(actor=maya, run_id=run.pk, at=NOW)
    run_batch(run_id=run.pk, at=NOW)
    store = importing._store

    def crash(*_args: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(importing, "_store", crash)
    with pytest.raises(SystemExit):
        run_batch(run_id=run.pk, at=NOW)
    assert Lead.objects.count() == 3  # the half batch is gone with its transaction
    monkeypatch.setattr(importing, "_store", store)

    finish_imports(now=lambda: NOW, seconds=60)

    run.refresh_from_db()
    assert (run.state, counts(run), Lead.objects.count()) == ("done", (10, 0, 0, 0), 10)


def test_a_row_that_breaks_the_program_is_rejected_alone_and_other_runs_go_on(maya, monkeypatch):
    broken, sound = staged(maya), staged(maya, b"Name,Email\nCleo,cleo@acme.example\n")
    for run in (broken, sound):
        start_run(actor=maya, run_id=run.pk, at=NOW)

    def fragile(arrivals: list[Arrival], **more: Any) -> list[Outcome]:
        if any(arrival.name == "Bob Stone" for arrival in arrivals):
            raise ZeroDivisionError
        return take_in(arrivals, **more)

    monkeypatch.setattr(importing, "take_in", fragile)

    finish_imports(now=lambda: NOW, seconds=60)

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.state, counts(broken)) == ("done", (1, 0, 0, 1))
    assert [row.problems[0]["code"] for row in broken.rows.filter(state="rejected")] == ["failed"]
    assert (sound.state, counts(sound)) == ("done", (1, 0, 0, 0))


def test_a_run_that_fails_as_a_whole_waits_and_its_error_is_told_and_other_runs_go_on(maya, monkeypatch, caplog):
    failing, sound = staged(maya), staged(maya, b"Name,Email\nCleo,cleo@acme.example\n")
    for run in (failing, sound):
        start_run(actor=maya, run_id=run.pk, at=NOW)
    store = importing._store

    def fragile(run: ImportRun, rows: Sequence[ImportRow]) -> None:
        if run.pk == failing.pk:
            raise ZeroDivisionError
        store(run, rows)

    monkeypatch.setattr(importing, "_store", fragile)

    finish_imports(now=lambda: NOW, seconds=60)

    failing.refresh_from_db()
    sound.refresh_from_db()
    assert (failing.state, counts(failing)) == ("running", (0, 0, 0, 0))
    assert (sound.state, counts(sound)) == ("done", (1, 0, 0, 0))
    (told,) = [record.msg for record in caplog.records if record.levelname == "ERROR"]
    assert (told["event"], told["run"], bool(told["exc_info"])) == ("import batch failed", failing.pk, True)
    monkeypatch.setattr(importing, "_store", store)
    finish_imports(now=lambda: NOW, seconds=60)
    failing.refresh_from_db()
    assert (failing.state, counts(failing)) == ("done", (2, 0, 0, 0))


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_each_row_once(maya, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_ROWS", 5)
    raw = b"email\n" + b"".join(b"p%d@acme.example\n" % n for n in range(40))
    run = staged(maya, raw)
    start_run(actor=maya, run_id=run.pk, at=NOW)

    at_once([lambda: finish_imports(now=lambda: NOW, seconds=60)] * 3)
    finish_imports(now=lambda: NOW, seconds=60)

    run.refresh_from_db()
    assert (run.state, counts(run), Lead.objects.count()) == ("done", (40, 0, 0, 0), 40)


def test_rows_carry_their_campaign_and_kind(maya):
    campaign = Campaign.objects.create(
        name="Spring", code="spring", type="event", owner=maya, starts_on=date(2026, 1, 1), created_at=NOW
    )

    finished(maya, staged(maya, campaign_id=campaign.pk, touch_kind="event_visit"))

    assert set(Touch.objects.values_list("campaign_id", "kind")) == {(campaign.pk, "event_visit")}


def test_the_last_mapping_of_the_same_header_is_remembered(maya, mona):
    run = stage_file(actor=maya, at=NOW, name="a.csv", raw=b"A,B\nAda,ada@acme.example\n")
    assert run.mapping == {}
    map_columns(
        actor=maya, run_id=run.pk, mapping={"name": "A", "email": "B"}, touch_kind="form", campaign_id=None,
        lawful_basis="", at=NOW,
    )  # fmt: skip
    start_run(actor=maya, run_id=run.pk, at=NOW)

    again = stage_file(actor=maya, at=NOW, name="b.csv", raw=b"A,B\nBob,bob@acme.example\n")
    of_mona = stage_file(actor=mona, at=NOW, name="b.csv", raw=b"A,B\nBob,bob@acme.example\n")

    assert again.mapping == {"name": "A", "email": "B"}
    assert of_mona.mapping == {}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            ["Record ID", "First Name", "Last Name", "Email", "Phone Number", "Company Name", "Job Title", "Original Source",
             "Country/Region", "Number of Employees", "Create Date"],
            {"external_id": "Record ID", "first_name": "First Name", "last_name": "Last Name", "email": "Email",
             "phone": "Phone Number", "company": "Company Name", "job_title": "Job Title", "source_raw": "Original Source",
             "country": "Country/Region", "employee_count": "Number of Employees", "occurred_at": "Create Date"},
        ),
        (
            ["Lead ID", "First Name", "Last Name", "Title", "Company / Account", "Email", "Lead Source", "State/Province",
             "No. of Employees"],
            {"external_id": "Lead ID", "first_name": "First Name", "last_name": "Last Name", "job_title": "Title",
             "company": "Company / Account", "email": "Email", "source_raw": "Lead Source", "region": "State/Province",
             "employee_count": "No. of Employees"},
        ),
        (["E-Mail", "Vorname", "Nachname", "Firma"],
         {"email": "E-Mail", "first_name": "Vorname", "last_name": "Nachname", "company": "Firma"}),
        (["x", "y"], {}),
    ],
)  # fmt: skip
def test_headers_of_the_usual_exports_are_known(header, expected):
    assert suggest(header) == expected


@pytest.mark.parametrize(
    ("mapping", "field", "code"),
    [
        ({"name": "Name"}, "email", "nothing_to_recognise"),
        ({"email": "Emall"}, "email", "unknown_column"),
        ({"email": "Email", "salary": "Name"}, "salary", "unknown_column"),
        ({"email": "Email", "name": "Name", "company": "Name"}, "company", "column_used_twice"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(maya, mapping, field, code):
    run = stage_file(actor=maya, at=NOW, name="list.csv", raw=FILE)

    with pytest.raises(BadMapping) as refusal:
        map_columns(
            actor=maya, run_id=run.pk, mapping=mapping, touch_kind="form", campaign_id=None, lawful_basis="", at=NOW
        )

    assert (field, code) in [(problem.field, problem.code) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "choice",
    [{"touch_kind": "party"}, {"lawful_basis": "because"}, {"campaign_id": 2**62}],
    ids=["kind", "basis", "campaign"],
)
def test_choices_that_do_not_exist_are_refused(maya, choice):
    with pytest.raises(BadMapping):
        staged(maya, **choice)


def test_a_file_without_rows_is_refused_by_name(maya):
    with pytest.raises(BadFile) as refusal:
        stage_file(actor=maya, at=NOW, name="x.csv", raw=b"")

    assert (refusal.value.code, refusal.value.field) == ("empty_file", "file")
    assert ImportRun.objects.count() == 0


def test_only_marketing_imports(sam, olive):
    for person in (sam, olive):
        with pytest.raises(MayNotImport):
            stage_file(actor=person, at=NOW, name="x.csv", raw=FILE)


def test_runs_of_others_look_missing_except_to_a_manager(maya, mona, marketing):
    from tests.cast import person

    run = staged(maya)
    mia = person("Mia", marketing)

    with pytest.raises(NoSuchRun):
        start_run(actor=mia, run_id=run.pk, at=NOW)
    assert list(ImportRun.objects.visible_to(mona)) == [run]


def test_a_run_starts_once(maya):
    run = staged(maya)
    start_run(actor=maya, run_id=run.pk, at=NOW)

    for step in (start_run, abandon_run, preview):
        with pytest.raises(RunMovedOn):
            step(actor=maya, run_id=run.pk, at=NOW)


def test_an_abandoned_run_forgets_its_rows(maya):
    run = staged(maya)

    abandon_run(actor=maya, run_id=run.pk, at=NOW)

    run.refresh_from_db()
    assert (run.state, ImportRow.objects.count(), Lead.objects.count()) == ("abandoned", 0, 0)


def test_an_importer_who_lost_the_right_takes_nothing_in(maya):
    run = staged(maya)
    start_run(actor=maya, run_id=run.pk, at=NOW)
    maya.memberships.all().delete()

    finish_imports(now=lambda: NOW, seconds=60)

    run.refresh_from_db()
    assert (run.state, counts(run), Lead.objects.count()) == ("done", (0, 0, 0, 2), 0)


def test_statements_do_not_grow_with_the_rows_of_a_batch(maya, agreement, django_assert_max_num_queries):
    few = staged(maya, b"email\n" + b"".join(b"few%d@acme.example\n" % n for n in range(3)))
    many = staged(maya, b"email\n" + b"".join(b"many%d@acme.example\n" % n for n in range(150)))
    used = []
    for run in (few, many):
        start_run(actor=maya, run_id=run.pk, at=NOW)
        connection.force_debug_cursor = True
        before = len(connection.queries_log)
        run_batch(run_id=run.pk, at=NOW)
        used.append(len(connection.queries_log) - before)
        connection.force_debug_cursor = False

    assert 5 < used[0] < 60
    assert used[1] <= used[0] + 2


# one row --------------------------------------------------------------------------------------------------------------


def reading(mapping: dict[str, str], **fields: Any) -> Reading:
    from zoneinfo import ZoneInfo

    usual: dict[str, Any] = {
        "columns": ("a", "b", "c"), "touch_kind": "form", "campaign_code": "", "lawful_basis": "",
        "zone": ZoneInfo("Europe/Berlin"),
    }  # fmt: skip
    return Reading(mapping=mapping, **{**usual, **fields})


def test_a_row_joins_names_and_utm_values_and_reads_countries():
    read = reading({"first_name": "a", "last_name": "b", "utm_source": "c"})

    arrival = read.arrival(["Ada", " Byron ", "google"], at=NOW)

    assert (arrival.name, dict(arrival.utm)) == ("Ada Byron", {"source": "google"})
    assert reading({"country": "a"}).arrival(["Germany", "", ""], at=NOW).country == "DE"


def test_a_local_time_is_the_companys():
    arrival = reading({"occurred_at": "a"}).arrival(["2025-06-01 12:00", "", ""], at=NOW)

    assert arrival.occurred_at == datetime(2025, 6, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1/2/2026", "not_a_time"),
        ((NOW + timedelta(days=2)).isoformat(), "in_the_future"),
        ("1066-10-14", "too_early"),
    ],
)
def test_a_time_that_cannot_be_placed_costs_its_row(cell, code):
    with pytest.raises(BadRow) as bad:
        reading({"occurred_at": "a"}).arrival([cell, "", ""], at=NOW)

    assert [(problem.field, problem.code) for problem in bad.value.problems] == [("occurred_at", code)]


def test_the_key_of_a_row_is_its_content_not_its_columns():
    one = reading({"email": "a", "name": "b"}).arrival(["x@y.example", "X", "ignored"], at=NOW)
    same = reading({"email": "b", "name": "a"}).arrival(["X", "x@y.example", "also ignored"], at=NOW)
    other = reading({"email": "a", "name": "b"}).arrival(["x@y.example", "Y", ""], at=NOW)

    assert one.key == same.key != other.key
