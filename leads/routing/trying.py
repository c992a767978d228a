"""Try a lead: what a set of rules would do with it now, whole and explained. Nothing is written, nothing is locked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.facts import facts_now
from leads.intake.normalise import company_key
from leads.models import Company, Lead, RoutingVersion
from leads.routing import sentences
from leads.routing.board import Board, Firms, Known
from leads.routing.choice import Choice
from leads.routing.words import load_names
from personas.conditions import compile_rule, explain, is_blank
from personas.fit import grade

NOBODY: frozenset[int] = frozenset()
OF_COMPANY = ("industry", "employee_count", "is_target_account", "is_customer")
"""Facts of a company: those of one that is stored count first; that it is *no* customer or target is not known there."""
OF_CONTACT = ("country", "region")
"""Facts of a contact, else of their company."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A lead that is only tried: its facts, and its company where that is known."""

    facts: Mapping[str, Any]
    company_id: int | None = None
    lead_id: int = 0
    excluded: frozenset[int] = NOBODY

    @classmethod
    def of_lead(cls, lead: Lead, at: datetime) -> Trial:
        """Try a stored lead as it is now; get it with its ``contact__company`` and ``product``."""
        return cls(facts_now(lead, at), lead.contact.company_id, lead.pk)

    @classmethod
    def described(cls, facts: Mapping[str, Any]) -> Trial:
        """Try a lead that there is not, described in texts that are clean (``intake.normalise.describe``).

        A company whose name is the same to the intake is taken for its company: what is known of that counts first, as where a lead comes in.
        """
        key = company_key(str(facts.get("company") or ""))
        company = Company.objects.filter(name_key=key).order_by("id").first() if key else None
        known = (
            {name: getattr(company, name) for name in OF_COMPANY if not is_blank(getattr(company, name))}
            if company
            else {}
        )
        said = {**facts, **known}
        for name in OF_CONTACT:
            said[name] = facts.get(name) or (getattr(company, name) if company else "")
        said["kind"] = "expansion" if said.get("is_customer") else "new_business"
        said["grade"] = grade(said.get("fit"))
        return cls({"origin": "marketing", **said}, company.pk if company else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition of a rule on this lead: whether it held, and what it found (empty: not known)."""

    words: str
    held: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule that was looked at: its title, what became of it, and its conditions."""

    title: str
    verdict: str
    decided: bool
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the rules do with a lead: the rules in their order, who was passed over, the outcome, and how many rules were not looked at."""

    choice: Choice
    rules: tuple[TriedRule, ...]
    people: tuple[str, ...]
    outcome: str
    left: int


def try_lead(trial: Trial, version: RoutingVersion, *, at: datetime) -> Tried:
    """Decide about ``trial`` by the rules of ``version``, a draft or not, as if it were handed off at ``at``."""
    firms = Firms({trial.lead_id: trial.company_id} if trial.company_id else {})
    known = Known([(version.pk, json.dumps(version.rules))], firms)
    choice = Board.load([trial], at=at, known=known, locked=False).decide(trial)
    passed = dict(choice.trace["rules"])
    decided = choice.trace["chosen"]["rule"]
    names = load_names([choice.trace], [version]).of_version(version.pk)
    looked_at = [line for line in version.rules if line["code"] in passed or line["code"] == decided]
    return Tried(
        choice,
        tuple(_tried(line, passed.get(line["code"]), trial.facts) for line in looked_at),
        tuple(sentences.passed_over(choice.trace, names)),
        sentences.why(choice.trace, names),
        len(version.rules) - len(looked_at),
    )


def _tried(line: Mapping[str, Any], problem: str | None, facts: Mapping[str, Any]) -> TriedRule:
    found = explain(compile_rule(line.get("when") or []), facts)
    asked = tuple(Asked(each.condition.words, each.held, _said(each.evidence)) for each in found)
    verdict = f"did not decide: {sentences.PASSED.get(problem, problem)}" if problem else "decided"
    return TriedRule(line.get("words") or line["code"], verdict, problem is None, asked)


def _said(evidence: Any) -> str:
    if is_blank(evidence):
        return ""
    return {True: "yes", False: "no"}[evidence] if isinstance(evidence, bool) else str(evidence)
