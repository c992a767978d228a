"""What must be true of every clock after a storm, asked of the rows alone and of the database's own clock."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta
from io import StringIO

from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command

from leads.models import ClockFault
from ledger.models import Notice
from ledger.outbox import DIGEST_FROM, DIGEST_UP_TO, deliver_due
from ledger.selecting import select
from tests.verbs.invariants import broken_promises

LOST = """
SELECT c.id, c.promise, c.state, c.due_at::text FROM leads_clock c
WHERE c.period_id IS NULL AND c.due_at < %s
    AND NOT (c.state = 'met' AND c.answered_at <= c.due_at) AND NOT (c.state = 'cancelled' AND c.cancelled_at <= c.due_at)
    AND NOT (c.state = 'missed' AND EXISTS (SELECT FROM leads_clockstep s WHERE s.clock_id = c.id AND s.kind = 'missed'))
    AND NOT (c.state IN ('met', 'cancelled', 'paused') AND EXISTS (
        SELECT FROM leads_clockpause p WHERE p.clock_id = c.id AND p.started_at <= c.due_at
            AND least(p.ended_at, p.until) >= coalesce(c.answered_at, c.cancelled_at, %s)))
"""

DOUBLED_STEPS = """
SELECT clock_id, count(*) FROM leads_clockstep WHERE kind IN ('met', 'missed', 'cancelled') GROUP BY 1 HAVING count(*) > 1
"""

DOUBLED_NOTICES = """
SELECT facts ->> 'clock', code, facts ->> 'percent', recipient_id, channel, count(*) FROM ledger_notice
WHERE code IN ('clock_missed', 'clock_escalated', 'clock_warned') GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1
"""

EARLY = """
SELECT s.clock_id, s.kind, s.occurred_at::text, s.recorded_at::text, w.seen_at::text
FROM leads_clockstep s JOIN leads_clock c ON c.id = s.clock_id JOIN storm_witness w ON w.step_id = s.id
WHERE s.kind IN ('missed', 'warned', 'escalated') AND (
    least(w.seen_at, s.recorded_at) <= s.occurred_at
    OR s.kind = 'missed' AND least(w.seen_at, s.recorded_at, c.detected_at) <= c.due_at)
"""

UNTRUE = """
SELECT s.clock_id, s.kind, s.occurred_at::text, s.recorded_at::text, w.seen_at::text
FROM leads_clockstep s JOIN leads_clock c ON c.id = s.clock_id JOIN storm_witness w ON w.step_id = s.id
WHERE s.recorded_at > w.seen_at OR s.kind = 'missed' AND (s.occurred_at <> c.due_at OR c.missed_at IS DISTINCT FROM c.due_at)
"""


def lost(at: datetime) -> list[str]:
    """Name the clocks that were due before ``at`` and neither kept or cancelled in time (or while they stood still), nor recorded as missed, nor stand still."""
    return [
        f"lost: clock {clock} ({promise}) is {state}, due {due}"
        for clock, promise, state, due in select(LOST, [at, at])
    ]


def doubled() -> list[str]:
    """Name the clocks with two outcomes, and whom the same was told twice."""
    steps = [f"doubled: clock {clock} has {count} outcomes" for clock, count in select(DOUBLED_STEPS)]
    return [*steps, *(f"doubled: told {count} times: {key}" for *key, count in select(DOUBLED_NOTICES))]


def early() -> list[str]:
    """Name what was recorded before its time, by the database's clock or by its own word."""
    return [f"early: {row}" for row in select(EARLY)]


def untrue() -> list[str]:
    """Name what was recorded under a time that had not come, and misses under another time than the due time."""
    return [f"untrue: {row}" for row in select(UNTRUE)]


def set_aside() -> list[str]:
    """Name the clocks that a sweep could not do."""
    return [f"set aside: {row}" for row in ClockFault.objects.values_list("clock_id", "error")]


def given_up() -> list[str]:
    return [f"notice {pk} was given up" for pk in Notice.objects.filter(state="dead").values_list("pk", flat=True)]


def too_many_letters(at: datetime) -> list[str]:
    """Deliver all that waited for the mail server while it stormed; name who got more letters than it takes to hold what each was told."""
    waiting = Counter(
        Notice.objects.filter(channel="email", state="pending").due(at).values_list("recipient__email", flat=True)
    )
    sent: list[EmailMultiAlternatives] = []
    while deliver_due(at=at, send=sent.append).sent:
        pass
    got = Counter(letter.to[0] for letter in sent)
    wanted = {who: math.ceil(count / DIGEST_UP_TO) if count >= DIGEST_FROM else count for who, count in waiting.items()}
    return [
        f"{who} got {got[who]} letters for {count} notices"
        for who, count in waiting.items()
        if not 0 < got[who] <= wanted[who]
    ]


def verified() -> list[str]:
    """Reckon every clock anew, as ``manage.py verify_clocks`` does, and give what it says where there is a difference."""
    said = StringIO()
    try:
        call_command("verify_clocks", stdout=said)
    except SystemExit:
        return [f"verify_clocks: {line}" for line in said.getvalue().splitlines()]
    assert ": 0 differences" in said.getvalue()
    return []


def quick(at: datetime) -> list[str]:
    """Look at what needs no reckoning."""
    return [*lost(at), *doubled(), *early(), *untrue(), *set_aside(), *given_up()]


def wrong(at: datetime) -> list[str]:
    """Give a sentence for each thing that is not as it must be, once all that was due before ``at`` was done."""
    return [*quick(at), *verified(), *broken_promises(at=at, slack=timedelta(0))]
