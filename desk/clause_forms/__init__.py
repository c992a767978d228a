"""The forms in which the clauses of a draft are written."""

from __future__ import annotations

from desk.clause_forms import lines, plain
from desk.clause_forms.base import ADD, CHANGE, REMOVE, Choices, ClauseForm, LinesForm
from desk.clause_forms.promises import PromiseForm
from desk.clause_forms.rules import COUNT, RuleForm
from sla.clauses import CLAUSES, PROMISE, TIER

__all__ = ["ADD", "CHANGE", "COUNT", "HINTS", "REMOVE", "Choices", "ClauseForm", "LinesForm", "RuleForm", "form_of"]

_FORMS: dict[str, type[ClauseForm]] = {
    "parties": plain.PartiesForm,
    "definitions": lines.DefinitionsForm,
    "mql-rule": RuleForm,
    "handoff": plain.HandoffForm,
    "sql-checklist": lines.ChecklistForm,
    "targets": lines.TargetsForm,
    "accept-window": plain.AcceptWindowForm,
    "escalation": lines.EscalationForm,
    "pauses": plain.PausesForm,
    "disputes": plain.DisputesForm,
    "rules-of-play": lines.SentencesForm,
    "recycle": plain.RecycleForm,
    "attainment": plain.AttainmentForm,
    "review": plain.ReviewForm,
}
_RULE_HINT = (
    "A group is a rule within the rule, of which all or any has to hold. Between two numbers: 10 and 200. Several values: with commas. "
    "An empty line is dropped."
)
HINTS = {
    "mql-rule": _RULE_HINT,
    "tier-hot": f"The first tier whose rule holds is the lead’s: hot before warm, else standard. {_RULE_HINT}",
    "tier-warm": f"Asked of leads that are not hot. {_RULE_HINT}",
    "definitions": "What every agreement defines, and words of your own. A word without meaning, both left empty, is dropped.",
    "sql-checklist": "What a rep confirms before a lead is an SQL. A line that is left empty is dropped.",
    "rules-of-play": "What the program does not count, and both sides keep all the same. A line that is left empty is dropped.",
    "escalation": "At 100 % the promise is missed. Steps are put into the order of their shares.",
    "targets": "What a side promises to reach each month or quarter. The worth of MQLs may differ by persona: it-lead 800, default 500.",
}
"""What stands above the fields of a clause, where the fields do not say it."""


def form_of(clause: str) -> type[ClauseForm] | None:
    """Give the form of a clause; none for what is not written by hand, or is no clause."""
    if clause not in CLAUSES:
        return None
    if clause.startswith(PROMISE):
        return PromiseForm
    return RuleForm if clause.startswith(TIER) else _FORMS.get(clause)
