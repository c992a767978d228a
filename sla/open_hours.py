"""The open time of a calendar on the real time line, in tables that are searched by halving.

Positions are whole microseconds since the epoch, because leads arrive between seconds. A table covers one block of 366
days, so that its number is one division. It holds openings, closings and the open time summed up before each, so
adding a budget is two searches, however many nights and weekends lie between. Tables are made when first asked for
and shared by equal calendars; a table that two threads make at once is the same table.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from zoneinfo import ZoneInfo

from sla.business_calendar import DAY, BusinessCalendar, BusinessTimeError, NeverOpens
from sla.spans import Span, Spans, clipped, joined, subtract, without_overlap

Pauses = Sequence[tuple[datetime, datetime]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
SECOND = 1_000_000
MICROSECOND = timedelta(microseconds=1)
BLOCK_DAYS = 366
BLOCK = BLOCK_DAYS * DAY * SECOND
CLOSED_BLOCKS = 10  # about ten years without an open moment: the calendar never opens
REACH_BLOCKS = 400  # no business promise outlives a full Gregorian cycle; a longer search is a typing error
CALENDARS_KEPT = 512  # with two or three tables of 260 openings each, some 60 MB at most; in use they stay anyway
BLOCKS_KEPT = 64
YEARS = (2, 9998)  # a day's step from here never leaves the dates that Python knows


class TooFar(BusinessTimeError):
    """Say that an answer lies centuries away or outside the dates a computer knows."""


@dataclass(frozen=True, slots=True)
class Block:
    """Hold the open spans of 366 days: parallel openings and closings, and the open time before each.

    ``sums`` has one item more, the block's total. ``runs_on`` tells that its last span continues in the next block.
    """

    opens: list[int]
    closes: list[int]
    sums: list[int]
    runs_on: bool


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Hold the openings and closings of a block in turn, as instants, and last the block's end.

    The number of edges up to an instant is odd inside an opening, even outside.
    """

    begins: datetime
    ends: datetime
    instants: list[datetime]


