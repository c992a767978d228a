"""Who am I, to a program that holds a token."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.base import ApiView
from leads.api.shapes import MeOut, ProblemBody


class Me(ApiView):
    """The caller."""

    @extend_schema(operation_id="me", responses={200: MeOut, 401: ProblemBody})
    def get(self, request: Request) -> Response:
        """Give the caller with roles and teams, and when the token ends."""
        user = self.user(request)
        expiry = getattr(request.auth, "expiry", None)
        return Response(
            {
                "id": user.pk,
                "email": user.email,
                "name": user.name,
                "timezone": user.timezone,
                "roles": sorted(user.roles),
                "teams": [
                    {"id": one.team_id, "name": one.team.name, "side": one.team.side, "is_manager": one.is_manager}
                    for one in user.memberships.select_related("team")
                ],
                "token_expires_at": expiry,
            }
        )
