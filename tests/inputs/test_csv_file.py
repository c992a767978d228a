"""A CSV file, read as people export it."""

from __future__ import annotations

import pytest

from inputs import csv_file
from inputs.csv_file import MAX_BROKEN, MAX_CELL, BadFile, read


def cells(raw: bytes | str) -> list[tuple[str, ...]]:
    table = read(raw.encode() if isinstance(raw, str) else raw)
    return [line.cells for line in table.lines if line.problem is None]


def refused(raw: bytes | str) -> list[tuple[int, str]]:
    table = read(raw.encode() if isinstance(raw, str) else raw)
    return [(line.number, line.problem.code) for line in table.lines if line.problem]


@pytest.mark.parametrize(
    "raw",
    [
        "name,city\nÅsa,Malmö\n",
        "name,city\r\nÅsa,Malmö\r\n",
        "name,city\rÅsa,Malmö",
        "\ufeffname,city\nÅsa,Malmö",
        "name;city\nÅsa;Malmö\n",
        "name\tcity\nÅsa\tMalmö\n",
        "sep=;\nname;city\nÅsa;Malmö\n",
        "\ufeffsep=|\r\nname|city\r\nÅsa|Malmö\r\n",
        '"name","city"\n"Åsa","Malmö"\n',
        "\n\nname,city\n\n\nÅsa,Malmö\n\n",
    ],
)
def test_reads_the_usual_forms_of_a_file_alike(raw):
    table = read(raw.encode())

    assert table.columns == ("name", "city")
    assert [line.cells for line in table.lines] == [("Åsa", "Malmö")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_reads_utf_16_with_and_without_its_mark_and_says_so(encoding):
    table = read("name,city\nZoe,Malmö\n".encode(encoding))

    assert [line.cells for line in table.lines] == [("Zoe", "Malmö")]
    assert table.notes == ("The file was read as UTF-16.",)


def test_falls_back_to_western_european_and_says_so():
    table = read("name,city\nÅsa,Malmö\n".encode("cp1252"))

    assert [line.cells for line in table.lines] == [("Åsa", "Malmö")]
    assert "Windows-1252" in table.notes[0]


def test_refuses_a_broken_utf_16_file():
    with pytest.raises(BadFile) as refusal:
        read(b"\xff\xfen\x00a\x00\x00\xd8\x00\x00")

    assert refusal.value.code == "bad_encoding"


def test_counts_lines_as_an_editor_does():
    table = read(b'sep=,\nname,note\nAda,"one\ntwo"\n\nBob,x\n')

    assert [(line.number, line.cells) for line in table.lines] == [(3, ("Ada", "one\ntwo")), (6, ("Bob", "x"))]


def test_names_duplicate_and_empty_headers_apart_and_says_so():
    table = read(b"Email,Email,,Email (2)\na,b,c,d\n")

    assert table.columns == ("Email", "Email (2)", "Column 3", "Email (2) (2)")
    assert "Two columns are called “Email”" in table.notes[0]


def test_keeps_good_rows_beside_ragged_ones():
    raw = "a,b\n1,2\n1\n1,2,3\n3,4,,\n5,6\n"

    assert cells(raw) == [("1", "2"), ("3", "4"), ("5", "6")]
    assert refused(raw) == [(3, "too_few_cells"), (4, "too_many_cells")]


@pytest.mark.parametrize(
    "raw",
    [
        'a,b\n1,2\n"open,3\n5,6\n7,8\n',
        'a,b\n1,2\n"open,3\n5,6\n7,8\n"quoted",9\n',
        'a,b\n1,2\n"open,3\n5,6\n7,8\n9,"quoted"\n',
        'a,b\n1,2\n"closed"x,3\n5,6\n7,8\n',
    ],
)
def test_an_open_quote_costs_its_own_line_only(raw):
    assert cells(raw)[:3] == [("1", "2"), ("5", "6"), ("7", "8")]
    assert refused(raw) == [(3, "open_quote")]


def test_a_quote_inside_a_bare_cell_is_a_character():
    assert cells('size,b\n5" pipe,x\n') == [('5" pipe', "x")]


def test_doubled_quotes_are_one():
    assert cells('a,b\n"say ""hi""",x\n') == [('say "hi"', "x")]


@pytest.mark.parametrize(("length", "expected"), [(MAX_CELL, []), (MAX_CELL + 1, [(2, "cell_too_long")])])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_may_have_131_072_characters_and_not_one_more(length, expected, quote):
    raw = f"a,b\n{quote}{'x' * length}{quote},1\n2,3\n"

    assert refused(raw) == expected
    assert cells(raw)[-1] == ("2", "3")


def test_as_many_rows_as_are_promised_fit_into_a_file_and_the_file_into_a_request(settings):
    row = (
        b"ada.lovelace@engines.example,Ada Lovelace,Analytical Engines Ltd,+49 30 901820,head of operations,"
        + b"x" * 95
    )

    table = read(b"email,name,company,phone,role,note\n" + (row + b"\n") * csv_file.MAX_ROWS)

    assert len(table.lines) == csv_file.MAX_ROWS
    assert settings.UPLOAD_MAX_BYTES - csv_file.MAX_BYTES >= 1024 * 1024


@pytest.mark.parametrize("empty", ["\n", '""\n', ",\n", '"",""\n'])
def test_empty_rows_count_towards_the_most_that_are_read(empty):
    raw = ("a,b\n" + 3 * empty + "1,2\n").encode()

    assert len(read(raw, max_rows=4).lines) == 1
    with pytest.raises(BadFile) as refusal:
        read(raw, max_rows=3)

    assert refusal.value.code == "too_many_rows"
    assert "more than 3 rows, empty ones counted" in refusal.value.message


def test_nul_costs_its_row():
    raw = "a,b\n1\x00,2\n3,4\n"

    assert refused(raw) == [(2, "nul_character")]
    assert cells(raw) == [("3", "4")]


def test_nul_in_a_header_is_left_out():
    assert read(b"na\x00me,b\n1,2\n").columns == ("name", "b")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\xff\xfe", "empty_file"),
        (b"sep=;\n", "empty_file"),
        (b"a,b\n", "no_rows"),
        (b"a,b", "no_rows"),
        (b"a,b\n\n\n", "no_rows"),
        (b'"a,b\n1,2\n', "bad_header"),
        (b"a," * 300 + b"\n1\n", "too_many_columns"),
        (b"a,b\n" + b'"x,1\n' * (MAX_BROKEN + 1), "not_csv"),
        (b"x" * (csv_file.MAX_BYTES + 1), "too_large"),
    ],
)
def test_says_what_is_wrong_with_a_file_that_gives_no_row(raw, code):
    with pytest.raises(BadFile) as refusal:
        read(raw)

    assert refusal.value.code == code
    assert refusal.value.message.endswith((".", "closes.", "ends."))


def test_refuses_more_rows_than_it_may_hold():
    with pytest.raises(BadFile) as refusal:
        read(b"a\n1\n2\n3\n", max_rows=2)

    assert refusal.value.code == "too_many_rows"


def test_a_file_of_one_column_needs_no_delimiter():
    assert cells("email\na@b.example\n") == [("a@b.example",)]


def test_finds_the_delimiter_outside_quotes():
    assert read(b'"a,b,c,d";e;f\n1;2;3\n').delimiter == ";"
