"""How alike the records of two people are, by their names, company and phone. Pure.

What is the same in its matching form (email, phone, external id) the intake joins by itself; this is about what only looks the same, for a
person to judge. Names are compared word by word, in any order, by edit distance with swapped neighbours (Damerau 1964, restricted), without
case, accents, titles and punctuation. An initial stands for any word that it begins.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LIKELY = 80
"""Percent from which the names of two people of one company are asked about."""
ENOUGH_WITH_PHONE = 50
"""Likewise where the phone is the same: less is a switchboard with two people at it."""
PHONE_ALONE = 75
"""How alike two records are that share a phone, where the name of one is not known."""
WORD_AT_LEAST = 70
"""Percent that each word must have of its partner: *Anna* is no *Hannah*, however long the surname that they share."""
WITH_INITIAL = 90
"""The most that names come to of which one is abbreviated."""
LONGEST_WORD = 40
WHOLE = 100

_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "herr", "frau", "dipl", "ing", "phd", "jr", "sr"})
_WORD_BREAK = re.compile(r"[\W_\d]+", re.UNICODE)

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is compared of a contact. ``company`` is its id, ``company_key`` its name in matching form; empty where there is none."""

    id: int
    words: Words
    phone_key: str
    company: int
    company_key: str
    company_name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are, 0 to 100, and why: ``[{"code", …}]``, with nothing of a person but percents."""

    percent: int
    evidence: list[dict[str, Any]]


def name_words(name: str, email: str) -> Words:
    """Give the words of a name to compare; where it is not known, those of an address like *ana.silva@…*; else none."""
    found = _words(name)
    if found:
        return found
    local = email.partition("@")[0]
    said = _words(local)
    return said if len(said) > 1 else ()


def likeness(one: Known, other: Known) -> Likeness | None:
    """Give how alike two records are; none where nobody need be asked."""
    same_phone = bool(one.phone_key) and one.phone_key == other.phone_key
    company = _same_company(one, other)
    names = names_alike(one.words, other.words) if one.words and other.words else None
    if names is None:
        if not same_phone:
            return None
        return Likeness(PHONE_ALONE, [{"code": "phone"}, *company])
    enough = ENOUGH_WITH_PHONE if same_phone else LIKELY if company else WHOLE + 1
    if names < enough:
        return None
    percent = names + (WHOLE - names) // 2 if same_phone else names
    phone: list[dict[str, Any]] = [{"code": "phone"}] if same_phone else []
    return Likeness(percent, [*phone, *company, {"code": "names", "percent": names}])


def names_alike(one: Words, other: Words) -> int:
    """Give how alike two names are, 0 to 100, whichever comes first; 0 where a word is too far from its partner.

    Each word finds the partner that it is most like. A word without one (a second given name) counts half of its letters.
    """
    pairs = sorted(
        ((word_alike(mine, theirs), place, index) for place, mine in enumerate(one) for index, theirs in enumerate(other)),
        key=lambda pair: (-pair[0], sorted((one[pair[1]], other[pair[2]])), pair[1] + pair[2]),
    )  # fmt: skip
    mine_left, theirs_left = set(range(len(one))), set(range(len(other)))
    alike = total = 0.0
    cap = WHOLE
    for percent, place, index in pairs:
        if place not in mine_left or index not in theirs_left:
            continue
        if percent < WORD_AT_LEAST:
            return 0
        mine_left.remove(place)
        theirs_left.remove(index)
        letters = len(one[place]) + len(other[index])
        alike, total = alike + percent * letters, total + letters
        if _is_abbreviated(one[place], other[index]):
            cap = WITH_INITIAL
    if not _has_full_pair(one, other, mine_left, theirs_left):
        return 0
    total += sum(len(one[place]) for place in mine_left) / 2 + sum(len(other[index]) for index in theirs_left) / 2
    return min(cap, int(alike / total))


@lru_cache(maxsize=200_000)
def word_alike(one: str, other: str) -> int:
    """Give how alike two words are, 0 to 100; an initial is wholly like what it begins."""
    if one == other or _is_abbreviated(one, other):
        return WHOLE
    longest = max(len(one), len(other))
    if longest - min(len(one), len(other)) > longest * (WHOLE - WORD_AT_LEAST) // WHOLE:
        return 0
    return WHOLE * (longest - distance(one, other)) // longest


def distance(one: str, other: str) -> int:
    """Count the letters to add, drop, change or swap with their neighbour to make one word of the other."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, mine in enumerate(one, 1):
        now = [row]
        for column, theirs in enumerate(other, 1):
            best = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (mine != theirs))
            if row > 1 and column > 1 and mine == other[column - 2] and theirs == one[row - 2]:
                best = min(best, before[column - 2] + 1)
            now.append(best)
        before, last = last, now
    return last[-1]


def _same_company(one: Known, other: Known) -> list[dict[str, Any]]:
    """Say by what two companies are the same: their domain, else their name."""
    if one.domain and one.domain == other.domain:
        return [{"code": "domain", "domain": one.domain}]
    same = (one.company and one.company == other.company) or (one.company_key and one.company_key == other.company_key)
    return [{"code": "company", "company": one.company_name}] if same else []


def _words(text: str) -> Words:
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = (word[:LONGEST_WORD] for word in _WORD_BREAK.split(plain))
    return tuple(word for word in words if word and word not in _TITLES)


def _is_abbreviated(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) == 1 and len(longer) > 1 and longer.startswith(shorter)


def _has_full_pair(one: Words, other: Words, mine_left: set[int], theirs_left: set[int]) -> bool:
    """Tell whether a whole word of both found its partner: initials alone say nothing."""
    paired = [word for place, word in enumerate(one) if place not in mine_left]
    theirs = [word for index, word in enumerate(other) if index not in theirs_left]
    return any(len(word) > 1 for word in paired) and any(len(word) > 1 for word in theirs)
