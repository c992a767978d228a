"""The forms of the steps that need one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms

from desk.queries.manager import assignable
from inputs.fields import TextField
from inputs.refusals import Problem, Refusal
from leads.codes import (
    ACTIVITY_KINDS,
    DISQUALIFY_REASONS,
    FEEDBACK_ASPECTS,
    LOSS_REASONS,
    OUTCOMES,
    RECYCLE_REASONS,
    REJECTION_GROUPS,
    REJECTIONS,
)
from leads.holding import Held, terms_of
from leads.models import Handoff, Lead
from leads.qualifying import REASON_LENGTH
from leads.transfers import receivers
from sla.in_force import NoAgreement
from teams.models import User

CHOOSE = ("", "Choose…")
ASPECT_CHOICES = [("", "Not said"), ("good", "Good"), ("poor", "Poor")]
OUTCOMES_OF = {
    "call": ("no_answer", "left_message", "conversation", "meeting_booked", "wrong_data"),
    "email": ("sent", "conversation", "meeting_booked", "wrong_data"),
    "meeting": ("meeting_held", "meeting_booked", "no_answer"),
    "message": ("sent", "conversation", "meeting_booked", "wrong_data"),
}


class StepForm(forms.Form):
    """A form for a step on ``lead`` by ``user`` at ``at``; ``which`` is what of several things the address names."""

    def __init__(self, *args: Any, lead: Lead, user: User, at: datetime, which: str = "", **kwargs: Any) -> None:
        self.lead, self.user, self.at, self.which = lead, user, at, which
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the lead or the user."""

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Give what a refusal says beside the fields."""
        return refusal.problems


def note_field(label: str = "Note", *, required: bool = False, rows: int = 2) -> TextField:
    """Make a field for words of up to two thousand characters."""
    return TextField(label=label, multi_line=True, rows=rows, max_length=2000, required=required)


def key_field() -> forms.UUIDField:
    """Name this showing of the form, so that sending it twice stores it once."""
    return forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid4)


def renew_key(form: forms.Form) -> None:
    """Let what was typed count as another form when it is sent the next time."""
    form.data = {**form.data.dict(), "key": str(uuid4())}  # type: ignore[attr-defined]


def _reason(choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label="Reason", choices=[CHOOSE, *choices])


def _rejections() -> list[tuple[str, list[tuple[str, str]]]]:
    """Group the reasons of a rejection as the agreement speaks of them."""
    return [
        (words, [(code, label) for code, (of_group, label) in REJECTIONS.items() if of_group == group])
        for group, words in REJECTION_GROUPS.items()
    ]


class RejectForm(StepForm):
    reason = _reason(_rejections())
    note = note_field("What marketing should know")


class ActivityForm(StepForm):
    """An activity of one kind, which the step says."""

    kind = ""
    key = key_field()
    outcome = forms.ChoiceField(label="Outcome", choices=[])
    occurred_at = forms.DateTimeField(
        label="When", required=False, help_text="Left empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )  # fmt: skip
    is_inbound = forms.BooleanField(label="They contacted us", required=False)
    note = note_field()

    def prepare(self) -> None:
        choices = [CHOOSE, *((code, OUTCOMES[code]) for code in OUTCOMES_OF[self.kind])]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]


class CallForm(ActivityForm):
    kind = "call"


class EmailForm(ActivityForm):
    kind = "email"


class MeetingForm(ActivityForm):
    kind = "meeting"


class MessageForm(ActivityForm):
    kind = "message"


assert {CallForm.kind, EmailForm.kind, MeetingForm.kind, MessageForm.kind} == set(ACTIVITY_KINDS)  # noqa: S101


class RateForm(StepForm):
    key = key_field()
    quality = forms.TypedChoiceField(
        label="Quality of this lead", coerce=int, widget=forms.RadioSelect,
        choices=[(5, "5 – excellent"), (4, "4 – good"), (3, "3 – fair"), (2, "2 – poor"), (1, "1 – useless")],
    )  # fmt: skip
    comment = note_field("What was good, what was not")

    def prepare(self) -> None:
        for code, label in FEEDBACK_ASPECTS.items():
            self.fields[f"aspect_{code}"] = forms.ChoiceField(label=label, choices=ASPECT_CHOICES, required=False)
        self.order_fields(["quality", *(f"aspect_{code}" for code in FEEDBACK_ASPECTS), "comment"])

    @property
    def aspects(self) -> dict[str, bool]:
        """The aspects of which something was said: true is good."""
        said = {code: self.cleaned_data.get(f"aspect_{code}") for code in FEEDBACK_ASPECTS}
        return {code: word == "good" for code, word in said.items() if word}


class AssignForm(StepForm):
    user_id = forms.TypedChoiceField(label="To whom", coerce=int)

    def prepare(self) -> None:
        people = [(str(person.pk), str(person)) for person in assignable(self.user)]
        self.fields["user_id"].choices = [CHOOSE, *people]  # type: ignore[attr-defined]


class TransferForm(StepForm):
    user_id = forms.TypedChoiceField(label="To which colleague", coerce=int)
    note = note_field("What they should know")

    def prepare(self) -> None:
        people = [(str(person.pk), str(person)) for person in receivers(self.lead.owner_id or 0)]
        self.fields["user_id"].choices = [CHOOSE, *people]  # type: ignore[attr-defined]


class DeclineTransferForm(StepForm):
    note = note_field("What your colleague should know")


class QualifyForm(StepForm):
    reason = TextField(label="Why it is an MQL although the rule does not say so", max_length=REASON_LENGTH)


class NurtureForm(StepForm):
    key = key_field()
    kind = forms.ChoiceField(label="How", choices=[CHOOSE, *ACTIVITY_KINDS.items()])
    note = note_field()


class ChecklistForm(StepForm):
    """The SQL checklist that the lead is judged by, of the version its handoff is pinned to: every line must be true."""

    def prepare(self) -> None:
        for item in self.items():
            self.fields[item.code] = forms.BooleanField(
                label=item.words,
                error_messages={"required": "Not ticked."},
            )

    def clean(self) -> dict[str, Any]:
        """Say once what an unticked line means."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            self.add_error(None, "An SQL needs every line. If one is not so yet, keep working the lead.")
        return cleaned

    def items(self) -> Any:
        """Give the lines of the checklist; none before an agreement is signed."""
        newest = Handoff.objects.filter(lead=self.lead).order_by("-ordinal").first()
        try:
            _, terms = terms_of([Held(self.lead, newest)], self.at)[self.lead.pk]
            return terms.sql_checklist
        except NoAgreement:
            return ()

    @property
    def confirmed(self) -> list[str]:
        return [item.code for item in self.items() if self.cleaned_data.get(item.code)]


