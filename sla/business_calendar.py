"""The hours somebody works: a frozen calendar that refuses to exist when it makes no sense.

Rules: design page 3, "Business time". Local times are seconds of the day. A span may run past midnight (its end is then
above 86,400); the part after midnight belongs to the date it opened on, so a holiday on that next date leaves it open.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sla.spans import Span, Spans, subtract

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TERMS = ("zone", "week", "holidays", "special_days", "breaks")
# Files in a zone directory that name no place and differ from host to host.
NOT_PLACES = frozenset({"", "localtime", "posixrules", "Factory"})


class BusinessTimeError(ValueError):
    """Say that a question about business time has no answer; the base of every error of this topic."""


class BadCalendar(BusinessTimeError):
    """Say what makes a calendar contradictory or unreadable."""


class NeverOpens(BusinessTimeError):
    """Say that a calendar has no open moment within the ten years that are searched."""


class DatedHours(Mapping[date, Spans]):
    """Hold spans by local date; unlike a dict it cannot change and can be hashed."""

    __slots__ = ("_by_date",)

    def __init__(self, by_date: Mapping[date, Spans]) -> None:
        self._by_date = dict(sorted(by_date.items()))

    def __getitem__(self, day: date) -> Spans:
        return self._by_date[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self._by_date)

    def __len__(self) -> int:
        return len(self._by_date)

    def __hash__(self) -> int:
        return hash(tuple(self._by_date.items()))

    def __repr__(self) -> str:
        return f"DatedHours({self._by_date!r})"


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Describe when work counts: an IANA zone, seven days of hours (Monday first) and the dates that differ.

    ``holidays`` are closed, also when they are special days. ``special_days`` replace the week's hours on their date.
    ``breaks`` are wall-clock spans taken out of whatever is open then, be it a night shift of the day before.
    Raises BadCalendar or NeverOpens when constructed from nonsense.
    """

    zone: str
    week: tuple[Spans, ...]
    holidays: frozenset[date] = frozenset()
    special_days: Mapping[date, Spans] = field(default_factory=dict)
    breaks: Mapping[date, Spans] = field(default_factory=dict)
    _hash: int = field(init=False, repr=False, compare=False)
    tables: Any = field(default=None, init=False, repr=False, compare=False)
    """Where ``sla.open_hours`` keeps what it has laid out for this calendar, so that it need not be looked up."""

    def __post_init__(self) -> None:
        known_zone(self.zone)
        self._settle("week", _checked_week(self.week))
        self._settle("holidays", frozenset(_checked_date(day) for day in self.holidays))
        self._settle("special_days", _checked_dates(self.special_days, _checked_hours))
        self._settle("breaks", _checked_dates(self.breaks, _checked_spans))
        if not self._opens():
            raise NeverOpens("This calendar never opens: it has no weekly hours and no special day that is open.")
        key = (self.zone, self.week, self.holidays, self.special_days, self.breaks)
        self._settle("_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild through the constructor: a stored hash would be wrong in another process."""
        rest = (self.holidays, dict(self.special_days), dict(self.breaks))
        return type(self), (self.zone, self.week, *rest)

    @classmethod
    def from_terms(cls, terms: Mapping[str, Any]) -> "BusinessCalendar":
        """Read the form that a calendar version stores; raise BadCalendar for anything that is not that form.

        ``{"zone": "Europe/Berlin", "week": {"mon": [["09:00", "17:00"]]}, "holidays": ["2026-12-25"],
        "special_days": {"2026-12-24": [["09:00", "12:00"]]}, "breaks": {}}``. Only the zone is required. Times are
        HH:MM or HH:MM:SS, 24:00 included; a closing at or before its opening is on the next day.
        """
        _check_keys("calendar", terms, TERMS)
        week = _mapping("week", terms.get("week", {}))
        _check_keys("week", week, WEEKDAYS)
        return cls(
            zone=terms.get("zone", ""),
            week=tuple(_read_spans(week.get(name, ())) for name in WEEKDAYS),
            holidays=frozenset(_read_date(text) for text in _sequence("holidays", terms.get("holidays", ()))),
            special_days=_read_dates("special_days", terms),
            breaks=_read_dates("breaks", terms),
        )

    def to_terms(self) -> dict[str, Any]:
        """Write the canonical form: every key, sorted dates, open weekdays only; equal calendars give equal terms."""
        week = zip(WEEKDAYS, self.week, strict=True)
        return {
            "zone": self.zone,
            "week": {name: _written_spans(spans) for name, spans in week if spans},
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
            "special_days": {day.isoformat(): _written_spans(spans) for day, spans in self.special_days.items()},
            "breaks": {day.isoformat(): _written_spans(spans) for day, spans in self.breaks.items()},
        }

    def hours_on(self, day: date) -> Spans:
        """Return the local spans that open on a date, breaks not yet taken out."""
        if day in self.holidays:
            return ()
        special = self.special_days.get(day)
        return self.week[day.weekday()] if special is None else special

    def _opens(self) -> bool:
        """Tell whether any hours are left; a week cannot be emptied by dated exceptions alone."""
        dates = (day for day in self.special_days if day not in self.holidays)
        return any(self.week) or any(subtract(self.special_days[day], self.breaks.get(day, ())) for day in dates)

    def _settle(self, name: str, value: object) -> None:
        """Set a field once, while a frozen calendar is being made."""
        object.__setattr__(self, name, value)


def known_zone(zone: str) -> ZoneInfo:
    """Return the rules of an IANA zone; raise BadCalendar for any other name."""
    if not isinstance(zone, str) or zone in NOT_PLACES:
        raise BadCalendar(f"{zone!r} is not an IANA time zone.")
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise BadCalendar(f"{zone!r} is not an IANA time zone.") from error


def _checked_week(week: Sequence[Iterable[Span]]) -> tuple[Spans, ...]:
    if len(week) != len(WEEKDAYS):
        raise BadCalendar(f"A week has seven days, not {len(week)}.")
    days = tuple(_checked_hours(name, spans) for name, spans in zip(WEEKDAY_NAMES, week, strict=True))
    for index, spans in enumerate(days):
        following = days[(index + 1) % 7]
        if spans and following and spans[-1][1] - DAY > following[0][0]:
            raise BadCalendar(f"The night shift of {WEEKDAY_NAMES[index]} runs into the hours of the day after it.")
    return days


def _checked_dates(
    by_date: Mapping[date, Iterable[Span]], checked: Callable[[str, Iterable[Span]], Spans]
) -> DatedHours:
    return DatedHours({_checked_date(day): checked(str(day), spans) for day, spans in by_date.items()})


def _checked_date(day: date) -> date:
    if not isinstance(day, date) or isinstance(day, datetime):
        raise BadCalendar(f"{day!r} is not a date.")
    return day


def _checked_hours(where: str, spans: Iterable[Span]) -> Spans:
    """Sort the hours of one date; refuse those that overlap. Breaks may: what is taken out twice is out."""
    ordered = _checked_spans(where, spans)
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes:
            raise BadCalendar(f"The hours of {where} overlap at {_written_time(opens)}.")
    return ordered


def _checked_spans(where: str, spans: Iterable[Span]) -> Spans:
    """Sort the spans of one date; refuse those that begin outside it, are empty or last longer than a day."""
    ordered = tuple(sorted((opens, closes) for opens, closes in spans))
    for opens, closes in ordered:
        if not 0 <= opens < DAY or not opens < closes <= opens + DAY:
            raise BadCalendar(f"The hours of {where} must open within the day and close within 24 hours after that.")
    return ordered


def _check_keys(where: str, terms: Mapping[str, Any], known: Sequence[str]) -> None:
    unknown = sorted(str(key) for key in _mapping(where, terms) if key not in known)
    if unknown:
        raise BadCalendar(f"The {where} does not know {', '.join(unknown)}.")


def _mapping(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadCalendar(f"The {where} must be an object of names and values.")
    return value


def _sequence(where: str, value: object) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise BadCalendar(f"The {where} must be a list.")
    return value


def _read_dates(name: str, terms: Mapping[str, Any]) -> dict[date, Spans]:
    by_date = _mapping(name, terms.get(name, {}))
    return {_read_date(text): _read_spans(spans) for text, spans in by_date.items()}


def _read_date(text: object) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError as error:
        raise BadCalendar(f"{text!r} is not a date like 2026-12-25.") from error
    if day.isoformat() != text:
        raise BadCalendar(f"{text!r} is not a date like 2026-12-25.")
    return day


def _read_spans(pairs: object) -> Spans:
    return tuple(_read_span(pair) for pair in _sequence("hours", pairs))


def _read_span(pair: object) -> Span:
    ends = _sequence("hours", pair)
    if len(ends) != 2:
        raise BadCalendar(f"Hours are pairs of opening and closing, not {list(ends)!r}.")
    opens, closes = _read_time(ends[0]), _read_time(ends[1])
    return opens, closes if closes > opens else closes + DAY


def _read_time(text: object) -> int:
    """Return the second of the day of HH:MM or HH:MM:SS, up to 24:00."""
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) not in (2, 3) or not all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts):
        raise BadCalendar(f"{text!r} is not a time like 09:00 or 17:30:15.")
    hour, minute, second = (int(part) for part in (*parts, "00")[:3])
    if minute > 59 or second > 59 or hour * 3600 + minute * 60 + second > DAY:
        raise BadCalendar(f"{text!r} is not a time of day between 00:00 and 24:00.")
    return hour * 3600 + minute * 60 + second


def _written_spans(spans: Spans) -> list[list[str]]:
    return [[_written_time(opens), _written_time(closes)] for opens, closes in spans]


def _written_time(second: int) -> str:
    """Write a second of the day; only an exact midnight at the end is 24:00, later ones are the next day's."""
    in_day = second if second <= DAY else second - DAY
    minutes, seconds = divmod(in_day, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


ALWAYS_OPEN = BusinessCalendar(zone="UTC", week=(((0, DAY),),) * 7)
