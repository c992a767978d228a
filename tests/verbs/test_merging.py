"""Two leads of one person become one, and two again: what is told of it holds, and nothing is counted twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inputs.refusals import NotAllowed
from leads import handoffs
from leads.duplicates import PairDecided, find_all_duplicates
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.merging import MERGED, UNMERGED, CannotMerge, CannotUndo, NoSuchMerge, merge, undo_merge
from leads.models import Clock, Contact, Lead, LikelyDuplicate, Merge, Question
from ledger.models import AuditEntry, Notice
from tests.breaking import changed_tables, every_row
from tests.cast import NOW, make_lead
from tests.racing import refusals_of
from tests.verbs.company import Company
from tests.verbs.merging_world import AFTER, FIRST, LATER, SECOND, arrive, merged, paired, two, wrong

pytestmark = pytest.mark.django_db


def test_of_two_leads_one_goes_on_and_all_that_is_told_holds(company: Company) -> None:
    kept, gone = two()
    points = kept.engagement_level

    merge_id = merged(kept, gone, company.maya)

    assert (gone.stage, gone.merged_into, gone.merged_at) == ("merged", kept, LATER)
    assert gone.contact.merged_into == kept.contact
    assert kept.engagement_fixed + (kept.engagement_level or 0) > (points or 0)
    assert [(event.kind, event.facts["merge"]) for event in gone.events.filter(recorded_at=LATER)] == [
        ("merged", merge_id)
    ]
    assert [event.kind for event in kept.events.filter(recorded_at=LATER)] == ["took_in"]
    entry = AuditEntry.objects.get(verb="merge")
    assert entry.facts["ids"] == [kept.pk, gone.pk]
    assert Clock.objects.running().get(promise="triage").lead == kept
    assert wrong(LATER) == []


def test_whoever_comes_by_what_the_other_was_known_by_joins_the_kept_lead(company: Company) -> None:
    kept, gone = two()
    Contact.objects.filter(pk=gone.contact_id).update(external_id="crm-7", phone="+49 30 1", phone_key="+49301")
    merged(kept, gone, company.maya)

    for said in (
        Arrival(email=SECOND, touch_kind="page_view"), Arrival(external_id="crm-7", touch_kind="page_view"),
        Arrival(phone="+49 30 1", country="DE", touch_kind="page_view"), Arrival(email=FIRST, touch_kind="page_view"),
    ):  # fmt: skip
        (outcome,) = take_in([said], actor=None, at=AFTER)
        assert (outcome.lead_id, outcome.contact_id) == (kept.pk, kept.contact_id), said

    assert wrong(AFTER) == []


def test_a_merge_is_undone_to_the_same_rows(company: Company) -> None:
    kept, gone = two()
    beside = arrive("anna.silva@acme.example")
    pair, other = paired(kept, gone), paired(beside, gone)
    find_all_duplicates(at=NOW)
    before = every_row()

    merge_id = merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER)
    other.refresh_from_db()
    assert other.state == "merged"
    assert LikelyDuplicate.objects.get(state="open").first_id == kept.contact_id
    undo_merge(merge_id=merge_id, actor=company.mona, at=AFTER)

    changed = set(changed_tables(before, every_row()))
    assert changed <= {
        "leads_leadevent", "leads_clock", "leads_clockstep", "leads_merge", "leads_contact", "ledger_auditentry", "ledger_notice",
        "sqlite_sequence", "dashboards_mark",
    }  # fmt: skip
    assert set(Contact.objects.values_list("merged_into", flat=True)) == {None}
    assert sorted(Clock.objects.running().filter(period=None).values_list("promise", "lead")) == [
        ("triage", kept.pk), ("triage", gone.pk), ("triage", beside.pk)
    ]  # fmt: skip
    assert wrong(AFTER) == []
    (outcome,) = take_in([Arrival(email=SECOND, touch_kind="page_view")], actor=None, at=AFTER)
    assert outcome.lead_id == gone.pk


def test_a_chain_of_merges_leads_to_the_last_and_comes_apart_in_turn(company: Company) -> None:
    first, second = two()
    third = arrive("ana@acme.example", at=NOW + timedelta(minutes=2))
    inner = merged(second, third, company.maya)
    outer = merged(first, second, company.maya, at=AFTER)
    third.refresh_from_db()

    assert third.merged_into == first
    assert third.contact.merged_into == first.contact
    assert wrong(AFTER) == []
    with pytest.raises(CannotUndo):
        undo_merge(merge_id=inner, actor=company.maya, at=AFTER)

    undo_merge(merge_id=outer, actor=company.maya, at=AFTER + timedelta(minutes=1))
    third.refresh_from_db()
    assert third.merged_into == second
    assert wrong(AFTER + timedelta(minutes=1)) == []

    undo_merge(merge_id=inner, actor=company.maya, at=AFTER + timedelta(minutes=2))
    assert Lead.objects.get(pk=third.pk).stage == "lead"
    assert wrong(AFTER + timedelta(minutes=2)) == []


def test_what_sales_returned_as_a_duplicate_is_merged_into_what_sales_works_on(company: Company) -> None:
    kept = company.lead("sal")
    gone = company.lead("mql")
    offer = gone.handoffs.get()
    with pytest.raises(CannotMerge, match="with sales"):
        merged(kept, gone, company.maya)
    handoffs.reject(lead_id=gone.pk, reason="duplicate", actor=offer.assignee or company.sam, at=LATER)
    pair = LikelyDuplicate.objects.get()

    merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=AFTER)

    returned = Clock.objects.get(promise="returned")
    assert (returned.lead, returned.state) == (gone, "cancelled")
    assert Notice.objects.get(code=MERGED, recipient=company.sam).subject_id == kept.pk
    assert [clock.user for clock in Clock.objects.running().filter(lead=kept)] == [company.sam] * 3


def _closed_kept(c: Company) -> tuple[Lead, Lead]:
    return make_lead(stage="recycled", mql_at=None, recycled_at=NOW), make_lead(stage="lead", mql_at=None)


def _behind(c: Company) -> tuple[Lead, Lead]:
    return make_lead(stage="lead", mql_at=None), make_lead(stage="mql")


def _asked(c: Company) -> tuple[Lead, Lead]:
    kept, gone = make_lead(stage="mql"), make_lead(stage="mql")
    Question.objects.create(lead=gone, to_side="marketing", asked_by=c.sam, asked_at=NOW, text="?")
    return kept, gone


def _another(c: Company) -> tuple[Lead, Lead]:
    kept, gone = make_lead(stage="lead", mql_at=None), make_lead(stage="recycled", mql_at=None)
    Lead.objects.create(contact=gone.contact, stage="lead", captured_at=NOW, last_touch_at=NOW)
    return kept, gone


def _won(c: Company) -> tuple[Lead, Lead]:
    return make_lead(stage="mql"), make_lead(stage="customer", customer_at=NOW)


def _into_won(c: Company) -> tuple[Lead, Lead]:
    kept, gone = _won(c)
    return gone, kept


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_closed_kept, "is closed"), (_behind, "further along"), (_asked, "question"), (_another, "another open lead"),
        (_won, "when it is closed"), (_into_won, "when it is closed"),
    ],
)  # fmt: skip
def test_a_merge_that_would_lose_something_is_refused(make: object, words: str, company: Company) -> None:
    kept, gone = make(company)  # type: ignore[operator]
    pair = paired(kept, gone)
    before = every_row()

    with pytest.raises(CannotMerge, match=words):
        merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER)

    assert changed_tables(before, every_row()) == []


def test_an_undo_is_refused_when_it_comes_too_late_or_something_happened(company: Company) -> None:
    kept, gone = two()
    merge_id = merged(kept, gone, company.maya)

    with pytest.raises(CannotUndo, match="30 days"):
        undo_merge(merge_id=merge_id, actor=company.maya, at=LATER + timedelta(days=30, seconds=1))
    take_in([Arrival(email=SECOND, touch_kind="page_view")], actor=None, at=AFTER)
    with pytest.raises(CannotUndo, match="happened"):
        undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER)
    with pytest.raises(NoSuchMerge):
        undo_merge(merge_id=merge_id + 1, actor=company.maya, at=AFTER)
    with pytest.raises(NotAllowed):
        undo_merge(merge_id=merge_id, actor=company.sam, at=AFTER)
    assert not Merge.objects.filter(undone_at__isnull=False).exists()
    assert not Notice.objects.filter(code=UNMERGED).exists()


def test_planted_damage_is_told(company: Company) -> None:
    kept, gone = two()
    merged(kept, gone, company.maya)
    assert wrong(LATER) == []

    Lead.objects.filter(pk=gone.pk).update(merged_at=LATER + timedelta(seconds=1))
    assert any("merged_at" in line for line in wrong(LATER))
    Lead.objects.filter(pk=gone.pk).update(merged_at=LATER)
    Clock.objects.filter(lead=kept, promise="triage", state="running").update(lead=gone)
    assert wrong(LATER) != []


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_of_one_pair_at_once_one_is_done(company: Company) -> None:
    kept, gone = two()
    pair = paired(kept, gone)

    refused = refusals_of(
        [
            lambda: merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER),
            lambda: merge(pair_id=pair.pk, kept_id=gone.pk, gone_id=kept.pk, actor=company.mona, at=LATER),
        ],
        PairDecided,
    )

    assert len([refusal for refusal in refused if refusal]) == 1
    assert Merge.objects.count() == 1
    assert wrong(LATER) == []


@pytest.mark.django_db(transaction=True)
def test_of_a_merge_and_an_acceptance_at_once_both_hold_or_one_is_told(company: Company) -> None:
    kept, gone = company.lead("mql"), two()[0]
    pair, rep = paired(kept, gone), kept.handoffs.get().assignee or company.sam

    refused = refusals_of(
        [
            lambda: merge(pair_id=pair.pk, kept_id=gone.pk, gone_id=kept.pk, actor=company.maya, at=LATER),
            lambda: handoffs.accept(lead_id=kept.pk, actor=rep, at=LATER),
        ],
        CannotMerge,
    )

    kept.refresh_from_db()
    assert [bool(refusal) for refusal in refused] == [True, False]
    assert (kept.stage, kept.owner, Merge.objects.count()) == ("sal", rep, 0)
