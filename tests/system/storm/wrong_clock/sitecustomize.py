"""Loaded at the start of a process whose time of day is faked: libfaketime, told to leave the monotonic clock alone, refuses every sleep."""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex, /) -> None:
    select.select([], [], [], float(seconds))


time.sleep = sleep
