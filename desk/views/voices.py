"""The customer's own words and proposals for personas: noted from a lead, shown and answered on the persona."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk.access import instant, reader, sees
from desk.queries.lead_page import lead_for
from desk.queries.personas import written_persona
from desk.queries.voices import proposal_for, quotes_of
from desk.step_forms import renew_key
from desk.voice_forms import TAKE, AnswerProposalForm, ProposeForm, QuoteForm, VoiceForm
from inputs.fields import add_problems
from inputs.refusals import Invalid, NotAllowed, NotVisible, Refusal, SentBefore
from leads.holding import permit
from leads.models import PersonaProposal, Quote
from leads.voices import close_proposal, propose_change, quote_customer, remove_quote

FORM_METHODS = ["GET", "HEAD", "POST"]
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said from a lead: by which verb, who may, and the words on its form; ``done`` is said afterwards."""

    action: str
    form: type[VoiceForm]
    verb: Callable[..., int]
    title: str
    button: str
    says: str
    done: str


QUOTE = Voice(
    "quote_customer", QuoteForm, quote_customer, "Quote the customer", "Note it",
    "It stands on the persona, with the lead and your name.", "Noted on the persona.",
)  # fmt: skip
PROPOSE = Voice(
    "propose_persona_change", ProposeForm, propose_change, "Propose a change of a persona", "Propose it",
    "Marketing takes it up or declines it, and you are told which.", "Proposed; marketing is told.",
)  # fmt: skip


@require_http_methods(FORM_METHODS)
@sees("see_leads")
def quote(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Note what the contact of a lead said."""
    return _from_lead(request, lead_id, QUOTE)


@require_http_methods(FORM_METHODS)
@sees("see_leads")
def propose(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Propose a change of a persona from a lead."""
    return _from_lead(request, lead_id, PROPOSE)


@require_POST
@sees("see_personas")
def remove(request: HttpRequest, quote_id: int) -> HttpResponse:
    """Take a quote away for good."""
    code = Quote.objects.filter(pk=quote_id).values_list("persona__code", flat=True).first()
    remove_quote(quote_id=quote_id, actor=reader(request), at=instant(request))
    messages.success(request, "The quote is gone.")
    return redirect("desk:persona_quotes", code)


@require_safe
@sees("see_personas")
def quotes(request: HttpRequest, code: str) -> HttpResponse:
    """List all that customers said about a persona."""
    said, version = request.GET.get("before", ""), written_persona(code)
    before = int(said) if said.isascii() and said.isdecimal() and len(said) <= 18 else None
    user = reader(request)
    context = {
        "version": version, "page": quotes_of(version.persona_id, before), "user": user,
        "may_write": user.may("write_personas"),
    }  # fmt: skip
    return render(request, "desk/persona_quotes.html", context)


@require_http_methods(FORM_METHODS)
@sees("see_personas")
def proposal(request: HttpRequest, code: str, proposal_id: int) -> HttpResponse:
    """Show a proposal and what became of it; marketing answers it here."""
    user, at = reader(request), instant(request)
    found = proposal_for(user, code, proposal_id)
    if request.method != "POST":
        return _answer_page(request, found, AnswerProposalForm(), 200)
    permit(user, "answer_persona_proposal")
    form = AnswerProposalForm(request.POST)
    if not form.is_valid():
        return _answer_page(request, found, form, UNPROCESSABLE)
    is_taken = form.cleaned_data["decision"] == TAKE
    try:
        close_proposal(proposal_id=found.pk, is_taken=is_taken, words=form.cleaned_data["words"], actor=user, at=at)
    except (NotVisible, NotAllowed):
        raise
    except Refusal as refusal:
        add_problems(form, refusal.problems)
        return _answer_page(request, found, form, _status(refusal))
    if is_taken:
        messages.success(request, "Taken up. Write it into the persona now; whoever proposed it is told.")
        return redirect("desk:edit_persona", code)
    messages.success(request, "Declined; whoever proposed it is told why.")
    return redirect("desk:persona", code)


def _from_lead(request: HttpRequest, lead_id: int, voice: Voice) -> HttpResponse:
    user, at = reader(request), instant(request)
    lead = lead_for(user, lead_id)
    permit(user, voice.action)
    form = voice.form(request.POST if request.method == "POST" else None, lead=lead)
    status = 200
    if form.is_bound:
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                voice.verb(lead_id=lead.pk, actor=user, at=at, **form.cleaned_data)
            except (NotVisible, NotAllowed):
                raise
            except Refusal as refusal:
                add_problems(form, refusal.problems)
                status = _status(refusal)
                if isinstance(refusal, SentBefore):
                    renew_key(form)
            else:
                messages.success(request, voice.done)
                return redirect("desk:lead", lead.pk)
    return render(request, "desk/voice.html", {"voice": voice, "lead": lead, "form": form}, status=status)


def _answer_page(
    request: HttpRequest, found: PersonaProposal, form: AnswerProposalForm, status: int
) -> HttpResponse:  # fmt: skip
    may_answer = reader(request).may("answer_persona_proposal")
    context = {"proposal": found, "form": form, "may_answer": may_answer, "is_open": not found.closed_at}
    return render(request, "desk/persona_proposal.html", context, status=status)


def _status(refusal: Refusal) -> int:
    return UNPROCESSABLE if isinstance(refusal, Invalid) else refusal.status