class OpportunityForm(StepForm):
    amount = forms.DecimalField(label="Amount", min_value=0, max_digits=14, decimal_places=2)
    currency = forms.RegexField(
        label="Currency",
        regex=r"^[A-Z]{3}$",
        initial="EUR",
        error_messages={"invalid": "Three capital letters, such as EUR."},
    )
    expected_close_on = forms.DateField(
        label="Expected close", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class WinForm(StepForm):
    amount = forms.DecimalField(label="Amount won", min_value=0, max_digits=14, decimal_places=2)

    def prepare(self) -> None:
        opportunity = self.lead.opportunities.order_by("-opened_at").first()
        if opportunity:
            self.fields["amount"].initial = opportunity.amount
            self.fields["amount"].label = f"Amount won ({opportunity.currency})"


class LoseForm(StepForm):
    reason = _reason(LOSS_REASONS.items())
    note = note_field()


class RecycleForm(StepForm):
    reason = _reason(RECYCLE_REASONS.items())
    returns_on = forms.DateField(
        label="Comes back on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Left empty: after the days that the agreement gives this reason.",
    )  # fmt: skip
    note = note_field()


class DisqualifyForm(StepForm):
    reason = _reason(DISQUALIFY_REASONS.items())
    note = note_field()


class ReopenForm(StepForm):
    reason = TextField(label="Why", max_length=200)
