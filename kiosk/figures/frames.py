"""When frames reach the screen, and what a process has used: the same for the kiosk and for a bare window."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRESS = 0.08        # s a person's finger lies on the glass


class Frames:
    """Counts the frames of this process's Kivy window; `seen` is called after each, with the time it was swapped in.

    To be made on the main thread, once the window exists.
    """

    def __init__(self, seen: Callable[[float], None]) -> None:
        from kivy.core.window import Window

        self.count = 0
        swap = Window.flip

        def flip() -> None:
            swap()
            self.count += 1
            seen(time.perf_counter())

        Window.flip = flip


class Finger:
    """Touches the display as a person would (X's XTEST). `size`: of the window, in pixels; `press`: s on the glass."""

    def __init__(self, display: str, size: tuple[int, int], press: float = PRESS) -> None:
        from drivers.sim.screen import Screen

        self._screen, self._size, self._press = Screen(display), size, press

    def tap(self, x: float, y: float) -> float:
        """Touch the pixel at x, y from the top left; the time just before the finger was lifted."""
        at = x / self._size[0], y / self._size[1]
        self._screen.touch(*at, phase="down")
        time.sleep(self._press)
        lifted = time.perf_counter()
        self._screen.touch(*at, phase="up")
        return lifted


def cpu_seconds() -> float:
    """Of this process and all its threads, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    """Of this process now (Linux: /proc/self/statm)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def rest(frames: Frames, seconds: float) -> dict[str, Any]:
    """What the process uses while nothing happens. Not on the main thread."""
    cpu, drawn = cpu_seconds(), frames.count
    time.sleep(seconds)
    return {"cpu": (cpu_seconds() - cpu) / seconds, "drawn": frames.count - drawn}
