"""My desk: what a rep, a marketer and a manager do next; whoever holds several roles sees each of their desks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.access import instant, reader, sees
from desk.queries import exchange, manager, marketer
from desk.queries.campaign_alerts import standing_alerts
from desk.queries.negotiation import matters_for
from desk.queries.queue import SHOWN, Queue, queue_of, tiles_of
from desk.queries.targets import current_targets
from desk.queries.unsigned import lack_of_agreement
from desk.queries.voices import count_open
from teams.models import User
from teams.roles import MANAGERS, Role, Side

SECTIONS = {"rep": "Sales", "marketer": "Marketing", "manager": "Manager"}


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show the desk of the reader: the one asked for by ``?desk=``, else the first that their roles give them."""
    user, at = reader(request), instant(request)
    held = desks_of(user)
    asked = request.GET.get("desk", "")
    shown = asked if asked in held else next(iter(held), "")
    context: dict[str, Any] = {"at": at, "desks": held if len(held) > 1 else {}, "shown": shown}
    context["lack"] = lack_of_agreement(user, at)
    if shown:
        context |= {"waits": exchange.waits_for(user, at), "overturned": exchange.overturned_for(user)}
    if not shown:
        return render(request, "desk/nobody.html", context)
    return render(request, f"desk/{shown}.html", context | CONTEXTS[shown](user, at, _show(request)))


@require_safe
@sees("work_lead")
def queue(request: HttpRequest) -> HttpResponse:
    """Give the queue alone, for polling: 304 while nothing in it changed."""
    user, at = reader(request), instant(request)
    whole = queue_of(user, at)
    etag = _narrowed(whole, _show(request), at).etag
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    return _fragment(request, rep_context(user, at, _show(request), whole))


def queue_response(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Render the fragment of the queue as it stands, narrowed as its reader sees it."""
    return _fragment(request, rep_context(user, at, _show(request)))


def _fragment(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    response = render(request, "desk/_queue.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _show(request: HttpRequest) -> str:
    """Give to what the queue is narrowed: by the address, or by that of the page into which htmx puts the answer."""
    show = request.GET.get("show", "")
    if not show and request.htmx:  # type: ignore[attr-defined]
        page = urlsplit(request.htmx.current_url or "")  # type: ignore[attr-defined]
        show = dict(parse_qsl(page.query)).get("show", "")
    return show if show in SHOWN else ""


def desks_of(user: User) -> dict[str, str]:
    """Give the desks that the roles of ``user`` give them, by key, with their names."""
    wanted = {
        "rep": Role.REP in user.roles,
        "marketer": Role.MARKETER in user.roles,
        "manager": bool(MANAGERS & user.roles),
    }
    if Role.SALES_MANAGER in user.roles or Role.MARKETING_MANAGER in user.roles:
        wanted = {"manager": True, **{key: held for key, held in wanted.items() if key != "manager"}}
        wanted["rep"] = wanted["rep"] or Role.SALES_MANAGER in user.roles
        wanted["marketer"] = wanted["marketer"] or Role.MARKETING_MANAGER in user.roles
    return {key: SECTIONS[key] for key, held in wanted.items() if held}


def rep_context(user: User, at: datetime, show: str, whole: Queue | None = None) -> dict[str, Any]:
    """Gather what the desk of a rep shows; its figures are those of the ``whole`` queue, however ``show`` narrows it."""
    whole = whole or queue_of(user, at)
    return {"at": at, "queue": _narrowed(whole, show, at), "tiles": tiles_of(user, whole, at)}


def _narrowed(whole: Queue, show: str, at: datetime) -> Queue:
    return whole.only(show, at) if show else whole


def marketer_context(user: User, at: datetime, _show: str) -> dict[str, Any]:
    """Gather what the desk of a marketer shows."""
    return {
        "campaigns": marketer.my_campaigns(user, at),
        "leads": marketer.lead_sections(user, at),
        "feedback": marketer.feedback_received(user, at),
        "targets": current_targets(at, Side.MARKETING),
        "to_brief": marketer.to_brief(user, at),
        "alerts": standing_alerts(user, at),
    }


def manager_context(user: User, at: datetime, _show: str) -> dict[str, Any]:
    """Gather what the desk of a manager shows."""
    version = manager.version_in_force(at)
    return {
        "breaks": manager.breaks(at),
        "waiting": manager.waiting_for_assignment(user, at),
        "loads": manager.loads(at),
        "absences": manager.absences(at),
        "version": version,
        "matters": matters_for(user, version, at),
        "targets": current_targets(at),
        "may_assign": user.may("assign"),
        "proposed": count_open(user) if user.may("answer_persona_proposal") else 0,
    }


Context = Callable[[User, datetime, str], dict[str, Any]]
CONTEXTS: dict[str, Context] = {"rep": rep_context, "marketer": marketer_context, "manager": manager_context}
