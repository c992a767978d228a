"""What a process that serves pages does about its memory, once it has loaded everything."""

from __future__ import annotations

import gc

from django.urls import get_resolver

THRESHOLDS = (20_000, 20, 50)
"""Objects made before the garbage collector looks; by default 700, so that it would look a dozen times a page."""


def settle() -> None:
    """Take what has been loaded out of the garbage collector's sight: it lives as long as the process.

    The code, the models and the routes are a million objects. To look at all of them takes 100 ms, in the middle of some page.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
