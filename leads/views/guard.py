"""Who may come in: the one question a view asks before it calls a verb."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from inputs.refusals import NotAllowed
from teams.models import User


def require(request: HttpRequest | Request, *actions: str) -> User:
    """Give the user of the request, who may do one of ``actions``, if any are named; raises ``NotAllowed``."""
    user = cast(User, request.user)
    if actions and not any(user.may(action) for action in actions):
        raise NotAllowed("Your role does not include this.")
    return user
