"""The ordered rules as they are written, read into what decisions use. Pure.

The form is that of ``RoutingVersion.rules``: a list of ``{"code", "words", "when": [{field, op, value}], "to": {...}}``. Besides a pool may
stand who of it is next: ``{"pool": 3, "by": "least_loaded"}``, else they take turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from leads.facts import FACTS
from leads.routing.choice import OWNER, PERSON, POOL, QUEUE, Rule
from leads.routing.ranking import STRATEGIES, TURNS
from personas.conditions import BadRule, compile_rule

TARGETS = {"owner_of_company": OWNER, "pool": POOL, "person": PERSON, "queue": QUEUE}


NEW = "new"
"""No rule has this code: in addresses it stands for one to be."""
MOST_RULES = 100
LONGEST_WORDS = 120
CODE = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""A code stands in the address of its rule."""


class BadRules(ValueError):
    """The list is no set of routing rules: ``path`` says where, the message what."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message

    @property
    def part(self) -> str:
        """The part of a rule that is wrong, where one alone is: its words, its conditions or where it leads."""
        part = self.path.rpartition(".")[2]
        return part if part in ("words", "when", "to") else ""


@lru_cache(maxsize=64)
def compiled(text: str) -> tuple[Rule, ...]:
    """Compile rules from their JSON text, once per content; raises ``BadRules``."""
    return compile_rules(json.loads(text))


def compile_rules(document: Any) -> tuple[Rule, ...]:
    """Compile a list of rules; raises ``BadRules`` where one is malformed or the last does not take whatever is left."""
    if not isinstance(document, list) or not document:
        raise BadRules("rules", "there must be at least one rule")
    rules = tuple(_rule(line, f"rules[{place}]") for place, line in enumerate(document))
    codes = [rule.code for rule in rules]
    if len(set(codes)) < len(codes):
        raise BadRules("rules", "each rule needs a code of its own")
    if document[-1].get("when") or rules[-1].target != QUEUE:
        raise BadRules(f"rules[{len(rules) - 1}]", "the last rule has no conditions and names a queue")
    return rules


def check_rules(document: Any) -> None:
    """Refuse rules that may not be written (any more): what ``compile_rules`` reads, with facts that there are, in bounds; raises ``BadRules``."""
    rules = compile_rules(document)
    if len(rules) > MOST_RULES:
        raise BadRules("rules", f"there are at most {MOST_RULES} rules")
    for place, line in enumerate(document):
        path, words = f"rules[{place}]", line.get("words", "")
        if not CODE.fullmatch(line["code"]) or line["code"] == NEW:
            raise BadRules(path, "a code has at most 60 letters, digits, hyphens and underscores")
        if not isinstance(words, str) or len(words) > LONGEST_WORDS:
            raise BadRules(f"{path}.words", f"a rule is called something of at most {LONGEST_WORDS} characters")
        try:
            compile_rule(line.get("when", []), fields=FACTS)
        except BadRule as error:
            raise BadRules(f"{path}.when", str(error)) from error


def _rule(line: Any, path: str) -> Rule:
    if not isinstance(line, Mapping) or not isinstance(line.get("code"), str) or not line["code"]:
        raise BadRules(path, "a rule needs a code")
    when = line.get("when", [])
    if not isinstance(when, Sequence | Mapping) or isinstance(when, str):
        raise BadRules(f"{path}.when", "expected conditions")
    try:
        test = compile_rule(when)
    except BadRule as error:
        raise BadRules(f"{path}.when", str(error)) from error
    target, target_id, strategy = _target(line.get("to"), f"{path}.to")
    return Rule(line["code"], test.holds, target, target_id, strategy)


def _target(to: Any, path: str) -> tuple[str, int | None, str]:
    words = [word for word in to if word != "by"] if isinstance(to, Mapping) else []
    if len(words) != 1 or words[0] not in TARGETS:
        raise BadRules(path, "expected one of owner_of_company, pool, person, queue")
    word, value = words[0], to[words[0]]
    strategy = to.get("by", TURNS)
    if strategy not in STRATEGIES or ("by" in to and word != "pool"):
        raise BadRules(path, "by says who of a pool is next: turns, least_loaded or longest_waiting")
    if word == "owner_of_company":
        if value is not True:
            raise BadRules(path, "owner_of_company is true")
        return OWNER, None, TURNS
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise BadRules(path, f"{word} needs an id")
    return TARGETS[word], value, strategy
