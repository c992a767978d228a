"""Leads over the API: take one in, list them, read one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inputs.countries import country_code
from inputs.moments import instant
from inputs.refusals import NotVisible
from leads.api.base import ApiView, given, read_body, text
from leads.api.filters import LEADS, listed
from leads.api.paging import BadQuery
from leads.api.shapes import (
    LeadIn,
    LeadOut,
    LeadPage,
    LeadTaken,
    OneLeadOut,
    ProblemBody,
    lead_body,
    past_score_body,
    score_of,
)
from leads.capture import capture
from leads.intake.arrival import CREATED, Arrival, Outcome
from leads.models import Lead
from leads.score_as_of import NotKnownThen, score_as_of
from personas.fit import grade

UNESCAPED_PLUS = re.compile(r"(T\S*) (\d{2}:?\d{2})$")
"""In an address a plus that is not escaped is a space."""
AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATETIME, description="A past instant with its offset.")

# The intake checks each value; here only names, and what JSON may be that a row of a file may not.
FIELDS = {
    **dict.fromkeys(LeadIn().fields, given),
    "occurred_at": text,
    "key": text,
}
READ_ONLY = frozenset(LeadOut().fields) | {
    "outcome", "problems", "fit", "grade", "engagement", "owner_id", "contact_id", "company_id", "captured_at", "mql_at",
    "created_at", "recorded_at",
}  # fmt: skip


class Leads(ApiView):
    """All leads that the caller may see, and the way in for another."""

    @extend_schema(operation_id="leads_list", parameters=LEADS.parameters, responses={200: LeadPage, 400: ProblemBody})
    def get(self, request: Request) -> Response:
        """List leads, newest first, a page at a time.

        A lead that was merged into another is left out, unless `stage` or `q` is asked for; `merged_into` names the one that goes on for it.
        The leads of a `contact` are also those of whoever was merged into it.
        """
        user = self.user(request, "see_leads")
        at = self.at(request)
        page = LEADS.page(listed(Lead.objects.visible_to(user), request.query_params), request.query_params, at=at)
        return Response({"results": [lead_body(lead, at) for lead in page.rows], "next": page.next})

    @extend_schema(
        operation_id="leads_create",
        request=LeadIn,
        responses={201: LeadTaken, 200: LeadTaken, 400: ProblemBody, 403: ProblemBody},
    )
    def post(self, request: Request) -> Response:
        """Take one contact in: 201 for a new lead, 200 where it joined one that was there or came before."""
        user = self.user(request, "capture_lead", "capture_own_lead")
        values = read_body(request.data, FIELDS, read_only=READ_ONLY)
        at = self.at(request)
        outcome = capture(arrival=_arrival(values, at), actor=user, at=at)
        body = {
            "id": outcome.lead_id,
            "outcome": outcome.state,
            "stage": outcome.stage,
            "score": _score(outcome, at),
            "problems": [
                {"field": problem.field, "code": problem.code, "message": problem.message}
                for problem in outcome.problems
            ],
        }
        status = 201 if outcome.state == CREATED else 200
        return Response(body, status=status, headers={"Location": f"/api/v1/leads/{outcome.lead_id}"})


def _score(outcome: Outcome, at: datetime) -> dict[str, Any]:
    """Give the scores that the intake saw; of an arrival that it skipped, those that are stored."""
    if outcome.engagement is None:
        return score_of(Lead.objects.get(pk=outcome.lead_id or 0), at)
    return {"fit": outcome.fit, "grade": grade(outcome.fit) or None, "engagement": outcome.engagement}


def _arrival(values: dict[str, Any], at: datetime) -> Arrival:
    if values.get("occurred_at"):
        values["occurred_at"] = instant(values["occurred_at"], at=at, field="occurred_at")
    country = values.get("country")
    if isinstance(country, str):
        values["country"] = country_code(country)
    return Arrival(**values)


class OneLead(ApiView):
    """One lead."""

    @extend_schema(
        operation_id="leads_read", parameters=[AS_OF], responses={200: OneLeadOut, 400: ProblemBody, 404: ProblemBody}
    )
    def get(self, request: Request, lead_id: int) -> Response:
        """Give one lead with its contact, company, scores and times; with ``as_of`` also its scores of that past instant."""
        user = self.user(request)
        lead = LEADS.one(Lead.objects.visible_to(user), lead_id)
        if lead is None:
            raise NotVisible("There is no such lead.")
        at = self.at(request)
        body = lead_body(lead, at)
        if "as_of" in request.query_params:
            body["score_as_of"] = _past_score(lead, request.query_params["as_of"], at)
        return Response(body)


def _past_score(lead: Lead, asked: str, at: datetime) -> dict[str, Any]:
    """Raises ``BadMoment`` and ``BadQuery``."""
    as_of = instant(UNESCAPED_PLUS.sub(r"\1+\2", asked), at=at, field="as_of")
    if as_of > at:
        raise BadQuery("This lies in the future.", code="in_the_future", field="as_of")
    try:
        return past_score_body(score_as_of(lead, as_of))
    except NotKnownThen as unknown:
        raise BadQuery(str(unknown), code=unknown.code, field="as_of") from unknown
