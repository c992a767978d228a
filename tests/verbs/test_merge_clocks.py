"""Each row of the table of merges in docs/clocks.md is done, and its clocks are looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leads.chips import owed_on_leads
from leads.clocks import answer
from leads.handing_on import hand_on
from leads.merging import merge, undo_merge
from leads.models import Clock, Lead
from leads.record import Record
from leads.sweep import sweep
from replay.invariants.facts import Facts
from replay.invariants.merges import origins
from teams.models import User
from tests.cast import NOW, make_lead
from tests.verbs.clock_doc import rows
from tests.verbs.company import Company
from tests.verbs.merging_world import owe, paired

pytestmark = pytest.mark.django_db

AT = NOW + timedelta(minutes=5)
EARLIER = NOW - timedelta(minutes=3)
LONG_AFTER = NOW + timedelta(days=9)
STAGES = {"triage": "lead", "returned": "lead", "nurture": "lead", "complete": "mql"}
ROWS = [(when, promise, cell) for when, cells in rows("merged") for promise, cell in cells.items()]


def owing(promise: str, *, at: object = NOW) -> Lead:
    stage = STAGES[promise]
    lead = make_lead(stage=stage, mql_at=NOW if stage == "mql" else None)
    if at is not None:
        owe(lead, promise, at=at)  # type: ignore[arg-type]
    return lead


def clock_of(lead: Lead) -> Clock:
    return Clock.objects.get(lead=lead)


class Two:
    """Two leads of one person, of which one goes."""

    def __init__(self, kept: Lead, gone: Lead, company: Company) -> None:
        self.kept, self.gone, self.actor = kept, gone, company.mona
        self.clock = clock_of(gone)
        self.due_at, self.owed_by = self.clock.due_at, (self.clock.user_id, self.clock.team_id)
        self.merge_id = 0

    def merge(self) -> None:
        pair = paired(self.kept, self.gone)
        self.merge_id = merge(pair_id=pair.pk, kept_id=self.kept.pk, gone_id=self.gone.pk, actor=self.actor, at=AT)
        self.clock.refresh_from_db()

    def undo(self) -> None:
        undo_merge(merge_id=self.merge_id, actor=self.actor, at=AT + timedelta(hours=1))
        self.clock.refresh_from_db()

    def goes_on(self) -> bool:
        clock = self.clock
        return (clock.lead, clock.state, clock.due_at, (clock.user_id, clock.team_id)) == (
            self.kept, "running", self.due_at, self.owed_by,
        )  # fmt: skip

    def is_cancelled(self) -> bool:
        return self.clock.lead == self.gone and self.clock.state == "cancelled"


def _only_gone(company: Company, promise: str) -> None:
    two = Two(owing(promise, at=None), owing(promise), company)
    two.merge()
    assert two.goes_on()


def _gone_first(company: Company, promise: str) -> None:
    gone = owing(promise, at=EARLIER)  # also the older clock, as it is where the other one came in second
    two = Two(owing(promise), gone, company)
    other = clock_of(two.kept)
    two.merge()
    other.refresh_from_db()
    assert two.goes_on()
    assert (other.state, other.steps.get(kind="cancelled").code) == ("cancelled", "merged")
    assert two.gone.events.get(kind="merged").facts["ended"] == [[other.pk, two.clock.pk]]
    record = Record("test", None, AT)
    answer(record, promise=promise, lead_ids=[two.kept.pk], at=AT)
    two.clock.refresh_from_db()
    assert two.clock.state == "met"


def _kept_first(company: Company, promise: str) -> None:
    two = Two(owing(promise, at=EARLIER), owing(promise), company)
    other = clock_of(two.kept)
    two.merge()
    other.refresh_from_db()
    assert two.is_cancelled()
    assert other.state == "running"
    assert two.gone.events.get(kind="merged").facts["ended"] == [[two.clock.pk, other.pk]]


def _kept_missed(company: Company, promise: str) -> None:
    kept = owing(promise)
    sweep(at=clock_of(kept).due_at + timedelta(seconds=1))
    two = Two(kept, owing(promise), company)
    missed = clock_of(kept)
    two.merge()
    assert two.is_cancelled()
    assert two.gone.events.get(kind="merged").facts["ended"] == [[two.clock.pk, missed.pk]]
    assert [clock for clock in owed_on_leads().filter(lead=kept) if clock.promise == promise] == [missed]


def _kept_done_since(company: Company, promise: str) -> None:
    gone = owing(promise)
    kept = owing(promise)
    record = Record("test", None, NOW)
    answer(record, promise=promise, lead_ids=[kept.pk], at=NOW)
    record.write("test", [])
    two = Two(kept, gone, company)
    two.merge()
    assert two.is_cancelled()


def _handed_on(company: Company, promise: str) -> None:
    stage = STAGES[promise]
    gone = make_lead(stage=stage, mql_at=NOW if stage == "mql" else None, marketer=company.maya)
    owe(gone, promise, at=NOW)
    two = Two(owing(promise, at=None), gone, company)
    assert two.clock.user == company.maya
    two.merge()
    User.objects.filter(pk=company.maya.pk).update(is_active=False)
    hand_on(at=AT + timedelta(minutes=1))
    two.undo()
    follower = Clock.objects.running().get(promise=promise)
    assert (follower.lead, follower.team) == (gone, company.marketing)
    assert (two.clock.lead, two.clock.state) == (gone, "cancelled")
    assert origins(Facts.load())[follower.pk] == two.kept.pk


def _past(company: Company, promise: str) -> None:
    two = Two(make_lead(stage="sal", owner=company.sam, sal_at=NOW), owing(promise), company)
    two.merge()
    assert two.is_cancelled()


def _missed(company: Company, promise: str) -> Two:
    two = Two(owing(promise, at=None), owing(promise), company)
    sweep(at=two.due_at + timedelta(seconds=1))
    two.clock.refresh_from_db()
    assert two.clock.state == "missed"
    assert two.clock.next_action_at is not None
    return two


def _stops(company: Company, promise: str) -> None:
    two = _missed(company, promise)
    two.merge()
    assert (two.clock.lead, two.clock.state, two.clock.next_action_at) == (two.gone, "missed", None)


def _goes_back(company: Company, promise: str) -> None:
    two = Two(owing(promise, at=None), owing(promise), company)
    two.merge()
    two.undo()
    assert (two.clock.lead, two.clock.state, two.clock.due_at) == (two.gone, "running", two.due_at)
    assert not Clock.objects.filter(lead=two.kept).exists()


def _afresh(company: Company, promise: str) -> None:
    two = Two(make_lead(stage="sal", owner=company.sam, sal_at=NOW), owing(promise), company)
    two.merge()
    two.undo()
    assert two.is_cancelled()
    fresh = Clock.objects.running().get(lead=two.gone)
    assert (fresh.promise, fresh.arrived_at) == (promise, AT + timedelta(hours=1))


def _tells_again(company: Company, promise: str) -> None:
    two = _missed(company, promise)
    before = two.clock.next_action_at
    two.merge()
    two.undo()
    assert two.clock.next_action_at == before


def _rating(company: Company, promise: str) -> None:
    gone = company.lead("recycled")
    two_clock = Clock.objects.get(lead=gone, promise=promise)
    kept = make_lead(stage="lead", mql_at=None)
    pair = paired(kept, gone)
    merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.mona, at=AT)
    two_clock.refresh_from_db()
    assert (two_clock.lead, two_clock.state) == (gone, "running")


DONE: dict[tuple[str, str], Callable[[Company, str], None]] = {
    ("only the lead that goes owes it", "goes on"): _only_gone,
    ("only the lead that goes owes it", "runs on"): _rating,
    ("both owe it, the lead that goes first", "goes on, the other cancelled"): _gone_first,
    ("both owe it, the kept lead first", "cancelled"): _kept_first,
    ("the kept lead missed it, and nobody has answered", "cancelled"): _kept_missed,
    ("the kept lead owed it later, and it is done", "cancelled"): _kept_done_since,
    ("the kept lead is past it", "cancelled"): _past,
    ("missed, and told of on and on", "stops"): _stops,
    ("undone, after it went on", "goes back"): _goes_back,
    ("undone, after it was handed on to a team", "goes back"): _handed_on,
    ("undone, after it was cancelled", "afresh"): _afresh,
    ("undone, after it stopped", "tells again"): _tells_again,
}


@pytest.mark.parametrize(("when", "promise", "cell"), ROWS, ids=[f"{when}: {promise}" for when, promise, _ in ROWS])
def test_it_happens_to_the_clocks_as_the_table_says(when: str, promise: str, cell: str, company: Company) -> None:
    DONE[when, cell](company, promise)


def test_every_row_is_done() -> None:
    assert {(when, cell) for when, _, cell in ROWS} == DONE.keys()
