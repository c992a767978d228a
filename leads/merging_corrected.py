"""Merge two leads of one person, and correct what the other one knew better, as one act. Verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.completing import complete
from leads.intake.attempts import attempt
from leads.merging import merge
from teams.models import User

EMAIL = "email"
"""What can be taken over only once the two are one: until then it is the address of somebody else."""


def merge_corrected(
    *, pair_id: int, kept_id: int, gone_id: int, changes: Mapping[str, Any], actor: User, at: datetime
) -> int:  # fmt: skip
    """Merge ``gone_id`` into ``kept_id`` (see ``merge``) with ``changes`` of the kept contact (see ``complete``), and give the merge's id.

    What refuses one refuses both. A correction comes first and outlives an undo; with the email it comes last, which makes the merge final.
    Raises what the two raise.
    """
    wish = _Wish(pair_id, kept_id, gone_id, changes, actor, at)
    return attempt(lambda _obstacle: _merge_corrected(wish))


@dataclass(frozen=True, slots=True)
class _Wish:
    """The arguments of the verb."""

    pair_id: int
    kept_id: int
    gone_id: int
    changes: Mapping[str, Any]
    actor: User
    at: datetime


def _merge_corrected(wish: _Wish) -> int:
    is_last = EMAIL in wish.changes
    if not is_last:
        _correct(wish)
    merge_id = merge(
        pair_id=wish.pair_id, kept_id=wish.kept_id, gone_id=wish.gone_id, actor=wish.actor, at=wish.at
    )  # fmt: skip
    if is_last:
        _correct(wish)
    return merge_id


def _correct(wish: _Wish) -> None:
    if wish.changes:
        complete(lead_id=wish.kept_id, changes=wish.changes, actor=wish.actor, at=wish.at)
