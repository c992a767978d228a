"""The template of an agreement: the defaults of the domain page, in the form of ``sla.terms``. Pure.

Both sides change what does not suit them before they sign. Durations are business seconds, *N days* of the recycle table calendar days.
"""

from __future__ import annotations

from typing import Any

from sla.promises import KINDS, TARGETS
from sla.terms import TIERS

MINUTE = 60
HOUR = 60 * MINUTE

Time = dict[str, int | str]


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
        "promises": _promises(),
        "accept_window": {"days": 1, "then": "auto_accept"},
        "pauses": {"most": 2, "most_days": 10},
        "dispute_days": 3,
        "targets": [
            _target("acceptance_rate", 80),
            *(_target("conversation_share", percent, of=tier) for tier, percent in CONVERSATIONS),
        ],
        "rules_of_play": [
            "A lead in sales’ hands is off limits for bulk campaigns.",
            "Every lead has an owner or stands in a queue that everybody sees.",
        ],
        "parties": {"marketing": "All marketing teams", "sales": "All sales teams"},
        "review_days": 91,
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


CONVERSATIONS = (("hot", 50), ("warm", 40), ("standard", 30))


def _promises() -> list[dict[str, Any]]:
    """Write every promise of the table of the domain page; those of days count working days."""
    hours, days = _seconds, _days
    return [
        _promise("assign", *hours(15 * MINUTE, HOUR, 4 * HOUR)),
        _promise("accept", *hours(15 * MINUTE, 2 * HOUR, 8 * HOUR)),
        _promise("first_attempt", *hours(15 * MINUTE, 4 * HOUR, 8 * HOUR)),
        {**_promise("cadence", *days(10, 15, 15)), "attempts": {"hot": 6, "warm": 6, "standard": 4}},
        _promise("respond", *hours(15 * MINUTE, 4 * HOUR, 8 * HOUR)),
        _promise("verdict", *days(13, 18, 20)),
        _promise("quick_rating", *days(1, 1, 1)),
        _promise("full_feedback", *days(1, 1, 1)),
        _promise("answer_offer", *days(1, 1, 1)),
        _promise("triage", *hours(30 * MINUTE, 30 * MINUTE, 30 * MINUTE)),
        _promise("complete", *hours(4 * HOUR, 4 * HOUR, 4 * HOUR)),
        _promise("returned", *days(1, 1, 1)),
        _promise("nurture", *days(2, 2, 2)),
        _promise("answer_question", {"seconds": 30 * MINUTE}, *days(1, 1)),
        _promise("brief", *days(3, 3, 3)),
        _promise("decide_dispute", *days(2, 2, 2)),
    ]


def _seconds(*values: int) -> list[Time]:
    return [{"seconds": value} for value in values]


def _days(*values: int) -> list[Time]:
    return [{"days": value, "until": "same_time"} for value in values]


def _promise(code: str, hot: Time, warm: Time, standard: Time) -> dict[str, Any]:
    """Write a promise; warnings and grace follow the length: see design, domain page, below the commitments."""
    kind = KINDS[code]
    within = {"hot": hot, "warm": warm, "standard": standard}
    is_short = {tier: int(within[tier].get("seconds", HOUR)) < HOUR for tier in TIERS}
    return {
        "code": code,
        "side": kind.side,
        "words": kind.words,
        "within": within,
        "warn_percents": {tier: [66] if is_short[tier] else [50, 75] for tier in TIERS},
        "grace_seconds": {tier: 30 * MINUTE if is_short[tier] else 0 for tier in TIERS},
    }


def _target(code: str, amount: int, of: str = "") -> dict[str, Any]:
    kind = TARGETS[code]
    return {"code": code, "side": kind.side, "words": kind.words, "amount": amount, "of": of}


def _at_least(field: str, value: int) -> dict[str, Any]:
    return {"field": field, "op": "gte", "value": value}


def _is_hand_raise() -> dict[str, Any]:
    return {"field": "is_hand_raise", "op": "is", "value": True}
