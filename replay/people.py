"""How people behave: how fast a rep answers, what they decide, what they forget. Pure.

Medians are business minutes by tier. Most answer in time; some are late, some never answer, and some decide wrongly: an agreement that
is always kept would test nothing.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from decimal import Decimal

ACCEPT_MINUTES = {"hot": 5, "warm": 30, "standard": 110}
ATTEMPT_MINUTES = {"hot": 5, "warm": 60, "standard": 130}
SPREAD = 0.75
SHARE_LATE = 0.10
SHARE_NEVER = 0.05
LATE_FACTOR = 6

ACCEPT, REJECT, REROUTE, CALL_AT_ONCE = "accept", "reject", "reroute", "call_at_once"
MAX_ATTEMPTS = 6


SHARE_ASKS = 0.08
SHARE_OFFERED_HELP = 0.05
SHARE_CONTESTED = 0.25
"""Of what sales gave back, and of what marketing delivered that turns out to be worth little."""
WORTH_CONTESTING = 0.2
SHARE_TAKEN_BACK = 0.08
SHARE_TRANSFERRED = 0.12
"""Of the leads that became an SQL; of those in a first conversation it is half of it."""
TRANSFER_MINUTES = 120
SHARE_PAUSES = 0.06
SHARE_EXCUSED = 0.04
ANSWER_MINUTES = 70
DECIDE_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rep does about an offer: after how many business seconds (nothing: never), and what."""

    seconds: int | None
    act: str
    reason: str = ""
    is_doubled: bool = False


def answer(chance: random.Random, tier: str, worth: float) -> Answer:
    """Decide about an offer of ``worth``."""
    seconds = wait(chance, ACCEPT_MINUTES[tier])
    is_doubled = chance.random() < 0.05
    roll = chance.random()
    if worth < 0.2 and roll < 0.7:
        reason = chance.choice(("wrong_size", "wrong_role", "no_contact_data", "test_or_junk", "wrong_industry"))
        return Answer(seconds, REJECT, reason, is_doubled)
    if roll < 0.05:  # a mistake: the lead was good
        reason = chance.choice(("wrong_region", "recently_contacted", "duplicate", "competitor", "other"))
        return Answer(seconds, REJECT, reason, is_doubled)
    if roll < 0.08:
        return Answer(seconds, REROUTE)
    return Answer(seconds, CALL_AT_ONCE if roll < 0.14 else ACCEPT, is_doubled=is_doubled)


def first_attempt(chance: random.Random, tier: str) -> int | None:
    """Give after how many business seconds the first attempt is made; nothing: never."""
    return wait(chance, ATTEMPT_MINUTES[tier])


def wait(chance: random.Random, median_minutes: float) -> int | None:
    """Draw a delay in business seconds: log-normal, sometimes far too late, sometimes never."""
    seconds = median_minutes * 60 * math.exp(chance.gauss(0, SPREAD))
    roll = chance.random()
    if roll < SHARE_NEVER:
        return None
    return max(20, round(seconds * (LATE_FACTOR if roll < SHARE_NEVER + SHARE_LATE else 1)))


def attempt(chance: random.Random, worth: float) -> tuple[str, str, bool]:
    """Give kind, outcome and direction of an activity."""
    roll = chance.random()
    if roll < 0.2 + 0.3 * worth:
        if chance.random() < 0.15:
            return "call", "conversation", False
        return "call", chance.choice(("conversation", "conversation", "meeting_booked")), True
    if worth < 0.1 and roll < 0.5:
        return "call", "wrong_data", True
    return chance.choice((("call", "no_answer", True), ("call", "left_message", True), ("email", "sent", True)))


def quality(chance: random.Random, worth: float) -> tuple[int, dict[str, bool]]:
    """Rate a lead, 1 to 5, with the aspects that come to mind."""
    stars = min(5, max(1, round(1 + 4 * worth + chance.gauss(0, 0.6))))
    aspects = {name: stars >= 3 for name in ("fit", "timing", "data", "interest") if chance.random() < 0.4}
    return stars, aspects


def verdict(chance: random.Random, worth: float) -> tuple[str, str]:
    """Decide what becomes of a lead after a conversation: a step and its reason."""
    if worth + chance.gauss(0, 0.15) > 0.42:
        return "qualify_for_sales", ""
    if chance.random() < 0.7:
        return "recycle", chance.choice(("bad_timing", "no_budget", "under_contract", "no_authority", "no_project"))
    return "disqualify", chance.choice(("too_small", "vendor", "student_or_job_seeker", "competitor", "other"))


def word(chance: random.Random, *, is_own: bool) -> str:
    """Give a manager's word in a dispute: mostly for what their own side contests, else as often as not."""
    return "overturn" if chance.random() < (0.85 if is_own else 0.5) else "stand"


def about_transfer(chance: random.Random) -> tuple[int | None, str]:
    """Give after how many business seconds a colleague answers to a transfer (nothing: never), and what is done then."""
    seconds = wait(chance, TRANSFER_MINUTES)
    roll = chance.random()
    return seconds, "accept" if roll < 0.7 else "decline" if roll < 0.9 else "withdraw"


def deal(chance: random.Random) -> Decimal:
    """Give the amount of a deal, to the hundred."""
    return Decimal(round(math.exp(chance.gauss(9.3, 0.7)) / 100) * 100)


def close(chance: random.Random, worth: float) -> tuple[str, str]:
    """Decide how an opportunity ends."""
    if worth + chance.gauss(0, 0.2) > 0.6:
        return "win", ""
    return "lose", chance.choice(("price", "competitor", "no_decision", "no_budget", "product_gap", "timing"))
