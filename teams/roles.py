"""Who may do what: one table, read by the verbs, the screens and the tests. Pure.

Both teams read the same leads, figures and agreement; what differs is who may act (design, domain, People). Whatever
the table does not name is denied.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Side(StrEnum):
    MARKETING = "marketing"
    SALES = "sales"


class Role(StrEnum):
    """The five roles of a member. A person may hold several."""

    MARKETER = "marketer"
    REP = "rep"
    MARKETING_MANAGER = "marketing_manager"
    SALES_MANAGER = "sales_manager"
    ADMINISTRATOR = "administrator"


MARKETING = frozenset({Role.MARKETER, Role.MARKETING_MANAGER})
SALES = frozenset({Role.REP, Role.SALES_MANAGER})
MANAGERS = frozenset({Role.MARKETING_MANAGER, Role.SALES_MANAGER})
BOTH_TEAMS = MARKETING | SALES
EVERYONE = BOTH_TEAMS | {Role.ADMINISTRATOR}

MEMBER_ROLES = {Side.MARKETING: Role.MARKETER, Side.SALES: Role.REP}
MANAGER_ROLES = {Side.MARKETING: Role.MARKETING_MANAGER, Side.SALES: Role.SALES_MANAGER}

PERMISSIONS: dict[str, frozenset[Role]] = {
    # reading
    "see_leads": EVERYONE,
    "see_figures": EVERYONE,
    "see_campaigns": EVERYONE,
    "see_personas": EVERYONE,
    "see_agreement": EVERYONE,
    "see_routing": EVERYONE,
    "see_people": EVERYONE,
    "see_what_if": MANAGERS | {Role.ADMINISTRATOR},
    # marketing acts
    "log_campaign": MARKETING,
    "keep_any_costs": frozenset({Role.MARKETING_MANAGER}),
    "set_member_status": MARKETING,
    "capture_lead": MARKETING | {Role.ADMINISTRATOR},
    "import_leads": MARKETING | {Role.ADMINISTRATOR},
    "qualify_lead": MARKETING,
    "complete_lead": MARKETING | {Role.ADMINISTRATOR},
    "hand_off": MARKETING,
    "hand_off_third_time": frozenset({Role.MARKETING_MANAGER}),
    "recall": MARKETING,
    "nurture_lead": MARKETING,
    "disqualify_lead": MARKETING,
    "offer_help": MARKETING,
    "answer_question": MARKETING,
    "dispute_rejection": MARKETING,
    # sales acts
    "capture_own_lead": SALES,
    "complete_own_lead": SALES,
    "work_lead": SALES,
    "work_any_lead": frozenset({Role.SALES_MANAGER}),
    "assign": frozenset({Role.SALES_MANAGER}),
    "claim": SALES,
    "confirm_briefing": SALES,
    # both
    "reopen": BOTH_TEAMS,
    "decide_dispute": MANAGERS,
    "negotiate_agreement": MANAGERS,
    "comment_on_agreement": BOTH_TEAMS,
    "validate_persona": BOTH_TEAMS,
    "quote_customer": BOTH_TEAMS,
    "propose_persona_change": BOTH_TEAMS,
    "answer_persona_proposal": MARKETING,
    "review_duplicates": MARKETING | MANAGERS,
    "excuse_miss": MANAGERS,
    "recompute_clock": MANAGERS | {Role.ADMINISTRATOR},
    "set_own_absence": EVERYONE,
    "set_absence_in_team": MANAGERS,
    "manage_own_side": MANAGERS,
    # settings
    "manage_people": frozenset({Role.ADMINISTRATOR}),
    "write_personas": MARKETING | {Role.SALES_MANAGER, Role.ADMINISTRATOR},
    "write_scoring": frozenset({Role.MARKETING_MANAGER, Role.ADMINISTRATOR}),
    "change_routing": frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR}),
    "change_settings": frozenset({Role.ADMINISTRATOR}),
}


class UnknownAction(KeyError):
    """A verb asked for an action that the table does not name: a mistake in the program, not of the user."""


def may(roles: Iterable[Role], action: str) -> bool:
    """Tell whether any of ``roles`` may do ``action``; an action that is not in the table raises ``UnknownAction``."""
    try:
        allowed = PERMISSIONS[action]
    except KeyError:
        raise UnknownAction(action) from None
    return not allowed.isdisjoint(roles)
