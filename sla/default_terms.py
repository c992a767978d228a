"""The template of an agreement: the defaults of the domain page, in the form of ``sla.terms``. Pure.

Both sides change what does not suit them before they sign. Durations are business seconds, *N days* of the recycle table calendar days.
"""

from __future__ import annotations

from typing import Any

from sla.terms import TIERS

MINUTE = 60
HOUR = 60 * MINUTE


def default_document() -> dict[str, Any]:
    """Give a fresh copy of the template."""
    return {
        "definitions": _definitions(),
        "mql_rule": {
            "any": [
                {"all": [_at_least("fit", 50), _at_least("engagement", 40)]},
                {"all": [_is_hand_raise(), _at_least("fit", 30)]},
            ]
        },
        "tier_rules": {
            "hot": {"all": [_is_hand_raise()]},
            "warm": {"all": [_at_least("fit", 50), _at_least("engagement", 60)]},
        },
        "required_for_handoff": ["name", "reach", "company"],
        "sql_checklist": _checklist(),
        "promises": [
            _promise("assign", "Assign a lead that waits in a queue", 15 * MINUTE, HOUR, 4 * HOUR),
            _promise("accept", "Accept or reject an offered lead", 15 * MINUTE, 2 * HOUR, 8 * HOUR),
            _promise("first_attempt", "Make the first attempt after acceptance", 15 * MINUTE, 4 * HOUR, 8 * HOUR),
        ],
        "escalation": [
            {"at_percent": 100, "action": "notify_rep"},
            {"at_percent": 125, "action": "notify_manager"},
            {"at_percent": 150, "action": "reassign"},
            {"at_percent": 200, "action": "notify_both_managers"},
        ],
        "attainment_target_percent": 90,
        "judged_from_count": 10,
        "recycle_days": {
            "bad_timing": 60,
            "no_response": 90,
            "no_budget": 90,
            "under_contract": 180,
            "no_authority": 180,
            "no_project": 180,
            "default": 180,
        },
    }


def _definitions() -> dict[str, str]:
    return {
        "lead": "One buying interest of a contact, from first inquiry to its end.",
        "mql": "A lead that fits us and shows interest by the rule of this agreement, ready to be handed to sales.",
        "sal": "An MQL that a sales rep has accepted and promised to work.",
        "sql": "A lead whose need, role, timing and budget a rep has confirmed by the checklist of this agreement.",
        "opportunity": "An SQL with an amount and an expected closing date.",
        "customer": "A lead that bought.",
    }


def _checklist() -> list[dict[str, str]]:
    return [
        {"code": "conversation", "words": "There was a two-way conversation."},
        {"code": "need", "words": "The contact has a need that one of our products meets."},
        {"code": "authority", "words": "We talk to someone who decides or can bring us to who decides."},
        {"code": "timing", "words": "They mean to decide within twelve months."},
        {"code": "budget", "words": "There is a budget, or a way to get one."},
    ]


def _promise(code: str, words: str, hot: int, warm: int, standard: int) -> dict[str, Any]:
    """Write a promise of sales; warnings and grace follow the length: see design, domain page, below the commitments."""
    seconds = {"hot": hot, "warm": warm, "standard": standard}
    return {
        "code": code,
        "side": "sales",
        "words": words,
        "seconds": seconds,
        "warn_percents": {tier: [66] if seconds[tier] < HOUR else [50, 75] for tier in TIERS},
        "grace_seconds": {tier: 30 * MINUTE if seconds[tier] < HOUR else 0 for tier in TIERS},
    }


def _at_least(field: str, value: int) -> dict[str, Any]:
    return {"field": field, "op": "gte", "value": value}


def _is_hand_raise() -> dict[str, Any]:
    return {"field": "is_hand_raise", "op": "is", "value": True}
