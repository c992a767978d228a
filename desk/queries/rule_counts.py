"""What the editor of a rule says about the rule as it is typed: in words, how many leads it would match, or what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk.clause_forms.rules import RuleForm
from desk.rule_words import phrase
from leads.rule_counts import WINDOW, RuleCount, count_matches
from teams.models import User


@dataclass(frozen=True, slots=True)
class Told:
    """``problems`` are what keeps the rule from being counted, each with the name of its line; else there is a ``count``, and the rule in ``words``."""

    problems: list[tuple[str, str]]
    words: str = ""
    count: RuleCount | None = None
    days: int = WINDOW.days


def told(form: RuleForm, user: User, at: datetime) -> Told:
    """Count what the rule in ``form`` would match now; the form is bound."""
    problems = form.rule_problems
    if problems:
        return Told(problems)
    return Told([], phrase(form.rule), count_matches(form.rule, user=user, at=at))
