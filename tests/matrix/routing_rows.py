"""Routing: everybody reads the rules; a draft is the matter of those who may change them, and everybody else finds nothing."""

from __future__ import annotations

from typing import Any

from leads.models import Pool, RoutingVersion
from tests.matrix.rows import FORM_TAKEN, Access, Row, Target, deed, form, page, who_may
from tests.matrix.world import MISSING_ID, World


def _draft(world: World, actor: str) -> dict[str, Any]:
    return {"draft_id": RoutingVersion.objects.get(activated_at__isnull=True).pk}


DRAFT = Target(_draft, {"draft_id": MISSING_ID})
VERSION = Target(lambda world, actor: {"number": 1}, {"number": MISSING_ID})
POOL = Target(lambda world, actor: {"pool_id": Pool.objects.get().pk}, {"pool_id": MISSING_ID})
CHANGE = "change_routing"


def _on_rule(methods: dict[str, frozenset[int]], data: dict[str, str] | None = None, **named: str) -> Row:
    """Name what is done to a rule of a draft: what is typed for a draft that is gone is kept, with 409."""
    gone = {"POST": 409} if "deed" not in named else {}
    accesses = {
        method: Access(who_may(CHANGE), done, missing=gone.get(method, 404), data=data or {})
        for method, done in methods.items()
    }
    return Row(
        accesses,
        own=lambda world, actor: {**_draft(world, actor), **named},
        missing={**DRAFT.missing, **named},
        label=" ".join([*named.values(), *(data or {}).values()]),
    )


EDITED = {"GET": frozenset({200}), "POST": FORM_TAKEN}
ROUTING_ROWS: dict[str, Row | tuple[Row, ...]] = {
    "desk:routing": page("see_routing"),
    "desk:routing_versions": page("see_routing"),
    "desk:routing_version": page("see_routing", target=VERSION),
    "desk:new_routing_draft": deed(CHANGE, done={302}),
    "desk:routing_draft": page(CHANGE, target=DRAFT),
    "desk:activate_routing": form(CHANGE, target=DRAFT),
    "desk:discard_routing": form(CHANGE, target=DRAFT),
    "desk:routing_rule": (
        _on_rule(EDITED, code="new"),
        _on_rule({"GET": frozenset({200}), "POST": frozenset({200})}, {"change": "count"}, code="new"),
        _on_rule(EDITED, code="all"),
        _on_rule(EDITED, code="rest"),
    ),
    "desk:change_rule": tuple(
        _on_rule({"POST": frozenset({302})}, code=code, deed=word)
        for code, word in (("pumps", "up"), ("all", "down"), ("all", "remove"))
    ),
    "desk:routing_try": page("see_what_if"),
    "desk:new_pool": form(CHANGE),
    "desk:routing_pool": form(CHANGE, target=POOL),
}
