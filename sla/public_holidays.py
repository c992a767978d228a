"""The public holidays of a country and region in given years, as the holidays package knows them. Pure.

They are turned into dates here, once: a calendar keeps the dates, so that a newer package moves no calendar.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import holidays
from holidays.registry import COUNTRIES

from inputs.refusals import Invalid

FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_YEARS = 20
NAMED = 40  # regions in a refusal; the longest list that helps


class UnknownCountry(Invalid):
    """The holidays package knows no such country."""

    code = "unknown_country"


class UnknownRegion(Invalid):
    """The holidays package knows no such region of the country."""

    code = "unknown_region"


class BadYears(Invalid):
    """The years are none, too many, or too far away."""

    code = "bad_years"


def public_holidays(country: str, region: str, years: Iterable[int]) -> dict[date, str]:
    """Give the days that are public holidays, in order, each with its name.

    ``country`` is a code such as *DE*; ``region`` a code or name such as *BY* or *Bayern*, empty for what the whole country keeps.
    Raises ``UnknownCountry``, ``UnknownRegion``, ``BadYears``.
    """
    wanted = sorted(set(years))
    if not 1 <= len(wanted) <= MOST_YEARS or not FIRST_YEAR <= wanted[0] <= wanted[-1] <= LAST_YEAR:
        raise BadYears(
            f"Give one to {MOST_YEARS} years between {FIRST_YEAR} and {LAST_YEAR}, the first one first.", field="years"
        )
    code = _region(country, region)
    found = holidays.country_holidays(country, subdiv=code or None, years=wanted, language=_english(country))
    return dict(sorted(found.items()))


def with_public_holidays(terms: Mapping[str, Any], country: str, region: str, years: Iterable[int]) -> dict[str, Any]:
    """Give the terms of a calendar with these days added to its holidays; its own dates stay. Raises what ``public_holidays`` does."""
    added = (day.isoformat() for day in public_holidays(country, region, years))
    return {**terms, "holidays": sorted({*terms.get("holidays", ()), *added})}


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """Give the countries whose holidays are known, as code and English name, by name."""
    names = {code: module.replace("_", " ").title() for module, (_, code, *_) in COUNTRIES.items()}
    known = holidays.list_supported_countries()
    return tuple(sorted(((code, names[code]) for code in names if code in known), key=lambda pair: pair[1]))


def regions(country: str) -> dict[str, str]:
    """Give the regions of a country by code, each with its name where it has one. Raises ``UnknownCountry``."""
    entity = _entity(country)
    named = {code: name for name, code in reversed(getattr(entity, "subdivisions_aliases", {}).items())}
    return {code: named.get(code, code) for code in entity.subdivisions}


def _region(country: str, region: str) -> str:
    """Give the code of a region that was given by code or name, in whatever case."""
    wanted = region.strip()
    known = regions(country)
    aliases: Mapping[str, str] = getattr(_entity(country), "subdivisions_aliases", {})
    by_name = {_plain(name): code for name, code in (*aliases.items(), *((code, code) for code in known))}
    if not wanted:
        return ""
    if _plain(wanted) not in by_name:
        raise UnknownRegion(f"No holidays are known for this region. {_offered(known)}", field="region")
    return by_name[_plain(wanted)]


def _offered(known: Mapping[str, str]) -> str:
    if not known:
        return "This country has no regions with holidays of their own: leave it empty."
    names = [name if name == code else f"{code} ({name})" for code, name in known.items()]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"There are: {', '.join(names[:NAMED])}{more}."


def _entity(country: str) -> Any:
    if country not in dict(countries()):
        raise UnknownCountry(f"No holidays are known for the country {country[:20]}.", field="country")
    return holidays.country_holidays(country)


def _english(country: str) -> str | None:
    languages: Sequence[str] = getattr(_entity(country), "supported_languages", ())
    return next((language for language in ("en_US", "en_GB", "en") if language in languages), None)


def _plain(name: str) -> str:
    """Give a name without case and accents."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character)).strip()
