"""The frame around every page: where one can go, who one is, what is unread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from desk.access import instant, reader
from desk.queries.duplicates import COUNTED_UP_TO as PAIRS_COUNTED
from desk.queries.duplicates import open_count
from ledger.inbox import COUNTED_UP_TO, unread_count
from teams.roles import Role

MAIN = (
    # label, route, icon, permission
    ("My desk", "desk:mine", "layout-list", None),
    ("Leads", "desk:leads", "users", "see_leads"),
    ("Campaigns", "desk:campaigns", "speakerphone", "see_campaigns"),
    ("Personas", "desk:personas", "id-badge-2", "see_personas"),
    ("Agreement", "desk:agreement", "file-certificate", "see_agreement"),
    ("Dashboard", "dashboards:dashboard", "chart-bar", "see_figures"),
)
REFERENCE = (
    ("What if", "desk:what_if", "arrows-diff", "see_what_if"),
    ("Targets", "desk:targets", "target", "see_figures"),
    ("Routing", "desk:routing", "arrows-split-2", "see_routing"),
    ("People", "desk:people", "users-group", "see_people"),
    ("Calendars", "desk:calendars", "calendar-clock", "see_people"),
    ("Duplicates", "desk:duplicates", "copy", "review_duplicates"),
    ("Imports", "leads:imports", "file-import", "import_leads"),
    ("Glossary", "desk:glossary", "book", "see_agreement"),
    ("Set aside", "desk:faults", "alert-triangle", "change_settings"),
)
DUPLICATES = "/leads/duplicates/"
"""A place of its own below the leads, in the address too."""
TABS = ("My desk", "Leads", "Campaigns", "Dashboard")
ROLE_WORDS = {
    Role.MARKETER: "Marketer",
    Role.REP: "Sales rep",
    Role.MARKETING_MANAGER: "Marketing manager",
    Role.SALES_MANAGER: "Sales manager",
    Role.ADMINISTRATOR: "Administrator",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A place one can go to."""

    label: str
    path: str
    icon: str
    is_current: bool
    waiting: str = ""
    """How much waits there, where that is counted."""


class Frame:
    """What the frame shows to the reader of this request; reckoned only when a page with a frame is rendered."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        user = getattr(request, "user", None)
        self.user: Any = reader(request) if user is not None and user.is_authenticated else None

    @cached_property
    def menu(self) -> list[Entry]:
        return self._entries(MAIN)

    @cached_property
    def more(self) -> list[Entry]:
        return self._entries(REFERENCE)

    @property
    def tabs(self) -> list[Entry]:
        """The places that a small screen shows at its foot."""
        return [entry for entry in self.menu if entry.label in TABS]

    @property
    def behind_more(self) -> list[Entry]:
        return [entry for entry in self.menu if entry.label not in TABS] + self.more

    @property
    def may_search(self) -> bool:
        return self.user is not None and self.user.may("see_leads")

    @property
    def search_path(self) -> str:
        return reverse("desk:leads")

    @property
    def searched(self) -> str:
        return self.request.GET.get("q", "")[:200] if self.request.path == self.search_path else ""

    @property
    def roles(self) -> str:
        return ", ".join(words for role, words in ROLE_WORDS.items() if role in self.user.roles) or "No role yet"

    @property
    def letters(self) -> str:
        return "".join(part[0] for part in str(self.user).split()[:2]).upper()

    @cached_property
    def unread(self) -> int:
        return unread_count(user_id=self.user.pk, at=instant(self.request))

    @property
    def unread_words(self) -> str:
        return f"{COUNTED_UP_TO}+" if self.unread > COUNTED_UP_TO else str(self.unread)

    @property
    def bell_etag(self) -> str:
        return f'"{self.unread}"'

    @property
    def bell_path(self) -> str:
        return reverse("desk:bell")

    @property
    def notices_path(self) -> str:
        return reverse("desk:notices")

    def _entries(self, places: tuple[tuple[str, str, str, str | None], ...]) -> list[Entry]:
        if self.user is None:
            return []
        allowed = [place for place in places if place[3] is None or self.user.may(place[3])]
        return [
            Entry(label, path, icon, self._is_current(path), self._waiting(route))
            for label, route, icon, _ in allowed
            if (path := _path(route))
        ]

    def _waiting(self, route: str) -> str:
        count = open_count() if route == "desk:duplicates" else 0
        return f"{PAIRS_COUNTED}+" if count > PAIRS_COUNTED else str(count or "")

    def _is_current(self, path: str) -> bool:
        if self.request.path.startswith(DUPLICATES) and path != DUPLICATES:
            return False
        return self.request.path == path or (path != "/" and self.request.path.startswith(path))


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Give templates the frame (a context processor)."""
    return {"frame": Frame(request)}


def _path(route: str) -> str:
    """Give the path of ``route``, or nothing where an installation leaves this part out."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
