"""One place that turns what went wrong into HTTP: problem details for the API, a page for people.

What may not be seen and what does not exist go the same way here (``refusal_response`` with 404 takes nothing from the
error), so the two answers cannot differ by a byte.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.html import escape
from django.views.decorators.csrf import requires_csrf_token
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from inputs.refusals import Busy, Invalid, NotAllowed, NotVisible, Problem, Refusal

PROBLEM_TYPE = "application/problem+json"
BUSY_SIGNS = (
    "database is locked",
    "database table is locked",
    "lock timeout",
    "deadlock detected",
    "too many clients",
    "connection refused",
    "server closed the connection",
    "terminating connection",
)
RETRY_AFTER_SECONDS = "2"
MESSAGES = {
    400: "The request is not one we understand.",
    401: "Log in first.",
    403: "You may not do this.",
    404: "There is nothing here.",
    405: "This cannot be done at this address.",
    409: "Somebody else was faster, or the state has moved on.",
    413: "This is larger than we accept.",
    422: "Some of what was sent cannot be used.",
    500: "Something went wrong on our side.",
    503: "The system is busy. Try again in a moment.",
}


ADVICE = {
    403: "Nothing was changed. Ask a manager of your team if you think that you should be able to.",
    404: "It may have been removed, or the address may be mistyped.",
    409: "Look at how it stands now, then decide again.",
    413: "Split it into smaller parts and try again.",
    503: "Nothing was changed.",
}
"""What to do next, by the status of the page."""
ADVICE_BY_CODE = {
    "not_allowed": "Nothing was changed. If your role should include it, ask an administrator.",
    "not_yours": "Whoever has it can do this, those who stand in for them, and their manager.",
    "needs_manager": "Ask a marketing manager to decide.",
    "csrf_failed": "Nothing was changed. Go back, reload the page and send it again.",
}
"""What to do next where the reason is known better than the status tells."""
USUAL_ADVICE = "Nothing was changed. Go back, correct it and try again."


class TooLarge(Refusal):
    """The body is over the limit."""

    status = 413
    code = "too_large"


class NoSuchMethod(Refusal):
    """No page takes this method."""

    status = 405
    code = "method_not_allowed"


def is_busy(error: BaseException | None) -> bool:
    """Tell whether a database error means "later", not "never"."""
    return isinstance(error, OperationalError) and any(sign in str(error).lower() for sign in BUSY_SIGNS)


# API ------------------------------------------------------------------------------------------------------------------


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an API error as problem details (RFC 9457). Unknown errors are not ours: ``None`` makes them a 500."""
    refusal = as_refusal(error)
    if refusal is None:
        return None
    set_rollback()
    response = Response(problem_body(refusal), status=refusal.status, content_type=PROBLEM_TYPE)
    _say_when_to_return(response, refusal)
    for name, value in _headers(error).items():
        response[name] = value
    return response


def as_refusal(error: BaseException | None) -> Refusal | None:
    """Translate Django's, REST framework's and the database's errors into our own family."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return NotVisible(MESSAGES[404])
    if isinstance(error, PermissionDenied):
        return NotAllowed(MESSAGES[403])
    if isinstance(error, RequestDataTooBig):
        return TooLarge(MESSAGES[413])
    if isinstance(error, MultiPartParserError):
        return Refusal("A part of what was sent cannot be read: the name of a file may be too long.", code="bad_part")
    if is_busy(error):
        return Busy(MESSAGES[503])
    if isinstance(error, exceptions.APIException):
        return _from_api_exception(error)
    return None


def _from_api_exception(error: exceptions.APIException) -> Refusal:
    if isinstance(error, exceptions.NotFound):
        return NotVisible(MESSAGES[404])
    if isinstance(error, exceptions.ValidationError):
        return Invalid("Some of what was sent cannot be used.", problems=tuple(_flatten(error.get_full_details())))
    refusal = Refusal(str(error.detail), code=str(error.get_codes()))
    refusal.status = error.status_code
    return refusal


def _flatten(details: Any, path: str = "") -> Iterator[Problem]:
    """Walk REST framework's nested details; a path is written ``items.0.email``."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield Problem(path, str(details["code"]), str(details["message"]))
        return
    pairs = details.items() if isinstance(details, dict) else enumerate(details)
    for key, value in pairs:
        is_leaf = isinstance(value, dict) and set(value) == {"message", "code"}
        skip = key == "non_field_errors" or (is_leaf and not isinstance(details, dict))
        yield from _flatten(value, path if skip else f"{path}.{key}".lstrip("."))


