"""What is of one person stays of one person: merges on merges, closed leads beside, pairs with others, touches and notices."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inputs.refusals import Conflict
from leads import duplicates
from leads.duplicates import find_duplicates, keep_apart
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.merging import MERGED, UNMERGED, CannotUndo, merge, undo_merge, undo_problem
from leads.models import Clock, Contact, Lead, LikelyDuplicate, Merge
from leads.outcomes import disqualify
from leads.second_life import OtherLeadOpen, reopen, revive_all_due
from ledger.models import Notice
from tests.cast import NOW
from tests.racing import refusals_of
from tests.verbs.company import Company
from tests.verbs.merging_world import AFTER, FIRST, LATER, SECOND, arrive, merged, paired, two, wrong

pytestmark = pytest.mark.django_db


def test_of_two_merges_into_one_lead_both_come_apart_the_last_first(company: Company) -> None:
    first = arrive("ana@acme.example", at=NOW - timedelta(minutes=2))
    kept, second = two()
    one = merged(kept, first, company.maya)
    other = merged(kept, second, company.maya, at=AFTER)
    assert undo_problem(Merge.objects.get(pk=one), AFTER).startswith("Something has happened")

    for minutes, merge_id in ((1, other), (2, one)):
        undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER + timedelta(minutes=minutes))

    assert sorted(Clock.objects.running().filter(period=None).values_list("promise", "lead")) == [
        ("triage", first.pk), ("triage", kept.pk), ("triage", second.pk)
    ]  # fmt: skip
    assert wrong(AFTER + timedelta(minutes=2)) == []


def test_what_is_asked_or_said_of_who_goes_is_asked_or_said_of_who_is_kept(company: Company) -> None:
    kept, gone = two()
    asked, told, both = (arrive(f"{name}@other.example", company="Other", name=name) for name in ("Kim", "Lee", "Max"))
    pairs = [paired(other, gone) for other in (asked, told, both)]
    paired(both, kept)
    keep_apart(pair_id=pairs[1].pk, actor=company.mona, at=NOW)
    keep_apart(pair_id=pairs[2].pk, actor=company.mona, at=NOW)
    pair = paired(kept, gone)
    before = list(LikelyDuplicate.objects.order_by("pk").values())

    merge_id = merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER)

    of_kept = LikelyDuplicate.objects.filter(first=kept.contact_id).exclude(pk=pair.pk)
    assert dict(of_kept.values_list("second", "state")) == {
        asked.contact_id: "open", told.contact_id: "different", both.contact_id: "different"
    }  # fmt: skip
    assert set(of_kept.filter(state="different").values_list("decided_by", flat=True)) == {company.mona.pk}
    undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER)
    assert list(LikelyDuplicate.objects.order_by("pk").values()) == before


def test_whoever_is_merged_while_they_are_compared_is_not_asked_about(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = two()
    pair = paired(kept, gone)
    arrive("anna.silva@acme.example")
    compare = duplicates._pairs

    def then_merge(looked_at: list[int]) -> object:
        found = compare(looked_at)
        merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER)
        return found

    monkeypatch.setattr(duplicates, "_pairs", then_merge)
    find_duplicates(at=LATER)

    assert LikelyDuplicate.objects.filter(state="open").count() == 1
    assert LikelyDuplicate.objects.get(state="open").first_id == kept.contact_id


def _with_closed_beside(company: Company, **fields: object) -> tuple[Lead, Lead, Lead]:
    """Merge two, of whom the one that goes has a closed lead besides."""
    kept, gone = two()
    beside = Lead.objects.create(contact=gone.contact, captured_at=NOW, last_touch_at=NOW, **fields)
    merged(kept, gone, company.maya)
    return kept, gone, beside


def test_a_closed_lead_of_who_went_waits_for_the_kept_one_and_opens_with_its_contact(company: Company) -> None:
    kept, _, beside = _with_closed_beside(company, stage="recycled", recycled_at=NOW, returns_on=NOW.date())

    assert revive_all_due(at=AFTER) == 0
    (outcome,) = take_in([Arrival(email=SECOND, touch_kind="page_view")], actor=None, at=AFTER)
    assert outcome.lead_id == kept.pk
    Lead.objects.filter(pk=kept.pk).update(stage="disqualified", disqualified_at=AFTER)
    assert revive_all_due(at=AFTER) == 1

    beside.refresh_from_db()
    assert (beside.stage, beside.contact) == ("lead", kept.contact)
    (outcome,) = take_in([Arrival(email=SECOND, touch_kind="page_view")], actor=None, at=AFTER)
    assert outcome.lead_id == beside.pk


def test_a_closed_lead_of_who_went_is_reopened_with_the_kept_contact_and_then_there_is_no_way_back(
    company: Company,
) -> None:
    beside = arrive(SECOND, at=NOW - timedelta(minutes=3))
    disqualify(lead_id=beside.pk, reason="competitor", actor=company.maya, at=NOW - timedelta(minutes=2))
    kept, gone = two()
    merge_id = merged(kept, gone, company.maya)
    with pytest.raises(OtherLeadOpen):
        reopen(lead_id=beside.pk, reason="Asked again", actor=company.mona, at=LATER)
    disqualify(lead_id=kept.pk, reason="competitor", actor=company.maya, at=AFTER)

    reopen(lead_id=beside.pk, reason="Asked again", actor=company.mona, at=AFTER)

    beside.refresh_from_db()
    assert beside.contact == kept.contact
    with pytest.raises(OtherLeadOpen):
        reopen(lead_id=kept.pk, reason="Asked again", actor=company.mona, at=AFTER)
    assert wrong(AFTER) == []
    with pytest.raises(CannotUndo, match="Something has happened"):
        undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER)


def test_what_was_opened_beside_since_stands_against_undoing(company: Company) -> None:
    beside = arrive(SECOND, at=NOW - timedelta(minutes=3))
    disqualify(lead_id=beside.pk, reason="competitor", actor=company.maya, at=NOW - timedelta(minutes=2))
    kept, gone = two()
    for lead in (kept, gone):
        disqualify(lead_id=lead.pk, reason="competitor", actor=company.maya, at=LATER)
    merge_id = merged(kept, gone, company.maya, at=LATER)
    reopen(lead_id=beside.pk, reason="Asked again", actor=company.mona, at=AFTER)

    with pytest.raises(CannotUndo, match="Another lead"):
        undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER)

    assert wrong(AFTER) == []


def test_a_submission_known_before_is_answered_with_the_lead_that_goes_on(company: Company) -> None:
    kept = arrive(FIRST)
    gone = arrive(SECOND, at=NOW + timedelta(minutes=1), key="form-7")
    merged(kept, gone, company.maya)

    (outcome,) = take_in([Arrival(email=SECOND, touch_kind="demo_request", key="form-7")], actor=None, at=AFTER)

    assert (outcome.state, outcome.lead_id, outcome.contact_id, outcome.stage) == (
        "skipped",
        kept.pk,
        kept.contact_id,
        "lead",
    )


def test_the_later_touch_counts_and_all_who_are_concerned_are_told(company: Company) -> None:
    kept, gone = two()
    Lead.objects.filter(pk=gone.pk).update(owner=company.rita)
    first, last = kept.last_touch_at, gone.last_touch_at

    merge_id = merged(kept, gone, company.maya)

    assert kept.last_touch_at == last > first
    told = Notice.objects.filter(code=MERGED).values_list("recipient", "subject_id")
    assert set(told) == {(company.mona.pk, kept.pk), (company.rita.pk, kept.pk)}
    undo_merge(merge_id=merge_id, actor=company.maya, at=AFTER)
    kept.refresh_from_db()
    assert kept.last_touch_at == first
    told = Notice.objects.filter(code=UNMERGED).values_list("recipient", "subject_id")
    assert set(told) == {(company.mona.pk, gone.pk), (company.rita.pk, gone.pk)}


@pytest.mark.django_db(transaction=True)
def test_of_a_merge_into_somebody_who_is_merged_at_once_both_hold_or_one_is_told(company: Company) -> None:
    first, second = two()
    third = arrive("ana@acme.example", at=NOW + timedelta(minutes=2))
    outer, inner = paired(first, second), paired(second, third)

    refusals_of(
        [
            lambda: merge(pair_id=outer.pk, kept_id=first.pk, gone_id=second.pk, actor=company.maya, at=LATER),
            lambda: merge(pair_id=inner.pk, kept_id=second.pk, gone_id=third.pk, actor=company.mona, at=LATER),
        ],
        Conflict,
    )

    goes_on_as = set(Contact.objects.filter(merged_into__isnull=False).values_list("merged_into", flat=True))
    assert goes_on_as == {first.contact_id}
    assert wrong(LATER) == []


@pytest.mark.django_db(transaction=True)
def test_of_a_merge_and_a_reopening_beside_at_once_one_is_told(company: Company) -> None:
    beside = arrive(SECOND, at=NOW - timedelta(minutes=3))
    disqualify(lead_id=beside.pk, reason="competitor", actor=company.maya, at=NOW - timedelta(minutes=2))
    kept, gone = two()
    disqualify(lead_id=gone.pk, reason="competitor", actor=company.maya, at=NOW + timedelta(minutes=2))
    pair = paired(kept, gone)

    refused = refusals_of(
        [
            lambda: merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER),
            lambda: reopen(lead_id=beside.pk, reason="Asked again", actor=company.mona, at=LATER),
        ],
        Conflict,
    )

    assert len([refusal for refusal in refused if refusal]) == 1
    assert wrong(LATER) == []
