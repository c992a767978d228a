"""The layers, read from the one list in pyproject.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """Return import-linter's contracts by id."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def layers() -> list[str]:
    """Return the apps, lowest first."""
    return list(reversed(contracts()["layers"]["layers"]))


def pure_modules() -> list[str]:
    """Return the modules that know no Django."""
    return list(contracts()["pure"]["source_modules"])


def is_upward(user: str, used: str) -> bool:
    """Tell whether app ``user`` reaches up to app ``used``. What is not one of our apps lies below all."""
    order = layers()
    return user in order and used in order and order.index(used) > order.index(user)
