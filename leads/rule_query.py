"""A rule as a condition of SQL: which stored leads it holds for now, without looking at each of them.

Each condition of ``personas.conditions`` becomes a condition on columns. What a number or a code may be is asked of the condition itself, value
by value, so that both say the same. Engagement is compared as it is stored (see ``leads.scoring``): the threshold is brought to the instant.
Texts are compared in lower case; with letters that become several ones (*ß* is *ss*) a database cannot be sure, so that a rule becomes two
conditions: it holds *surely*, or *perhaps*. Between the two stand the few leads that have to be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

from django.db.models import BooleanField, Expression, F, FloatField, Func, Q, Value
from django.db.models.functions import Coalesce, Greatest, Least, Lower, NullIf, Power, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, In, LessThan

from leads.codes import SOURCES, TIER_LABELS
from leads.models import Lead
from leads.scoring import DAY_SECONDS, EPOCH, MAX_ENGAGEMENT
from personas.conditions import Condition, compile_rule, read_condition
from personas.fit import MAX_POINTS, grade

Sql = Q | bool
"""A condition of SQL, or that all leads meet it, or none."""
Holds = Callable[[Any], bool]
"""Whether a condition holds where its fact is this value."""

MOST_COUNT = 2**31 - 1
MOST_SPELLINGS = 256
"""In how many ways a value may be spelled with other capitals outside of ASCII before the database is not asked for it."""
MOST_VALUES = 5_000
"""With how many spellings in all a condition is asked of the database: each is a parameter of its statement."""
_BEYOND_ASCII = range(0x80, 0x1F000)
"""The last capital of Unicode 15 is U+1E921."""
HALF_A_MILLIONTH = 5e-7
LEAST_POWER, MOST_POWER = -60, 30
"""Beyond these powers of two points are nothing, or more than the engagement can be; a database refuses what does not fit its numbers."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """For which leads a rule holds surely, and for which perhaps; the same where the database knows."""

    surely: Sql
    perhaps: Sql

    @property
    def is_exact(self) -> bool:
        return self.surely is self.perhaps


def narrowed(rule: Any, *, at: datetime) -> Narrowed:
    """Compile ``rule`` as of ``at``; it is one that ``compile_rule`` takes. The fields are those of ``leads.facts``."""
    if isinstance(rule, Mapping) and "field" in rule:
        return _leaf(read_condition(rule), at)
    is_any = isinstance(rule, Mapping) and "any" in rule
    members = next(iter(rule.values())) if isinstance(rule, Mapping) else rule
    made = [narrowed(member, at=at) for member in members]
    join = _any if is_any else _all
    surely = join([each.surely for each in made])
    is_exact = all(each.is_exact for each in made)
    return Narrowed(surely, surely if is_exact else join([each.perhaps for each in made]))


def _all(parts: Sequence[Sql]) -> Sql:
    whole: Sql = True
    for part in parts:
        if part is False or whole is False:
            return False
        whole = part if whole is True else whole if part is True else whole & part
    return whole


def _any(parts: Sequence[Sql]) -> Sql:
    whole: Sql = False
    for part in parts:
        if part is True or whole is True:
            return True
        whole = part if whole is False else whole if part is False else whole | part
    return whole


def _leaf(condition: Condition, at: datetime) -> Narrowed:
    name = condition.field
    holds = _holds(condition)
    if name in _TEXTS:
        return _text(_TEXTS[name], condition, is_code=name in _CODES_OF_LETTERS)
    sql = _plain(name, condition, holds, at)
    return Narrowed(sql, sql)


def _plain(name: str, condition: Condition, holds: Holds, at: datetime) -> Sql:
    if name in _CODES:
        return _code(name, _CODES[name], holds)
    if name in _FLAGS:
        return _flag(_FLAGS[name], holds)
    if name == "employee_count":
        return _numbered("contact__company__employee_count", holds, _around(condition, MOST_COUNT))
    if name == "engagement":
        return _any([_engaged(low, high, at) for low, high in _runs(holds, range(MAX_ENGAGEMENT + 1))])
    if name == "grade":
        return _numbered("fit", lambda fit: holds(grade(fit)), range(MAX_POINTS + 1))
    if name == "fit":
        return _numbered("fit", holds, range(MAX_POINTS + 1))
    raise LookupError(name)


def _holds(condition: Condition) -> Holds:
    line = {"field": condition.field, "op": condition.op, "value": condition.value}
    rule = compile_rule(line)
    return lambda fact: rule.holds({condition.field: fact})


# Codes, flags, numbers ------------------------------------------------------------------------------------------------

_CODES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(Lead.Kinds.values), "origin": tuple(Lead.Origins.values), "source": tuple(SOURCES),
    "tier": ("", *TIER_LABELS),
}  # fmt: skip
_FLAGS = {
    "is_hand_raise": "is_hand_raise", "is_target_account": "contact__company__is_target_account",
    "is_customer": "contact__company__is_customer",
}  # fmt: skip


def _code(column: str, codes: Sequence[str], holds: Holds) -> Sql:
    meant = [code for code in codes if holds(code)]
    return len(meant) == len(codes) or (bool(meant) and Q(**{f"{column}__in": meant}))


def _flag(column: str, holds: Holds) -> Sql:
    yes, no = holds(True), holds(False)
    if yes is no:
        return yes
    if yes:
        return Q(**{column: True})
    return Q(**{column: False}) | Q(contact__company__isnull=True) if "__" in column else Q(**{column: False})


def _numbered(column: str, holds: Holds, points: Sequence[int]) -> Sql:
    """Say for which numbers a condition holds; ``points`` are in order, and between two of them it does not change."""
    runs = [
        Q(**{f"{column}__gte": low}) if high is None else Q(**{f"{column}__range": (low, high)})
        for low, high in _runs(holds, points)
    ]
    return _any([*runs, *([Q(**{f"{column}__isnull": True})] if holds(None) else [])])


def _runs(holds: Holds, points: Sequence[int]) -> list[tuple[int, int | None]]:
    """Give the stretches of ``points`` for which it holds; the last ends nowhere when it holds to the end."""
    runs: list[tuple[int, int | None]] = []
    start: int | None = None
    before = 0
    for point in points:
        if holds(point):
            start = point if start is None else start
        elif start is not None:
            runs.append((start, before))
            start = None
        before = point
    return [*runs, (start, None)] if start is not None else runs


def _around(condition: Condition, most: int) -> list[int]:
    """Give the whole numbers from 0 to ``most`` at which a condition may change."""
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    found = {0, most}
    for value in values:
        if not isinstance(value, str | bool) and value is not None:
            near = min(max(value, -1), most + 1)
            found |= {math.floor(near) + step for step in (-1, 0, 1, 2)}
    return sorted(point for point in found if 0 <= point <= most)


# Engagement -----------------------------------------------------------------------------------------------------------


def _engaged(low: int, high: int | None, at: datetime) -> Sql:
    return _all([True if low == 0 else _at_least(low, at), True if high is None else _less_than(high + 1, at)])


def _least_points(engagement: int) -> float:
    """Give the points from which the engagement is this whole number: ``engagement_at`` rounds to a millionth, then to the next point."""
    return engagement - 0.5 - HALF_A_MILLIONTH


def _at_least(engagement: int, at: datetime) -> Q:
    least = _least_points(engagement)
    decayed = Q(GreaterThanOrEqual(_doublings(at), math.log2(least)), engagement_fixed=0)
    both = Q(GreaterThanOrEqual(_points(at), least), engagement_fixed__gt=0)
    return Q(engagement_fixed__gte=least) | Q(decayed | both, engagement_level__isnull=False)


def _less_than(engagement: int, at: datetime) -> Q:
    least = _least_points(engagement)
    decayed = Q(LessThan(_doublings(at), math.log2(least)), engagement_fixed=0)
    both = Q(LessThan(_points(at), least), engagement_fixed__gt=0)
    return Q(Q(engagement_level__isnull=True) | decayed | both, engagement_fixed__lt=least)


def _doublings(at: datetime) -> Any:
    """Give the binary logarithm of the decaying points of a lead as of ``at``."""
    days = (at - EPOCH).total_seconds() / DAY_SECONDS
    return F("engagement_level") - Value(days, output_field=FloatField()) / F("half_life_days")


def _points(at: datetime) -> Any:
    within = Least(Greatest(_doublings(at), Value(float(LEAST_POWER))), Value(float(MOST_POWER)))
    return F("engagement_fixed") + Power(Value(2.0), within, output_field=FloatField())


# Texts ----------------------------------------------------------------------------------------------------------------


def _of_company(column: str) -> Coalesce:
    return Coalesce(F(f"contact__company__{column}"), Value(""))


def _of_either(column: str) -> Coalesce:
    return Coalesce(NullIf(F(f"contact__{column}"), Value("")), F(f"contact__company__{column}"), Value(""))


_TEXTS: Mapping[str, Any] = {
    **{name: F(f"contact__{name}") for name in ("name", "email", "phone", "job_title", "role", "seniority", "language")},
    **{name: _of_either(name) for name in ("country", "region")},
    "company": _of_company("name"), "domain": _of_company("domain"),
    "email_domain": Substr(F("contact__email"), StrIndex(F("contact__email"), Value("@")) + 1), "industry": _of_company("industry"), "product": Coalesce(F("product__code"), Value("")),
}  # fmt: skip
"""Texts are stored without outer spaces (``leads.intake.normalise``)."""
_CODES_OF_LETTERS = frozenset({"country"})
"""Codes of ISO 3166: two letters of ASCII, anything else is refused."""


class HasOdd(Func):
    """Whether a text has a letter that becomes several, or one of ASCII, when capitals do not count; text of ASCII alone is told by its length."""

    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = compiler.compile(self.get_source_expressions()[0])
        asked = f"(LENGTH(CAST({sql} AS BLOB)) > LENGTH({sql}) AND {sql} GLOB %s)"
        return asked, (*params, *params, *params, f"*[{odd_letters()}]*")

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = compiler.compile(self.get_source_expressions()[0])
        asked = f"(OCTET_LENGTH({sql}) > LENGTH({sql}) AND {sql} ~ %s)"
        return asked, (*params, *params, *params, f"[{odd_letters()}]")


def _text(column: Expression, condition: Condition, *, is_code: bool) -> Narrowed:
    is_known = Q(~Exact(column, ""))
    if condition.op in ("is_known", "is_missing"):
        sql = is_known if condition.op == "is_known" else Q(Exact(column, ""))
        return Narrowed(sql, sql)
    if condition.op in ("gte", "lte", "gt", "lt", "between"):
        return Narrowed(False, False)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    wanted = [spellings(value.strip().casefold()) for value in values if isinstance(value, str)]
    is_negated = condition.op in ("is_not", "not_in")
    if not wanted:
        return Narrowed(is_known, is_known) if is_negated else Narrowed(False, False)
    if any(each is None for each in wanted):
        return Narrowed(False, is_known)
    found = sorted({word for each in wanted for word in each or ()})
    if len(found) > MOST_VALUES:
        return Narrowed(False, is_known)
    if is_code and condition.op != "contains":
        meets = Q(In(column, [code for word in found for code in _of_any_case(word)]))
    else:
        meets = _contains(column, found) if condition.op == "contains" else Q(In(Lower(column), found))
    meets = is_known & ~meets if is_negated else meets
    if is_code:
        return Narrowed(meets, meets)
    odd = Q(HasOdd(column))
    return Narrowed(meets & ~odd, meets | odd)


def _of_any_case(code: str) -> list[str]:
    return ["".join(letters) for letters in product(*((each, each.upper()) for each in code))] if len(code) == 2 else []


def _contains(column: Expression, parts: Sequence[str]) -> Q:
    found = Q()
    for part in parts:
        found |= Q(GreaterThan(StrIndex(Lower(column), Value(part)), 0))
    return found


def spellings(folded: str) -> frozenset[str] | None:
    """Give all texts of which one is what a database's ``LOWER`` makes of any spelling of ``folded``; none where they are too many."""
    choices = [letter if letter.isascii() else "".join(_capitals().get(letter, [letter])) for letter in folded]
    if math.prod(len(each) for each in choices) > MOST_SPELLINGS:
        return None
    return frozenset("".join(each) for each in product(*choices))


@lru_cache(maxsize=1)
def _capitals() -> dict[str, list[str]]:
    """Give for each letter outside of ASCII all those that are the same one when capitals do not count."""
    found: dict[str, list[str]] = {}
    for letter in map(chr, _BEYOND_ASCII):
        folded = letter.casefold()
        if folded != letter and len(folded) == 1 and not folded.isascii():
            found.setdefault(folded, [folded]).append(letter)
    return found


@lru_cache(maxsize=1)
def odd_letters() -> str:
    """Give the letters outside of ASCII that become several, or one of ASCII, when capitals do not count."""
    letters = map(chr, _BEYOND_ASCII)
    return "".join(letter for letter in letters if len(letter.casefold()) > 1 or letter.casefold().isascii())
