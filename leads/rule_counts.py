"""How many leads a rule would match now: one statement over what is stored, and a look at the few leads of which SQL is not sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When

from leads.facts import facts_now
from leads.models import Lead
from leads.rule_query import Narrowed, narrowed
from personas.conditions import compile_rule

WINDOW = timedelta(days=92)
"""Whose arrivals and MQLs are counted beside all leads: the longest quarter."""
MOST_LOOKED_AT = 1000
"""Of how many leads at most the rule is asked one by one; where there are more, the newest of them stand for the others."""
MOST_COUNTED = 10_000_000
SETS = ("leads", "arrivals", "mqls")
SURELY, PERHAPS, NEVER = 2, 1, 0


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the leads of a set a rule matches."""

    matched: int
    total: int


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What a rule matches of all leads, of the arrivals of the last 92 days, and of those that became MQLs in that time.

    ``looked_at`` is 0 where every lead was counted; else the figures are estimated, and so many leads stand for those of which SQL is not sure.
    """

    leads: Share
    arrivals: Share
    mqls: Share
    looked_at: int = 0


def count_matches(rule: Any, *, user: Any, at: datetime) -> RuleCount:
    """Count what ``user`` may see of what ``rule`` matches as of ``at``; raises ``BadRule`` where it is none."""
    compiled = compile_rule(rule)
    found = narrowed(rule, at=at)
    rows = Lead.objects.visible_to(user).going_on()
    counted = _counted(rows, found, at - WINDOW)
    unsure = _unsure(rows, found) if counted["leads_perhaps"] else ()
    looked = [(lead, compiled.holds(facts_now(lead, at))) for lead in unsure]
    is_estimate = counted["leads_perhaps"] > len(looked)
    leads, arrivals, mqls = (
        Share(
            counted[f"{name}_surely"] + _like(counted[f"{name}_perhaps"], _within(name, looked, at)),
            counted[f"{name}_total"],
        )
        for name in SETS
    )
    return RuleCount(leads, arrivals, mqls, looked_at=len(looked) if is_estimate else 0)


def _counted(rows: Any, found: Narrowed, since: datetime) -> dict[str, int]:
    """Count each set: all of it, for which the rule holds surely, and for which only perhaps.

    The limit keeps the rule in a statement within the statement, where it is asked once for each lead and not once for each count.
    """
    sets = {"leads": Q(), "arrivals": Q(captured_at__gte=since), "mqls": Q(mql_at__gte=since)}
    judged = rows.annotate(verdict=_verdict(found)).values("captured_at", "mql_at", "verdict")[:MOST_COUNTED]
    words = {"total": Q(), "surely": Q(verdict=SURELY), "perhaps": Q(verdict=PERHAPS)}
    counts = {
        f"{name}_{word}": Count("captured_at", filter=of & verdict)
        for name, of in sets.items()
        for word, verdict in words.items()
    }
    counted: dict[str, int] = judged.aggregate(**counts)
    return counted


def _verdict(found: Narrowed) -> Any:
    branches = [When(found.surely, then=Value(SURELY))] if isinstance(found.surely, Q) else []
    if found.surely is True:
        return Value(SURELY)
    if isinstance(found.perhaps, Q) and not found.is_exact:
        branches.append(When(found.perhaps, then=Value(PERHAPS)))
    rest = PERHAPS if found.perhaps is True else NEVER
    return Case(*branches, default=Value(rest), output_field=IntegerField())


def _unsure(rows: Any, found: Narrowed) -> Iterable[Lead]:
    judged = rows.annotate(verdict=_verdict(found)).filter(verdict=PERHAPS)
    return judged.select_related("contact__company", "product").order_by("-captured_at", "-pk")[:MOST_LOOKED_AT]  # type: ignore[no-any-return]


def _within(name: str, looked: list[tuple[Lead, bool]], at: datetime) -> list[bool]:
    """Give what was found of the looked-at leads of a set; of all of them where none is in it."""
    since = at - WINDOW
    mine = [
        holds
        for lead, holds in looked
        if name == "leads" or ((lead.captured_at if name == "arrivals" else lead.mql_at) or since - WINDOW) >= since
    ]
    return mine or [holds for _, holds in looked]


def _like(unsure: int, looked: list[bool]) -> int:
    """Give how many of ``unsure`` leads the rule matches, if they are like those that were looked at."""
    return round(unsure * sum(looked) / len(looked)) if looked else 0
