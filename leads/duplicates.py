"""Contacts who may be one person: found beside the work, and judged by somebody. Verbs.

What is the same the intake joins (``leads.intake.match``); what only looks the same is asked about, once. Whoever is new, or has another
name, phone or company than before, is marked (``Contact.is_compared``); a tick looks at those who are marked, a batch a transaction, and
finds by indexes whom they could be: the same company, one of the same name, or the same phone, of each the newest few (``MOST``). So neither
the intake nor a correction waits for it, and its cost grows with what changes, not with what there is.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from inputs.refusals import Conflict, NotVisible
from leads.holding import permit
from leads.likeness import Known, Likeness, likeness, name_words
from leads.models import Company, Contact, LikelyDuplicate
from ledger.rows import insert_rows
from ledger.writing import write_audit
from teams.models import User

MAY = "review_duplicates"
BATCH = 100
"""Contacts that are looked at in one transaction: on SQLite it holds the only write lock for some milliseconds."""
MOST = 200
"""Whom somebody is compared with at most in one company and on one phone: the newest. A larger company has namesakes enough to drown in."""

States = LikelyDuplicate.States
Pair = tuple[int, int]
PAIR_COLUMNS = ("first_id", "second_id", "likeness", "evidence", "state", "found_at")


class NoSuchPair(NotVisible):
    """There is no such pair, or the actor may not know that there is."""

    code = "no_such_pair"


class PairDecided(Conflict):
    """Somebody has said already whether these two are the same."""

    code = "pair_decided"


def find_all_duplicates(*, at: datetime, seconds: float | None = None) -> int:
    """Look at all contacts that are marked, a batch a transaction, for ``seconds`` at most, and give how many were looked at."""
    until = None if seconds is None else time.monotonic() + seconds
    looked_at = 0
    while Contact.objects.filter(is_compared=False).exists():
        batch = find_duplicates(at=at)
        looked_at += batch
        if not batch or (until is not None and time.monotonic() >= until):
            break
    return looked_at


@transaction.atomic
def find_duplicates(*, at: datetime, limit: int = BATCH) -> int:
    """Look at most ``limit`` marked contacts over, store the pairs that are new, and give how many contacts were looked at.

    A contact that somebody else holds is left for the next time.
    """
    marked = Contact.objects.filter(is_compared=False).order_by("id")
    contacts = list(marked.select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])
    if not contacts:
        return 0
    looked_at = [contact.pk for contact in contacts]
    pairs = _pairs(looked_at)
    known = LikelyDuplicate.objects.filter(first__in={first for first, _ in pairs})
    told = set(known.values_list("first_id", "second_id"))
    new = _without_merged({pair: found for pair, found in pairs.items() if pair not in told})
    rows = [(*pair, found.percent, found.evidence, States.OPEN, at) for pair, found in sorted(new.items())]
    insert_rows(LikelyDuplicate, PAIR_COLUMNS, rows, ignore_conflicts=True)
    Contact.objects.filter(pk__in=looked_at).update(is_compared=True)
    if new:
        concerned = sorted({contact for pair in new for contact in pair})
        write_audit(at=at, actor_id=None, verb="find_duplicates", subject_type="contact", subject_ids=concerned)
    return len(contacts)


@transaction.atomic
def keep_apart(*, pair_id: int, actor: User, at: datetime) -> None:
    """Say that two contacts are not the same person; it is never asked again. Raises ``NotAllowed``, ``NoSuchPair``, ``PairDecided``."""
    permit(actor, MAY)
    pair = LikelyDuplicate.objects.select_for_update(of=("self",)).filter(pk=pair_id).first()
    if pair is None:
        raise NoSuchPair("There is nothing here.")
    if pair.state != States.OPEN:
        raise PairDecided("Somebody has said already whether these two are the same. Look at it anew.")
    pair.state, pair.decided_by, pair.decided_at = States.DIFFERENT, actor, at
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    write_audit(
        at=at, actor_id=actor.pk, verb="keep_apart", subject_type="contact",
        subject_ids=[pair.first_id, pair.second_id], facts={"pair": pair.pk},
    )  # fmt: skip


# Whom somebody could be -----------------------------------------------------------------------------------------------


def _pairs(looked_at: Sequence[int]) -> dict[Pair, Likeness]:
    """Compare these contacts with whom they could be: four queries, whatever there is."""
    mine = {contact.id: contact for contact in _known(Contact.objects.filter(pk__in=looked_at, merged_into=None))}
    keys = {contact.company_key for contact in mine.values()} - {""}
    phones = {contact.phone_key for contact in mine.values()} - {""}
    companies = Company.objects.filter(name_key__in=keys).values_list("pk", flat=True)
    of_company = (
        _newest(Contact.objects.filter(company__in=list(companies), merged_into=None), "company_id") if keys else []
    )
    of_phone = _newest(Contact.objects.filter(phone_key__in=phones, merged_into=None), "phone_key") if phones else []
    by_company, by_phone = _by(of_company, "company_key"), _by(of_phone, "phone_key")
    found: dict[Pair, Likeness] = {}
    for one in mine.values():
        for other in (*by_company[one.company_key], *by_phone[one.phone_key]):
            pair = (min(one.id, other.id), max(one.id, other.id))
            if one.id != other.id and pair not in found and (alike := likeness(one, other)):
                found[pair] = alike
    return found


def _without_merged(pairs: dict[Pair, Likeness]) -> dict[Pair, Likeness]:
    """Leave out whoever was merged while they were compared: only those that were marked are locked."""
    contacts = {contact for pair in pairs for contact in pair}
    merged = Contact.objects.filter(pk__in=contacts, merged_into__isnull=False) if contacts else Contact.objects.none()
    gone = set(merged.values_list("pk", flat=True))
    return {pair: found for pair, found in pairs.items() if gone.isdisjoint(pair)}


def _newest(contacts: QuerySet[Contact], part: str) -> list[Known]:
    """Give the newest of each ``part``."""
    place = Window(RowNumber(), partition_by=[F(part)], order_by=F("id").desc())
    return _known(contacts.annotate(place=place).filter(place__lte=MOST))


def _known(contacts: QuerySet[Contact]) -> list[Known]:
    rows = contacts.values_list(
        "id", "name", "email", Coalesce("phone_key", Value("")), Coalesce("company_id", 0),
        Coalesce("company__name_key", Value("")), Coalesce("company__name", Value("")), Coalesce("company__domain", Value("")),
    )  # fmt: skip
    return [Known(pk, name_words(name, email), *rest) for pk, name, email, *rest in rows]


def _by(contacts: Iterable[Known], name: str) -> defaultdict[str, list[Known]]:
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for contact in contacts:
        found[getattr(contact, name)].append(contact)
    found[""] = []
    return found
