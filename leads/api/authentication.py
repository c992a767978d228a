"""Tokens of programs: knox's, found with their person, roles and the present instant by one statement, without a write.

Knox itself looks through all tokens of the person and deletes expired ones on every call, and fails on bytes that are not UTF-8.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from teams.models import Membership, Team, User

MAX_TOKEN_LENGTH = 128
MODELS: tuple[tuple[type[models.Model], str], ...] = (
    (AuthToken, "t"),
    (User, "u"),
    (Membership, "m"),
    (Team, "g"),
)


class LeanTokenAuthentication(TokenAuthentication):
    """Finds the token by its digest. Expired tokens are refused here and removed by whoever makes new ones.

    The token's ``read_at`` is the edge's instant of the call: the database's clock on PostgreSQL (see ``ledger.instants``).
    """

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """Give the user with memberships loaded, and the token; raises ``AuthenticationFailed``."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isalnum():
            raise AuthenticationFailed("The token is not valid.")
        found = _found(hash_token(token.decode("ascii")))
        if found is None or not found.user.is_active or (found.expiry and found.expiry <= found.read_at):
            raise AuthenticationFailed("The token is not valid.")
        return found.user, found


def _found(digest: str) -> Any:
    """Give the token with its user and their memberships, by one row for each membership."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor), [digest])
        rows = cursor.fetchall()
    if not rows:
        return None
    token, user = _made(AuthToken, rows[0]), _made(User, rows[0])
    memberships = []
    for row in rows:
        if row[_places()[Membership]] is not None:
            membership = _made(Membership, row)
            membership.team = _made(Team, row)
            memberships.append(membership)
    # What ``prefetch_related("memberships__team")`` would leave.
    kept = user.memberships.all()
    kept._result_cache = memberships
    kept._prefetch_done = True
    user._prefetched_objects_cache = {"memberships": kept}
    token.user = user
    token.read_at = _instant(rows[0][-1])
    return token


@lru_cache(maxsize=2)
def _statement(vendor: str) -> str:
    columns = ", ".join(f'{alias}."{name}"' for model, alias in MODELS for name in _columns(model))
    clock = "clock_timestamp()" if vendor == "postgresql" else "NULL"
    token, user, membership, team = (f'"{model._meta.db_table}" {alias}' for model, alias in MODELS)
    return (
        f"SELECT {columns}, {clock} FROM {token} JOIN {user} ON u.id = t.user_id "  # noqa: S608 - names of our own tables
        f"LEFT JOIN {membership} ON m.user_id = u.id LEFT JOIN {team} ON g.id = m.team_id WHERE t.digest = %s"
    )


@lru_cache(maxsize=1)
def _places() -> dict[type[models.Model], int]:
    """Give where in a row the columns of each model begin."""
    places, place = {}, 0
    for model, _ in MODELS:
        places[model] = place
        place += len(_columns(model))
    return places


def _columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def _made(model: type[models.Model], row: tuple[Any, ...]) -> Any:
    """Make an instance of ``model`` from its part of ``row``, as the ORM would."""
    fields = model._meta.concrete_fields
    start = _places()[model]
    values = [_read(field, value) for field, value in zip(fields, row[start : start + len(fields)], strict=True)]
    return model.from_db(connection.alias, [field.attname for field in fields], values)


def _read(field: models.Field[Any, Any], value: Any) -> Any:
    """Read a value that SQLite keeps in a type of its own."""
    if connection.vendor == "postgresql" or value is None:
        return value
    if isinstance(field, models.DateTimeField):
        return _instant(datetime.fromisoformat(value) if isinstance(value, str) else value)
    return bool(value) if isinstance(field, models.BooleanField) else value


def _instant(value: datetime | None) -> datetime:
    if value is None:
        return timezone.now()
    return timezone.make_aware(value, timezone.get_fixed_timezone(0)) if timezone.is_naive(value) else value
