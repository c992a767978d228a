"""After an outage everything fires once with its true time, and each person gets one message of it, however the sweep catches up (promise P3)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.core import mail

from leads.models import ClockStep
from leads.sweep import sweep
from ledger.models import Notice
from ledger.outbox import deliver_due
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, clock_start, offer_to, person, start_clocks
from tests.routing_setup import simple_routing

OFFERS = 30
DUE = NOW + timedelta(minutes=15)
BACK = NOW + timedelta(days=2)
"""Nothing has run since ``NOW``: all steps of the offers' clocks are overdue."""


def test_an_outage_ends_in_one_message_for_each_person(agreement: InForce, sam: User, sue: User, sales: Team) -> None:
    zoe = person("Zoe", sales)
    simple_routing(sales, [sam, zoe])
    offers = [offer_to(sam, agreement) for _ in range(OFFERS)]
    start_clocks(*(clock_start(agreement, "accept", user=sam, handoff_id=offer.pk) for offer in offers))

    for tick in range(0, 100, 5):  # the sweep comes to four clocks a tick, the delivery works beside it
        at = BACK + timedelta(seconds=tick)
        sweep(at=at, batch=4, seconds=0)
        deliver_due(at=at)
    for tick in range(100, 300, 5):
        deliver_due(at=BACK + timedelta(seconds=tick))

    misses = ClockStep.objects.filter(kind="missed")
    assert list(misses.values_list("occurred_at", flat=True)) == [DUE] * OFFERS
    assert Counter(message.to[0] for message in mail.outbox) == {user.email: 1 for user in (sam, sue, zoe)}
    assert not Notice.objects.filter(channel="email", state="pending").exists()
    (to_sam,) = (message for message in mail.outbox if message.to == [sam.email])
    assert to_sam.subject.startswith("Notices from Smarketing: ")
    assert "ended on Monday 2 March at 10:15" in str(to_sam.body)


def test_what_is_missed_while_everything_runs_is_told_at_once(agreement: InForce, sam: User) -> None:
    offer = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=offer.pk))
    at = DUE + timedelta(seconds=4)

    sweep(at=at)
    deliver_due(at=at)

    assert [message.to for message in mail.outbox] == [[sam.email]]
