"""Acts on a lead over the API: thin calls to the verbs, each with the fields that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inputs.moments import day, instant
from inputs.numbers import MAX_ID, amount, whole
from inputs.refusals import NotVisible
from leads import disputes, followup, handoffs, moves, outcomes, qualifying, questions, second_life, transfers, voices
from leads.api.base import ApiView, BadBody, Reader, code, flag, given, read_body, text
from leads.api.shapes import ActOut, ProblemBody, detailed, lead_body
from leads.completing import complete
from leads.corrections import FIELDS
from leads.members import campaign_of, set_member_status
from leads.models import Lead
from leads.nurturing import nurture
from teams.models import User

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")


@dataclass(frozen=True, slots=True)
class Act:
    """One verb: what it is called with, and what its body may and must hold.

    ``moments`` are the fields that hold a time of what happened; it is judged by the instant of the call.
    """

    verb: Callable[..., Any]
    readers: Mapping[str, Reader]
    required: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that its body may hold."""
        return (*self.readers, *self.moments)

    def readers_at(self, at: datetime) -> dict[str, Reader]:
        """Give the readers of a call at ``at``."""
        return {**self.readers, **dict.fromkeys(self.moments, _moment_before(at))}


def _id(value: Any, field: str) -> int:
    return whole(value, field=field, low=1, high=MAX_ID)


def _key(value: Any, field: str) -> UUID:
    try:
        return UUID(text(value, field))
    except ValueError:
        raise BadBody("This must be a UUID.", code="wrong_type", field=field) from None


def _slug(value: Any, field: str) -> str:
    found = text(value, field)
    if not _SLUG.fullmatch(found):
        raise BadBody("This is not a code that we know.", code="unknown_code", field=field)
    return found


def _quality(value: Any, field: str) -> int:
    return whole(value, field=field, low=1, high=5)


def _moment_before(at: datetime) -> Reader:
    def read(value: Any, field: str) -> datetime | None:
        return None if value is None else instant(value, at=at, field=field)

    return read


def _amount(value: Any, field: str) -> Any:
    return amount(value, field=field)


def _day(value: Any, field: str) -> Any:
    return None if value is None else day(value, field=field)


def _close_day(value: Any, field: str) -> Any:
    return day(value, field=field)


def _currency(value: Any, field: str) -> str:
    return code(value, field).upper()


def _codes(value: Any, field: str) -> list[str]:
    if not isinstance(value, list) or len(value) > 100:
        raise BadBody("This must be a list of codes.", code="wrong_type", field=field)
    return [code(item, f"{field}.{place}") for place, item in enumerate(value)]


def _aspects(value: Any, field: str) -> dict[str, bool]:
    if not isinstance(value, dict):
        raise BadBody("This must be an object of true or false.", code="wrong_type", field=field)
    return {name: flag(item, f"{field}.{name}"[:100]) for name, item in value.items()}


def _qualify(*, lead_id: int, actor: User, at: datetime, reason: str) -> None:
    qualifying.qualify(lead_ids=[lead_id], actor=actor, at=at, reason=reason)


def _correct(*, lead_id: int, actor: User, at: datetime, is_elsewhere: bool = False, **changes: Any) -> None:
    complete(lead_id=lead_id, changes=changes, actor=actor, at=at, is_elsewhere=is_elsewhere)


def _member_status(*, lead_id: int, campaign_code: str, status: str, actor: User, at: datetime) -> None:
    campaign = campaign_of(campaign_code, actor)
    set_member_status(lead_id=lead_id, campaign_id=campaign.pk, status=status, actor=actor, at=at)


_SEEN: dict[str, Reader] = {"handoff_id": _id}
_REASON: dict[str, Reader] = {"reason": code, "note": text}
_ABOUT: dict[str, Reader] = {"question_id": _id}
_DISPUTED: dict[str, Reader] = {"dispute_id": _id}

