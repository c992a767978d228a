"""Killed at any database call (``kill -9``), a whole verb is done or not begun, and doing it again finishes it (promises P2, P7, P9)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from inputs.refusals import Conflict
from leads import disputes, handoffs, importing, transfers
from leads.importing import finish_imports, start_run
from leads.intake import batch
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Clock, Dispute, Handoff, ImportRun, Lead, LeadEvent, Touch, Transfer
from leads.record import Record
from ledger import outbox
from ledger.letters import Letter, compose
from ledger.models import AuditEntry, Notice
from tests.cast import NOW
from tests.crashing import torn
from tests.leads.import_runs import counts, staged
from tests.verbs.cases import LATER, Act
from tests.verbs.company import Company
from tests.verbs.deaths import NUMBERS, all_die, asking, is_caught
from tests.verbs.invariants import broken_promises

pytestmark = pytest.mark.django_db(transaction=True)


# Decisions ------------------------------------------------------------------------------------------------------------


class Decisions:
    """Offers to be decided upon, and what is left of the one whose decision died last."""

    def __init__(self, company: Company, verb: str, state: str) -> None:
        self.verb, self.state = verb, state
        self.reps = {rep.pk: rep for rep in (company.sam, company.rita)}
        self.lead_id = 0

    def prepare(self) -> Act:
        (outcome,) = take_in([asking(next(NUMBERS))], actor=None, at=NOW)
        self.lead_id = outcome.lead_id or 0
        return self.decide

    def decide(self) -> None:
        rep = self.reps[Handoff.objects.get(lead=self.lead_id).assignee_id or 0]
        more = {"reason": "wrong_role"} if self.verb == "reject" else {}
        getattr(handoffs, self.verb)(lead_id=self.lead_id, actor=rep, at=LATER, **more)

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        with suppress(Conflict):  # it was done before the process died
            self.decide()
        handoff = Handoff.objects.get(lead=self.lead_id)
        events = LeadEvent.objects.filter(lead=self.lead_id, kind=self.state).count()
        audit = AuditEntry.objects.filter(verb=self.verb, subject_id=self.lead_id).count()
        if (handoff.state, events, audit) != (self.state, 1, 1):
            wrong.append(f"the handoff is {handoff.state}, with {events} events and {audit} audit entries")
        return wrong


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "state"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_decision_may_die_at_any_call(
    verb: str, state: str, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    decisions = Decisions(company, verb, state)

    all_die(capsys, verb, decisions.prepare, decisions.recover)

    assert is_caught(lambda: torn(decisions.prepare(), Record, "write"), decisions.recover)


# Transfers ------------------------------------------------------------------------------------------------------------


class Transfers:
    """Leads in work that Sam or Rita offers to the other, and what is left of the one whose answer died last."""

    def __init__(self, company: Company, verb: str, state: str) -> None:
        self.company, self.verb, self.state = company, verb, state
        self.lead_id = 0

    def prepare(self) -> Act:
        company = self.company
        (outcome,) = take_in([asking(next(NUMBERS))], actor=None, at=NOW)
        self.lead_id = outcome.lead_id or 0
        handoffs.accept(lead_id=self.lead_id, actor=company.sue, at=NOW)
        owner_id = Lead.objects.get(pk=self.lead_id).owner_id
        receiver = company.rita if owner_id == company.sam.pk else company.sam
        transfers.transfer(lead_id=self.lead_id, user_id=receiver.pk, actor=company.sue, at=NOW)
        return self.answer

    def answer(self) -> None:
        getattr(transfers, self.verb)(lead_id=self.lead_id, actor=self.company.sue, at=LATER)

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        with suppress(Conflict):  # it was done before the process died
            self.answer()
        offered = Transfer.objects.get(lead=self.lead_id)
        lead = Lead.objects.get(pk=self.lead_id)
        audit = AuditEntry.objects.filter(verb=self.verb, subject_id=self.lead_id).count()
        kept = Clock.objects.filter(lead=self.lead_id, promise="accept", state="met").count()
        owner_id = offered.receiver_id if self.state == "accepted" else offered.giver_id
        if (offered.state, lead.owner_id, audit, kept) != (self.state, owner_id, 1, 1):
            wrong.append(f"the transfer is {offered.state}, with {lead.owner_id}, {audit} entries and {kept} kept")
        return wrong


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "state"), [("accept_transfer", "accepted"), ("decline_transfer", "declined")])
def test_the_answer_to_a_transfer_may_die_at_any_call(
    verb: str, state: str, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = Transfers(company, verb, state)

    all_die(capsys, verb, answers.prepare, answers.recover)

    assert is_caught(lambda: torn(answers.prepare(), Record, "write"), answers.recover)


# Disputes -------------------------------------------------------------------------------------------------------------


class LastWords:
    """Disputes that lack one word, and what is left of the one in which it was being given."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.lead_id = 0

    def prepare(self) -> Act:
        company = self.company
        (outcome,) = take_in([asking(next(NUMBERS))], actor=None, at=NOW)
        self.lead_id = outcome.lead_id or 0
        handoffs.reject(lead_id=self.lead_id, reason="wrong_role", actor=company.sue, at=NOW)
        disputes.raise_dispute(lead_id=self.lead_id, reason="They do.", actor=company.mona, at=NOW)
        disputes.word(lead_id=self.lead_id, word="overturn", actor=company.mona, at=NOW)
        return self.speak

    def speak(self) -> None:
        disputes.word(lead_id=self.lead_id, word="overturn", actor=self.company.sue, at=LATER)

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        with suppress(Conflict):
            self.speak()
        dispute = Dispute.objects.select_related("handoff").get(handoff__lead=self.lead_id)
        events = LeadEvent.objects.filter(lead=self.lead_id, kind="dispute_closed").count()
        words = AuditEntry.objects.filter(verb="decide_dispute", subject_id=self.lead_id).count()
        kept = dispute.clocks.filter(state="met").count()
        if (dispute.state, dispute.handoff.is_overturned, events, words, kept) != ("overturned", True, 1, 2, 2):
            wrong.append(
                f"the dispute is {dispute.state}, with {events} events, {words} words and {kept} promises kept"
            )
        return wrong


