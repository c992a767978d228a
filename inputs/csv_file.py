"""Read a CSV file as people export it, keeping every good row and naming every bad one by its line. Pure.

Traps (design, promises page): byte-order mark, ``sep=;`` line, UTF-16, other encodings, duplicate headers, ragged rows, an open quote
that swallows the file, cells over 131,072 characters, NUL. Lines count from 1 as an editor shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from inputs.refusals import Invalid, Problem

MAX_MEGABYTES = 30
MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
MAX_ROWS = 100_000
"""Of about 200 bytes each they make 20 MB."""

MAX_COLUMNS = 200
MAX_CELL = 131_072
MAX_BROKEN = 1_000
EXCERPT = 300
DELIMITERS = ",;\t|"

NO_NAMES = (
    "The first line was read as a row, not as the names of the columns, which are called by their position. "
    "If that is wrong, upload the file again and say so."
)

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_EMPTY_LINES = re.compile(r"\n+")
_SEP_LINE = re.compile(r'"?sep=(.)"?[ \t]*(?:\n|\Z)', re.IGNORECASE)
_OTHER_FORMATS = (
    b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BZh", b"7z\xbc\xaf",
    b"\xfd7zXZ", b"Rar!", b"{\\rtf", b"SQLite format 3",
)  # fmt: skip
"""How files begin that people take for a CSV: workbooks (new and old Excel, OpenDocument), archives, pictures, documents."""
MOST_CONTROLS = 0.02
"""The share of control characters in the beginning of a text from which on it is none."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class BadFile(Invalid):
    """The file as a whole cannot be read."""

    code = "bad_file"


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line where it starts, its cells, and what is wrong with it (then ``cells`` is what could be read)."""

    number: int
    cells: tuple[str, ...]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read. ``columns`` are unique names; ``notes`` are sentences on how the file was understood."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    delimiter: str


def read(
    raw: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    names_columns: Callable[[Sequence[str]], bool] = lambda _cells: True,
) -> Table:
    """Read the bytes of a file; raises ``BadFile`` where no row can be had from it.

    ``names_columns`` tells from the cells of the first line whether they are names; else they are a row, and columns are called by their
    position.
    """
    text, notes = _text(raw, max_bytes)
    start, first_line, delimiter = _opening(text)
    scanner = _Scanner(text, delimiter)
    records = scanner.records(start, first_line)
    header = next(records, None)
    if header is None or header.problem:
        raise BadFile(
            f"The header in line {first_line} cannot be read: {header.problem.message if header and header.problem else ''}",
            code="bad_header",
        )
    if names_columns(header.cells):
        columns, more_notes = _columns(header.cells)
    else:
        columns, more_notes = tuple(f"Column {place}" for place in range(1, len(header.cells) + 1)), (NO_NAMES,)
        scanner = _Scanner(text, delimiter)
        records = scanner.records(start, first_line)
    lines = _rows(scanner, records, len(columns), max_rows)
    if not lines:
        raise BadFile("The file has a header but no rows.", code="no_rows")
    return Table(columns, lines, (*notes, *more_notes), delimiter)


def _text(raw: bytes, max_bytes: int) -> tuple[str, tuple[str, ...]]:
    """Give the text of the file with plain line ends, and how it was understood; raises ``BadFile`` where it is none."""
    if len(raw) > max_bytes:
        size = f"{max_bytes // (1024 * 1024)} MB"
        raise BadFile(f"The file is larger than {size}. Split it and import the parts.", code="too_large")
    if raw.startswith(_OTHER_FORMATS):
        raise _not_csv()
    text, notes = _decode(raw)
    head = text[:20_000].replace("\x00", "")  # NUL is refused row by row
    if len(_CONTROL.findall(head)) > MOST_CONTROLS * len(head):
        raise _not_csv()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip("\n\x00 "):
        raise BadFile("The file is empty.", code="empty_file")
    return text, notes


def _not_csv() -> BadFile:
    return BadFile(
        "This is not a CSV file. Save it as CSV where it comes from (in Excel: Save as, “CSV UTF-8”), then upload that.",
        code="not_csv",
    )


def _decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    encoding = next((name for mark, name in _BOMS if raw.startswith(mark)), None) or _unmarked_utf16(raw)
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise BadFile(f"The file says that it is {encoding.upper()} but is not.", code="bad_encoding") from None
        return _decode_western(raw)
    if encoding and encoding.startswith("utf-16"):
        return text.removeprefix("\ufeff"), ("The file was read as UTF-16.",)
    return text, ()


def _unmarked_utf16(raw: bytes) -> str | None:
    """Recognise UTF-16 without its mark: in Western text every other byte is NUL."""
    head = raw[:2000]
    if len(head) < 4:
        return None
    even, odd = head[::2], head[1::2]
    if odd.count(0) > 0.7 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and not odd.count(0):
        return "utf-16-be"
    return None


def _decode_western(raw: bytes) -> tuple[str, tuple[str, ...]]:
    note = "The file is not UTF-8; it was read as Western European (Windows-1252). Check the accents in the preview."
    try:
        return raw.decode("cp1252"), (note,)
    except UnicodeDecodeError:
        return raw.decode("latin-1"), (note.replace("Windows-1252", "Latin-1"),)


def _opening(text: str) -> tuple[int, int, str]:
    """Give where the header starts, its line, and the delimiter."""
    sep = _SEP_LINE.match(text)
    start, line = (sep.end(), 2) if sep else (0, 1)
    if empty := _EMPTY_LINES.match(text, start):
        start, line = empty.end(), line + empty.end() - start
    if start >= len(text):
        raise BadFile("The file is empty.", code="empty_file")
    if sep:
        return start, line, sep[1]
    end = text.find("\n", start)
    bare = re.sub(r'"(?:[^"]|"")*"', "", text[start : end if end >= 0 else len(text)])
    return start, line, max(DELIMITERS, key=bare.count)


def _columns(cells: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(cells) > MAX_COLUMNS:
        raise BadFile(f"The header names more than {MAX_COLUMNS} columns.", code="too_many_columns")
    named: list[str] = []
    notes: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(_CONTROL.sub("", cell).split())[:100] or f"Column {place}"
        if name in named:
            fresh = next(f"{name} ({n})" for n in range(2, MAX_COLUMNS + 2) if f"{name} ({n})" not in named)
            notes.append(f"Two columns are called “{name}”; the later one is shown as “{fresh}”.")
            name = fresh
        named.append(name)
    return tuple(named), tuple(notes)


def _rows(scanner: _Scanner, records: Iterator[Line], width: int, max_rows: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    for count, record in enumerate(records, 1):
        if count > max_rows:
            raise BadFile(
                f"The file has more than {max_rows:,} rows, empty ones counted. Split it and import the parts.",
                code="too_many_rows",
            )
        if not any(record.cells) and not record.problem:
            continue
        line = _fitted(record, width)
        if line.problem and scanner.spanned_lines:
            # Too many or too few cells over several lines: a quote was left open and closed by a later row's.
            scanner.resume()
            line = Line(record.number, scanner.excerpt, _open_quote())
        lines.append(line)
    return tuple(lines)


def _fitted(line: Line, width: int) -> Line:
    """Judge a record against the header; further cells that are empty do no harm."""
    if line.problem:
        return line
    cells = line.cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    problem = None
    if len(cells) != width:
        code = "too_many_cells" if len(cells) > width else "too_few_cells"
        noun = "cell" if len(cells) == 1 else "cells"
        problem = Problem("", code, f"The row has {len(cells)} {noun} where the header has {width}.")
    elif any("\x00" in cell for cell in cells):
        problem = Problem("", "nul_character", "The row contains the NUL character.")
    return Line(line.number, cells, problem)


def _open_quote() -> Problem:
    return Problem("", "open_quote", "A quote is opened in this line and not closed where its cell ends.")


class _Broken(Exception):
    """The record at hand cannot be read; the reader goes on in the next line."""

    def __init__(self, problem: Problem, resume_at: int | None = None) -> None:
        self.problem = problem
        self.resume_at = resume_at


class _Scanner:
    """Cuts the text into records. A record that cannot be read costs its first line only."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.text = text
        self.delimiter = delimiter
        self.record_start = self.position = 0
        self.number = self.record_number = 1
        self.broken_count = 0

    @property
    def spanned_lines(self) -> bool:
        """Tell whether the record just given went over more than one line."""
        return self.number - self.record_number > 1

    @property
    def excerpt(self) -> tuple[str, ...]:
        """The first line of the record just given, cut short."""
        return (self.text[self.record_start : self._line_end(self.record_start)][:EXCERPT],)

    def resume(self) -> None:
        """Go on in the line after the first one of the record just given."""
        self._count_broken()
        self.position = self._line_end(self.record_start) + 1
        self.number = self.record_number + 1

    def records(self, start: int, number: int) -> Iterator[Line]:
        self.position, self.number = start, number
        while self.position < len(self.text):
            self.record_start, self.record_number = self.position, self.number
            try:
                cells, end = self._record(self.position)
            except _Broken as broken:
                yield self._after_broken(broken)
                continue
            self.number += self.text.count("\n", self.position, end) + 1
            self.position = end + 1
            yield Line(self.record_number, cells)

    def _after_broken(self, broken: _Broken) -> Line:
        if broken.resume_at is None:
            self.resume()
        else:
            self._count_broken()
            self.number += self.text.count("\n", self.record_start, broken.resume_at) + 1
            self.position = broken.resume_at + 1
        return Line(self.record_number, self.excerpt, broken.problem)

    def _count_broken(self) -> None:
        self.broken_count += 1
        if self.broken_count > MAX_BROKEN:
            raise BadFile("More than a thousand lines have broken quotes: this is not a CSV file.", code="not_csv")

    def _record(self, start: int) -> tuple[tuple[str, ...], int]:
        """Give the cells of the record at ``start`` and where it ends; raises ``_Broken``."""
        end = self._line_end(start)
        if self.text.find('"', start, end) < 0:
            cells = self.text[start:end].split(self.delimiter)
            if end - start > MAX_CELL and any(len(cell) > MAX_CELL for cell in cells):
                raise _Broken(_long_cell(), end)
            return tuple(cells), end
        found: list[str] = []
        position = start
        while True:
            cell, position = self._cell(position)
            found.append(cell)
            if position >= len(self.text) or self.text[position] == "\n":
                return tuple(found), position
            position += 1

    def _cell(self, start: int) -> tuple[str, int]:
        """Give the cell at ``start`` and the place of the delimiter or line end after it."""
        if not self.text.startswith('"', start):
            line_end = self._line_end(start)
            end = self.text.find(self.delimiter, start, line_end)
            end = line_end if end < 0 else end
            if end - start > MAX_CELL:
                raise _Broken(_long_cell(), line_end)
            return self.text[start:end], end
        end = self._closing_quote(start)
        after = end + 1
        if after < len(self.text) and self.text[after] not in (self.delimiter, "\n"):
            raise _Broken(_open_quote())
        if end - start - 1 > MAX_CELL:
            raise _Broken(_long_cell(), self._line_end(after))
        return self.text[start + 1 : end].replace('""', '"'), after

    def _closing_quote(self, start: int) -> int:
        place = start + 1
        while (place := self.text.find('"', place)) >= 0:
            if not self.text.startswith('"', place + 1):
                return place
            place += 2
        raise _Broken(_open_quote())

    def _line_end(self, start: int) -> int:
        end = self.text.find("\n", start)
        return len(self.text) if end < 0 else end


def _long_cell() -> Problem:
    return Problem("", "cell_too_long", f"A cell is longer than {MAX_CELL:,} characters.")
