"""What two teams can promise each other here: every kind of promise that the program can count. Pure.

An agreement chooses among these and gives the times and numbers. Source: design, domain page, *Default commitments*.
"""

from __future__ import annotations

from dataclasses import dataclass

MARKETING = "marketing"
SALES = "sales"
BOTH = "both"


@dataclass(frozen=True, slots=True)
class Kind:
    """A promise with a clock for each case.

    ``side`` owes it; ``subject`` is what the clock is about; ``words`` say it in the agreement, ``short`` on a chip and in a notice
    (*to …*). Its clock ``may_pause``; escalation ``may_move`` the lead to somebody else; it is kept only by a number of attempts
    (``counts_attempts``); its time runs back from a date, which it has to be kept ``before``.
    """

    code: str
    side: str
    subject: str
    words: str
    short: str
    may_pause: bool = False
    may_move: bool = False
    counts_attempts: bool = False
    before: bool = False


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("assign", SALES, "offer", "Assign a lead that waits in a queue", "assign", may_move=True),
        Kind("accept", SALES, "offer", "Accept or reject an offered lead", "accept", may_move=True),
        Kind(
            "first_attempt", SALES, "lead", "Make the first attempt after acceptance", "first attempt",
            may_pause=True, may_move=True,
        ),
        Kind(
            "cadence", SALES, "lead", "Try often enough, or come to a conversation", "cadence",
            may_pause=True, may_move=True, counts_attempts=True,
        ),
        Kind(
            "respond", SALES, "lead", "Respond when a contact in work asks for us again", "respond",
            may_pause=True, may_move=True,
        ),
        Kind("verdict", SALES, "lead", "Decide what becomes of an accepted lead", "verdict", may_pause=True),
        Kind("quick_rating", SALES, "lead", "Rate the lead after the first conversation", "quick rating"),
        Kind("full_feedback", SALES, "lead", "Give full feedback after the verdict", "feedback"),
        Kind("answer_offer", SALES, "question", "Answer marketing’s offer of help", "answer"),
        Kind("triage", MARKETING, "lead", "Complete a request whose fit is unknown", "triage"),
        Kind("complete", MARKETING, "lead", "Complete an MQL that cannot be handed off", "complete"),
        Kind("returned", MARKETING, "lead", "Decide about a lead that sales gave back", "decide"),
        Kind("nurture", MARKETING, "lead", "Get in touch with a recycled lead after its return", "nurture"),
        Kind("answer_question", MARKETING, "question", "Answer a rep’s question", "answer"),
        Kind("brief", MARKETING, "campaign", "Brief sales before a campaign starts", "brief sales", before=True),
        Kind("decide_dispute", BOTH, "dispute", "Decide a dispute", "decide"),
    )
}  # fmt: skip


def short_of(code: str) -> str:
    """Say a promise in a word or two, also one that an earlier edition of the program counted."""
    return KINDS[code].short if code in KINDS else code.replace("_", " ")


def task_of(code: str) -> str:
    """Say what has to be done, to follow *to*: *accept or reject an offered lead*."""
    words = KINDS[code].words if code in KINDS else code.replace("_", " ")
    return words[:1].lower() + words[1:]


COUNT, MONEY, PERCENT = "count", "money", "percent"
MONTH, QUARTER = "month", "quarter"


@dataclass(frozen=True, slots=True)
class TargetKind:
    """A number that a side promises for a period, met or missed at its end.

    ``unit`` is *count*, *money* (whole units of a currency) or *percent*; ``by`` says what it may be narrowed to: *persona*, *tier* or nothing.
    """

    code: str
    side: str
    period: str
    unit: str
    words: str
    by: str = ""


TARGETS: dict[str, TargetKind] = {
    kind.code: kind
    for kind in (
        TargetKind("mql_volume", MARKETING, MONTH, COUNT, "MQLs", by="persona"),
        TargetKind("mql_value", MARKETING, MONTH, MONEY, "Worth of the MQLs", by="persona"),
        TargetKind("acceptance_rate", MARKETING, MONTH, PERCENT, "Share of handed-off leads that sales accepts"),
        TargetKind("pipeline_value", MARKETING, QUARTER, MONEY, "Pipeline from marketing’s leads"),
        TargetKind("revenue_share", MARKETING, QUARTER, PERCENT, "Share of revenue from marketing’s leads"),
        TargetKind("conversation_share", SALES, MONTH, PERCENT, "Share of leads with a conversation", by="tier"),
    )
}
