"""The verbs about routing: drafts of its rules, and its pools."""

from __future__ import annotations

from typing import Any

from leads.models import Pool, RoutingVersion
from leads.routing import drafts
from leads.routing.pool_editing import Share, change_pool, make_pool
from tests.cast import NOW, person
from tests.verbs.cases import LATER, Act, Case
from tests.verbs.company import Company


def _line(company: Company, **changes: Any) -> dict[str, Any]:
    return {"words": "Pumps", "when": [{"field": "product", "op": "is", "value": "pump"}],
            "to": {"person": company.sam.pk}, **changes}  # fmt: skip


def _begun(company: Company) -> RoutingVersion:
    return drafts.begin_draft(actor=company.sue, at=NOW)


def _with_pumps(company: Company) -> dict[str, Any]:
    """Give the arguments of what is done with a draft that has a rule more, the third of four."""
    draft_id = _begun(company).pk
    drafts.add_rule(actor=company.sue, at=NOW, draft_id=draft_id, line=_line(company))
    return {"actor": company.sue, "at": LATER, "draft_id": draft_id}


def _begin_draft(company: Company) -> Act:
    return lambda: drafts.begin_draft(actor=company.sue, at=LATER)


def _add_rule(company: Company) -> Act:
    draft = _begun(company)
    return lambda: drafts.add_rule(actor=company.sue, at=LATER, draft_id=draft.pk, line=_line(company))


def _change_rule(company: Company) -> Act:
    given = _with_pumps(company)
    return lambda: drafts.change_rule(**given, line=_line(company, code="pumps", words="All pumps"))


def _move_rule(company: Company) -> Act:
    given = _with_pumps(company)
    return lambda: drafts.move_rule(**given, code="pumps", by=drafts.UP)


def _remove_rule(company: Company) -> Act:
    given = _with_pumps(company)
    return lambda: drafts.remove_rule(**given, code="pumps")


def _discard_draft(company: Company) -> Act:
    given = _with_pumps(company)
    return lambda: drafts.discard_draft(**given)


def _activate_draft(company: Company) -> Act:
    given = _with_pumps(company)
    drafts.move_rule(**{**given, "at": NOW}, code="pumps", by=drafts.UP)
    return lambda: drafts.activate_draft(**given)


def _make_pool(company: Company) -> Act:
    return lambda: make_pool(actor=company.sue, at=LATER, name="Key accounts", team_id=company.sales.pk)


def _change_pool(company: Company) -> Act:
    pool, nora = Pool.objects.get(), person("Nora", company.sales)
    shares = {nora.pk: Share(True, 2), company.sam.pk: Share(False), company.rita.pk: Share(True, 3, 30, 4)}
    return lambda: change_pool(actor=company.sue, at=LATER, pool_id=pool.pk, name="All of sales", shares=shares)


ROUTING_CASES = [
    Case(drafts.begin_draft, _begin_draft, audit="begin_routing_draft"),
    Case(drafts.add_rule, _add_rule, audit="add_routing_rule"),
    Case(drafts.change_rule, _change_rule, audit="change_routing_rule"),
    Case(drafts.move_rule, _move_rule, audit="move_routing_rule"),
    Case(drafts.remove_rule, _remove_rule, audit="remove_routing_rule"),
    Case(drafts.discard_draft, _discard_draft, audit="discard_routing_draft"),
    Case(drafts.activate_draft, _activate_draft, audit="activate_rules"),
    Case(make_pool, _make_pool, audit="make_pool"),
    Case(change_pool, _change_pool, audit="set_load change_pool"),
]
