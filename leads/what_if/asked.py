"""Answer a scenario for a page: a short past at once, a long one by the worker, whose answer is kept for a while.

Nothing is lost when a broker or a cache forgets: the page asks again, and the answer is reckoned again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl

from django.core.cache import cache

from inputs.refusals import Problem
from leads.doorbell import ring
from leads.what_if.reading import clocks_of, known_at, too_many
from leads.what_if.result import Result, what_if
from leads.what_if.scenario import BadScenario, Known, Scenario, read_scenario
from ledger.instants import company_day

AT_ONCE = 1_000
"""Clocks: what is replayed while the reader waits, in some 50 ms (``./run bench what_if``)."""
MOST = 250_000
"""Clocks: what the worker replays for a page, in some 15 s. The command knows no limit."""
KEPT_SECONDS = 600
"""So long an answer is given again. The page says as of when it is."""
ASKED_AGAIN_SECONDS = 60
"""After so long without an answer the worker is asked again."""
TASK = "leads.tasks.replay_scenario"


@dataclass(frozen=True, slots=True)
class Waiting:
    """``count`` clocks are to be replayed; ``is_late`` if no worker has answered though one was asked a while ago."""

    count: int
    is_late: bool


def ask(scenario: Scenario, known: Known, *, at: datetime) -> Result | Waiting:
    """Answer ``scenario``, at once or when the worker has; raises ``BadScenario``, as ``what_if`` does, and ``TooMany``."""
    count = clocks_of(scenario.first, scenario.until).count()
    if count > MOST:
        raise too_many(MOST)
    if count <= AT_ONCE:
        return what_if(scenario, known, at=at)
    query = scenario.query()
    answer = cache.get(_key(query))
    if answer is None:
        if cache.add(f"{_key(query)}:rung", True, ASKED_AGAIN_SECONDS):
            ring(TASK, query)
        since = cache.get_or_set(f"{_key(query)}:asked", at, KEPT_SECONDS) or at
        return Waiting(count, at - since > timedelta(seconds=ASKED_AGAIN_SECONDS))
    if isinstance(answer, Result):
        return answer
    raise BadScenario.of([Problem(*problem) for problem in answer])


def reckon(query: str, *, at: datetime) -> None:
    """Answer the scenario that ``query`` writes, and keep the answer, or why there is none, for who asked."""
    known = known_at(at)
    try:
        scenario = read_scenario(dict(parse_qsl(query)), known, company_day(at))
        answer: Result | list[tuple[str, str, str]] = what_if(scenario, known, at=at, most=MOST)
    except BadScenario as refused:
        answer = [(problem.field, problem.code, problem.message) for problem in refused.problems]
    cache.set(_key(query), answer, KEPT_SECONDS)
    cache.delete_many([f"{_key(query)}:asked", f"{_key(query)}:rung"])


def _key(query: str) -> str:
    return f"what-if:{sha256(query.encode()).hexdigest()}"
