"""Who may see a page at all: what may not be seen answers like what does not exist (promise P10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse

from inputs.refusals import NotVisible
from ledger.instants import edge_now
from teams.models import Membership, User

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


MEMBERSHIPS = Prefetch("memberships", Membership.objects.select_related("team"))


def reader(request: HttpRequest) -> User:
    """Give who asks, with teams and roles by one query. ``LoginRequiredMiddleware`` let nobody else through."""
    user: Any = request.user
    if "memberships" not in getattr(user, "_prefetched_objects_cache", {}):
        prefetch_related_objects([user], MEMBERSHIPS)
    return user  # type: ignore[no-any-return]


def instant(request: HttpRequest) -> datetime:
    """Give the instant of this request, read once: page and frame speak of the same moment."""
    if not hasattr(request, "instant"):
        request.instant = edge_now()  # type: ignore[attr-defined]
    at: datetime = request.instant  # type: ignore[attr-defined]
    return at


def sees(action: str) -> Callable[[View[Rest]], View[Rest]]:
    """Let only those see a page who may do ``action``; for everybody else there is nothing here."""

    def decorate(view: View[Rest]) -> View[Rest]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if not reader(request).may(action):
                raise NotVisible("There is nothing here.")
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]  # wraps hides that the signature is the same

    return decorate
