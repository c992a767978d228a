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
from desk.queries.voices import count_open, open_proposals, proposal_for, quotes_of
from desk.step_forms import renew_key
from desk.voice_forms import TAKE, AnswerProposalForm, ProposeForm, QuoteForm, VoiceForm
from inputs.fields import add_problems
from inputs.numbers import whole_or_none
from inputs.refusals import NotAllowed, NotVisible, Refusal, SentBefore
from leads.holding import permit
from leads.models import PersonaProposal, Quote
from leads.voices import close_proposal, may_remove, propose_change, quote_customer, remove_proposal, remove_quote

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
    "Marketing takes it up or declines it, and you are told which.", "Proposed; the managers of marketing are told.",
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
    version, before = written_persona(code), whole_or_none(request.GET.get("before", ""))
    context = {"version": version, "page": quotes_of(reader(request), version.persona_id, before)}
    return render(request, "desk/persona_quotes.html", context)


@require_safe
@sees("see_personas")
def proposals(request: HttpRequest) -> HttpResponse:
    """List the changes of all personas that are proposed and not answered."""
    user, after = reader(request), whole_or_none(request.GET.get("after", ""))
    context = {
        "page": open_proposals(user, after), "count": count_open(user), "may_answer": user.may("answer_persona_proposal"),
    }  # fmt: skip
    return render(request, "desk/persona_proposals.html", context)


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
        return _answer_page(request, proposal_for(user, code, proposal_id), form, refusal.form_status)
    if is_taken:
        messages.success(request, "Taken up. Write it into the persona now; whoever proposed it is told.")
        return redirect("desk:edit_persona", code)
    messages.success(request, "Declined; whoever proposed it is told why.")
    return redirect("desk:persona", code)


@require_POST
@sees("see_personas")
def remove_proposed(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Take a proposal away for good."""
    code = PersonaProposal.objects.filter(pk=proposal_id).values_list("persona__code", flat=True).first()
    remove_proposal(proposal_id=proposal_id, actor=reader(request), at=instant(request))
    messages.success(request, "The proposal is gone.")
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
                status = refusal.form_status
                if isinstance(refusal, SentBefore):
                    renew_key(form)
            else:
                messages.success(request, voice.done)
                return redirect("desk:lead", lead.pk)
    return render(request, "desk/voice.html", {"voice": voice, "lead": lead, "form": form}, status=status)


def _answer_page(
    request: HttpRequest, found: PersonaProposal, form: AnswerProposalForm, status: int
) -> HttpResponse:  # fmt: skip
    user = reader(request)
    context = {
        "proposal": found, "form": form, "may_answer": user.may("answer_persona_proposal"), "is_open": not found.closed_at,
        "may_remove": may_remove(user, found),
    }  # fmt: skip
    return render(request, "desk/persona_proposal.html", context, status=status)
