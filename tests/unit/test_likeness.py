"""Names, companies and phones: which two records are asked about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.likeness import Known, distance, likeness, name_words, names_alike

ACME: dict[str, Any] = {"company": 1, "company_key": "acme", "company_name": "ACME Inc.", "domain": "acme.example"}
NOWHERE: dict[str, Any] = {"company": 0, "company_key": "", "company_name": "", "domain": ""}
NAMES = st.text("abcdeé .-", max_size=24)


def alike(one: str, other: str) -> int:
    return names_alike(name_words(one, ""), name_words(other, ""))


def known(name: str, *, phone: str = "", email: str = "", **firm: Any) -> Known:
    return Known(id=1, words=name_words(name, email), phone_key=phone, **(firm or ACME))


@pytest.mark.parametrize(
    ("one", "other", "percent"),
    [
        ("Ana Silva", "ana  SILVA", 100),
        ("Ana Silva", "Silva, Ana", 100),
        ("José Núñez", "Jose Nunez", 100),
        ("Dr. Ana Silva", "Ana Silva", 100),
        ("Jon Smith", "John Smith", 89),
        ("Jhon Smith", "John Smith", 88),
        ("Anna Maria Silva", "Anna Silva", 87),
        ("A. Silva", "Ana Silva", 90),
        ("Ana Silva", "Hannah Silva", 0),
        ("Ana Silva", "Rui Silva", 0),
        ("A. B.", "Ana Beck", 0),
        ("Silva", "Ana Silva", 86),
    ],
)
def test_names_are_alike_by_their_words(one: str, other: str, percent: int) -> None:
    assert alike(one, other) == percent


@pytest.mark.parametrize(
    ("one", "other", "steps"), [("", "ab", 2), ("ca", "ac", 1), ("kitten", "sitting", 3), ("ab", "ab", 0)]
)
def test_the_distance_counts_letters_and_swaps(one: str, other: str, steps: int) -> None:
    assert distance(one, other) == distance(other, one) == steps


@given(NAMES, NAMES)
def test_likeness_of_names_has_no_direction_and_a_name_is_wholly_like_itself(one: str, other: str) -> None:
    words = name_words(one, "")

    assert alike(one, other) == alike(other, one)
    assert 0 <= alike(one, other) <= 100
    assert not any(len(word) > 1 for word in words) or alike(one, one) == 100


@pytest.mark.parametrize(
    ("one", "other", "percent", "why"),
    [
        (known("Jon Smith"), known("John Smith"), 89, ["domain", "names"]),
        (known("Jon Smith", **{**ACME, "domain": ""}), known("John Smith"), 89, ["company", "names"]),
        (known("Jon Smith", **{**ACME, "company": 2, "domain": "acme.de"}), known("John Smith"), 89, ["company", "names"]),
        (known("Jon Smith", **NOWHERE), known("John Smith", **NOWHERE), None, []),
        (known("Jon Smith", phone="+1"), known("John Smith", phone="+1"), 94, ["phone", "domain", "names"]),
        (known("Jon Smith", phone="+1", **NOWHERE), known("J. Smyth", phone="+1", **NOWHERE), 92, ["phone", "names"]),
        (known("Jon Smith", phone="+1"), known("Ana Silva", phone="+1"), None, []),
        (known("", phone="+1"), known("Ana Silva", phone="+1"), 75, ["phone", "domain"]),
        (known("", email="jon.smith@acme.example"), known("Jon Smith"), 100, ["domain", "names"]),
        (known("", email="sales@acme.example"), known("Jon Smith"), None, []),
    ],
)  # fmt: skip
def test_two_records_are_likely_the_same_by_name_and_company_or_phone(
    one: Known, other: Known, percent: int | None, why: list[str]
) -> None:
    found, turned = likeness(one, other), likeness(other, one)

    assert (found.percent if found else None) == percent
    assert [item["code"] for item in (found.evidence if found else [])] == why
    assert (turned.percent if turned else None) == percent
