"""Read a JSON body strictly: what passes can be stored on both engines and shown again.

Refused as 400 before anything is stored (design, promises page): malformed JSON, duplicate keys, NaN and infinities, nesting beyond
``MAX_DEPTH``, NUL and lone surrogates in any string or key, whole numbers beyond 64 bits.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import IO, Any, NoReturn

from rest_framework.parsers import JSONParser

from inputs.refusals import Invalid

MAX_DEPTH = 20
MAX_INTEGER = 2**63 - 1
MAX_INTEGER_DIGITS = 20

# Possessive, and closed by the end of the text too: without either, a quote that stays open costs the square of its length.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedBody(Invalid):
    """The body is not JSON that can be stored and shown again."""

    code = "malformed_body"


class StrictJSONParser(JSONParser):
    """DRF's JSON parser with the refusals of this module."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Give the parsed body; raises ``MalformedBody`` with a sentence that says what is wrong."""
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise MalformedBody("The body is not valid UTF-8.", code="not_utf8") from None
        return load(text)  # type: ignore[no-any-return]


def load(text: str) -> Any:
    """Parse ``text``; raises ``MalformedBody``, which names the field where one can be named."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise MalformedBody(f"The body is nested more than {MAX_DEPTH} levels deep.", code="too_deep")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_fraction
        )
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not valid JSON: {error}") from None
    if "\\u" in text:  # UTF-8 holds no surrogate and JSON no bare NUL: only an escape can bring one
        _refuse_poison(value, "")
    return value


def _depth(text: str) -> int:
    """Give the deepest nesting of brackets outside strings, without recursion."""
    depth = deepest = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        if _poison_in(twice):
            twice = ""
        raise MalformedBody("The body names the same field twice.", code="duplicate_field", field=twice[:100])
    return found


def _constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not a number that JSON knows.", code="not_a_number")


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS or abs(int(digits)) > MAX_INTEGER:
        raise MalformedBody(f"The number {digits[:20]}… is too large.", code="number_too_large")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise MalformedBody(f"The number {digits[:20]} is too large.", code="number_too_large")
    return value


def _refuse_poison(value: Any, path: str) -> None:
    if isinstance(value, str):
        if problem := _poison_in(value):
            raise MalformedBody(problem[1], code=problem[0], field=path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_poison(key, "")
            _refuse_poison(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _refuse_poison(inner, f"{path}.{place}".lstrip("."))


def _poison_in(text: str) -> tuple[str, str] | None:
    if "\x00" in text:
        return "nul_character", "A text contains the NUL character."
    if _SURROGATE.search(text):
        return "broken_character", "A text contains half a character (a lone surrogate)."
    return None
