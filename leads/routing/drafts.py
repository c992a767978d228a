"""Write the next rules of routing: begin a draft, change its rules one by one, activate it. Verbs.

Several managers may write in one draft. What a page showed travels with its form (``seen``): whoever saves over somebody else's change is
told, with the fingerprint of what stands there now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from inputs.refusals import Conflict, Invalid
from leads.models import RoutingVersion
from leads.routing.activating import put_in_force
from leads.routing.board import NoRouting
from leads.routing.rules import MOST_RULES, NEW, BadRules, check_rules
from leads.routing.versions import draft, in_force, lock_latest, permit
from ledger.writing import write_audit
from sla.clauses import fingerprint
from teams.models import User

Line = dict[str, Any]
"""One rule as it is written: code, words, when and to."""

UP, DOWN = -1, 1


class DraftMoved(Conflict):
    """Somebody else changed the draft, or the rules in force, since the page was opened; ``details["seen"]`` says how it stands."""

    code = "draft_moved"


class BadRule(Invalid):
    """The rule cannot be used; the problems say where."""

    code = "bad_rule"


class FixedRule(Invalid):
    """The last rule takes whatever is left: it has no conditions and stays where it is."""

    code = "fixed_rule"


class NothingChanged(Conflict):
    """The draft says what is in force already."""

    code = "nothing_changed"


@transaction.atomic
def begin_draft(*, actor: User, at: datetime, version: RoutingVersion | None = None) -> RoutingVersion:
    """Begin a draft from ``version``, else from the one in force; raises ``MayNotChangeRouting``, ``NoRouting``."""
    permit(actor)
    source = version or in_force(at)
    if source is None:
        raise NoRouting("No routing rules are active yet. Activate a set of rules first.")
    made = RoutingVersion.objects.create(rules=source.rules, created_at=at, created_by=actor, based_on=source)
    _audit("begin_routing_draft", actor, at, made, based_on=source.pk)
    return made


@transaction.atomic
def add_rule(*, actor: User, at: datetime, draft_id: int, line: Line) -> str:
    """Put a rule before the last one and give its code; raises ``BadRule``, ``MayNotChangeRouting``, ``NoSuchVersion``."""
    permit(actor)
    found = draft(draft_id, locked=True)
    if len(found.rules) >= MOST_RULES:
        raise BadRule(f"There are {MOST_RULES} rules already, which is the most.")
    _require_words(line)
    code = _new_code(line["words"], [rule["code"] for rule in found.rules])
    _store(found, [*found.rules[:-1], {**line, "code": code}, found.rules[-1]])
    _audit("add_routing_rule", actor, at, found, rule=code)
    return code


@transaction.atomic
def change_rule(*, actor: User, at: datetime, draft_id: int, line: Line, seen: str | None = None) -> None:
    """Let the rule of this ``code`` say ``line``; raises ``DraftMoved``, ``FixedRule``, ``BadRule``, ``MayNotChangeRouting``, ``NoSuchVersion``."""
    permit(actor)
    found = draft(draft_id, locked=True)
    place = _place(found.rules, line["code"])
    if seen is not None and seen != fingerprint(found.rules[place]):
        message = "Somebody else changed this rule since you opened the page. Look at it again, then save."
        raise DraftMoved(message, details={"seen": fingerprint(found.rules[place])})
    is_last = place == len(found.rules) - 1
    if is_last and (line.get("when") or "queue" not in line["to"]):
        raise FixedRule("The last rule takes whatever is left: it has no conditions and leads to a queue.", field="to")
    _require_words(line)
    _store(found, [*found.rules[:place], line, *found.rules[place + 1 :]])
    _audit("change_routing_rule", actor, at, found, rule=line["code"])


@transaction.atomic
def move_rule(*, actor: User, at: datetime, draft_id: int, code: str, by: int, seen: str | None = None) -> None:
    """Move a rule up (``UP``) or down (``DOWN``) by one place; the last stays last. Raises as ``change_rule`` does."""
    permit(actor)
    found = draft(draft_id, locked=True)
    _refuse_stale(found, seen)
    rules, place = list(found.rules), _place(found.rules, code)
    there = place + by
    if not (0 <= there < len(rules) - 1 and place < len(rules) - 1):
        raise FixedRule("A rule moves among those before the last one.")
    rules[place], rules[there] = rules[there], rules[place]
    _store(found, rules)
    _audit("move_routing_rule", actor, at, found, rule=code, to=there)


@transaction.atomic
def remove_rule(*, actor: User, at: datetime, draft_id: int, code: str, seen: str | None = None) -> None:
    """Take a rule out of a draft; never the last one. Raises as ``change_rule`` does."""
    permit(actor)
    found = draft(draft_id, locked=True)
    _refuse_stale(found, seen)
    place = _place(found.rules, code)
    if place == len(found.rules) - 1:
        raise FixedRule("The last rule takes whatever is left, so it stays.")
    _store(found, [*found.rules[:place], *found.rules[place + 1 :]])
    _audit("remove_routing_rule", actor, at, found, rule=code)


@transaction.atomic
def discard_draft(*, actor: User, at: datetime, draft_id: int, seen: str | None = None) -> None:
    """Throw a draft away; raises ``DraftMoved``, ``MayNotChangeRouting``, ``NoSuchVersion``."""
    permit(actor)
    found = draft(draft_id, locked=True)
    _refuse_stale(found, seen)
    _audit("discard_routing_draft", actor, at, found, based_on=found.based_on_id)
    found.delete()


@transaction.atomic
def activate_draft(*, actor: User, at: datetime, draft_id: int, seen: str | None = None) -> RoutingVersion:
    """Put a draft into force at once, for every lead that is routed from now on. ``seen`` is what ``standing`` gave the page.

    Raises ``DraftMoved`` where the draft or the rules in force were changed since, ``NothingChanged``, ``FaultyRules``,
    ``MayNotChangeRouting``, ``NoSuchVersion``.
    """
    permit(actor)
    before = lock_latest()
    found = draft(draft_id, locked=True)
    now = standing(found, before)
    if seen is not None and seen != now:
        message = "The draft or the rules in force were changed since you opened the page. Look at what differs now."
        raise DraftMoved(message, details={"seen": now})
    if before is not None and before.rules == found.rules:
        raise NothingChanged("This draft says what is in force already.")
    return put_in_force(found, before, actor=actor, at=at)


def standing(found: RoutingVersion, before: RoutingVersion | None = None) -> str:
    """Give a short text that differs as soon as the draft, or what it would replace, is another."""
    return fingerprint([found.rules, before.pk if before else None])


def _refuse_stale(found: RoutingVersion, seen: str | None) -> None:
    if seen is not None and seen != standing(found):
        message = "Somebody else changed this draft since you opened the page. Look at it again."
        raise DraftMoved(message, details={"seen": standing(found)})


def _place(rules: Sequence[Line], code: str) -> int:
    for place, line in enumerate(rules):
        if line["code"] == code:
            return place
    raise DraftMoved("Somebody else took this rule out of the draft.")


def _require_words(line: Line) -> None:
    words = line.get("words")
    if not isinstance(words, str) or not words.strip():
        raise BadRule("Say what the rule is called.", field="words")


def _store(found: RoutingVersion, rules: list[Line]) -> None:
    try:
        check_rules(rules)
    except BadRules as error:
        raise BadRule(f"The rule cannot be used: {error.message}.", field=error.part) from error
    found.rules = rules
    found.save(update_fields=["rules"])


def _new_code(words: str, taken: Sequence[str]) -> str:
    base = slugify(words)[:40].strip("-") or "rule"
    codes = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(code for code in codes if code not in taken and code != NEW)


def _audit(verb: str, actor: User, at: datetime, found: RoutingVersion, **facts: Any) -> None:
    write_audit(
        at=at, actor_id=actor.pk, verb=verb, subject_type="routing_version", subject_ids=[found.pk], facts=facts
    )  # fmt: skip
