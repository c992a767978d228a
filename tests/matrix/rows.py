"""What a row of the matrix can say. Pure declarations; ``table.py`` fills them in, ``test_matrix.py`` asks the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from teams.roles import PERMISSIONS, Role

ANONYMOUS, DEACTIVATED = "anonymous", "dan"
ROLES: dict[str, frozenset[Role]] = {
    "olive": frozenset(),
    "maya": frozenset({Role.MARKETER}),
    "sam": frozenset({Role.REP}),
    "mona": frozenset({Role.MARKETING_MANAGER}),
    "sue": frozenset({Role.SALES_MANAGER}),
    "ada": frozenset({Role.ADMINISTRATOR}),
}
"""Who asks, by the roles they hold: the outsider, one person of each role, the administrator."""

PEOPLE = frozenset(ROLES)
ASKING = (ANONYMOUS, DEACTIVATED, *ROLES)

FORM_TAKEN = frozenset({302, 422})
"""An empty form either goes through or comes back with messages; both mean that its sender may send it."""


def who_may(*actions: str) -> frozenset[str]:
    """Give those of the cast who may do one of ``actions`` by the table in ``teams.roles``."""
    return frozenset(name for name, roles in ROLES.items() for action in actions if roles & PERMISSIONS[action])


@dataclass(frozen=True)
class Access:
    """Who may use one method of one address, and what they get.

    ``allowed`` get one of ``done``, on their own object and on others'; ``own_only`` get it on their own, and ``foreign`` on others';
    everybody else who is logged in gets ``refused``; except ``blind``, who may not even see the object and get 404, as for a
    missing one. ``missing`` is what who may gets where there is no such object. ``strangers`` is what those get who are not logged in, where an open address treats them otherwise. ``data`` is sent
    along; a function gets the world and who asks.
    """

    allowed: frozenset[str]
    done: frozenset[int]
    refused: int = 404
    own_only: frozenset[str] = frozenset()
    foreign: int = 404
    blind: frozenset[str] = frozenset()
    missing: int = 404
    strangers: frozenset[int] | None = None
    data: Mapping[str, Any] | Callable[[Any, str], Mapping[str, Any]] = field(default_factory=dict)

    def sees_nothing(self, actor: str) -> bool:
        """Tell whether ``actor`` must not be able to tell an object from a missing one."""
        return actor in self.blind if self.blind else actor not in self.allowed | self.own_only

    def expected(self, actor: str, which: str) -> frozenset[int]:
        """Give the statuses that are right for ``actor`` on an object that is ``own``, ``foreign`` or ``missing``."""
        if self.strangers is not None and actor in {ANONYMOUS, DEACTIVATED}:
            return self.strangers
        if actor in self.blind or (which == "missing" and self.blind):
            return frozenset({404})
        if actor not in self.allowed | self.own_only:
            return frozenset({self.refused})
        if which == "missing":
            return frozenset({self.missing})
        if which == "foreign" and actor not in self.allowed:
            return frozenset({self.foreign})
        return self.done


Arguments = Callable[[Any, str], dict[str, Any]]
"""Names an object for the address: gets the world and who asks."""


@dataclass(frozen=True)
class Row:
    """One address: its methods, how strangers are met, and the objects in it (none where it names no object)."""

    methods: Mapping[str, Access]
    strangers: str = "login"  # or "api": 401, or "open": as everybody else
    own: Arguments | None = None
    foreign: Arguments | None = None
    missing: Mapping[str, Any] | None = None
    label: str = ""
    csrf: bool = True
    also: frozenset[int] = frozenset()
    """What a method that the row does not name may answer besides 405 (pages of allauth answer before they look at the method)."""

    @property
    def choices(self) -> list[str]:
        """Which objects to ask for."""
        return ["own", *(["foreign"] if self.foreign else []), *(["missing"] if self.missing else [])]

    def arguments(self, which: str, world: Any, actor: str) -> dict[str, Any]:
        """Give the arguments of the address for an object that is ``own``, ``foreign`` or ``missing``."""
        own = self.own(world, actor) if self.own else {}
        if which == "foreign" and self.foreign:
            return {**own, **self.foreign(world, actor)}
        return {**own, **(self.missing or {})} if which == "missing" else own


@dataclass(frozen=True)
class Target:
    """A kind of object that addresses name."""

    own: Arguments
    missing: Mapping[str, Any]
    foreign: Arguments | None = None

    def of(self) -> dict[str, Any]:
        """Give it as arguments of a ``Row``."""
        return {"own": self.own, "foreign": self.foreign, "missing": self.missing}


# One-liners -----------------------------------------------------------------------------------------------------------


def people(allowed: Iterable[str] | str | None) -> frozenset[str]:
    """Read who is meant: an action of ``teams.roles``, names of the cast, or (None) everybody who is logged in."""
    if allowed is None:
        return PEOPLE
    return who_may(allowed) if isinstance(allowed, str) else frozenset(allowed)


def page(allowed: Iterable[str] | str | None = None, *, target: Target | None = None, **access: Any) -> Row:
    """Declare a page or fragment that is only read; ``allowed`` as in ``people``."""
    reading = Access(people(allowed), frozenset({200}), **access)
    return Row({"GET": reading}, **(target.of() if target else {}))


def form(allowed: Iterable[str] | str | None = None, *, target: Target | None = None, **access: Any) -> Row:
    """Declare a page with a form that is sent to the same address."""
    data = access.pop("data", {})
    reading = Access(people(allowed), frozenset({200}), **access)
    sending = Access(people(allowed), FORM_TAKEN, data=data, **access)
    return Row({"GET": reading, "POST": sending}, **(target.of() if target else {}))


def deed(
    allowed: Iterable[str] | str | None = None, *, target: Target | None = None, label: str = "",
    done: Iterable[int] = FORM_TAKEN, **access: Any,
) -> Row:  # fmt: skip
    """Declare an address that only takes a POST."""
    sending = Access(people(allowed), frozenset(done), **access)
    return Row({"POST": sending}, label=label, **(target.of() if target else {}))


def api(methods: Mapping[str, Access], *, target: Target | None = None) -> Row:
    """Declare an address for programs: strangers get 401."""
    return Row(methods, strangers="api", **(target.of() if target else {}))


def account(
    reading: Iterable[int] = (200,), sending: Iterable[int] = (), *, strangers: tuple[int, ...] | None = None,
    also: Iterable[int] = (), target: Target | None = None, is_open: bool = True, label: str = "", data: Any = None,
) -> Row:  # fmt: skip
    """Declare a page of allauth; ``strangers`` is what those get for GET who are not logged in, where it is open."""
    everybody = PEOPLE | {ANONYMOUS, DEACTIVATED}
    unknown = None if strangers is None else frozenset(strangers)
    methods = {"GET": Access(everybody, frozenset(reading), strangers=unknown)}
    if sending:
        methods["POST"] = Access(everybody, frozenset(sending), data=data or {})
    strangers_are = "open" if is_open else "login"
    return Row(methods, strangers=strangers_are, also=frozenset(also), label=label, **(target.of() if target else {}))


def open_to_all(methods: Mapping[str, Iterable[int]], *, target: Target | None = None, csrf: bool = True) -> Row:
    """Declare an address that needs no login: the same answer for everybody."""
    everybody = PEOPLE | {ANONYMOUS, DEACTIVATED}
    accesses = {method: Access(everybody, frozenset(done)) for method, done in methods.items()}
    return Row(accesses, strangers="open", csrf=csrf, **(target.of() if target else {}))
