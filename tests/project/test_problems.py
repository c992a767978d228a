"""One place turns what went wrong into HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inputs.refusals import Busy, Conflict, Invalid, NotAllowed, NotVisible, Problem
from smarketing.logs import remove_personal_data
from smarketing.middleware import ReaderTimeZone
from smarketing.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]

RAISED: dict[str, Exception] = {
    "invalid": Invalid("No.", problems=(Problem("email", "required", "Write an email."),)),
    "forbidden": NotAllowed("Only its owner may."),
    "hidden": NotVisible("Lead 7 belongs to Olive.", details={"id": 7}),
    "missing": Http404("No lead matches"),
    "conflict": Conflict("Sue was faster.", code="already_accepted", details={"winner": "Sue"}),
    "busy": Busy("Later."),
    "locked": OperationalError("database is locked"),
    "broken": OperationalError("no such table: x"),
    "denied": PermissionDenied("secret reason"),
    "too-big": RequestDataTooBig("x"),
    "suspicious": SuspiciousOperation("secret reason"),
}


def raising(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


raising.login_required = False  # type: ignore[attr-defined]


class Nested(serializers.Serializer):
    email = serializers.EmailField()


class Body(serializers.Serializer):
    score = serializers.IntegerField(max_value=100)
    items = Nested(many=True)
    tags = serializers.ListField(child=serializers.IntegerField())

    def validate(self, attrs: Any) -> Any:
        if attrs["score"] == 13:
            raise serializers.ValidationError("Not thirteen.", code="superstition")
        return attrs


class Raising(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, name: str) -> Response:
        raise RAISED[name]

    def post(self, request: Request, name: str) -> Response:
        Body(data=request.data).is_valid(raise_exception=True)
        return Response({"ok": True})


class Closed(APIView):
    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [
    path("page/<str:name>", raising),
    path("closed", lambda request: HttpResponse("in")),
    path("api/closed", Closed.as_view()),
    path("api/<str:name>", Raising.as_view()),
]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "page", "api"),
    [
        ("invalid", 422, 400),
        ("forbidden", 403, 403),
        ("hidden", 404, 404),
        ("missing", 404, 404),
        ("conflict", 409, 409),
        ("busy", 503, 503),
        ("locked", 503, 503),
        ("broken", 500, 500),
        ("denied", 403, 403),
        ("too-big", 413, 413),
        ("suspicious", 400, 400),
    ],
)
def test_each_error_has_its_status(client: Client, name: str, page: int, api: int) -> None:
    as_page, as_api = client.get(f"/page/{name}"), client.get(f"/api/{name}")

    assert (as_page.status_code, as_api.status_code) == (page, api)
    assert as_page["Content-Type"].startswith("text/html")
    assert as_api["Content-Type"] == "application/problem+json"
    assert as_api.json()["status"] == api
    assert as_page.has_header("Retry-After") is (page == 503)
    assert as_api.has_header("Retry-After") is (api == 503)
    assert b"secret reason" not in as_page.content + as_api.content


def test_hidden_equals_missing_byte_for_byte(client: Client) -> None:
    assert client.get("/page/hidden").content == client.get("/page/missing").content == client.get("/nowhere").content
    assert client.get("/api/hidden").content == client.get("/api/missing").content == client.get("/api/a/b").content
    assert client.get("/api/hidden").headers == client.get("/api/missing").headers


def test_the_api_names_field_code_and_message(client: Client) -> None:
    body = client.get("/api/invalid").json()

    assert body["code"] == "invalid"
    assert body["errors"] == [{"field": "email", "code": "required", "message": "Write an email."}]
    assert client.get("/api/conflict").json()["details"] == {"winner": "Sue"}


def test_nested_serializer_errors_are_flattened(client: Client) -> None:
    body = {"score": 101, "items": [{"email": "a@b.example"}, {"email": "x"}], "tags": [1, "x"]}

    answer = client.post("/api/x", json.dumps(body), content_type="application/json")

    assert answer.status_code == 400
    assert {(e["field"], e["code"]) for e in answer.json()["errors"]} == {
        ("score", "max_value"),
        ("items.1.email", "invalid"),
        ("tags.1", "invalid"),
    }


def test_an_error_of_the_whole_body_has_no_field(client: Client) -> None:
    answer = client.post("/api/x", '{"score": 13, "items": [], "tags": []}', content_type="application/json")

    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("", "superstition")]


def test_malformed_json_is_a_400_and_another_type_a_415(client: Client) -> None:
    malformed = client.post("/api/x", "{", content_type="application/json")
    other = client.post("/api/x", "a=1", content_type="application/x-www-form-urlencoded")

    assert (malformed.status_code, other.status_code) == (400, 415)
    assert malformed["Content-Type"] == other["Content-Type"] == "application/problem+json"


def test_without_a_login_nothing_is_open(client: Client) -> None:
    api = client.get("/api/closed")

    assert (api.status_code, api.json()["code"]) == (401, "not_authenticated")
    assert api["WWW-Authenticate"]


def test_a_page_that_says_nothing_about_it_needs_a_login(client: Client, settings) -> None:
    settings.LOGIN_URL = "/login"

    answer = client.get("/closed")

    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/closed")


def test_a_body_over_the_limit_is_a_413_before_it_is_parsed(client: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    page = client.post("/page/x", {"a": "x" * 200}, content_type="text/plain")
    api = client.post("/api/x", "[" * 200, content_type="application/json")

    assert (page.status_code, api.status_code) == (413, 413)
    assert api.json()["code"] == "too_large"


def test_a_file_may_be_larger_than_a_form(client: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    settings.UPLOAD_MAX_BYTES = 10_000

    assert client.post("/page/busy", {"a": "x" * 200}).status_code == 503
    assert client.post("/page/busy", {"a": "x" * 20_000}).status_code == 413


def test_health_needs_no_login_and_no_host_name(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_pages_carry_the_security_headers(client: Client) -> None:
    answer = client.get("/page/missing")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_the_reader_zone_is_active_during_the_request_only() -> None:
    from django.utils import timezone

    request = RequestFactory().get("/")
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    for zone in ("Europe/Berlin", "Nowhere/Nothing", "../etc/passwd", ""):
        request.user = type("Reader", (), {"timezone": zone})()
        ReaderTimeZone(view)(request)

    assert seen == ["Europe/Berlin", "UTC", "UTC", "UTC"]
    assert timezone.get_current_timezone_name() == "UTC"


def test_throttling_says_when_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RAISED, "throttled", exceptions.Throttled(wait=6.5))

    answer = client.get("/api/throttled")

    assert (answer.status_code, answer["Retry-After"]) == (429, "7")  # rounded up


def test_logs_lose_what_is_personal() -> None:
    event = {
        "event": "failed for maya@example.example",
        "email": "x",
        "lead_id": 7,
        "exception": "IntegrityError: x\nDETAIL:  Key (phone)=(+49 30 123) already exists.",
    }

    kept = str(remove_personal_data(None, "", event))

    assert "maya" not in kept
    assert "+49" not in kept
    assert "'lead_id': 7" in kept
