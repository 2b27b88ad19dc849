"""What an act left behind in this process: threads and descriptors that are new since a mark was made, and stay.

Never how many there are. In a process where other tests ran before, something of theirs may go at any time: a count then
differs though nothing was left, or agrees though something was.
"""

from __future__ import annotations

import gc
import os
import threading
import time

PATIENCE = 20.0         # s: what is still going when we look, on a busy machine, is gone by then


class Mark:
    """What is open now."""

    def __init__(self) -> None:
        gc.collect()            # what it would close later, its numbers free for others, is closed now
        self._threads = set(threading.enumerate())
        self._descriptors = _descriptors()

    def left(self, patience: float = PATIENCE) -> list[str]:
        """Each thread and descriptor that came after the mark and is still there after `patience` s, by its name."""
        end, stay = time.monotonic() + patience, self._new()
        while stay and time.monotonic() < end:
            threading.Event().wait(0.01)
            stay &= self._new()
        return sorted(map(_named, stay))

    def _new(self) -> set[threading.Thread | tuple[int, str]]:
        return {*set(threading.enumerate()) - self._threads, *_descriptors() - self._descriptors}


def _descriptors() -> set[tuple[int, str]]:
    """Each with what it leads to: a number alone may belong to another file a moment later."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add((int(number), os.readlink(f"/proc/self/fd/{number}")))
        except FileNotFoundError:       # the one the list was read with, or one that just went
            pass
    return found


def _named(one: threading.Thread | tuple[int, str]) -> str:
    return f"thread {one.name}" if isinstance(one, threading.Thread) else "descriptor %d: %s" % one
