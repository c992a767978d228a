"""Notifications: what the reader was told."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from desk.access import instant, reader
from desk.frame import Frame
from ledger.inbox import NoSuchNotice, inbox, mark_read
from ledger.models import Notice
from ledger.wording import UnknownNotice, wording


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List what the reader was told, the newest first."""
    at = instant(request)
    before = request.GET.get("before", "")
    is_id = before.isascii() and before.isdecimal() and len(before) <= 18
    page = inbox(user_id=reader(request).pk, at=at, before_id=int(before) if is_id else None)
    context = {"told": page.entries, "following": page.older, "is_first": not is_id, "at": at}
    return render(request, "desk/notices.html", context)


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Give the bell alone, for polling: 304 while the count stays."""
    frame = Frame(request)
    if request.headers.get("If-None-Match") == frame.bell_etag:
        return HttpResponseNotModified(headers={"ETag": frame.bell_etag})
    response = render(request, "_bell.html")
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read that is there now."""
    mark_read(actor=reader(request), at=instant(request))
    return redirect("desk:notices")


@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one notice read and go to what it is about."""
    user, at = reader(request), instant(request)
    notice = Notice.objects.for_inbox(user.pk, at).filter(pk=notice_id).first()
    if notice is None:
        raise NoSuchNotice("There is nothing here.")
    mark_read(actor=user, at=at, ids=[notice.pk])
    return redirect(_path(notice))


def _path(notice: Notice) -> str:
    """Give the address of what a notice is about; the list where nobody knows its code any more."""
    try:
        path = wording(notice.code).render(notice.subject_id, notice.facts).path
    except UnknownNotice:
        path = ""
    return path if path and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else reverse("desk:notices")
