"""Answer a backtest for a page: of few leads at once, of many by the worker (``leads.answers``)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from inputs.refusals import Invalid
from leads.answers import Waiting, keep, kept_or_asked
from leads.backtest.reading import Court, leads_of
from leads.backtest.result import Result, backtest, courts
from leads.backtest.scenario import BadBacktest, Scenario, read_scenario
from ledger.instants import company_day
from sla.models import AgreementVersion

AT_ONCE = 300
"""Leads: what is judged while the reader waits, in some 50 ms (``./run bench backtest``)."""
MOST = 250_000
"""Leads: what the worker judges for a page. The command knows no limit."""
MOST_LISTED = 1_000
"""Of the leads that come out otherwise so many of each kind, the newest, are listed on a page."""
KIND = "backtest"
TASK = "leads.tasks.backtest_version"


class TooMany(BadBacktest):
    """More leads than are judged for a page."""

    code = "too_many"


def ask(scenario: Scenario, *, at: datetime) -> Result | Waiting:
    """Answer ``scenario``, at once or when the worker has; raises ``BadBacktest`` where a version cannot be read, and ``TooMany``."""
    before, after = courts(scenario)
    count = leads_of(scenario.first, scenario.until).count()
    if count > MOST:
        message = f"More than {MOST:,} leads came in on these days. Choose fewer, or use “manage.py backtest”."
        raise TooMany(message, field="from")
    if count <= AT_ONCE:
        return backtest(scenario, before, after, at=at, most_listed=MOST_LISTED)
    answer: Result | Waiting = kept_or_asked(KIND, _question(scenario, before, after), task=TASK, count=count, at=at)
    return answer


def reckon(question: str, *, at: datetime) -> None:
    """Answer ``question`` and keep the answer for who asked; where a draft was changed since, or taken away, who looks again asks anew."""
    try:
        scenario = _read(question, at)
        before, after = courts(scenario)
    except (Invalid, KeyError, ValueError):
        return
    if _question(scenario, before, after) == question:
        keep(KIND, question, backtest(scenario, before, after, at=at, most_listed=MOST_LISTED))


def question_of(scenario: Scenario) -> str:
    """Write what the worker is asked; raises ``BadBacktest`` where a version cannot be read."""
    return _question(scenario, *courts(scenario))


def _question(scenario: Scenario, before: Court, after: Court) -> str:
    """Write what is asked so that a draft, once it is changed, is another question."""
    return scenario.query(number=str(scenario.number), editions=f"{before.edition} {after.edition}")


def _read(question: str, at: datetime) -> Scenario:
    given = dict(parse_qsl(question))
    versions = dict.fromkeys(AgreementVersion.objects.values_list("number", flat=True), "")
    return read_scenario(
        given, number=int(given["number"]), versions=versions, usual=None, today=company_day(at)
    )  # fmt: skip
