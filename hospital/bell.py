"""The bell that wakes the tending thread: there is something to do, do not wait for the next pass."""

from __future__ import annotations

import threading

_bell = threading.Event()


def wake() -> None:
    _bell.set()


def wait(seconds: float) -> None:
    """Until somebody wakes us, or the time is over."""
    _bell.wait(seconds)
    _bell.clear()
