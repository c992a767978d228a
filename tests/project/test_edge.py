"""What anybody may send: odd encodings, methods and host names get a plain refusal and a short line in the log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from smarketing.edge import FOREIGN, readable
from smarketing.logs import logging_config
from smarketing.wsgi import application
from teams.models import User

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
ENCODINGS = ["ISO-8859-1", "utf-7", "utf-16", "cp037", "rot13", "hex", "zlib", "idna", "undefined", '"', "no-such"]
PATHS = ["/accounts/login/", "/leads/", "/campaigns/new/", "/api/v1/leads", "/f/none/", "/nowhere"]


def asked(method: str, path: str, **environ: str) -> tuple[str, dict[str, str], bytes]:
    """Ask as gunicorn does: give status line, headers and body."""
    answer: list[Any] = []
    body: Iterable[bytes] = application(
        {
            "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "QUERY_STRING": "", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(), **environ,
        },
        lambda status, headers, *_: answer.extend((status, dict(headers))),
    )  # fmt: skip
    return answer[0], answer[1], b"".join(body)


def session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.mark.parametrize("charset", ENCODINGS)
@pytest.mark.parametrize(("method", "kind"), [("POST", FORM), ("GET", "text/html"), ("POST", "application/json")])
def test_another_encoding_is_refused_and_breaks_nothing(maya: User, charset: str, method: str, kind: str) -> None:
    cookie = session(maya)

    answers = [
        asked(method, path, CONTENT_TYPE=f"{kind}; charset={charset}", QUERY_STRING="q=%E9&a=b", HTTP_COOKIE=who)
        for path in PATHS
        for who in ("", cookie)
    ]

    assert {status for status, _, _ in answers} == {"400 Bad Request"}
    assert all(b"UTF-8" in body for _, _, body in answers)


@pytest.mark.parametrize("kind", [f"{FORM}; charset=UTF8", f"{FORM}; charset=utf-8", FORM, ""])
def test_utf8_by_any_of_its_names_is_read(maya: User, kind: str) -> None:
    client = Client()
    client.force_login(maya)

    answer = client.post("/campaigns/new/", "name=Zo%C3%AB", content_type=kind or "text/plain")

    assert answer.status_code == 422
    assert ("Zoë" in answer.content.decode()) is bool(kind)


@pytest.mark.parametrize("kind", ["text/html; charset*=foo'en'utf-8", "text/html; charset*=rot13''x", 'a/b; charset="'])
def test_a_content_type_that_makes_no_sense_is_foreign(kind: str) -> None:
    assert readable(kind) == FOREIGN
    assert asked("GET", "/accounts/login/", CONTENT_TYPE=kind, QUERY_STRING="a=b")[0] == "400 Bad Request"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/leads", "/f/none/", "/leads/"])
def test_head_has_the_headers_of_get_and_no_body(path: str) -> None:
    got, asked_only = asked("GET", path), asked("HEAD", path)

    assert asked_only[0] == got[0]
    assert asked_only[1].get("Content-Type") == got[1].get("Content-Type")
    assert asked_only[2] == b""


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "BREW"])
def test_a_method_that_no_page_knows_is_said_to_be_that(maya: User, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    public = client.generic(method, "/accounts/login/")
    client.force_login(maya)
    page = client.generic(method, "/campaigns/new/")

    assert (public.status_code, page.status_code) == (405, 405)
    assert page["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert "This cannot be done at this address." in page.content.decode()


def test_a_file_with_an_endless_name_is_refused_in_words(maya: User) -> None:
    part = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{"n" * 5_000}.csv"\r\n\r\nName\r\n--x--\r\n'
    client = Client(enforce_csrf_checks=True)
    client.force_login(maya)
    client.get("/imports/")

    answer = client.generic("POST", "/imports/", part, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 400
    assert "the name of a file may be too long" in answer.content.decode()


def test_a_foreign_host_costs_one_line_of_the_log() -> None:
    written = io.StringIO()
    config = logging_config(as_json=False, level="INFO")
    formatter = config["formatters"]["line"]
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.getLogger("django.security.DisallowedHost")
    logger.addHandler(handler)
    try:
        status, _, _ = asked("GET", "/accounts/login/", HTTP_HOST="evil.example")
    finally:
        logger.removeHandler(handler)

    assert status == "400 Bad Request"
    assert "evil.example" in written.getvalue()
    assert len(written.getvalue().splitlines()) == 1
