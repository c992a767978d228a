"""Contacts who may be one person: the list, two side by side, and the word that they are not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader, sees
from desk.queries.duplicates import COUNTED_UP_TO, MAY, comparison, open_count, pairs_after
from leads.duplicates import keep_apart


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
    at = instant(request)
    return render(request, "desk/duplicate.html", {"found": comparison(pair_id, reader(request), at), "at": at})


@require_POST
@sees(MAY)
def different(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Say that the two are not the same."""
    keep_apart(pair_id=pair_id, actor=reader(request), at=instant(request))
    messages.success(request, "Not the same: they are not asked about again.")
    return redirect("desk:duplicates")
