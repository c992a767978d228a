"""Answer a scenario for a page: a short past at once, a long one by the worker (``leads.answers``)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from inputs.refusals import Problem
from leads.answers import Waiting, keep, kept_or_asked
from leads.what_if.reading import clocks_of, known_at, too_many
from leads.what_if.result import Result, what_if
from leads.what_if.scenario import BadScenario, Known, Scenario, read_scenario
from ledger.instants import company_day

AT_ONCE = 1_000
"""Clocks: what is replayed while the reader waits, in some 50 ms (``./run bench what_if``)."""
MOST = 250_000
"""Clocks: what the worker replays for a page, in some 15 s. The command knows no limit."""
KIND = "what-if"
TASK = "leads.tasks.replay_scenario"


def ask(scenario: Scenario, known: Known, *, at: datetime) -> Result | Waiting:
    """Answer ``scenario``, at once or when the worker has; raises ``BadScenario``, as ``what_if`` does, and ``TooMany``."""
    count = clocks_of(scenario.first, scenario.until).count()
    if count > MOST:
        raise too_many(MOST)
    if count <= AT_ONCE:
        return what_if(scenario, known, at=at)
    answer = kept_or_asked(KIND, scenario.query(), task=TASK, count=count, at=at)
    if isinstance(answer, (Result, Waiting)):
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
    keep(KIND, query, answer)
