"""The kiosk's screen seen and touched from elsewhere: pictures of an X display, touches through XTEST.

Meant for a virtual display (Xvfb) on which the real front end runs. A picture is taken only when somebody asks, and
at most five times a second.
"""

from __future__ import annotations

import threading
import time
from hashlib import blake2b
from io import BytesIO
from typing import Literal

from PIL import Image, ImageGrab
from Xlib import X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError
from Xlib.ext import xtest

SHORTEST_INTERVAL = 0.2                   # s between two pictures
QUALITY = 80                              # of JPEG
WIDEST = 4096                             # px, of a picture asked for
Phase = Literal["tap", "down", "move", "up"]


class ScreenGone(Exception):
    """The display does not answer (any more)."""


class Screen:
    """One X display by its name, like ":99". Connects when first used, again after it was gone. Any thread."""

    def __init__(self, display: str) -> None:
        self._name = display
        self._lock = threading.Lock()
        self._display: Display | None = None
        self._taken = 0.0
        self._raw: Image.Image | None = None
        self._mark = ""
        self._jpegs: dict[int, bytes] = {}

    def picture(self, width: int) -> tuple[str, bytes]:
        """A mark that changes when the screen does, and the screen as JPEG, `width` pixels wide.

        Raises ScreenGone.
        """
        with self._lock:
            self._look()
            assert self._raw is not None
            width = min(width, WIDEST)
            if width not in self._jpegs:
                height = max(1, round(self._raw.height * width / self._raw.width))
                small = self._raw.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
                file = BytesIO()
                small.save(file, "JPEG", quality=QUALITY)
                self._jpegs[width] = file.getvalue()
            return f"{self._mark}-{width}", self._jpegs[width]

    def touch(self, x: float, y: float, phase: Phase = "tap") -> None:
        """A finger at `x`, `y` (0 to 1 of width and height). Raises ScreenGone, ValueError."""
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError("a touch lies on the screen: 0 to 1")
        acts = {"tap": (X.MotionNotify, X.ButtonPress, X.ButtonRelease), "down": (X.MotionNotify, X.ButtonPress),
                "move": (X.MotionNotify,), "up": (X.MotionNotify, X.ButtonRelease)}
        if phase not in acts:
            raise ValueError(f"no such phase: {phase}")
        with self._lock:
            try:
                display = self._connected()
                size = display.screen()
                at = (round(x * (size.width_in_pixels - 1)), round(y * (size.height_in_pixels - 1)))
                for act in acts[phase]:
                    xtest.fake_input(display, act, 0 if act == X.MotionNotify else 1, x=at[0], y=at[1])
                display.sync()
            except (ConnectionClosedError, OSError) as error:
                self._display = None
                raise ScreenGone(str(error)) from error
            self._taken = 0.0                # the next picture shows what came of it

    def close(self) -> None:
        with self._lock:
            if self._display is not None:
                self._display.close()
                self._display = None

    def _connected(self) -> Display:
        if self._display is None:
            try:
                self._display = Display(self._name)
            except DisplayError as error:
                raise ScreenGone(str(error)) from error
        return self._display

    def _look(self) -> None:
        """Take a picture, unless the last one is young."""
        now = time.monotonic()
        if self._raw is not None and now - self._taken < SHORTEST_INTERVAL:
            return
        try:
            raw = ImageGrab.grab(xdisplay=self._name)
        except OSError as error:
            self._raw = None
            raise ScreenGone(str(error)) from error
        self._taken = now
        mark = blake2b(raw.tobytes(), digest_size=8).hexdigest()
        if mark != self._mark or self._raw is None:
            self._raw, self._mark, self._jpegs = raw, mark, {}
