"""What happens around every request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from inputs.refusals import Refusal
from smarketing.problems import MESSAGES, NoSuchMethod, TooLarge, as_refusal, refusal_response, wants_problem

GetResponse = Callable[[HttpRequest], HttpResponse]
HEALTH_PATH = "/healthz"
DRAIN_BYTES = 64 * 1024 * 1024
UTF_8 = "utf-8"
UTF_8_NAMES = frozenset({UTF_8, "utf8", "utf_8", "u8"})
PAGE_METHODS = ("GET", "HEAD", "POST", "OPTIONS")

log = structlog.get_logger(__name__)


class Health:
    """Answer ``/healthz`` before host names, TLS and sessions matter: the caller is a machine beside us."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != HEALTH_PATH:
            return self.get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return HttpResponse("no database\n", status=503, content_type="text/plain")
        return HttpResponse("ok\n", content_type="text/plain")


class BodyLimit:
    """Refuse a body that is too large before anything reads it.

    Django's own limit does not see a stream that REST framework parses, nor files. A body without a length is empty to
    Django, so the header is enough.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length.isdecimal() or int(length) <= self.limit(request):
            return self.get_response(request)
        self.drain(request)
        response = refusal_response(request, TooLarge(MESSAGES[413]))
        response["Connection"] = "close"
        return response

    @staticmethod
    def limit(request: HttpRequest) -> int:
        is_upload = (request.content_type or "") == "multipart/form-data"
        return int(settings.UPLOAD_MAX_BYTES if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    @staticmethod
    def drain(request: HttpRequest) -> None:
        """Read a bounded part: closing a socket with unread data would reset it and lose the answer."""
        left = DRAIN_BYTES
        with suppress(OSError):
            while left > 0 and (chunk := request.read(min(left, 65536))):
                left -= len(chunk)


class Utf8Only:
    """Refuse what says that it is in another encoding than UTF-8, before anything reads it by that."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", UTF_8).lower()
        if charset not in UTF_8_NAMES:
            return refusal_response(request, Refusal("Send this as UTF-8.", code="not_utf8"))
        if charset != UTF_8:
            request.encoding = UTF_8  # Django knows a form's encoding by this name alone
        return self.get_response(request)


class PageMethods:
    """Answer 405 where no page knows the method: before the check of the token, which would speak of an old page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if request.method in PAGE_METHODS or wants_problem(request):
            return None
        if getattr(view, "login_required", True) and not request.user.is_authenticated:
            return None  # the login comes first
        response = refusal_response(request, NoSuchMethod(MESSAGES[405]))
        response["Allow"] = ", ".join(PAGE_METHODS)
        return response


class ReaderTimeZone:
    """Show times in the reader's zone. Rules never look at it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "timezone", "") or settings.TIME_ZONE
        try:
            timezone.activate(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):
            timezone.activate(settings.TIME_ZONE)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


class Refusals:
    """Turn a refusal raised in a page's view, and a busy database, into their answer; see that a part never becomes the login page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "HX-Request" in request.headers and _leads_to_login(response):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = as_refusal(error)
        if refusal is None:
            return None
        log.info("refused", code=refusal.code, status=refusal.status)
        return refusal_response(request, refusal)


def _leads_to_login(response: HttpResponse) -> bool:
    return "Location" in response and str(response["Location"]).startswith(resolve_url(settings.LOGIN_URL))