@pytest.mark.slow
def test_the_last_word_of_a_dispute_may_die_at_any_call(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    words = LastWords(company)

    all_die(capsys, "word", words.prepare, words.recover)

    assert is_caught(lambda: torn(words.prepare(), Record, "write"), words.recover)


# Intake ---------------------------------------------------------------------------------------------------------------


class Intakes:
    """Batches of four: one who is known asks, one new person asks, one looks, one cannot be read."""

    def __init__(self) -> None:
        self.arrivals: Sequence[Arrival] = ()
        self.leads = self.touches = 0

    def prepare(self) -> Act:
        known, new, looks = (next(NUMBERS) for _ in range(3))
        take_in([asking(known, touch_kind="page_view", key=None)], actor=None, at=NOW)
        looker, nobody = asking(looks, touch_kind="page_view"), asking(0, email="no address")
        self.arrivals = [asking(known), asking(new), looker, nobody]
        self.leads, self.touches = Lead.objects.count() + 2, Touch.objects.count() + 3
        return self.take_in

    def take_in(self) -> list[str]:
        return [outcome.state for outcome in take_in(self.arrivals, actor=None, at=LATER)]

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        states = self.take_in()
        if states not in (["updated", "created", "created", "rejected"], ["skipped"] * 3 + ["rejected"]):
            wrong.append(f"half of the batch was there: {states}")
        there = (Lead.objects.count(), Touch.objects.count())
        if there != (self.leads, self.touches):
            wrong.append(f"{there} leads and touches, not {self.leads, self.touches}")
        return wrong


@pytest.mark.slow
def test_a_batch_of_the_intake_may_die_at_any_call(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    intakes = Intakes()

    all_die(capsys, "intake", intakes.prepare, intakes.recover)

    assert is_caught(lambda: one_by_one(torn(intakes.prepare(), Record, "write")), intakes.recover)


def one_by_one(work: Act) -> Act:
    """Let the intake send each write by itself, in the child that runs the work: PostgreSQL gets them as one statement else."""

    def run() -> None:
        batch.together = nullcontext  # type: ignore[assignment, attr-defined]  # this process ends with the work
        work()

    return run


# Import ---------------------------------------------------------------------------------------------------------------


class Imports:
    """Files of three rows, one of which cannot be read, in batches of two."""

    def __init__(self, company: Company) -> None:
        self.maya = company.maya
        self.run = ImportRun()
        self.leads = 0

    def prepare(self) -> Act:
        number = next(NUMBERS)
        people = "".join(f"{name},{name.lower()}@firm{number}.example\n" for name in ("Ada", "Bob"))
        self.leads = Lead.objects.count() + 2
        self.run = staged(self.maya, f"Name,Email\nCleo,no address\n{people}".encode())
        start_run(actor=self.maya, run_id=self.run.pk, at=NOW)
        return self.finish

    def finish(self) -> None:
        finish_imports(now=lambda: LATER, seconds=60)

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        self.finish()
        self.run.refresh_from_db()
        finished = AuditEntry.objects.filter(verb="finish_import", subject_id=self.run.pk).count()
        there = (self.run.state, counts(self.run), finished, Lead.objects.count())
        if there != ("done", (2, 0, 0, 1), 1, self.leads):
            wrong.append(f"the import came to {there}, of {self.leads} leads")
        return wrong


@pytest.mark.slow
def test_an_import_may_die_at_any_call(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 2)
    imports = Imports(company)

    all_die(capsys, "import", imports.prepare, imports.recover)

    assert is_caught(lambda: torn(imports.prepare(), importing, "_store"), imports.recover)


# Outbox ---------------------------------------------------------------------------------------------------------------


class Posts:
    """A mail server that outlives its clients, and the notices of two leads that it is to get."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "posted"
        self.file.touch()
        self.wanted: set[str] = set()
        self.most = 0

    def send(self, message: EmailMultiAlternatives) -> None:
        """Take a message for good: what is written to a file survives the process."""
        posted = os.open(self.file, os.O_WRONLY | os.O_APPEND)
        os.write(posted, f"{message.extra_headers['Message-ID']}\n".encode())
        os.close(posted)

    def prepare(self) -> Act:
        take_in([asking(next(NUMBERS)), asking(next(NUMBERS))], actor=None, at=NOW)
        self.wanted = {message_id(notice) for notice in emails().filter(state="pending")}
        assert len(self.wanted) > 1
        return lambda: outbox.deliver_due(at=LATER, send=self.send)

    def recover(self) -> list[str]:
        sent = {message_id(notice) for notice in emails().filter(state="sent")}
        wrong = [f"marked as sent, but never posted: {name}" for name in sent - self.posted().keys()]
        outbox.deliver_due(at=LATER + outbox.LEASE + timedelta(minutes=1), send=self.send)
        posted = self.posted()
        self.most = max(self.most, *posted.values())
        wrong += [f"lost: {name}" for name in self.wanted - posted.keys()]
        wrong += [f"posted {posted[name]} times: {name}" for name in self.wanted if posted[name] > 2]
        known = {message_id(notice) for notice in emails()}
        wrong += [f"under a Message-ID of its own: {name}" for name in posted.keys() - known]
        wrong += [f"{notice} is {notice.state}" for notice in emails().exclude(state="sent")]
        return wrong

    def posted(self) -> Counter[str]:
        return Counter(self.file.read_text().splitlines())


def emails() -> Any:
    return Notice.objects.filter(channel=Notice.Channels.EMAIL)


def message_id(notice: Notice) -> str:
    return f"<notice-{notice.pk}@localhost>"


def marked_before_it_is_sent(work: Act) -> Act:
    """Plant the fault: the notice is settled before it is posted, in the child that runs the work."""

    def early(notices: Any, send: outbox.Send, at: Any, *_rest: Any) -> None:
        emails().filter(pk__in=[notice.pk for notice in notices]).update(state="sent", next_attempt_at=None, sent_at=at)
        send(compose([Letter.of(notice, {}) for notice in notices], digest_id=None))

    def run() -> None:
        outbox._deliver = early  # type: ignore[assignment]  # this process ends with the work
        work()

    return run


@pytest.mark.slow
def test_a_delivery_may_die_at_any_call(company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts = Posts(tmp_path)

    all_die(capsys, "outbox", posts.prepare, posts.recover, posts.file)

    # Who dies after sending leaves a notice that goes out again under its Message-ID.
    assert posts.most == 2
    assert is_caught(lambda: marked_before_it_is_sent(posts.prepare()), posts.recover, posts.file)
