"""Read a country as people and exports write it: by its code, its English name, its own or its German one. Pure.

The English names are those of the holidays package, so that a country we know is one whose holidays we may know. The others stand here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from holidays.registry import COUNTRIES

_NOT_WORD = re.compile(r"[\W_]+")
_ALSO = {
    "AE": "UAE, Vereinigte Arabische Emirate", "AT": "Österreich, Oesterreich, Autriche", "AU": "Australien",
    "BE": "België, Belgique, Belgien", "BG": "България, Bulgarien", "BR": "Brasil, Brasilien", "CA": "Kanada",
    "CH": "Schweiz, Suisse, Svizzera", "CN": "中国, Volksrepublik China", "CY": "Κύπρος, Zypern",
    "CZ": "Czech Republic, Česko, Česká republika, Tschechien", "DE": "Deutschland, Allemagne, Alemania, Germania",
    "DK": "Danmark, Dänemark", "EE": "Eesti, Estland", "EG": "مصر, Ägypten", "ES": "España, Spanien, Espagne",
    "FI": "Suomi, Finnland", "FR": "Frankreich, Francia", "GB": "Great Britain, England, Scotland, Wales, UK, Großbritannien, Vereinigtes Königreich",
    "GR": "Ελλάδα, Ellada, Griechenland", "HR": "Hrvatska, Kroatien", "HU": "Magyarország, Ungarn", "IE": "Éire, Irland",
    "IL": "ישראל", "IN": "भारत, Bharat, Indien", "IS": "Ísland, Island", "IT": "Italia, Italien, Italie", "JP": "日本, Nippon",
    "KR": "Korea, Republic of Korea, 대한민국, 한국, Südkorea", "LT": "Lietuva, Litauen", "LU": "Lëtzebuerg, Luxemburg",
    "LV": "Latvija, Lettland", "MA": "المغرب, Maroc, Marokko", "MX": "México, Mexiko", "NL": "Holland, The Netherlands, Nederland, Niederlande, Pays-Bas",
    "NO": "Norge, Norwegen", "NZ": "Aotearoa, Neuseeland", "PE": "Perú", "PL": "Polska, Polen, Pologne", "RO": "România, Rumänien",
    "RS": "Srbija, Србија, Serbien", "RU": "Russian Federation, Россия, Russland", "SA": "Saudi-Arabien",
    "SE": "Sverige, Schweden, Suède", "SI": "Slovenija, Slowenien", "SK": "Slovensko, Slowakei", "TH": "ประเทศไทย",
    "TR": "Türkiye, Turkiye, Türkei", "UA": "Україна, Ukraina", "US": "USA, United States of America, America, Vereinigte Staaten, Estados Unidos, États-Unis",
    "VN": "Việt Nam", "ZA": "South Africa, Südafrika",
}  # fmt: skip
"""Further names by code, with commas between them."""


LONGEST_NAME = 200
"""Characters; what is longer is not looked up, for taking it apart may take the square of its length."""


def country_code(text: str) -> str:
    """Give the two-letter code of a country's name or three-letter code; what is not known is given back as it is."""
    written = text.strip()
    if (written.isascii() and len(written) <= 2) or len(written) > LONGEST_NAME:
        return written
    return _codes().get(_plain(written), written)


def _plain(name: str) -> str:
    """Give a name in the form in which names are compared: without case, accents and punctuation."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return _NOT_WORD.sub("", "".join(character for character in apart if not unicodedata.combining(character)))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    found = {_plain(name): code for code, names in _ALSO.items() for name in names.split(",")}
    for module, (_, code, *longer) in COUNTRIES.items():
        found.setdefault(_plain(module), code)
        for alias in longer:
            found.setdefault(_plain(alias), code)
    return found
