"""What both sides ask each other and contest, over the API: lists and single ones. What is done about them are acts on their lead."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inputs.refusals import NotVisible
from leads.api.base import ApiView
from leads.api.paging import BadQuery, Condition, Listing, among, moment, number
from leads.api.shapes import ProblemBody, moment_body, person_body
from leads.models import Clock, Dispute, Question
from teams.models import Team

SIDES = frozenset(Team.Sides.values)


def _waits_for(value: str, name: str, _at: Any) -> Q:
    """Choose the open disputes in which a side has not spoken yet."""
    if value not in SIDES:
        raise BadQuery(f"This must be of: {', '.join(sorted(SIDES))}.", code="unknown_choice", field=name)
    return Q(**{f"{value}_word": ""}, state=Dispute.States.OPEN)


QUESTION_FILTERS: dict[str, Condition] = {
    "state": among("state", frozenset(Question.States.values)),
    "to": among("to_side", SIDES),
    "lead": number("lead_id"),
    "asked_by": number("asked_by_id"),
    "addressee": number("addressee_id"),
    "asked_from": moment("asked_at__gte"),
    "asked_before": moment("asked_at__lt"),
}
DISPUTE_FILTERS: dict[str, Condition] = {
    "state": among("state", frozenset(Dispute.States.values)),
    "kind": among("kind", frozenset(Dispute.Kinds.values)),
    "waits_for": _waits_for,
    "lead": number("handoff__lead_id"),
    "handoff": number("handoff_id"),
    "raised_by": number("raised_by_id"),
    "raised_from": moment("raised_at__gte"),
    "raised_before": moment("raised_at__lt"),
}
QUESTIONS = Listing(
    QUESTION_FILTERS, times=("asked_at",), along=("asked_by", "addressee", "closed_by"), beside=("clocks",)
)
DISPUTES = Listing(
    DISPUTE_FILTERS,
    times=("raised_at",),
    along=("handoff", "raised_by", "marketing_by", "sales_by"),
    beside=("clocks",),
)


# How they look --------------------------------------------------------------------------------------------------------


class ExchangeClock(serializers.Serializer[Any]):
    """The promise to answer, or to decide; none where the agreement promises nothing."""

    id = serializers.IntegerField()
    side = serializers.ChoiceField(choices=Team.Sides.choices)
    state = serializers.ChoiceField(choices=Clock.States.choices)
    due_at = serializers.DateTimeField()


class QuestionOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    lead_id = serializers.IntegerField()
    to = serializers.ChoiceField(choices=Team.Sides.choices, help_text="The side that is asked.")
    state = serializers.ChoiceField(choices=Question.States.choices)
    text = serializers.CharField()
    asked_by = serializers.DictField()
    asked_at = serializers.DateTimeField()
    addressee = serializers.DictField(allow_null=True, help_text="Who of the side; null where all of it are asked.")
    answer = serializers.CharField(allow_null=True)
    closed_by = serializers.DictField(allow_null=True, help_text="Null also where it ended by itself.")
    closed_at = serializers.DateTimeField(allow_null=True)
    clocks = ExchangeClock(many=True)


class QuestionPage(serializers.Serializer[Any]):
    results = QuestionOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


class WordOut(serializers.Serializer[Any]):
    """What one side has said, all null while it has not."""

    word = serializers.ChoiceField(choices=Dispute.Words.choices, allow_null=True)
    by = serializers.DictField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class DisputeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    lead_id = serializers.IntegerField()
    handoff_id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Dispute.Kinds.choices)
    state = serializers.ChoiceField(choices=Dispute.States.choices)
    reason = serializers.CharField()
    raised_by = serializers.DictField()
    raised_at = serializers.DateTimeField()
    marketing = WordOut()
    sales = WordOut()
    closed_at = serializers.DateTimeField(allow_null=True)
    clocks = ExchangeClock(many=True)


class DisputePage(serializers.Serializer[Any]):
    results = DisputeOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


def question_body(question: Question) -> dict[str, Any]:
    """Give the body of a question that was loaded as ``QUESTIONS`` loads it."""
    return {
        "id": question.pk,
        "lead_id": question.lead_id,
        "to": question.to_side,
        "state": question.state,
        "text": question.text,
        "asked_by": person_body(question.asked_by),
        "asked_at": moment_body(question.asked_at),
        "addressee": person_body(question.addressee),
        "answer": question.answer or None,
        "closed_by": person_body(question.closed_by),
        "closed_at": moment_body(question.closed_at),
        "clocks": _clocks(question),
    }


def dispute_body(dispute: Dispute) -> dict[str, Any]:
    """Give the body of a dispute that was loaded as ``DISPUTES`` loads it."""
    return {
        "id": dispute.pk,
        "lead_id": dispute.handoff.lead_id,
        "handoff_id": dispute.handoff_id,
        "kind": dispute.kind,
        "state": dispute.state,
        "reason": dispute.reason,
        "raised_by": person_body(dispute.raised_by),
        "raised_at": moment_body(dispute.raised_at),
        **{side: _word(dispute, side) for side in sorted(SIDES)},
        "closed_at": moment_body(dispute.closed_at),
        "clocks": _clocks(dispute),
    }


def _word(dispute: Dispute, side: str) -> dict[str, Any]:
    return {
        "word": getattr(dispute, f"{side}_word") or None,
        "by": person_body(getattr(dispute, f"{side}_by")),
        "at": moment_body(getattr(dispute, f"{side}_at")),
    }


def _clocks(subject: Question | Dispute) -> list[dict[str, Any]]:
    found = sorted(subject.clocks.all(), key=lambda clock: clock.pk)
    return [
        {"id": clock.pk, "side": clock.side, "state": clock.state, "due_at": moment_body(clock.due_at)}
        for clock in found
    ]


# The addresses --------------------------------------------------------------------------------------------------------


class Questions(ApiView):
    """All questions that the caller may see."""

    @extend_schema(
        operation_id="questions_list", parameters=QUESTIONS.parameters, responses={200: QuestionPage, 400: ProblemBody}
    )
    def get(self, request: Request) -> Response:
        """List questions, newest first, a page at a time."""
        rows = Question.objects.visible_to(self.user(request, "see_leads"))
        page = QUESTIONS.page(rows, request.query_params, at=self.at(request))
        return Response({"results": [question_body(question) for question in page.rows], "next": page.next})


class OneQuestion(ApiView):
    """One question."""

    @extend_schema(operation_id="questions_read", responses={200: QuestionOut, 404: ProblemBody})
    def get(self, request: Request, question_id: int) -> Response:
        """Give one question with its answer. The acts *answer* and *withdraw-question* on its lead take its id."""
        found = QUESTIONS.one(Question.objects.visible_to(self.user(request)), question_id)
        if found is None:
            raise NotVisible("There is no such question.")
        return Response(question_body(found))


class Disputes(ApiView):
    """All disputes that the caller may see."""

    @extend_schema(
        operation_id="disputes_list", parameters=DISPUTES.parameters, responses={200: DisputePage, 400: ProblemBody}
    )
    def get(self, request: Request) -> Response:
        """List disputes, newest first, a page at a time."""
        rows = Dispute.objects.visible_to(self.user(request, "see_leads"))
        page = DISPUTES.page(rows, request.query_params, at=self.at(request))
        return Response({"results": [dispute_body(dispute) for dispute in page.rows], "next": page.next})


class OneDispute(ApiView):
    """One dispute."""

    @extend_schema(operation_id="disputes_read", responses={200: DisputeOut, 404: ProblemBody})
    def get(self, request: Request, dispute_id: int) -> Response:
        """Give one dispute with the word of each side. The acts *decide* and *withdraw-dispute* on its lead take its id."""
        found = DISPUTES.one(Dispute.objects.visible_to(self.user(request)), dispute_id)
        if found is None:
            raise NotVisible("There is no such dispute.")
        return Response(dispute_body(found))
