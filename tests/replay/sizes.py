"""What the tests of the replay share."""

from __future__ import annotations

import os

WEEKS = int(os.environ.get("REPLAY_WEEKS", "4"))
PER_WEEK = 40
