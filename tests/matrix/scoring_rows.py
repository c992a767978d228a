"""Scoring: everybody reads its versions; managers of marketing and administrators write the next."""

from __future__ import annotations

from tests.matrix.rows import Row, Target, form, page
from tests.matrix.world import MISSING_ID

VERSION = Target(lambda world, actor: {"number": 1}, {"number": MISSING_ID})

SCORING_ROWS: dict[str, Row | tuple[Row, ...]] = {
    "desk:scoring": page("see_personas"),
    "desk:scoring_version": page("see_personas", target=VERSION),
    "desk:edit_scoring": form("write_scoring", refused=403, blind=frozenset({"olive"})),
}
