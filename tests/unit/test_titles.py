"""Job titles as people write them, and what they say."""

from __future__ import annotations

import pytest

from leads.intake.titles import role_of, seniority_of


@pytest.mark.parametrize(
    ("title", "role", "seniority"),
    [
        ("Head of Operations", "operations", "head"),
        ("COO", "operations", "c-level"),
        ("Chief Financial Officer", "finance", "c-level"),
        ("VP, Supply Chain", "supply chain", "vp"),
        ("Vice President Finance", "finance", "vp"),
        ("vice-president of logistics", "logistics", "vp"),
        ("Warehouse Manager", "logistics", "manager"),
        ("Managing Director", "general management", "c-level"),
        ("Director of Marketing", "marketing", "director"),
        ("PhD student", "student", "student"),
        ("Marketing intern", "marketing", "intern"),
        ("Internal auditor", "", ""),
        ("Digital itinerant", "", ""),
        ("", "", ""),
    ],
)
def test_a_title_says_a_role_and_a_seniority_or_nothing(title: str, role: str, seniority: str) -> None:
    assert (role_of(title), seniority_of(title)) == (role, seniority)
