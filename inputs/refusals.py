"""What the program says no with: one family of named errors, mapped to HTTP in one place.

A domain function raises the subclass that lives beside it. The project's handler turns it into a page or into
``application/problem+json``; no view catches these one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with the field it belongs to (empty: the whole input)."""

    field: str
    code: str
    message: str


class Refusal(Exception):
    """Base of every refusal.

    ``status`` is the HTTP status, ``code`` a stable word for programs, ``message`` a sentence for people, ``field`` the
    input it belongs to, ``details`` further facts (ids and codes) for the answer.
    """

    status = 400
    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str = "",
        problems: tuple[Problem, ...] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.problems = problems or (Problem(field, self.code, message),)
        self.details = dict(details or {})

    @property
    def form_status(self) -> int:
        """The HTTP status with which a form is shown again after this refusal."""
        return self.status

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Make the refusal that holds all of ``problems``, at least one, and says the first of them."""
        first = problems[0]
        return cls(first.message, field=first.field, problems=tuple(problems))


class Invalid(Refusal):
    """The input is wrong: 400 in the API, 422 with messages beside the fields in a form."""

    status = 400
    code = "invalid"

    @property
    def form_status(self) -> int:
        """The HTTP status with which a form is shown again after this refusal."""
        return 422


class NotAllowed(Refusal):
    """The actor may see it but not do it."""

    status = 403
    code = "not_allowed"


class NotVisible(Refusal):
    """It does not exist, or the actor may not know that it does: the answer is the same."""

    status = 404
    code = "not_found"


class Conflict(Refusal):
    """The state has moved on: somebody else was first, or the step does not fit the state."""

    status = 409
    code = "conflict"


class SentBefore(Conflict):
    """The same form was sent before and said something else: that stands, and what is sent now is not stored."""

    code = "sent_before"

    def __init__(self) -> None:
        super().__init__(
            "This form was sent before and said something else, which stands. To add this too, send it once more."
        )


class Busy(Refusal):
    """Nothing was done; trying again soon will help."""

    status = 503
    code = "busy"
