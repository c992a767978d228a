"""Contacts who may be one person: the list, two side by side, that they are not the same, or that they are."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader, sees
from desk.merge_form import MergeForm
from desk.queries.duplicates import COUNTED_UP_TO, MAY, Comparison, comparison, open_count, pairs_after
from inputs.fields import add_problems
from inputs.refusals import Invalid, NotVisible, Refusal
from leads.duplicates import keep_apart
from leads.merging import undo_merge
from leads.merging_corrected import EMAIL, merge_corrected

UNPROCESSABLE = 422


@require_safe
@sees(MAY)
def duplicate_list(request: HttpRequest) -> HttpResponse:
    """List the pairs that nobody has judged yet, the likeliest first."""
    after = request.GET.get("after", "")
    page, count = pairs_after(after), open_count()
    context = {
        "page": page,
        "is_first": not after,
        "count": f"{COUNTED_UP_TO}+" if count > COUNTED_UP_TO else count,
    }
    return render(request, "desk/duplicates.html", context)


@require_safe
@sees(MAY)
def duplicate(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Show two contacts side by side."""
    found = comparison(pair_id, reader(request), instant(request))
    return _page(request, found, MergeForm(found=found), 200)


@require_POST
@sees(MAY)
def different(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Say that the two are not the same."""
    keep_apart(pair_id=pair_id, actor=reader(request), at=instant(request))
    messages.success(request, "Not the same: they are not asked about again.")
    return redirect("desk:duplicates")


@require_POST
@sees(MAY)
def merge_pair(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Merge a lead of the one into a lead of the other, and correct what the other one knew better."""
    user = reader(request)
    found = comparison(pair_id, user, instant(request))
    form = MergeForm(request.POST, found=found)
    if not form.is_valid():
        return _page(request, found, form, UNPROCESSABLE)
    leads, changes = {f"{name}_id": form.cleaned_data[name] for name in ("kept", "gone")}, form.changes()
    try:
        merge_corrected(pair_id=pair_id, **leads, changes=changes, actor=user, at=instant(request))
    except NotVisible:
        raise
    except Refusal as refusal:
        add_problems(form, refusal.problems)
        return _page(request, found, form, UNPROCESSABLE if isinstance(refusal, Invalid) else refusal.status)
    undo = "it stays, for the email is taken over" if EMAIL in changes else "it can be undone for 30 days"
    messages.success(request, f"Merged. What comes in for either goes on here; {undo}.")
    return redirect("desk:lead", form.cleaned_data["kept"])


@require_POST
@sees(MAY)
def undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Make two of what was merged."""
    undo_merge(merge_id=merge_id, actor=reader(request), at=instant(request))
    messages.success(request, "They are two again.")
    return redirect("desk:duplicates")


def _page(request: HttpRequest, found: Comparison, form: MergeForm, status: int) -> HttpResponse:
    context = {"found": found, "form": form, "at": instant(request)}
    return render(request, "desk/duplicate.html", context, status=status)
