"""Links of a campaign: the address with its UTM values, refused where it is none, counted as the intake counts it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.links import MOST_ADDRESS, MOST_VALUE, LinkWords, build, counting
from leads.codes import SOURCES

PAGE = "https://firm.example/demo"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (PAGE, f"{PAGE}?utm_source=letter&utm_campaign=spring"),
        (f"  {PAGE} ", f"{PAGE}?utm_source=letter&utm_campaign=spring"),
        (f"{PAGE}?a=1&b=&c", f"{PAGE}?a=1&b=&c&utm_source=letter&utm_campaign=spring"),
        (f"{PAGE}?q=a%20b+c#part-2", f"{PAGE}?q=a%20b+c&utm_source=letter&utm_campaign=spring#part-2"),
        (f"{PAGE}?utm_campaign=old&a=1&UTM_Source=x", f"{PAGE}?a=1&utm_source=letter&utm_campaign=spring"),
        (f"{PAGE}?utm_id=7", f"{PAGE}?utm_id=7&utm_source=letter&utm_campaign=spring"),
        ("HTTP://firm.example:8080", "http://firm.example:8080?utm_source=letter&utm_campaign=spring"),
        ("http://[::1]/x", "http://[::1]/x?utm_source=letter&utm_campaign=spring"),
        ("https://bücher.example/süß", "https://bücher.example/süß?utm_source=letter&utm_campaign=spring"),
    ],
)
def test_the_address_keeps_its_query_and_fragment(address: str, link: str) -> None:
    assert build(LinkWords(address, source="letter"), "spring").link == link


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("", "required"), ("   ", "required"), ("firm.example/demo", "bad_scheme"), ("javascript:alert(1)", "bad_scheme"),
        ("ftp://firm.example/", "bad_scheme"), ("//firm.example/", "bad_scheme"), ("https://", "bad_address"), ("https:///path", "bad_address"),
        ("https://a..b/", "bad_address"), ("https://firm.example:99999/", "bad_address"), ("https://firm.example:0/", "bad_address"),
        ("https://firm.example:x/", "bad_address"), ("https://[::1/", "bad_address"), ("https://sam:secret@firm.example/", "credentials"),
        ("https://sam@firm.example/", "credentials"), ("https://@firm.example/", "credentials"), ("https://firm.example/a b", "bad_character"),
        ("https://firm.example/\\x", "bad_character"), ("https://firm.example/<x>", "bad_character"),
        ("https://firm.ex\nample/", "line_break"), ("https://firm.example/\u202ex", "invisible_character"),
        (f"https://firm.example/{'x' * MOST_ADDRESS}", "too_long"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(address: str, code: str) -> None:
    built = build(LinkWords(address), "spring")

    assert [(problem.field, problem.code) for problem in built.problems] == [("address", code)]
    assert built.link == ""


@pytest.mark.parametrize("name", ["source", "medium", "content", "term"])
@pytest.mark.parametrize(
    ("value", "code"),
    [("x" * (MOST_VALUE + 1), "too_long"), ("a\nb", "line_break"), ("a\u202eb", "invisible_character")],
)
def test_each_value_is_looked_at(name: str, value: str, code: str) -> None:
    built = build(LinkWords(PAGE, **{name: value}), "spring")

    assert [(problem.field, problem.code) for problem in built.problems] == [(name, code)]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp", "Mn", "Cn")), max_size=8))
def test_what_was_said_is_what_is_read(value: str) -> None:
    words = LinkWords(f"{PAGE}?a=1#b", value, value, value, value)

    link = build(words, "spring").link

    read = dict(parse_qsl(urlsplit(link).query))
    assert read.pop("a") == "1"
    assert {name.removeprefix("utm_"): text for name, text in read.items()} == words.utm("spring")


@pytest.mark.parametrize(
    ("words", "source", "by_referrer"),
    [
        ({"source": "linkedin", "medium": "paid_social"}, "paid_social", False),
        ({"source": "linkedin"}, "social", False),
        ({"medium": "email"}, "email", False),
        ({"source": "gazette"}, "other", True),
        ({}, "direct", True),
        ({"medium": "content"}, "direct", True),
    ],
)
def test_a_link_is_counted_by_its_words_or_else_by_where_it_is_clicked(
    words: dict[str, str], source: str, by_referrer: bool
) -> None:
    counted = counting(build(LinkWords(PAGE, **words), "spring").link)

    assert (counted.source, counted.by_referrer) == (source, by_referrer)
    assert counted.source in SOURCES


def test_what_the_address_said_of_its_source_before_counts() -> None:
    assert counting(build(LinkWords(f"{PAGE}?utm_source=google&utm_medium=cpc"), "spring").link).source == "paid_search"
