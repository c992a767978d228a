"""What all API views share: who calls, JSON alone, and a body read field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from inputs.jsonbody import StrictJSONParser
from inputs.refusals import Invalid, Problem
from leads.api.authentication import LeanTokenAuthentication
from leads.views.guard import require
from ledger.instants import edge_now
from teams.models import User

Reader = Callable[[Any, str], Any]
"""Reads one value of a body, given its field; raises a subclass of ``Invalid``."""


class BadBody(Invalid):
    """The body does not have the shape that is asked for; ``problems`` names the fields."""

    code = "invalid"


class ApiView(APIView):
    """A view for programs (by token) and for our own pages (by session)."""

    authentication_classes = (LeanTokenAuthentication, SessionAuthentication)
    permission_classes = (IsAuthenticated,)
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)

    def at(self, request: Request) -> datetime:
        """Give the instant of this call, read once: the lookup of the token brought it along."""
        brought: datetime | None = getattr(request.auth, "read_at", None)
        return brought or edge_now()

    def user(self, request: Request, *actions: str) -> User:
        """Give the caller, who may do one of ``actions``; raises ``NotAllowed``."""
        return require(request, *actions)


def read_body(
    body: Any, readers: Mapping[str, Reader], *, required: tuple[str, ...] = (), read_only: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Read each field by its reader; raises ``BadBody`` with every problem. Unknown and read-only fields are refused by name."""
    if not isinstance(body, dict):
        raise BadBody("The body must be a JSON object.", code="not_an_object")
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in body.items():
        reader = readers.get(name)
        if reader is None:
            problems.append(_stranger(name, read_only))
            continue
        try:
            values[name] = reader(value, name)
        except Invalid as invalid:
            problems += invalid.problems
    problems += [Problem(name, "required", "This is required.") for name in required if name not in body]
    if problems:
        raise BadBody("Some of what was sent cannot be used.", problems=tuple(problems))
    return values


def _stranger(name: str, read_only: frozenset[str]) -> Problem:
    if name in read_only:
        return Problem(name, "read_only", "This is set by the system.")
    return Problem(name[:100], "unknown_field", "There is no such field.")


def text(value: Any, field: str) -> str:
    """Read a text; null is an empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadBody("This must be a text.", code="wrong_type", field=field)
    return value


def code(value: Any, field: str) -> str:
    """Read a short word of a program."""
    found = text(value, field).strip()
    if not found:
        raise BadBody("This is required.", code="required", field=field)
    if len(found) > 40:
        raise BadBody("This is not a code that we know.", code="unknown_code", field=field)
    return found


def flag(value: Any, field: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise BadBody("This must be true or false.", code="wrong_type", field=field)
    return value


def given(value: Any, field: str) -> Any:
    """Pass a value on as it is: whoever takes it checks it."""
    return value
