"""Read a country as people and exports write it: by its code or its English name. Pure.

The names are those of the holidays package, so that a country we know is one whose holidays we may know.
"""

from __future__ import annotations

import re
from functools import lru_cache

from holidays.registry import COUNTRIES

_NOT_LETTER = re.compile(r"[^a-z]+")
_ALSO = {
    "usa": "US", "unitedstatesofamerica": "US", "america": "US", "greatbritain": "GB", "england": "GB", "uk": "GB",
    "czechrepublic": "CZ", "korea": "KR", "republicofkorea": "KR", "russianfederation": "RU", "holland": "NL",
    "thenetherlands": "NL", "deutschland": "DE", "schweiz": "CH", "oesterreich": "AT", "brasil": "BR", "uae": "AE",
    "turkiye": "TR",
}  # fmt: skip


def country_code(text: str) -> str:
    """Give the two-letter code of a country's name or three-letter code; what is not known is given back as it is."""
    written = text.strip()
    if len(written) <= 2:
        return written
    return _codes().get(_NOT_LETTER.sub("", written.casefold()), written)


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    found = dict(_ALSO)
    for module, (_, code, *longer) in COUNTRIES.items():
        found.setdefault(_NOT_LETTER.sub("", module), code)
        for alias in longer:
            found.setdefault(alias.casefold(), code)
    return found
