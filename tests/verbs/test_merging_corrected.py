"""Addresses of two who became one: each reaches them, and either may be the one that is shown."""

from __future__ import annotations

import pytest

from leads.completing import EmailTaken, complete
from leads.merging import CannotUndo, merge, undo_merge
from leads.models import Contact, LeadEvent
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.verbs.merging_world import FIRST, SECOND, arrive, paired

pytestmark = pytest.mark.django_db


def test_the_kept_contact_may_change_its_address_with_that_of_who_was_merged_into_it(
    agreement: InForce, maya: User
) -> None:
    kept, gone, other = arrive(FIRST), arrive(SECOND), arrive("ann@acme.example", name="Ann Low")
    pair = paired(kept, gone)
    with pytest.raises(EmailTaken):
        complete(lead_id=kept.pk, changes={"email": SECOND}, actor=maya, at=NOW)
    merge_id = merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=maya, at=NOW)

    complete(lead_id=kept.pk, changes={"email": SECOND}, actor=maya, at=NOW)

    keys = dict(Contact.objects.values_list("pk", "email_key"))
    assert keys == {kept.contact_id: SECOND, gone.contact_id: FIRST, other.contact_id: "ann@acme.example"}
    assert [arrive(FIRST).contact_id, arrive(SECOND).contact_id] == [kept.contact_id, kept.contact_id]
    with pytest.raises(EmailTaken):
        complete(lead_id=kept.pk, changes={"email": "ann@acme.example"}, actor=maya, at=NOW)
    with pytest.raises(CannotUndo):
        undo_merge(merge_id=merge_id, actor=maya, at=NOW)


def test_an_address_that_is_taken_over_from_another_lead_of_the_contact_makes_the_merge_final_too(
    agreement: InForce, maya: User
) -> None:
    kept, gone = arrive(FIRST), arrive(SECOND)
    pair = paired(kept, gone)
    type(kept).objects.filter(pk__in=[kept.pk, gone.pk]).update(
        stage="disqualified", disqualified_at=NOW, owner=None, queue=None
    )
    merge(pair_id=pair.pk, kept_id=kept.pk, gone_id=gone.pk, actor=maya, at=NOW)
    later = arrive(FIRST, name="Ana S")
    assert later.pk != kept.pk

    complete(lead_id=later.pk, changes={"email": SECOND}, actor=maya, at=NOW)

    newest = LeadEvent.objects.filter(lead=kept).order_by("-pk")[0]
    assert (newest.kind, newest.code, newest.facts) == ("completed", "contact", {"fields": ["email"]})
