"""Ask the program as somebody, and look at the answer as bytes."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.matrix.rows import ANONYMOUS, DEACTIVATED, Access, Row
from tests.matrix.world import World

TOKEN = re.compile(rb"\b[A-Za-z0-9]{64}\b")
"""A CSRF token, masked afresh for every page."""

NONCE = re.compile(rb'name="(nonce|key)" value="[^"]*"')


class Asker:
    """Clients for everybody in the matrix; each request is taken back afterwards, logging in and out too."""

    def __init__(self, world: World, **client: Any) -> None:
        self.world = world
        self.clients = {name: self._client(name, client) for name in (ANONYMOUS, *world.people)}

    def _client(self, name: str, options: dict[str, Any]) -> Client:
        client = Client(raise_request_exception=False, **options)
        if name != ANONYMOUS:
            user = self.world.people[name]
            if name == DEACTIVATED:  # logged in while still with us
                type(user).objects.filter(pk=user.pk).update(is_active=True)
            client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
            if name == DEACTIVATED:
                type(user).objects.filter(pk=user.pk).update(is_active=False)
        return client

    def address(self, name: str, row: Row, which: str, actor: str) -> str:
        """Give the path of ``name`` for one of the row's objects; a route without a name is its own path."""
        if "/" in name and ":" not in name:
            return "/" + name
        return reverse(name, kwargs=row.arguments(which, self.world, actor))

    def ask(self, actor: str, method: str, path: str, access: Access | None = None) -> HttpResponseBase:
        """Send one request inside a savepoint that is rolled back."""
        data: Any = access.data if access else {}
        if callable(data):
            data = data(self.world, actor)
        more: dict[str, Any] = {"content_type": "application/json"} if path.startswith("/api/") else {}
        client = self.clients[actor]
        send, cookies = getattr(client, method.lower()), deepcopy(client.cookies)
        with transaction.atomic():
            point = transaction.savepoint()
            response: HttpResponseBase = send(path, data or ({} if more and method != "GET" else None), **more)
            if hasattr(response, "streaming_content"):
                response.body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
            transaction.savepoint_rollback(point)
        client.cookies = cookies
        return response


def seen(response: Any, path: str) -> tuple[int, dict[str, str], bytes]:
    """Give all of an answer that a stranger could compare: status, headers, bytes; without the address asked for and tokens."""
    body = response.body if response.streaming else response.content
    headers = {name: value.replace(path, "PATH") for name, value in response.headers.items() if name != "Set-Cookie"}
    headers.pop("Content-Length", None)
    masked = NONCE.sub(b"NONCE", TOKEN.sub(b"TOKEN", body)).replace(path.encode(), b"PATH")
    return response.status_code, headers, masked
