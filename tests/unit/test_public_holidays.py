"""Public holidays become dates: of a country, of a region, beside a calendar's own."""

from datetime import date
from typing import Any

import pytest

from sla.business_time import BusinessCalendar
from sla.public_holidays import (
    BadYears,
    UnknownCountry,
    UnknownRegion,
    countries,
    public_holidays,
    regions,
    with_public_holidays,
)

OWN = {"zone": "Europe/Berlin", "week": {"mon": [["09:00", "17:00"]]}, "holidays": ["2026-08-03"]}


def test_a_region_keeps_its_own_days_beside_the_country_s() -> None:
    country, bavaria = (public_holidays("DE", region, [2026]) for region in ("", "BY"))

    assert bavaria[date(2026, 1, 6)] == "Epiphany"
    assert date(2026, 1, 6) not in country
    assert country.keys() < bavaria.keys()


@pytest.mark.parametrize("region", ["BY", "by", "Bayern", " bayern "])
def test_a_region_is_known_by_code_and_name(region: str) -> None:
    assert date(2026, 1, 6) in public_holidays("DE", region, [2026])


def test_they_are_stored_as_dates_beside_own_ones() -> None:
    terms = with_public_holidays(OWN, "DE", "BE", range(2026, 2028))

    calendar = BusinessCalendar.from_terms(terms)

    assert {date(2026, 8, 3), date(2026, 3, 8), date(2026, 12, 25), date(2027, 12, 25)} <= calendar.holidays
    assert terms["holidays"] == sorted(terms["holidays"])
    assert {day[:4] for day in terms["holidays"]} == {"2026", "2027"}
    assert OWN["holidays"] == ["2026-08-03"]
    assert with_public_holidays(terms, "DE", "BE", [2026, 2027]) == terms


@pytest.mark.parametrize(
    ("country", "region", "years", "refusal", "field"),
    [
        ("XX", "", [2026], UnknownCountry, "country"),
        ("", "", [2026], UnknownCountry, "country"),
        ("de\x00", "", [2026], UnknownCountry, "country"),
        ("DE", "XX", [2026], UnknownRegion, "region"),
        ("DK", "BY", [2026], UnknownRegion, "region"),
        ("DE", "", [], BadYears, "years"),
        ("DE", "", [1999], BadYears, "years"),
        ("DE", "", range(2026, 2047), BadYears, "years"),
        ("DE", "", [2026, 9999], BadYears, "years"),
    ],
)
def test_what_is_not_known_is_refused_beside_its_field(
    country: str, region: str, years: Any, refusal: type[Exception], field: str
) -> None:
    with pytest.raises(refusal) as refused:
        public_holidays(country, region, years)

    assert refused.value.field == field  # type: ignore[attr-defined]


def test_a_refused_region_names_those_that_there_are() -> None:
    with pytest.raises(UnknownRegion, match=r"BY \(Bayern\)"):
        public_holidays("DE", "Bavaria-land", [2026])


def test_every_country_on_offer_has_an_answer() -> None:
    assert len(countries()) > 200
    for code, _ in countries():
        regions(code)
        public_holidays(code, "", [2026])
