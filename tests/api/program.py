"""A program with a token, and what it expects of a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from teams.models import User

PROBLEM = "application/problem+json"


class Program:
    """A program with a token."""

    def __init__(self, user: User | None, **token: Any) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if user is not None:
            _, text = AuthToken.objects.create(user, **token)
            self.headers = {"Authorization": f"Token {text}"}

    def post(self, path: str, body: Any) -> Any:
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post(path, raw, content_type="application/json", headers=self.headers)

    def get(self, path: str, query: Any = None) -> Any:
        return self.client.get(path, query, headers=self.headers)


@pytest.fixture
def program(maya: User) -> Program:
    return Program(maya)


def problems(response: Any, status: int = 400) -> list[tuple[str, str]]:
    """Check that the answer is problem details, and give the fields and codes."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert {"type", "title", "status", "code", "errors"} <= set(body)
    assert body["status"] == status
    assert all(set(line) == {"field", "code", "message"} for line in body["errors"])
    return [(line["field"], line["code"]) for line in body["errors"]]