class OpenHours:
    """Answer for one calendar where open time lies; ask ``open_hours`` for a shared one.

    ``edges`` are those that were asked for last: mostly the present ones.
    """

    __slots__ = ("_blocks", "_edges", "_working_days", "calendar", "edges", "zone")

    def __init__(self, calendar: BusinessCalendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self._blocks: dict[int, Block] = {}
        self._edges: dict[int, Edges] = {}
        self.edges: Edges | None = None
        self._working_days: dict[int, list[int]] = {}

    def advance(self, at: int, budget: int) -> int:
        """Return the first position by which ``budget`` (above zero) open microseconds have passed since ``at``.

        A budget that is used up exactly at a closing ends at that closing, not at the next opening.
        """
        number = at // BLOCK
        block = self._blocks.get(number) or self._block(number)
        index = bisect_right(block.opens, at)
        used = block.sums[index]
        if index:
            left = block.closes[index - 1] - at
            if budget <= left:
                return at + budget
            if left > 0:
                used -= left
        target = used + budget
        if target > block.sums[-1]:
            block, target = self._block_of(number, target)
        index = bisect_left(block.sums, target)
        return block.closes[index - 1] - block.sums[index] + target

    def advance_around(self, at: int, budget: int, pauses: Spans, begin: int | None = None) -> int:
        """Return what ``advance`` does when open time inside the joined pauses does not count.

        ``begin`` is where paused time starts to matter, ``at`` unless told: a due time in days lies far after it.
        """
        due = self.advance(at, budget) if budget else at
        paused = 0
        begin = at if begin is None else begin
        for pause_start, pause_end in pauses:
            if pause_start >= due:
                break
            taken_out = self.between(max(pause_start, begin), pause_end)
            if taken_out:
                paused += taken_out
                due = self.advance(at, budget + paused)
        return due

    def between(self, start: int, end: int) -> int:
        """Return the open microseconds of ``[start, end)``, zero when the end is not after the start."""
        if end <= start:
            return 0
        first, last = start // BLOCK, end // BLOCK
        if last - first > REACH_BLOCKS:
            raise TooFar("The time between these instants is too long to be business time.")
        whole = sum(self._block(number).sums[-1] for number in range(first, last))
        return whole + self._used(last, end) - self._used(first, start)

    def first_open(self, at: int, pauses: Spans = ()) -> int:
        """Return the first open position at or after ``at`` that is in none of the joined pauses."""
        opening = next(self.spans_from(at))[0]
        for pause_start, pause_end in pauses:
            if pause_start <= opening < pause_end:
                opening = next(self.spans_from(pause_end))[0]
        return opening

    def edges_around(self, at: int) -> Edges:
        """Return the edges of the block that a position lies in."""
        number = at // BLOCK
        edges = self._edges.get(number)
        if edges is None:
            block = self._block(number)
            begins, ends = (max(number * BLOCK, EARLIEST), min((number + 1) * BLOCK, LATEST))
            pairs = zip(block.opens, block.closes, strict=True)
            instants = [from_position(edge) for edge in (*chain.from_iterable(pairs), ends)]
            if len(self._edges) >= BLOCKS_KEPT:
                self._edges = {}
            edges = self._edges[number] = Edges(from_position(begins), instants[-1], instants)
        self.edges = edges
        return edges

    def spans_from(self, at: int, limit: int | None = None) -> Iterator[Span]:
        """Yield the open spans from ``at`` up to ``limit``, cut at both; raise NeverOpens after ten closed years."""
        carried: int | None = None
        for block in self._blocks_from(at // BLOCK, None if limit is None else limit // BLOCK):
            first = bisect_right(block.closes, at)
            for opens, closes in zip(block.opens[first:], block.closes[first:], strict=True):
                begin = max(opens, at) if carried is None else carried
                if limit is not None and begin >= limit:
                    return
                carried = begin if block.runs_on and closes == block.closes[-1] else None
                if carried is None:
                    yield begin, closes if limit is None else min(closes, limit)
        if carried is not None and limit is not None:
            yield carried, limit

    def is_working_day(self, day: date) -> bool:
        """Tell whether any open time belongs to a local date; a date that its zone skipped has none."""
        if not self.calendar.hours_on(day):
            return False
        exists = resolve_seconds(day, 0, self.zone) < resolve_seconds(day, DAY, self.zone)
        return exists and bool(self.day_spans(day))

    def day_spans(self, day: date) -> Spans:
        """Return the open spans that belong to a local date, in order, breaks taken out."""
        spans = without_overlap(self._resolved(day, self.calendar.hours_on(day)))
        return subtract(spans, self._breaks_around(day)) if self.calendar.breaks else spans

    def business_day(self, at: int) -> tuple[date, int]:
        """Return the date a position belongs to and its wall-clock microseconds since that date's midnight.

        After midnight inside a night shift that is the day before, and the wall clock is above 24 hours.
        """
        moment = from_position(at)
        checked_day(moment.date())
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        day = wall.date()
        before = day - timedelta(days=1)
        if any(opens <= at < closes for opens, closes in self.day_spans(before)):
            day = before
        return day, (wall - datetime.combine(day, time.min)) // MICROSECOND

    def working_day_after(self, day: date, count: int) -> date:
        """Return the ``count``-th (from one) working day after a date."""
        number = (day.toordinal() - EPOCH_ORDINAL) // BLOCK_DAYS
        closed = 0
        for offset in range(REACH_BLOCKS):
            ordinals = self._working_ordinals(number + offset)
            index = bisect_right(ordinals, day.toordinal()) + count - 1
            if index < len(ordinals):
                return date.fromordinal(ordinals[index])
            count = index - len(ordinals) + 1
            closed = 0 if ordinals else closed + 1
            _check_closed(closed)
        raise TooFar("So many working days end centuries away.")

    def _block_of(self, number: int, target: int) -> tuple[Block, int]:
        """Find the block in which ``target`` open time, counted from the start of block ``number``, is reached."""
        if target > REACH_BLOCKS * BLOCK:
            raise TooFar("This budget ends centuries away.")
        for block in self._blocks_from(number):
            if target <= block.sums[-1]:
                return block, target
            target -= block.sums[-1]
        raise TooFar("This budget ends centuries away.")

    def _blocks_from(self, number: int, last: int | None = None) -> Iterator[Block]:
        """Yield blocks in order; raise NeverOpens after too many closed ones in a row, TooFar at the end of reach."""
        closed = 0
        for current in range(number, number + REACH_BLOCKS):
            if last is not None and current > last:
                return
            block = self._block(current)
            closed = 0 if block.opens else closed + 1
            _check_closed(closed)
            yield block
        raise TooFar("The answer lies centuries away.")

    def _used(self, number: int, at: int) -> int:
        """Return the open time of block ``number`` before ``at``."""
        block = self._block(number)
        index = bisect_right(block.opens, at)
        left = block.closes[index - 1] - at if index else 0
        return block.sums[index] - max(left, 0)

    def _block(self, number: int) -> Block:
        block = self._blocks.get(number)
        if block is None:
            block = self._made_block(number)
            if len(self._blocks) >= BLOCKS_KEPT:
                self._blocks = {}
            self._blocks[number] = block
        return block

    def _made_block(self, number: int) -> Block:
        """Lay the calendar's days on the time line; a day reaches no further than three days, zone included."""
        begin, end = number * BLOCK, (number + 1) * BLOCK
        found: list[Span] = []
        for day in _days(number * BLOCK_DAYS - 3, BLOCK_DAYS + 6):
            found += self._resolved(day, self.calendar.hours_on(day))
        spans = without_overlap(found)
        if self.calendar.breaks:
            holes = joined(hole for day in self.calendar.breaks for hole in self._resolved_breaks(day))
            spans = subtract(spans, clipped(holes, begin, end))
        runs_on = any(opens < end < closes for opens, closes in spans)
        inside = clipped(spans, begin, end)
        sums = list(accumulate((closes - opens for opens, closes in inside), initial=0))
        return Block([opens for opens, _ in inside], [closes for _, closes in inside], sums, runs_on)

    def _working_ordinals(self, number: int) -> list[int]:
        """Return the ordinals of the working days of a block of local dates."""
        ordinals = self._working_days.get(number)
        if ordinals is None:
            days = _days(number * BLOCK_DAYS, BLOCK_DAYS)
            ordinals = [day.toordinal() for day in days if self.is_working_day(day)]
            if len(self._working_days) >= BLOCKS_KEPT:
                self._working_days = {}
            self._working_days[number] = ordinals
        return ordinals

    def _resolved(self, day: date, spans: Iterable[Span]) -> list[Span]:
        zone = self.zone
        return [(resolve_seconds(day, opens, zone), resolve_seconds(day, closes, zone)) for opens, closes in spans]

    def _resolved_breaks(self, day: date) -> list[Span]:
        return self._resolved(day, self.calendar.breaks.get(day, ()))

    def _breaks_around(self, day: date) -> list[Span]:
        """Return the breaks that may touch a date's hours: its own, and those of both neighbours past midnight."""
        neighbours = (day + timedelta(days=offset) for offset in (-1, 0, 1))
        return [hole for neighbour in neighbours for hole in self._resolved_breaks(neighbour)]


def open_hours(calendar: BusinessCalendar) -> OpenHours:
    """Return the tables of a calendar, shared by all equal ones."""
    hours: OpenHours | None = calendar.tables
    if hours is None:
        hours = _shared(calendar)
        object.__setattr__(calendar, "tables", hours)
    return hours


@lru_cache(maxsize=CALENDARS_KEPT)
def _shared(calendar: BusinessCalendar) -> OpenHours:
    return OpenHours(calendar)


def resolve_seconds(day: date, second: int, zone: ZoneInfo) -> int:
    """Return the position of a local second of a date, counted on the wall clock; 24:00 and later are the next date's.

    With ``fold=0`` the zone answers with the offset from before a gap, which moves a local time inside it forward by
    the gap, and with the first of two ambiguous instants. Both are the rule of design page 3.
    """
    since = datetime.combine(day, time.min, zone) + timedelta(seconds=second) - EPOCH
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


def position(at: datetime) -> int:
    """Return the microseconds since the epoch of an aware instant; refuse one without a zone."""
    try:
        since = at - EPOCH
    except TypeError as error:
        raise BusinessTimeError(f"{at} has no time zone.") from error
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


def from_position(at: int) -> datetime:
    """Return the instant, in UTC, of a position."""
    try:
        return EPOCH + at * MICROSECOND
    except OverflowError as error:
        raise TooFar("This instant is after the year 9999.") from error


def joined_pauses(pauses: Pauses) -> Spans:
    """Return the positions of the pauses, sorted, overlaps counted once; refuse one that ends before it starts."""
    spans = [(position(start), position(end)) for start, end in pauses]
    if any(end < start for start, end in spans):
        raise BusinessTimeError("A pause ends before it starts.")
    return joined(spans)


def checked_day(day: date) -> date:
    """Return a date that arithmetic can move from; refuse the first and the last year there is."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise TooFar(f"{day} is outside the years {YEARS[0]} to {YEARS[1]}.")
    return day


def _days(first: int, count: int) -> Iterator[date]:
    """Yield dates from a day number since the epoch on; refuse those before year 1 or after year 9999."""
    start = first + EPOCH_ORDINAL
    if start < 2 or start + count >= date.max.toordinal():
        raise TooFar("The search leaves the years 1 to 9999.")
    return map(date.fromordinal, range(start, start + count))


EARLIEST, LATEST = (position(datetime.combine(day, time.min, UTC)) for day in (date.min, date.max))


def _check_closed(blocks: int) -> None:
    if blocks > CLOSED_BLOCKS:
        raise NeverOpens("This calendar does not open within ten years.")
