"""The outermost layer, before Django makes a request of what came: what it would stumble over there, no middleware can catch."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
UTF_8 = "utf-8"
FOREIGN = "application/octet-stream; charset=foreign"
"""Stands in for a content type in another encoding than UTF-8. No codec has this name, so that Django does not decode by it."""


class Edge:
    """Names an encoding that we do not read so that ``smarketing.middleware.Utf8Only`` can refuse it, and answers HEAD without a body."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = readable(environ.get("CONTENT_TYPE", ""))
        body = self.application(environ, start_response)
        return _without(body) if environ["REQUEST_METHOD"] == "HEAD" else body


def readable(content_type: str) -> str:
    """Give ``content_type`` as it is where Django can read by it; ``FOREIGN`` where its charset is not UTF-8 or makes no sense.

    Django decodes the query by this charset before any middleware runs, also by codecs that are none of text (rot13, zlib).
    """
    try:
        _, parameters = parse_header_parameters(content_type)
        is_ours = codecs.lookup(str(parameters.get("charset", UTF_8))).name == UTF_8
    except (LookupError, ValueError):
        is_ours = False
    return content_type if is_ours else FOREIGN


def _without(body: Iterable[bytes]) -> Iterable[bytes]:
    """Drop a body: headers, its length among them, are those of GET."""
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return ()
