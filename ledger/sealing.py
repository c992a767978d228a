"""Chain the audit entries by hash, after they are committed, so that a later change of any of them shows.

**Order.** Entries commit out of the order of their ids, and an open transaction may hold a low id for long. So the chain has an order of
its own: that of sealing. A sealer takes whatever is committed and unsealed, by id, and appends it; an entry that commits late is
appended later. No waiting time, no watermark, nothing is passed over.

**Two sealers.** Both would extend the same last link, and ``previous_hash`` is unique: one of them fails as a whole and leaves the rest
to its next turn.

**What it proves.** Every sealed entry is as it was, and none was taken out or put between. That the end was not cut off shows only
against a head noted elsewhere: ``manage.py verify_audit`` prints it and compares with one given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC

from django.db import IntegrityError, transaction
from django.db.models import Max

from ledger.models import AuditEntry, AuditSeal
from ledger.rows import insert_rows

GENESIS = "0" * 64
BATCH = 2_000
LOOKBACK = 200_000
"""How many ids below the newest seal the ticking sealer looks at. ``verify_audit`` looks at all and reports what is older."""

NAMED_AT_MOST = 50


def seal_committed(*, limit: int = 50_000) -> int:
    """Seal committed entries in batches; give how many. Stops early when another sealer is at work."""
    sealed = 0
    while sealed < limit:
        count = _seal_batch(min(BATCH, limit - sealed))
        sealed += count
        if count < BATCH:
            break
    return sealed


def _seal_batch(size: int) -> int:
    """Append one batch to the chain in a transaction of its own."""
    try:
        with transaction.atomic():
            last = AuditSeal.objects.order_by("-id").first()
            newest = AuditSeal.objects.aggregate(newest=Max("entry_id"))["newest"] or 0
            entries = AuditEntry.objects.filter(seal__isnull=True, pk__gt=newest - LOOKBACK).order_by("id")[:size]
            links = list(_links(last.hash if last else GENESIS, entries))
            insert_rows(AuditSeal, ("entry_id", "previous_hash", "hash"), links)
    except IntegrityError:  # the other sealer was first
        return 0
    return len(links)


def _links(previous: str, entries: Iterable[AuditEntry]) -> Iterator[tuple[int, str, str]]:
    for entry in entries:
        digest = link_hash(previous, entry)
        yield entry.pk, previous, digest
        previous = digest


def link_hash(previous: str, entry: AuditEntry) -> str:
    """Give the hash of a link: SHA-256 over the hash before it, a line break, and the entry's canonical JSON."""
    return hashlib.sha256(f"{previous}\n{canonical(entry)}".encode()).hexdigest()


def canonical(entry: AuditEntry) -> str:
    """Write every column of ``entry`` as JSON with sorted keys, without spaces, in ASCII; instants in UTC to the microsecond."""
    content = {
        "id": entry.pk,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor_id,
        "verb": entry.verb,
        "subject_type": entry.subject_type,
        "subject_id": entry.subject_id,
        "count": entry.count,
        "facts": entry.facts,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


# Verifying ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Verdict:
    """What a walk along the whole chain found: faults in words (the first 50), and the head to note elsewhere."""

    sealed: int = 0
    unsealed: int = 0
    head: str = GENESIS
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)
    has_known_head: bool = True

    def fault(self, words: str) -> None:
        self.fault_count += 1
        if len(self.faults) < NAMED_AT_MOST:
            self.faults.append(words)


def verify(*, known_head: str | None = None) -> Verdict:
    """Recompute the chain. ``known_head`` is a head noted earlier; that it is gone means that the end was cut off."""
    verdict = Verdict(has_known_head=known_head in {None, GENESIS})
    for seal, entry in _sealed():
        if seal.previous_hash != verdict.head:
            verdict.fault(f"The chain is broken before entry {seal.entry_id}: a link is missing or was put in.")
        if entry is None:
            verdict.fault(f"Entry {seal.entry_id} is gone.")
        elif link_hash(seal.previous_hash, entry) != seal.hash:
            verdict.fault(f"Entry {seal.entry_id} is not what was sealed.")
        verdict.sealed += 1
        verdict.head = seal.hash
        verdict.has_known_head |= seal.hash == known_head
    _look_at_unsealed(verdict)
    if not verdict.has_known_head:
        verdict.fault(f"The head {known_head} is not in the chain: its end was cut off.")
    return verdict


def _sealed() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    """Walk the chain in pages, each seal with its entry (a join would hide the seal of an entry that is gone)."""
    last = 0
    while page := list(AuditSeal.objects.filter(pk__gt=last).order_by("id")[:BATCH]):
        entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in page])
        for seal in page:
            yield seal, entries.get(seal.entry_id)
        last = page[-1].pk


def _look_at_unsealed(verdict: Verdict) -> None:
    newest = AuditSeal.objects.aggregate(newest=Max("entry_id"))["newest"] or 0
    unsealed = AuditEntry.objects.filter(seal__isnull=True)
    verdict.unsealed = unsealed.count()
    for pk in unsealed.filter(pk__lte=newest - LOOKBACK).order_by("id").values_list("pk", flat=True)[:NAMED_AT_MOST]:
        verdict.fault(f"Entry {pk} is old and was never sealed, or lost its seal.")
