"""Talking about a clause of a proposal: comments, concerns, and how concerns are closed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from desk.access import instant, reader, sees
from desk.clauses import clauses_of
from desk.negotiating_forms import CommentForm, ResolveForm
from desk.queries.agreement import names_of
from desk.queries.negotiation import steps_on, version_for
from inputs.fields import add_problems
from inputs.refusals import NotVisible, Refusal
from sla.agreements import check_manager
from sla.clauses import CLAUSES
from sla.models import AgreementComment, AgreementVersion
from sla.negotiating import check_commenter, comment, resolve_concern, withdraw_concern

UNPROCESSABLE = 422

States = AgreementVersion.States


@require_http_methods(["GET", "HEAD", "POST"])
@sees("see_agreement")
def talk(request: HttpRequest, number: int, clause: str) -> HttpResponse:
    """Show a clause with what was said about it, or say something."""
    user, at = reader(request), instant(request)
    found = version_for(user, number)
    if clause not in CLAUSES or found.state == States.DRAFT:
        raise NotVisible("There is nothing here.")
    if request.method != "POST":
        return _talk_page(request, found, clause, 200)
    form = CommentForm(request.POST)
    check_commenter(user)
    if not form.is_valid():
        return _talk_page(request, found, clause, UNPROCESSABLE, form=form)
    try:
        said = comment(actor=user, version=found, clause=clause, at=at, **form.cleaned_data)
    except Refusal as refusal:
        add_problems(form, refusal.problems)
        return _talk_page(request, found, clause, refusal.form_status, form=form)
    is_concern = said.kind == AgreementComment.Kinds.CONCERN
    messages.success(
        request,
        "Your concern is noted; the managers of both sides are told." if is_concern else "Your comment is noted.",
    )
    return redirect("desk:agreement_clause", found.number, clause)


@require_POST
@sees("see_agreement")
def close(request: HttpRequest, comment_id: int, code: str) -> HttpResponse:
    """Resolve a concern with a word why, or withdraw one's own."""
    user, at = reader(request), instant(request)
    concerns = AgreementComment.objects.filter(pk=comment_id, kind=AgreementComment.Kinds.CONCERN)
    concern = concerns.select_related("version__agreement", "version__scoring").first()
    if concern is None or code not in ("resolve", "withdraw"):
        raise NotVisible("There is nothing here.")
    if code == "withdraw":
        withdraw_concern(actor=user, comment_id=concern.pk, at=at)
        messages.success(request, "Your concern is withdrawn.")
        return redirect("desk:agreement_clause", concern.version.number, concern.clause)
    check_manager(user)
    form = ResolveForm(request.POST)
    if form.is_valid():
        try:
            resolve_concern(actor=user, comment_id=concern.pk, words=form.cleaned_data["words"], at=at)
        except Refusal as refusal:
            add_problems(form, refusal.problems)
            return _talk_page(
                request, concern.version, concern.clause, refusal.form_status, resolving=(concern.pk, form)
            )
        messages.success(request, "The concern is resolved; its author is told why.")
        return redirect("desk:agreement_clause", concern.version.number, concern.clause)
    return _talk_page(request, concern.version, concern.clause, UNPROCESSABLE, resolving=(concern.pk, form))


def _talk_page(
    request: HttpRequest, found: AgreementVersion, clause: str, status: int, *, form: CommentForm | None = None,
    resolving: tuple[int, ResolveForm] | None = None,
) -> HttpResponse:  # fmt: skip
    user = reader(request)
    shown = {each.key: each for each in clauses_of(found.terms, names_of(found))}
    comments = found.comments.filter(clause=clause).select_related("author", "closed_by").order_by("id")
    steps = steps_on(user, found, [])
    lines = [
        (each, _resolve_form(each, steps.resolve, resolving), each.is_open_concern and each.author_id == user.pk and steps.comment)
        for each in comments
    ]  # fmt: skip
    context = {
        "version": found, "clause": shown[clause], "lines": lines, "steps": steps, "form": form or CommentForm(),
        "at": instant(request),
    }  # fmt: skip
    return render(request, "desk/agreement_clause.html", context, status=status)


def _resolve_form(
    said: AgreementComment, may: bool, resolving: tuple[int, ResolveForm] | None
) -> ResolveForm | None:  # fmt: skip
    if not (may and said.is_open_concern):
        return None
    return (
        resolving[1]
        if resolving and resolving[0] == said.pk
        else ResolveForm(prefix=None, auto_id=f"resolve_{said.pk}_%s")
    )
