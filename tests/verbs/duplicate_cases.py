"""The verbs about contacts who may be one person."""

from __future__ import annotations

from leads.duplicates import find_duplicates, keep_apart
from leads.merging import merge, undo_merge
from leads.merging_corrected import merge_corrected
from leads.models import Contact, Lead, LikelyDuplicate
from tests.cast import NOW
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company
from tests.verbs.merging_world import FIRST, SECOND, arrive, paired


def alike(company: Company) -> list[Lead]:
    """Give two leads, of contacts of one company with one name."""
    leads = [company.lead("mql"), company.lead("mql")]
    contacts = Contact.objects.filter(leads__in=leads)
    contacts.update(name="Ana Silva", company=leads[0].contact.company_id, is_compared=False)
    return leads


def _find(company: Company) -> Act:
    alike(company)
    return lambda: find_duplicates(at=LATER)


def _keep_apart(company: Company) -> Act:
    alike(company)
    find_duplicates(at=NOW)
    pair = LikelyDuplicate.objects.get()
    return lambda: keep_apart(pair_id=pair.pk, actor=company.maya, at=LATER)


def _two(company: Company) -> tuple[int, Lead, Lead]:
    kept, gone = arrive(FIRST), arrive(SECOND)
    return paired(kept, gone).pk, kept, gone


def _merge(company: Company) -> Act:
    pair_id, kept, gone = _two(company)
    return lambda: merge(pair_id=pair_id, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=LATER)


def _merge_corrected(company: Company) -> Act:
    pair_id, kept, gone = _two(company)
    Contact.objects.filter(pk=kept.contact_id).update(email="", email_key=None, external_id="crm-1")
    changes = {"email": SECOND, "name": "Ana M. Silva"}
    leads = {"kept_id": kept.pk, "gone_id": gone.pk}
    return lambda: merge_corrected(pair_id=pair_id, **leads, changes=changes, actor=company.maya, at=LATER)


def _undo(company: Company) -> Act:
    pair_id, kept, gone = _two(company)
    Lead.objects.filter(pk=kept.pk).update(marketer=company.mona)
    done = merge(pair_id=pair_id, kept_id=kept.pk, gone_id=gone.pk, actor=company.maya, at=NOW)
    return lambda: undo_merge(merge_id=done, actor=company.maya, at=LATER)


DUPLICATE_CASES = [
    Case(find_duplicates, _find, audit="find_duplicates"),
    Case(keep_apart, _keep_apart, audit="keep_apart"),
    Case(merge, _merge, audit="merge", events="merged took_in", told="lead_merged"),
    Case(
        merge_corrected, _merge_corrected, audit="merge complete", events="merged took_in completed", told="lead_merged"
    ),
    Case(undo_merge, _undo, audit="undo_merge", events="unmerged gave_back", told="lead_unmerged"),
]
