"""Why leads are where they are, in words: by their last assignment."""

from __future__ import annotations

from collections.abc import Collection

from leads.models import Assignment
from leads.routing.words import Names, why


def reasons(lead_ids: Collection[int], *, reader: int) -> dict[int, str]:
    """Say to ``reader``, a user by id, why each of these leads went where it is: four queries at most."""
    rows = Assignment.objects.filter(lead_id__in=lead_ids).select_related("routing_version")
    last = {assignment.lead_id: assignment for assignment in rows.order_by("assigned_at", "id")}
    names = Names.load(last.values(), reader=reader)
    return {lead_id: why(assignment, names) for lead_id, assignment in last.items()}