ACTS: dict[str, Act] = {
    "qualify": Act(_qualify, {"reason": text}, ("reason",)),
    "correct": Act(_correct, {**dict.fromkeys(FIELDS, given), "source": text, "is_elsewhere": flag}),
    "member-status": Act(_member_status, {"campaign_code": _slug, "status": text}, ("campaign_code", "status")),
    "nurture": Act(nurture, {"kind": code, "note": text}, ("kind",)),
    "hand-off": Act(handoffs.hand_off, {}),
    "accept": Act(handoffs.accept, _SEEN),
    "reject": Act(handoffs.reject, {**_REASON, **_SEEN}, ("reason",)),
    "return": Act(handoffs.return_lead, _REASON, ("reason",)),
    "reroute": Act(moves.reroute, _SEEN),
    "recall": Act(moves.recall, _SEEN),
    "claim": Act(moves.claim, {}),
    "assign": Act(moves.assign, {"user_id": _id}, ("user_id",)),
    "transfer": Act(transfers.transfer, {"user_id": _id, "note": text}, ("user_id",)),
    "accept-transfer": Act(transfers.accept_transfer, {}),
    "decline-transfer": Act(transfers.decline_transfer, {"note": text}),
    "withdraw-transfer": Act(transfers.withdraw_transfer, {}),
    "activities": Act(
        followup.log_activity,
        {"kind": code, "outcome": code, "is_outbound": flag, "note": text},
        ("kind", "outcome"),
        moments=("occurred_at",),
    ),
    "rating": Act(followup.rate, {"quality": _quality, "aspects": _aspects, "comment": text}, ("quality",)),
    "qualify-for-sales": Act(outcomes.qualify_for_sales, {"confirmed": _codes}, ("confirmed",)),
    "opportunity": Act(
        outcomes.open_opportunity,
        {"amount": _amount, "expected_close_on": _close_day, "currency": _currency},
        ("amount", "expected_close_on"),
    ),
    "win": Act(outcomes.win, {"amount": _amount}),
    "lose": Act(outcomes.lose, _REASON, ("reason",)),
    "recycle": Act(outcomes.recycle, {**_REASON, "returns_on": _day}, ("reason",)),
    "disqualify": Act(outcomes.disqualify, _REASON, ("reason",)),
    "ask": Act(questions.ask, {"text": text, "key": _key}, ("text",)),
    "offer-help": Act(questions.offer_help, {"text": text, "key": _key}, ("text",)),
    "answer": Act(questions.answer, {"text": text, **_ABOUT}, ("text",)),
    "withdraw-question": Act(questions.withdraw, _ABOUT),
    "dispute": Act(disputes.raise_dispute, {"reason": text, **_SEEN}, ("reason",)),
    "decide": Act(disputes.word, {"word": code, "side": code, **_DISPUTED}, ("word",)),
    "withdraw-dispute": Act(disputes.withdraw, _DISPUTED),
    "quote": Act(voices.quote_customer, {"persona": code, "text": text, "key": _key}, ("persona", "text")),
    "propose-persona-change": Act(
        voices.propose_change, {"persona": code, "text": text, "key": _key}, ("persona", "text")
    ),
    "reopen": Act(second_life.reopen, {"reason": text}, ("reason",)),
}


class ActOnLead(ApiView):
    """Do one thing with one lead."""

    @extend_schema(
        operation_id="leads_act",
        request=OpenApiTypes.OBJECT,
        responses={200: ActOut, 400: ProblemBody, 403: ProblemBody, 404: ProblemBody, 409: ProblemBody},
        description="Fields by act (* required): "
        + "; ".join(
            f"**{name}**: {', '.join(f'{field}*' if field in act.required else field for field in act.fields) or 'none'}"
            for name, act in ACTS.items()
        )
        + ". What was asked with the same key is not asked again; a handoff that is contested already is refused with 409, and "
        "`details.dispute` names its dispute.",
    )
    def post(self, request: Request, lead_id: int, act: str) -> Response:
        """Do it, and give the lead as it is then; ``id`` names what was made (a handoff, an activity, an opportunity …)."""
        user = self.user(request)
        known = ACTS.get(act)
        # Asked before the body is read: whoever may not see the lead learns nothing from what is wrong with a body.
        if known is None or not Lead.objects.visible_to(user).filter(pk=lead_id).exists():
            raise NotVisible("There is no such lead or act.")
        at = self.at(request)
        values = read_body(request.data, known.readers_at(at), required=known.required)
        made = known.verb(lead_id=lead_id, actor=user, at=at, **values)
        lead = detailed(Lead.objects.visible_to(user)).get(pk=lead_id)
        return Response({"id": made if isinstance(made, int) else None, "lead": lead_body(lead, at)})
