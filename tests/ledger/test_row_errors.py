"""The row tools speak Django's errors, whichever way the rows travel."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from ledger.models import AuditEntry, AuditSeal
from ledger.rows import COPY_FROM_ROWS, insert_rows
from ledger.writing import write_audit
from tests.ledger.conftest import AT

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, COPY_FROM_ROWS])
def test_a_refused_row_is_an_integrity_error_of_django(count: int) -> None:
    for number in range(count):
        write_audit(at=AT, actor_id=None, verb="tested", subject_type="lead", subject_ids=[number])
    rows = [(pk, "same", f"{pk}") for pk in AuditEntry.objects.values_list("pk", flat=True)]
    columns = ("entry_id", "previous_hash", "hash")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(AuditSeal, columns, [*rows, rows[0]])

    assert AuditSeal.objects.count() == 0
