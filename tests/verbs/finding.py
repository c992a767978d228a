"""Find the verbs of the program by how they are written, so that a new one cannot be forgotten by the tests that try them all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.layers import ROOT

PACKAGES = ("campaigns", "desk", "leads", "ledger", "personas", "sla", "teams")

NOT_VERBS = {
    # They only read.
    "leads.importing.preview": "reads alone",
    "leads.intake.pipeline.foresee": "reads alone",
    "leads.holding.permit_work": "reads alone",
    "ledger.inbox.inbox": "reads alone",
    "ledger.inbox.unread_count": "reads alone",
    # They reckon, without a database.
    "leads.clock_plans.schedule": "pure",
    "leads.scoring.engagement_at": "pure",
    # They are parts of verbs, called inside a verb's transaction.
    "leads.routing.pools.follow_places": "part of let_in and change_places",
    "leads.routing.activating.put_in_force": "part of activate_draft and activate_rules",
    "ledger.writing.write_audit": "part of every verb",
    # They repeat a unit that is tried by itself, and each unit is a transaction.
    "leads.second_life.revive_all_due": "repeats revive_due",
    "leads.duplicates.find_all_duplicates": "repeats find_duplicates",
    "leads.sweep.sweep": "repeats its batches; killed at every call in tests.leads.test_clock_crashes",
    "leads.handing_on.hand_on": "repeats its batches; killed at every call in tests.verbs.test_handing_on_killed",
    "ledger.outbox.deliver_due": "repeats claim and sends; killed at every call in tests.verbs.test_killed",
}  # fmt: skip
"""What looks like a verb and is none, or is tried elsewhere, with the reason."""


def candidates(root: Path = ROOT) -> set[str]:
    """Give the full names of all that look like a verb."""
    names = set()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts:
                module = ".".join(path.relative_to(root).with_suffix("").parts)
                names |= {f"{module}.{name}" for name in verbs_in(path.read_text())}
    return names


def verbs_in(source: str) -> Iterator[str]:
    """Give the public functions of a module that change something at an instant that they are told.

    Such a function takes ``at``, and either all of its arguments by name, or also ``actor`` by name, or it opens a transaction.
    """
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        by_place = {argument.arg for argument in [*node.args.posonlyargs, *node.args.args]}
        by_name = {argument.arg for argument in node.args.kwonlyargs}
        opens_a_transaction = "transaction.atomic" in ast.unparse(node)
        looks_like_one = not by_place or "actor" in by_name or opens_a_transaction
        if "at" in by_place | by_name and looks_like_one:
            yield node.name


def verbs() -> set[str]:
    """Give the full names of all verbs."""
    return candidates() - NOT_VERBS.keys()
