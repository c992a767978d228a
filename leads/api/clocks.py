"""Clocks over the API: those of a lead, one, and what can be done about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inputs.moments import day, instant
from inputs.refusals import NotVisible
from leads.api.acts import Act
from leads.api.base import ApiView, Reader, code, read_body, text
from leads.api.shapes import ProblemBody, moment_body, person_body
from leads.excusing import excuse
from leads.models import Clock, Lead
from leads.pausing import pause, resume
from sla.in_force import version_terms

MOST = 200
AHEAD = timedelta(days=3660)
DATE_LENGTH = len("2026-03-01")
ALONG = ("user", "team", "handoff", "question", "dispute__handoff")
WAYS = ("lead", "handoff__lead", "question__lead", "dispute__handoff__lead")
"""How a clock can be about a lead: asked for one by one, for each has its index, and all at once would read every clock."""


class ClockOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    promise = serializers.CharField()
    side = serializers.CharField()
    tier = serializers.CharField()
    lead_id = serializers.IntegerField(allow_null=True)
    user = serializers.DictField(allow_null=True)
    team = serializers.DictField(allow_null=True)
    state = serializers.ChoiceField(choices=Clock.States.choices)
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    goes_on_at = serializers.DateTimeField(allow_null=True, help_text="When a paused clock goes on by itself.")
    answered_at = serializers.DateTimeField(allow_null=True)
    missed_at = serializers.DateTimeField(allow_null=True)
    excused_at = serializers.DateTimeField(allow_null=True)
    waited_seconds = serializers.IntegerField(
        allow_null=True, help_text="System delay: business seconds from arrival until it was with whoever owes it."
    )
    answered_seconds = serializers.IntegerField(
        allow_null=True, help_text="Human delay: business seconds from then until it was done; null while it is not."
    )
    late_seconds = serializers.IntegerField(
        allow_null=True, help_text="Business seconds from the due time until it was done; null where that was in time."
    )
    pause_count = serializers.IntegerField()
    pauses_allowed = serializers.IntegerField()


class ClockList(serializers.Serializer[Any]):
    results = ClockOut(many=True)


def clock_body(clock: Clock) -> dict[str, Any]:
    """Give the body of a clock that was loaded with ``ALONG``."""
    holder = clock.handoff or clock.question or (clock.dispute.handoff if clock.dispute else None)
    return {
        "id": clock.pk,
        "promise": clock.promise,
        "side": clock.side,
        "tier": clock.tier,
        "lead_id": holder.lead_id if holder else clock.lead_id,
        "user": person_body(clock.user),
        "team": {"id": clock.team.pk, "name": clock.team.name} if clock.team else None,
        "state": clock.state,
        "started_at": moment_body(clock.started_at),
        "due_at": moment_body(clock.due_at),
        "goes_on_at": moment_body(clock.next_action_at if clock.state == Clock.States.PAUSED else None),
        "answered_at": moment_body(clock.answered_at),
        "missed_at": moment_body(clock.missed_at),
        "excused_at": moment_body(clock.excused_at),
        "waited_seconds": clock.waited_seconds,
        "answered_seconds": clock.answered_seconds,
        "late_seconds": clock.late_seconds,
        "pause_count": clock.pause_count,
        "pauses_allowed": version_terms(clock.version_id).pauses.most,
    }


def _until(at: datetime) -> Reader:
    def read(value: Any, field: str) -> date | datetime | None:
        if value is None:
            return None
        if isinstance(value, str) and len(value.strip()) == DATE_LENGTH:
            return day(value, field=field)
        return instant(value, at=at + AHEAD, field=field)

    return read


ACTS: dict[str, Act] = {
    "pause": Act(pause, {"reason": code, "note": text}, ("reason",)),
    "resume": Act(resume, {}),
    "excuse": Act(excuse, {"reason": code, "note": text}, ("reason",)),
}


class ClocksOfLead(ApiView):
    """The promises on one lead."""

    @extend_schema(operation_id="leads_clocks", responses={200: ClockList, 404: ProblemBody})
    def get(self, request: Request, lead_id: int) -> Response:
        """List the promises on a lead and its handoffs, the newest first, 200 at most."""
        user = self.user(request)
        if not Lead.objects.visible_to(user).filter(pk=lead_id).exists():
            raise NotVisible("There is no such lead.")
        visible = Clock.objects.visible_to(user).select_related(*ALONG).order_by("-started_at", "-id")
        found = [clock for way in WAYS for clock in visible.filter(**{way: lead_id})[:MOST]]
        found.sort(key=lambda clock: (clock.started_at, clock.pk), reverse=True)
        return Response({"results": [clock_body(clock) for clock in found[:MOST]]})


class OneClock(ApiView):
    """One promise."""

    @extend_schema(operation_id="clocks_read", responses={200: ClockOut, 404: ProblemBody})
    def get(self, request: Request, clock_id: int) -> Response:
        """Give one promise as it stands."""
        clock = Clock.objects.visible_to(self.user(request)).select_related(*ALONG).filter(pk=clock_id).first()
        if clock is None:
            raise NotVisible("There is no such promise.")
        return Response(clock_body(clock))


class ActOnClock(ApiView):
    """Do one thing about one promise."""

    @extend_schema(
        operation_id="clocks_act",
        request=OpenApiTypes.OBJECT,
        responses={200: ClockOut, 400: ProblemBody, 403: ProblemBody, 404: ProblemBody, 409: ProblemBody},
        description="**pause**: reason*, until (a date, or a time with its offset), note; **resume**: none; **excuse**: reason*, note.",
    )
    def post(self, request: Request, clock_id: int, act: str) -> Response:
        """Do it, and give the promise as it is then."""
        user = self.user(request)
        known = ACTS.get(act)
        visible = Clock.objects.visible_to(user)
        if known is None or not visible.filter(pk=clock_id).exists():
            raise NotVisible("There is no such promise or act.")
        at = self.at(request)
        readers = {**known.readers, **({"until": _until(at)} if act == "pause" else {})}
        values = read_body(request.data, readers, required=known.required)
        known.verb(clock_id=clock_id, actor=user, at=at, **values)
        return Response(clock_body(visible.select_related(*ALONG).get(pk=clock_id)))
