"""The forms by which both sides ask, answer, contest and decide."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet

from desk.queries.exchange import managed_sides
from desk.step_forms import CHOOSE, StepForm, key_field, note_field
from leads.models import Dispute, Question
from leads.questions import answerable
from teams.models import Team

SHORT = 90


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"


class _OneOf(StepForm):
    """A form about one of several open things: where there is one alone, it is shown, else one is chosen; ``which`` names what the address means."""

    named = ""
    about = ""

    def _offer(self, things: list[tuple[int, str]]) -> None:
        choices = [(str(pk), words) for pk, words in things]
        is_alone = len(choices) < 2
        self.fields[self.named] = forms.TypedChoiceField(
            label="Which", coerce=int, choices=[CHOOSE, *((pk, _short(words)) for pk, words in choices)], empty_value=None,
            required=not is_alone, widget=forms.HiddenInput if is_alone else forms.Select,
            initial=next((pk for pk, _ in choices if pk == self.which or is_alone), ""),
        )  # fmt: skip
        self.about = choices[0][1] if choices and is_alone else ""
        self.order_fields([self.named])

    def _open_questions(self) -> QuerySet[Question]:
        return (
            Question.objects.filter(lead=self.lead, state=Question.States.OPEN)
            .select_related("asked_by")
            .order_by("id")
        )


class AskForm(StepForm):
    key = key_field()
    text = note_field("What you want to know", required=True, rows=4)


class OfferForm(StepForm):
    key = key_field()
    text = note_field("What you offer", required=True, rows=4)


class AnswerForm(_OneOf):
    named = "question_id"
    text = note_field("Answer", required=True, rows=4)

    def prepare(self) -> None:
        questions = self._open_questions().filter(answerable(self.user))
        self._offer([(question.pk, f"{question.asked_by}: {question.text}") for question in questions])


class WithdrawQuestionForm(_OneOf):
    named = "question_id"

    def prepare(self) -> None:
        self._offer([(question.pk, f"{question.asked_by}: {question.text}") for question in self._open_questions()])


class DisputeForm(StepForm):
    reason = note_field("Why it is not what was agreed", required=True, rows=4)


class _AboutDispute(_OneOf):
    named = "dispute_id"

    def prepare(self) -> None:
        disputes = Dispute.objects.filter(handoff__lead=self.lead, state=Dispute.States.OPEN).select_related(
            "raised_by"
        )
        self._offer([
            (dispute.pk, f"{dispute.get_kind_display()}, {dispute.raised_by}: {dispute.reason}")
            for dispute in disputes.order_by("id")
        ])  # fmt: skip


class DecideForm(_AboutDispute):
    word = forms.ChoiceField(label="Your word", widget=forms.RadioSelect, choices=Dispute.Words.choices)

    def prepare(self) -> None:
        super().prepare()
        sides = managed_sides(self.user)
        if len(sides) > 1:
            chosen = [(side.value, Team.Sides(side.value).label) for side in sides]
            self.fields["side"] = forms.ChoiceField(label="For which side", choices=[CHOOSE, *chosen])


class WithdrawDisputeForm(_AboutDispute):
    pass
