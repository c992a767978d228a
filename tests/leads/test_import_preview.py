"""What a preview of an import says: the truth, without doing anything."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import importing
from leads.importing import preview
from leads.models import Contact, Lead, Touch
from tests.cast import NOW
from tests.leads.import_runs import FILE, counts, finished, staged


def test_the_preview_tells_the_truth_and_changes_nothing(maya):
    finished(maya, staged(maya))
    raw = b"Name,Email\nAda Byron,ada@acme.example\nCarl,carl@new.example\nCarl,CARL@new.example\nX,nothing\n"
    run = staged(maya, raw)
    before = (Lead.objects.count(), Touch.objects.count(), Contact.objects.count())

    seen = preview(actor=maya, run_id=run.pk, at=NOW)

    assert (Lead.objects.count(), Touch.objects.count(), Contact.objects.count()) == before
    assert set(run.rows.values_list("state", flat=True)) == {"pending"}
    ada = Lead.objects.get(contact__email="ada@acme.example")
    assert [(row.line, row.state, row.lead_id) for row in seen.rows] == [
        (2, "updated", ada.pk), (3, "created", None), (4, "updated", None), (5, "rejected", None),
    ]  # fmt: skip
    done = finished(maya, run)
    assert counts(done) == tuple(seen.counts.get(state, 0) for state in ("created", "updated", "skipped", "rejected"))


def test_a_preview_writes_nothing_and_locks_nothing(maya, agreement):
    finished(maya, staged(maya))
    run = staged(maya, FILE + b"Cleo,cleo@new.example,New\n", touch_kind="demo_request")

    with CaptureQueriesContext(connection) as asked:
        seen = preview(actor=maya, run_id=run.pk, at=NOW)

    assert dict(seen.counts) == {"created": 1, "updated": 2}
    assert {query["sql"].split()[0] for query in asked} == {"SELECT"}
    assert not [query["sql"] for query in asked if "FOR " in query["sql"] and "UPDATE" in query["sql"]]


def test_a_preview_of_more_than_a_batch_foresees_what_the_run_does(maya, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_ROWS", 2)
    people = [f"P{n % 5},p{n % 5}@acme.example,Acme{n % 3}" for n in range(12)] + ["Nobody,,Acme"]
    run = staged(maya, "\n".join(["Name,Email,Company", *people, "Twin,p1@acme.example,"]).encode())

    seen = preview(actor=maya, run_id=run.pk, at=NOW)
    done = finished(maya, run)

    assert {row.line: row.state for row in seen.rows} == dict(run.rows.values_list("line", "state"))
    assert counts(done) == tuple(seen.counts.get(state, 0) for state in ("created", "updated", "skipped", "rejected"))


def test_a_preview_of_a_long_file_says_how_far_it_looked(maya, monkeypatch):
    monkeypatch.setattr(importing, "PREVIEW_ROWS", 1)
    run = staged(maya)

    seen = preview(actor=maya, run_id=run.pk, at=NOW)

    assert (seen.looked_at, seen.rows_read, len(seen.rows)) == (1, 2, 1)
