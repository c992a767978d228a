"""The account pages: who gets in, who gets out, and passwords, with what a person would really send."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from tests.matrix.rows import Row, Target, account
from tests.matrix.world import PASSWORD, World

CHOSEN = {"password1": "five quiet horses", "password2": "five quiet horses"}


def ritas_login(world: World, actor: str) -> dict[str, str]:
    return {"login": world.people["rita"].email, "password": PASSWORD}


def ritas_address(world: World, actor: str) -> dict[str, str]:
    return {"email": world.people["rita"].email}


def ritas_key(world: World, actor: str) -> dict[str, str]:
    rita = world.people["rita"]
    return {"uidb36": user_pk_to_url_str(rita), "key": default_token_generator.make_token(rita)}


WRONG_KEY = Target(lambda world, actor: {"uidb36": "x", "key": "y-z"}, {})
RITAS_KEY = Target(ritas_key, {})

ACCOUNT_ROWS: dict[str, Row | tuple[Row, ...]] = {
    "account_login": account([302], [302], strangers=(200,), also=[200, 302], data=ritas_login),
    "account_logout": account([200], [302], strangers=(302,)),
    "account_inactive": account(),
    "account_change_password": account(
        [200], [302], is_open=False, also=[200], data={"oldpassword": PASSWORD, **CHOSEN}
    ),
    "account_reset_password": account([200], [302], also=[200], data=ritas_address),
    "account_reset_password_done": account(),
    "account_reset_password_from_key": (
        account([200], [200], target=WRONG_KEY, also=[200], label="wrong", data=CHOSEN),
        # The key goes into the session first, and out of the address.
        account([302], [302], target=RITAS_KEY, also=[302], label="right", data=CHOSEN),
    ),
    "account_reset_password_from_key_done": account(),
}
