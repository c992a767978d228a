"""A JSON body, read strictly."""

from __future__ import annotations

import io
import json
import time

import pytest

from inputs.jsonbody import MAX_DEPTH, MalformedBody, StrictJSONParser, load


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", "malformed_body", ""),
        ("{", "malformed_body", ""),
        ("{'a': 1}", "malformed_body", ""),
        ('{"a": NaN}', "not_a_number", ""),
        ('{"a": -Infinity}', "not_a_number", ""),
        ('{"a": 1e999}', "number_too_large", ""),
        ('{"a": 9223372036854775808}', "number_too_large", ""),
        ('{"a": %s}' % ("9" * 5000), "number_too_large", ""),
        ('{"a": "x\\u0000"}', "nul_character", "a"),
        ('{"a": {"b": ["\\ud800"]}}', "broken_character", "a.b.0"),
        ('{"\\udc00": 1}', "broken_character", ""),
        ('{"a": 1, "a": 2}', "duplicate_field", "a"),
        ("[" * 5000 + "]" * 5000, "too_deep", ""),
        ('{"a":' * 5000 + "1" + "}" * 5000, "too_deep", ""),
        ("[" * 5000, "too_deep", ""),
        ("{" * 100_000, "too_deep", ""),
    ],
)
def test_refuses_what_cannot_be_stored_and_shown_again(text, code, field):
    with pytest.raises(MalformedBody) as refusal:
        load(text)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert refusal.value.status == 400
    json.dumps(refusal.value.message, ensure_ascii=False).encode()  # can be sent


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": [1.5, None, True, "é"]},
        {"a": 2**63 - 1},
        {"a": "[[[[{{{{" * 20},
        {"a": '\\"[' * 30},
        [],
        "text",
        3,
    ],
)
def test_gives_what_was_sent(value):
    assert load(json.dumps(value)) == value


def test_takes_a_pair_of_surrogates_for_the_one_character_that_it_is():
    assert load('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize(("depth", "is_refused"), [(MAX_DEPTH, False), (MAX_DEPTH + 1, True)])
def test_counts_depth_exactly(depth, is_refused):
    text = "[" * depth + "]" * depth

    if is_refused:
        with pytest.raises(MalformedBody):
            load(text)
    else:
        assert load(text) is not None


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", b'{"a": "\xed\xa0\x80"}', b"\x80"])
def test_refuses_bytes_that_are_not_utf_8(raw):
    with pytest.raises(MalformedBody) as refusal:
        StrictJSONParser().parse(io.BytesIO(raw))

    assert refusal.value.code == "not_utf8"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 21 + '"' + '\\"' * 10_000, "too_deep"),
        ("[" * 21 + '"' + '\\"' * 10_000 + "\\", "too_deep"),
        ("{" + ",".join(f'"{place}":1' for place in range(10_000)) + ',"9999":2}', "duplicate_field"),
    ],
    ids=["open quote", "open quote, half an escape", "many fields"],
)
def test_refuses_what_is_long_in_no_more_time_than_reading_it_takes(text, code):
    began = time.process_time()

    with pytest.raises(MalformedBody) as refusal:
        load(text)

    assert refusal.value.code == code
    assert time.process_time() - began < 0.5  # the square of its length takes seconds


def test_repeats_no_more_than_the_beginning_of_a_long_name():
    with pytest.raises(MalformedBody) as refusal:
        load('{{"{0}": 1, "{0}": 2}}'.format("a" * 5000))

    assert refusal.value.field == "a" * 100
