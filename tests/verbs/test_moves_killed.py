"""Killed at any database call, a lead has moved to one other rep with all that belongs to it, or it has not (promises P2, P7, P9)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.db.models import Q

from inputs.refusals import Conflict
from leads import moves
from leads.handoffs import accept
from leads.holding import NotYours
from leads.intake.pipeline import take_in
from leads.models import Assignment, Clock, Handoff, Lead
from leads.record import Record
from ledger.models import AuditEntry, Notice
from tests.cast import NOW
from tests.crashing import torn
from tests.verbs.cases import LATER, Act
from tests.verbs.company import Company
from tests.verbs.deaths import NUMBERS, all_die, asking, is_caught
from tests.verbs.invariants import broken_promises

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@dataclass(frozen=True)
class Move:
    """A verb that gives a lead to another rep: of which kind of lead, and what is there once when it is done.

    ``ended`` is how the promise of whoever had the lead (or of its queue) ends, ``begun`` what the other rep owes, ``told`` what they are told, unless they did it.
    """

    verb: str
    of: str
    cause: str
    ended: tuple[str, str]
    begun: str = "accept"
    told: str = "lead_offered"


MOVES = [
    Move("assign", "an offered lead", "manual", ("accept", "cancelled")),
    Move("reroute", "an offered lead", "rerouted", ("accept", "cancelled")),
    Move(
        "reroute", "a lead in work", "rerouted", ("first_attempt", "cancelled"),
        begun="first_attempt", told="lead_assigned",
    ),
    Move("claim", "a lead in a queue", "claimed", ("assign", "met"), told=""),
]  # fmt: skip


class Moves:
    """Leads that Sam or Rita has or that nobody has yet, and what is left of the one whose move died last."""

    def __init__(self, company: Company, move: Move) -> None:
        self.company, self.move = company, move
        self.reps = {rep.pk: rep for rep in (company.sam, company.rita)}
        self.lead_id = 0
        self.giver = self.receiver = company.sam

    def prepare(self) -> Act:
        (outcome,) = take_in([asking(next(NUMBERS))], actor=None, at=NOW)
        self.lead_id = outcome.lead_id or 0
        self.giver = self.reps[self.holder_id() or 0]
        self.receiver = next(rep for rep in self.reps.values() if rep != self.giver)
        if self.move.of == "a lead in work":
            accept(lead_id=self.lead_id, actor=self.giver, at=NOW)
        if self.move.of == "a lead in a queue":
            for rep in (self.giver, self.receiver):
                moves.reroute(lead_id=self.lead_id, actor=rep, at=NOW)
        return self.do

    def do(self) -> None:
        verbs: dict[str, Callable[[], None]] = {
            "assign": lambda: moves.assign(
                lead_id=self.lead_id, user_id=self.receiver.pk, actor=self.company.sue, at=LATER
            ),
            "reroute": lambda: moves.reroute(lead_id=self.lead_id, actor=self.giver, at=LATER),
            "claim": lambda: moves.claim(lead_id=self.lead_id, actor=self.receiver, at=LATER),
        }
        verbs[self.move.verb]()

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        with suppress(
            Conflict, NotYours
        ):  # it was done before the process died, and who sent the lead on has it no more
            self.do()
        wrong += broken_promises(at=LATER)
        there, whole = self.there(), self.whole()
        return wrong + [f"{what}: {there[what]}, not {whole[what]}" for what in whole if there[what] != whole[what]]

    def there(self) -> dict[str, object]:
        """Give all that belongs to the move and is there."""
        clocks = Clock.objects.filter(Q(lead=self.lead_id) | Q(handoff__lead=self.lead_id))
        ended = clocks.exclude(state="running").filter(promise=self.move.ended[0])
        owed = clocks.running().filter(promise__in=("assign", "accept", "first_attempt"))
        moved = Assignment.objects.filter(lead=self.lead_id, assigned_at=LATER)
        notices = Notice.objects.filter(channel="in_app", subject_type="lead", subject_id=self.lead_id)
        return {
            "holder": self.holder_id(),
            "moves": list(moved.values_list("cause", "user_id")),
            "ended": list(ended.filter(Q(answered_at=LATER) | Q(cancelled_at=LATER)).values_list("promise", "state")),
            "owed": list(owed.values_list("promise", "user_id")),
            "told": list(notices.filter(recipient=self.receiver, created_at=LATER).values_list("code", flat=True)),
            "audit": AuditEntry.objects.filter(verb=self.move.verb, subject_id=self.lead_id, at=LATER).count(),
        }

    def whole(self) -> dict[str, object]:
        """Give the same for a move that was done, once."""
        move, receiver_id = self.move, self.receiver.pk
        return {
            "holder": receiver_id,
            "moves": [(move.cause, receiver_id)],
            "ended": [move.ended],
            "owed": [(move.begun, receiver_id)],
            "told": [move.told] if move.told else [],
            "audit": 1,
        }

    def holder_id(self) -> int | None:
        """Give the rep who works on the lead, or to whom it is offered."""
        owner_id = Lead.objects.get(pk=self.lead_id).owner_id
        return owner_id or Handoff.objects.get(lead=self.lead_id).assignee_id


@pytest.mark.parametrize("move", MOVES, ids=lambda move: f"{move.verb} {move.of}")
def test_a_move_may_die_at_any_call(move: Move, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    deaths = Moves(company, move)

    all_die(capsys, f"{move.verb} {move.of}", deaths.prepare, deaths.recover)

    assert is_caught(lambda: torn(deaths.prepare(), Record, "write"), deaths.recover)
