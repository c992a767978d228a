"""An import in the browser."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from inputs import csv_file
from leads.importing import finish_imports
from leads.models import ImportRun, Lead
from teams.models import User
from tests.cast import NOW, person

pytestmark = pytest.mark.django_db

FILE = b"Name,Email\nAda Byron,ada@acme.example\n=Bob+Stone,nothing\n"
UNPROCESSABLE = 422


@pytest.fixture
def browser(maya: User) -> Client:
    client = Client()
    client.force_login(maya)
    return client


def upload(browser: Client, raw: bytes = FILE, name: str = "list.csv") -> Any:
    return browser.post("/imports/", {"file": SimpleUploadedFile(name, raw)})


def uploaded(browser: Client, raw: bytes = FILE) -> ImportRun:
    assert upload(browser, raw).status_code == 302
    return ImportRun.objects.latest("id")


def test_the_whole_way_of_a_file(browser):
    run = uploaded(browser)
    columns = browser.get(f"/imports/{run.pk}/columns/")
    assert columns.context["form"]["email"].value() == "Email"
    answer = browser.post(
        f"/imports/{run.pk}/columns/",
        {"email": "Email", "name": "Name", "touch_kind": "list_import", "file_basis": "consent"},
    )
    assert answer["Location"] == f"/imports/{run.pk}/preview/"
    preview = browser.get(answer["Location"])
    assert [preview.context[word] for word in ("created", "updated", "skipped", "rejected")] == [1, 0, 0, 1]
    assert Lead.objects.count() == 0

    assert browser.post(f"/imports/{run.pk}/start/")["Location"] == f"/imports/{run.pk}/"
    waiting = browser.get(f"/imports/{run.pk}/", headers={"hx-request": "true"}).content.decode()
    finish_imports(now=lambda: NOW, seconds=60)
    done = browser.get(f"/imports/{run.pk}/", headers={"hx-request": "true"}).content.decode()

    assert "every 2s" in waiting
    assert "every 2s" not in done
    assert "<html" not in done
    assert Lead.objects.get().contact.name == "Ada Byron"
    assert "list.csv" in browser.get("/imports/").content.decode()


def test_refused_rows_come_back_with_their_reasons_and_harmless(browser):
    run = uploaded(browser)
    browser.post(f"/imports/{run.pk}/columns/", {"email": "Email", "name": "Name", "touch_kind": "form"})
    browser.post(f"/imports/{run.pk}/start/")
    finish_imports(now=lambda: NOW, seconds=60)

    response = browser.get(f"/imports/{run.pk}/refused.csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Name", "Email", "Line", "Reason"]
    assert rows[1][:3] == ["'=Bob+Stone", "nothing", "3"]
    assert rows[1][3].startswith("Email: This is not an email address")
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"\xff\xfex\x00\x00\xd8\x00\x00", "UTF-16"),
        (b'"a,b\n1,2\n', "header"),
        (b"x" * (csv_file.MAX_BYTES + 1), "larger than 30 MB"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "not a CSV file"),
        (gzip.compress(FILE * 100, mtime=0), "not a CSV file"),
        (bytes(range(1, 256)) * 40, "not a CSV file"),
    ],
    ids=["empty", "header-only", "broken-utf16", "open-quote", "too-large", "workbook", "gzip", "binary"],
)
def test_a_file_that_gives_no_row_is_refused_in_words(browser, raw, words):
    response = upload(browser, raw)

    assert response.status_code == UNPROCESSABLE
    assert words in " ".join(response.context["form"].errors["file"])
    assert ImportRun.objects.count() == 0


def test_sending_no_file_is_refused_in_words(browser):
    response = browser.post("/imports/", {})

    assert response.status_code == UNPROCESSABLE
    assert "file" in response.context["form"].errors


PEOPLE = b"Ada Byron,ada@acme.example\nBob Stone,bob@acme.example\n"


@pytest.mark.parametrize(
    ("header", "left", "is_open"), [("Email,Job", ["Job"], True), ("Email,Name", [], False), ("A,B", ["A", "B"], True)]
)
def test_the_fields_are_open_while_a_column_of_the_file_is_left(
    browser: Client, header: str, left: list[str], is_open: bool
) -> None:
    run = uploaded(browser, f"{header}\nines@firm.example,Something\n".encode())

    page = browser.get(f"/imports/{run.pk}/columns/")

    assert page.context["form"].left_columns == left
    assert ('more-fields" open' in page.content.decode()) is is_open


@pytest.mark.parametrize(
    ("raw", "first_line", "columns", "rows"),
    [
        (PEOPLE, "", ["Column 1", "Column 2"], 2),
        (PEOPLE, "names", ["Ada Byron", "ada@acme.example"], 1),
        (PEOPLE, "row", ["Column 1", "Column 2"], 2),
        (b"sep=;\nAda;+49 30 901820\nBob;+49 30 901821\n", "", ["Column 1", "Column 2"], 2),
        (FILE, "", ["Name", "Email"], 2),
        (FILE, "row", ["Column 1", "Column 2"], 3),
        (b"Wer,Was\nAda,ada@acme.example\n", "", ["Wer", "Was"], 1),
    ],
)
def test_no_first_person_is_taken_for_the_names_of_the_columns(browser, raw, first_line, columns, rows):
    answer = browser.post("/imports/", {"file": SimpleUploadedFile("list.csv", raw), "first_line": first_line})

    run = ImportRun.objects.get()
    assert (run.columns, run.rows_read) == (columns, rows)
    assert ("The first line was read as a row" in browser.get(answer["Location"]).content.decode()) is (
        columns[0] == "Column 1"
    )


def test_a_file_without_names_is_taken_in_by_position(browser):
    run = uploaded(browser, PEOPLE)
    said = {"name": "Column 1", "email": "Column 2", "touch_kind": "form", "file_basis": "consent"}
    browser.post(f"/imports/{run.pk}/columns/", said)
    browser.post(f"/imports/{run.pk}/start/")
    finish_imports(now=lambda: NOW, seconds=60)

    assert sorted(Lead.objects.values_list("contact__name", flat=True)) == ["Ada Byron", "Bob Stone"]


def test_how_the_file_was_understood_is_said(browser):
    run = uploaded(browser, "Name,Email,Email\nZoë,zoe@acme.example,x\n".encode("latin-1"))

    body = browser.get(f"/imports/{run.pk}/columns/").content.decode()

    assert "Windows-1252" in body
    assert "Two columns are called “Email”" in body
    assert "Zoë" in body


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\u202egpj.csv", "x" * 400 + ".csv", "<b>.csv"])
def test_a_files_name_is_only_a_name(browser, name):
    response = upload(browser, FILE, name)

    run = ImportRun.objects.get()
    assert response.status_code == 302
    assert "/" not in run.file_name
    assert "<b>" not in browser.get("/imports/").content.decode()


def test_a_mapping_that_cannot_work_keeps_what_was_chosen(browser):
    run = uploaded(browser)

    response = browser.post(
        f"/imports/{run.pk}/columns/",
        {"name": "Name", "company": "Name", "touch_kind": "form", "file_basis": "consent"},
    )

    assert response.status_code == UNPROCESSABLE
    assert {"email", "company"} <= set(response.context["form"].errors)
    assert response.context["form"]["name"].value() == "Name"


@pytest.mark.parametrize(
    "change", [{"email": "No such"}, {"touch_kind": "party"}, {"campaign": "9" * 30}, {"campaign": "x"}]
)
def test_odd_choices_are_refused_beside_their_field(browser, change):
    run = uploaded(browser)

    response = browser.post(f"/imports/{run.pk}/columns/", {"email": "Email", "touch_kind": "form", **change})

    assert response.status_code == UNPROCESSABLE
    assert set(change) <= set(response.context["form"].errors)


def test_a_second_start_changes_nothing(browser):
    run = uploaded(browser)
    browser.post(f"/imports/{run.pk}/columns/", {"email": "Email", "touch_kind": "form"})

    for _ in range(2):
        assert browser.post(f"/imports/{run.pk}/start/").status_code == 302
    finish_imports(now=lambda: NOW, seconds=60)

    assert Lead.objects.count() == 1
    assert browser.get(f"/imports/{run.pk}/preview/")["Location"] == f"/imports/{run.pk}/"
    assert browser.post(f"/imports/{run.pk}/abandon/").status_code == 409


def test_a_second_start_at_the_same_moment_leads_to_the_run_too(browser):
    run = uploaded(browser)
    browser.post(f"/imports/{run.pk}/columns/", {"email": "Email", "touch_kind": "form"})

    def first_click_wins(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if "leads_importrun" in sql and sql.startswith("SELECT"):
            ImportRun.objects.update(state="running")
        return found

    with connection.execute_wrapper(first_click_wins):
        answer = browser.post(f"/imports/{run.pk}/start/")

    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{run.pk}/")


def test_a_waiting_import_can_be_abandoned(browser):
    run = uploaded(browser)

    browser.post(f"/imports/{run.pk}/abandon/")

    assert "abandoned before it began" in browser.get(f"/imports/{run.pk}/").content.decode()


def test_an_import_of_somebody_else_looks_missing(browser, marketing):
    run = uploaded(browser)
    other = Client()
    other.force_login(person("Mia", marketing))

    for way in ("", "columns/", "preview/", "refused.csv"):
        hidden, missing = other.get(f"/imports/{run.pk}/{way}"), other.get(f"/imports/{run.pk + 999}/{way}")
        assert hidden.status_code == missing.status_code == 404
        assert hidden.content == missing.content
    assert other.post(f"/imports/{run.pk}/start/").status_code == 404


def test_a_rep_does_not_import(sam):
    client = Client()
    client.force_login(sam)

    assert client.get("/imports/").status_code == 403
    assert upload(client).status_code == 403
    assert ImportRun.objects.count() == 0


def test_the_list_of_imports_asks_few_questions(browser, django_assert_max_num_queries):
    for _ in range(3):
        uploaded(browser)

    with django_assert_max_num_queries(9):
        browser.get("/imports/")


def test_where_every_row_is_refused_there_is_nothing_to_start(browser):
    run = uploaded(browser, b"Name,Email\nAda,nothing\n,\nBob\n")
    browser.post(f"/imports/{run.pk}/columns/", {"email": "Email", "name": "Name", "touch_kind": "form"})

    page = browser.get(f"/imports/{run.pk}/preview/").content.decode()

    assert "No row of this file can be taken in" in page
    assert f"/imports/{run.pk}/start/" not in page


def test_a_line_break_within_a_cell_is_a_space_where_one_line_is_asked_for(browser):
    run = uploaded(browser, b'Name,Email,Company,Note\n"Ada\nByron",ada@acme.example,"Acme \r\n GmbH","two\nlines"\n')
    mapping = {"email": "Email", "name": "Name", "company": "Company", "note": "Note"}
    browser.post(f"/imports/{run.pk}/columns/", {**mapping, "touch_kind": "form", "file_basis": "consent"})
    browser.post(f"/imports/{run.pk}/start/")
    finish_imports(now=lambda: NOW, seconds=60)

    lead = Lead.objects.get()
    assert (lead.contact.name, str(lead.contact.company)) == ("Ada Byron", "Acme GmbH")
    assert lead.touches.get().note == "two\nlines"


def test_a_country_is_read_by_any_of_its_names_and_an_unknown_one_is_noted(browser):
    names = [
        "Germany",
        "deutschland",
        "DEU",
        "de",
        "Österreich",
        "OSTERREICH",
        "Česko",
        "日本",
        "Türkiye",
        "U.S.A.",
        "Narnia",
        "",
    ]
    lines = "".join(f"P{chr(65 + n)},p{n}@acme.example,{name}\n" for n, name in enumerate(names))
    run = uploaded(browser, f"Name,Email,Country\n{lines}".encode())
    said = {"name": "Name", "email": "Email", "country": "Country", "touch_kind": "form", "file_basis": "consent"}
    browser.post(f"/imports/{run.pk}/columns/", said)
    browser.post(f"/imports/{run.pk}/start/")
    finish_imports(now=lambda: NOW, seconds=60)

    leads = Lead.objects.order_by("contact__name")
    assert [lead.contact.country for lead in leads] == [
        "DE", "DE", "DE", "DE", "AT", "AT", "CZ", "JP", "TR", "US", "", "",
    ]  # fmt: skip
    assert [lead.touches.get().note for lead in leads][-3:] == ["", "Country as written: Narnia", ""]
