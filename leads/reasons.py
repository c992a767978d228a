"""Coded reasons and the note beside them: what a verb that ends something asks for."""

from __future__ import annotations

from collections.abc import Container

from inputs.refusals import Invalid, Problem
from inputs.text import problem_with, tidy
from leads.codes import REASONS_WITH_NOTE

MAX_NOTE = 2000


class BadReason(Invalid):
    """The reason is not one of the codes, or its note is missing or cannot be stored."""

    code = "bad_reason"


def checked_reason(reason: str, note: str, codes: Container[str]) -> str:
    """Give the tidy note; raises ``BadReason`` unless ``reason`` is one of ``codes``, with a note where it needs one."""
    if reason not in codes:
        raise BadReason("Choose one of the reasons.", field="reason", code="unknown_reason")
    note = checked_note(note)
    if reason in REASONS_WITH_NOTE and not note:
        raise BadReason("Say in a few words what the reason is.", field="note", code="note_required")
    return note


def checked_note(note: str, *, field: str = "note") -> str:
    """Give the tidy text; raises ``BadReason`` when it is too long or cannot be stored."""
    problem = problem_with(note, field=field)
    if problem is None and len(note) > MAX_NOTE:
        problem = Problem(field, "too_long", f"Use at most {MAX_NOTE} characters.")
    if problem is not None:
        raise BadReason(problem.message, field=field, code=problem.code)
    return tidy(note)
