"""Who is what in a campaign, over the API. It is set by the act *member-status* on a lead, or comes with a lead that is taken in."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.member_statuses import CODES
from leads.api.base import ApiView
from leads.api.paging import Condition, Listing, among, moment, number
from leads.api.shapes import ProblemBody, moment_body, person_body
from leads.members import campaign_of, members_for
from leads.models import CampaignMember

MEMBER_FILTERS: dict[str, Condition] = {
    "status": among("status", CODES),
    "lead": number("lead_id"),
    "set_from": moment("set_at__gte"),
    "set_before": moment("set_at__lt"),
}
MEMBERS = Listing(MEMBER_FILTERS, times=("set_at",), along=("set_by",))


class MemberOut(serializers.Serializer[Any]):
    lead_id = serializers.IntegerField()
    status = serializers.CharField(
        help_text="A code, such as no_show; of a former type of the campaign where it was set by then."
    )
    set_at = serializers.DateTimeField()
    set_by = serializers.DictField(
        allow_null=True, help_text="Who set it by hand; null where it came in with the lead."
    )


class MemberPage(serializers.Serializer[Any]):
    results = MemberOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


class Members(ApiView):
    """The members of a campaign that have a status in it."""

    @extend_schema(
        operation_id="campaigns_members_list",
        parameters=MEMBERS.parameters,
        responses={200: MemberPage, 400: ProblemBody, 403: ProblemBody, 404: ProblemBody},
    )
    def get(self, request: Request, code: str) -> Response:
        """List them by when it was set, the newest first, a page at a time. ``code`` is the UTM campaign."""
        user = self.user(request, "see_campaigns")
        rows = members_for(user, campaign_of(code, user))
        page = MEMBERS.page(rows, request.query_params, at=self.at(request))
        return Response({"results": [member_body(member) for member in page.rows], "next": page.next})


def member_body(member: CampaignMember) -> dict[str, Any]:
    """Give the body of a member that was loaded as ``MEMBERS`` loads it."""
    return {
        "lead_id": member.lead_id,
        "status": member.status,
        "set_at": moment_body(member.set_at),
        "set_by": person_body(member.set_by),
    }
