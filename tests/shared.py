"""Data that is kept beside the repository: in ``SHARED_DIR``, or in the folder ``shared`` next to it."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")
OLIST = SHARED / "data" / "olist"
"""Leads of a marketplace in Brazil and what became of them."""
