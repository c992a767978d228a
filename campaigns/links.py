"""The address of a landing page with what a campaign is known by: its link. Pure.

The query and the fragment of the address stay as they are; UTM values that it has already are replaced, so that none stands there twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit, urlunsplit

from campaigns.sources import classify
from inputs.refusals import Problem
from inputs.text import problem_with

MOST_ADDRESS = 500
"""What a touch keeps of its landing page (``Touch.landing_page``): a longer one would be stored cut."""
MOST_VALUE = 80
"""What a touch keeps of its medium."""
SCHEMES = ("http", "https")
ANOTHER_SITE = "https://another-site.invalid/"
LABELS = {"source": "Source", "medium": "Medium", "content": "Content", "term": "Term"}
_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")


@dataclass(frozen=True, slots=True)
class LinkWords:
    """What a link says besides the campaign. ``source`` is where it stands, such as *newsletter*."""

    address: str
    source: str = ""
    medium: str = ""
    content: str = ""
    term: str = ""

    def utm(self, code: str) -> dict[str, str]:
        """Give the UTM values of the link of the campaign ``code``, those that are said, in their usual order."""
        told = {
            "source": self.source,
            "medium": self.medium,
            "campaign": code,
            "content": self.content,
            "term": self.term,
        }
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Counting:
    """As what a touch by a link is counted: a code of ``leads.codes.SOURCES``.

    Where the link itself does not decide (``by_referrer``), the page that it was clicked on does, and the source is that of no page.
    """

    source: str
    by_referrer: bool


def counting(link: str) -> Counting:
    """Read a link as the intake does."""
    values = dict(parse_qsl(urlsplit(link).query))
    utm = {name: values.get(f"utm_{name}", "") for name in ("source", "medium")}
    source = classify(utm=utm, landing_page=link)
    return Counting(source, source != classify(utm=utm, landing_page=link, referrer=ANOTHER_SITE))


@dataclass(frozen=True, slots=True)
class Built:
    """A link, or what is wrong with the words that it was to be made of."""

    link: str = ""
    problems: tuple[Problem, ...] = field(default=())


def build(words: LinkWords, code: str) -> Built:
    """Make the link of the campaign ``code``, or say by field what stands in its way."""
    problems = [*_problems_of_address(words.address), *_problems_of_values(words)]
    if problems:
        return Built(problems=tuple(problems))
    link = with_utm(words.address.strip(), words.utm(code))
    if len(link) > MOST_ADDRESS:
        return Built(problems=(_too_long(len(link)),))
    return Built(link)


def with_utm(address: str, utm: Mapping[str, str]) -> str:
    """Give ``address`` with UTM values at the end of its query, in place of those of the same names."""
    parts = urlsplit(address)
    names = {f"utm_{name}" for name in utm}
    kept = [
        pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]).casefold() not in names
    ]
    added = [f"utm_{name}={quote(value, safe='')}" for name, value in utm.items()]
    return urlunsplit(parts._replace(query="&".join([*kept, *added])))


def _too_long(length: int) -> Problem:
    message = f"The link would have {length} characters; {MOST_ADDRESS} are kept of one."
    return Problem("address", "too_long", message)


def _problems_of_address(text: str) -> list[Problem]:
    address = text.strip()
    if not address:
        return [Problem("address", "required", "Say which page the link leads to.")]
    if len(address) > MOST_ADDRESS:  # before it is taken apart: what comes may be of any length
        return [_too_long(len(address))]
    if problem := problem_with(address, field="address", single_line=True):
        return [problem]
    if _NOT_IN_ADDRESS.search(address):
        return [
            Problem(
                "address", "bad_character", "This has a space or a sign that no address has: copy it from the browser."
            )
        ]
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets that do not close, a port that is none
        return [_NOT_AN_ADDRESS]
    if parts.scheme.lower() not in SCHEMES:
        return [Problem("address", "bad_scheme", "Give an address that begins with https:// or http://.")]
    if "@" in parts.netloc:
        return [Problem("address", "credentials", "This holds a user name or password before the “@”: leave them out.")]
    is_host = all(host.removesuffix(".").split(".")) and "%" not in host
    return [] if is_host and port != 0 else [_NOT_AN_ADDRESS]


_NOT_AN_ADDRESS = Problem("address", "bad_address", "This is no address of a page: copy it from the browser.")


def _problems_of_values(words: LinkWords) -> list[Problem]:
    problems = []
    for name, label in LABELS.items():
        value: str = getattr(words, name)
        if len(value) > MOST_VALUE:
            problems.append(Problem(name, "too_long", f"{label}: at most {MOST_VALUE} characters."))
        elif problem := problem_with(value, field=name, single_line=True):
            problems.append(problem)
    return problems
