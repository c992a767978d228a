"""Sources: which word, UTM value or referrer gives which code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.sources import MEDIUMS, RAW_WORDS, classify
from leads.codes import SOURCES


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("organic search", "organic_search"),
        ("Paid_Search", "paid_search"),
        ("social", "social"),
        ("direct traffic", "direct"),
        ("E-Mail", "email"),
        ("referral", "referral"),
        ("display", "display"),
        ("other", "other"),
        ("other publicities", "other"),
        ("unknown", "unknown"),
        ("", "unknown"),
        ("the usual", "other"),
    ],
)
def test_the_raw_word_is_read(raw: str, code: str) -> None:
    assert classify(raw=raw) == code


@pytest.mark.parametrize(
    ("source", "medium", "code"),
    [
        ("google", "cpc", "paid_search"),
        ("linkedin", "cpc", "paid_social"),
        ("facebook", "paid_social", "paid_social"),
        ("google", "cpm", "display"),
        ("google", "organic", "organic_search"),
        ("google", "", "organic_search"),
        ("linkedin", "", "social"),
        ("newsletter", "", "email"),
        ("spring", "email", "email"),
        ("acme", "affiliate", "partner"),
        ("acme", "strange", "other"),
        ("(direct)", "(none)", "direct"),
    ],
)
def test_utm_values_are_read(source: str, medium: str, code: str) -> None:
    assert classify(utm={"source": source, "medium": medium}) == code


@pytest.mark.parametrize(
    ("referrer", "landing_page", "code"),
    [
        ("https://www.google.de/search?q=x", "", "organic_search"),
        ("https://duckduckgo.com/", "", "organic_search"),
        ("https://www.linkedin.com/feed/", "", "social"),
        ("https://t.co/abc", "", "social"),
        ("https://x.com/post", "", "social"),
        ("https://mail.google.com/mail/u/0", "", "email"),
        ("https://partner.example/post", "", "referral"),
        ("https://www.us.example/a", "https://us.example/b", "unknown"),
        ("", "https://us.example/b", "direct"),
        ("", "88740e65d5d6b056e0cda098e1ea6313", "unknown"),
        ("http://[broken", "", "unknown"),
    ],
)
def test_the_referrer_is_read(referrer: str, landing_page: str, code: str) -> None:
    assert classify(referrer=referrer, landing_page=landing_page) == code


def test_the_raw_word_goes_before_utm_and_utm_before_the_referrer() -> None:
    utm = {"source": "google", "medium": "cpc"}

    assert classify(raw="trade show", utm=utm, referrer="https://t.co/x") == "event"
    assert classify(utm=utm, referrer="https://t.co/x") == "paid_search"


def test_every_code_is_a_source_and_no_word_stands_twice() -> None:
    assert set(RAW_WORDS) | set(MEDIUMS) <= set(SOURCES)
    for table in (RAW_WORDS, MEDIUMS):
        words = [word for of_code in table.values() for word in of_code]
        assert len(words) == len(set(words))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=80), st.text(max_size=80))
def test_any_text_gives_a_source(raw: str, source: str, medium: str, referrer: str, landing_page: str) -> None:
    utm = {"source": source, "medium": medium}

    assert classify(raw=raw, utm=utm, referrer=referrer, landing_page=landing_page) in SOURCES