def problem_body(refusal: Refusal) -> dict[str, Any]:
    """Build the body. A 404 says the same whatever was asked for."""
    if refusal.status == HTTPStatus.NOT_FOUND:
        refusal = NotVisible(MESSAGES[404])
    body: dict[str, Any] = {
        "type": f"urn:smarketing:problem:{refusal.code}",
        "title": refusal.message,
        "status": refusal.status,
        "code": refusal.code,
    }
    if refusal.status != HTTPStatus.NOT_FOUND:
        body["errors"] = [{"field": p.field, "code": p.code, "message": p.message} for p in refusal.problems]
        body.update({"details": refusal.details} if refusal.details else {})
    return body


def _say_when_to_return(response: HttpResponse, refusal: Refusal) -> None:
    """Say when to try again, where nothing else hinders."""
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = RETRY_AFTER_SECONDS


def _headers(error: Exception) -> dict[str, str]:
    """Give the headers that REST framework's own errors ask for."""
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return headers


# Pages and everything outside a view ----------------------------------------------------------------------------------


def wants_problem(request: HttpRequest) -> bool:
    """Tell whether the caller is a program."""
    return request.path.startswith("/api/")


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal outside REST framework: problem details for the API, else the page ``refusal.html``."""
    is_form = isinstance(refusal, Invalid) and not wants_problem(request)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_form else HTTPStatus(refusal.status)
    response: HttpResponse
    if wants_problem(request):
        response = problem_response(refusal)
    else:
        message = MESSAGES[404] if status == HTTPStatus.NOT_FOUND else refusal.message
        response = HttpResponse(_page(request, status, message, refusal), status=status)
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"  # a whole page is no part of one
    _say_when_to_return(response, refusal)
    return response


def _page(request: HttpRequest, status: HTTPStatus, message: str, refusal: Refusal) -> str:
    hidden = status == HTTPStatus.NOT_FOUND
    context = {
        "status": int(status),
        "title": status.phrase,
        "message": message,
        "problems": () if hidden else refusal.problems,
        "details": {} if hidden else refusal.details,
        "advice": ADVICE[404] if hidden else ADVICE_BY_CODE.get(refusal.code) or ADVICE.get(status, USUAL_ADVICE),
    }
    try:
        return render_to_string("refusal.html", context, request)
    except TemplateDoesNotExist:
        return plain_page(message)


def plain_page(message: str) -> str:
    """Say one sentence without templates, for when they are missing or the database behind them is down."""
    return f"<!doctype html><html lang=en><title>{escape(message)}</title><h1>{escape(message)}</h1>"


def problem_response(refusal: Refusal) -> JsonResponse:
    """Write problem details the way REST framework's renderer does, byte for byte."""
    compact = {"separators": (",", ":"), "ensure_ascii": False}
    return JsonResponse(
        problem_body(refusal), status=refusal.status, content_type=PROBLEM_TYPE, json_dumps_params=compact
    )


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 400: what Django calls suspicious, and bodies that are too large (413)."""
    return refusal_response(request, as_refusal(exception) or Refusal(MESSAGES[400], code="bad_request"))


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 403."""
    return refusal_response(request, NotAllowed(MESSAGES[403]))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 404, for what is missing and for what is hidden."""
    return refusal_response(request, NotVisible(MESSAGES[404]))


def server_error(request: HttpRequest) -> HttpResponse:
    """Handle what nobody caught. Takes no page with queries: the database may be what is broken."""
    error = sys.exc_info()[1]
    refusal = as_refusal(error) if is_busy(error) else None
    if refusal is None:
        refusal = Refusal(MESSAGES[500], code="server_error")
        refusal.status = 500
    if wants_problem(request):
        response: HttpResponse = problem_response(refusal)
    else:
        response = HttpResponse(plain_page(refusal.message), status=refusal.status)
    _say_when_to_return(response, refusal)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Handle a missing or stale CSRF token: usually a page left open over a login in another tab."""
    return refusal_response(
        request, NotAllowed("This page is out of date: it was opened before the last login.", code="csrf_failed")
    )
