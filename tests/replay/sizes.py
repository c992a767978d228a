"""What the tests of the replay share."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[3] / "shared"))
OLIST = SHARED / "data" / "olist"
WEEKS = int(os.environ.get("REPLAY_WEEKS", "4"))
PER_WEEK = 40
