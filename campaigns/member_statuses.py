"""What somebody can be in a campaign, by its type, in the order in which one becomes it. Pure.

Source: design, domain page, *Codes*: each type of campaign has member statuses, some of them a success of the campaign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """One status: what is stored, what people read, and whether the campaign got there what it is for."""

    code: str
    label: str
    is_success: bool = False


INVITED, REGISTERED = Status("invited", "Invited"), Status("registered", "Registered")
ATTENDED, NO_SHOW = Status("attended", "Attended", True), Status("no_show", "No show")
SENT, OPENED = Status("sent", "Sent"), Status("opened", "Opened")
CLICKED, REPLIED = Status("clicked", "Clicked", True), Status("replied", "Replied", True)
DOWNLOADED = Status("downloaded", "Downloaded", True)
REACHED, RESPONDED = Status("reached", "Reached"), Status("responded", "Responded", True)
BOUNCED, UNSUBSCRIBED = Status("bounced", "Bounced"), Status("unsubscribed", "Unsubscribed")

_MAIL = (SENT, BOUNCED, OPENED, CLICKED, REPLIED, UNSUBSCRIBED)
_EVENT = (INVITED, REGISTERED, NO_SHOW, ATTENDED)
_AD = (Status("shown", "Shown"), CLICKED, Status("converted", "Converted", True))
_ANSWER = (REACHED, RESPONDED)
_REFERRED = (Status("referred", "Referred"), Status("contacted", "Contacted"), RESPONDED)

STATUSES: dict[str, tuple[Status, ...]] = {
    "email": _MAIL,
    "nurture": _MAIL,
    "webinar": (INVITED, REGISTERED, NO_SHOW, Status("watched_later", "Watched later", True), ATTENDED),
    "event": _EVENT,
    "trade_show": (INVITED, REGISTERED, NO_SHOW, Status("visited", "Visited the stand", True), Status("talked", "Talked to us", True)),
    "content": (Status("viewed", "Viewed"), DOWNLOADED),
    "content_syndication": (Status("viewed", "Viewed"), DOWNLOADED),
    "paid_search": _AD,
    "paid_social": _AD,
    "display": _AD,
    "seo": (Status("visited", "Visited"), Status("converted", "Converted", True)),
    "direct_mail": (SENT, Status("returned", "Returned"), RESPONDED),
    "telemarketing": (Status("called", "Called"), REACHED, RESPONDED),
    "partner": _REFERRED,
    "referral": _REFERRED,
    "public_relations": _ANSWER,
    "account_based": (Status("targeted", "Targeted"), Status("engaged", "Engaged"), Status("met", "Met", True)),
    "list_import": (Status("listed", "On the list"), REACHED, RESPONDED),
    "other": _ANSWER,
}  # fmt: skip
"""By type of campaign."""

CODES = frozenset(status.code for statuses in STATUSES.values() for status in statuses)
"""Of all types: a campaign may have members of a former type of its own."""
LONGEST = 24
"""Characters of a code."""
_NOT_WORD = re.compile(r"[\W_]+")


def read_status(campaign_type: str, text: str) -> Status | None:
    """Give the status of a campaign of this type that ``text`` names, by its code or its label however it is written."""
    wanted = _plain(text)
    return next(
        (status for status in STATUSES[campaign_type] if wanted in (_plain(status.code), _plain(status.label))), None
    )


def rank(campaign_type: str, code: str) -> int:
    """Give how far a status is; before all others where it is none of this type (any more)."""
    codes = [status.code for status in STATUSES[campaign_type]]
    return codes.index(code) if code in codes else -1


def labels(campaign_type: str) -> str:
    """Name all statuses of a type, for a message."""
    return ", ".join(status.label.lower() for status in STATUSES[campaign_type])


def _plain(text: str) -> str:
    return _NOT_WORD.sub(" ", text).strip().casefold()
