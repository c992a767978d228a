"""Read numbers that people and programs send, within what a column can hold. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from inputs.refusals import Invalid

MAX_ID = 2**63 - 1
MAX_COUNT = 2**31 - 1

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:(?P<mark>[,.'’ \u00a0\u202f])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
_MAX_DECIMAL_CHARACTERS = 40


class BadNumber(Invalid):
    """This is not a number that can be used here."""

    code = "not_a_number"


def whole(value: object, *, field: str = "", low: int = 0, high: int = MAX_COUNT) -> int:
    """Give a whole number between ``low`` and ``high``; raises ``BadNumber``. True and 3.0 are not whole numbers here."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadNumber("This must be a whole number.", field=field)
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value.strip()):
            raise BadNumber("This must be a whole number.", field=field)
        value = int(value)
    if not low <= value <= high:
        raise BadNumber(f"This must be between {low:,} and {high:,}.", field=field, code="out_of_range")
    return value


def whole_or_none(text: str, *, high: int = MAX_ID) -> int | None:
    """Give the whole number that an address or a button says; nothing where it says none between 0 and ``high``."""
    try:
        return whole(text, high=high)
    except BadNumber:
        return None


def count_as_written(text: str, *, field: str = "", high: int = MAX_COUNT) -> int:
    """Read a count from a file, where thousands may be grouped (``1,200``, ``1.200``, ``1 200``); raises ``BadNumber``."""
    written = text.strip()
    grouped = _GROUPED.fullmatch(written)
    if grouped:
        written = written.replace(grouped["mark"], "")
    if written.endswith((".0", ".00")):  # a spreadsheet's whole number
        written = written.partition(".")[0]
    return whole(written, field=field, high=high)


def amount(value: object, *, field: str = "", digits: int = 14, places: int = 2) -> Decimal:
    """Give an amount of money, not negative, that a column of ``digits`` and ``places`` holds; raises ``BadNumber``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadNumber("This must be an amount.", field=field)
    text = str(value).strip()
    try:
        number = Decimal(text) if len(text) <= _MAX_DECIMAL_CHARACTERS else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadNumber("This must be an amount.", field=field)
    if number < 0 or number >= Decimal(10) ** (digits - places):
        raise BadNumber(f"This must be between 0 and {10 ** (digits - places):,}.", field=field, code="out_of_range")
    rounded = number.quantize(Decimal(1).scaleb(-places))
    if rounded != number:
        raise BadNumber(f"This may have {places} decimal places at most.", field=field, code="too_precise")
    return rounded
