"""The window: opens fast, shows what the stage says, and brings to the main thread what other threads say.

Kivy reads its configuration when it is first imported, so all that must be said to it is said at the top of this file.
"""

from __future__ import annotations

import atexit
import datetime as dt
import logging
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

# No files in anybody's home, no reading of our command line, no chatter.
if "KIVY_HOME" not in os.environ:
    os.environ["KIVY_HOME"] = tempfile.mkdtemp(prefix="kiosk-kivy-")
    atexit.register(shutil.rmtree, os.environ["KIVY_HOME"], ignore_errors=True)
for _switch in ("KIVY_NO_ARGS", "KIVY_NO_CONFIG", "KIVY_NO_FILELOG", "KIVY_NO_CONSOLELOG"):
    os.environ.setdefault(_switch, "1")
# Kivy's other modes take standard error away from the program.
os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")

from kivy.config import Config  # noqa: E402

from kiosk.visit import Comfort, Scene  # noqa: E402
from kiosk.words import Name  # noqa: E402


# Frames a second that Kivy is asked for. Its interruptible clock wakes 4/15 of a frame early, so that 44 make 60, and 60
# would make 82: as much idle work more.
RATE = 44


@dataclass(frozen=True)
class Window:
    """The screen, in pixels."""

    width: int = 1080
    height: int = 1920
    fullscreen: bool = False


class StagePort(Protocol):
    """What the shell needs of the stage. `serial` is that of the scene a touch was made on."""

    def start(self) -> None: ...
    def receive(self, message: Any) -> None: ...
    def answer(self, serial: int, value: Any) -> None: ...
    def back(self, serial: int) -> None: ...
    def leave(self, serial: int) -> None: ...
    def stay(self, serial: int) -> None: ...
    def comfort(self, comfort: Comfort) -> None: ...
    def serve(self) -> None: ...


def configure(window: Window) -> None:
    """Tells Kivy how to be; before anything of it but its configuration is imported."""
    settings: dict[str, dict[str, str]] = {
        # A wake-up from another thread ends the wait for the next frame at once.
        "kivy": {"kivy_clock": "interrupt", "exit_on_escape": "0", "keyboard_mode": ""},
        # Multisampling costs two thirds of the frame rate; edges are smooth without it (screens/shapes.py).
        "graphics": {"width": str(window.width), "height": str(window.height), "multisamples": "0",
                     "maxfps": str(RATE), "resizable": "0", "show_cursor": "0" if window.fullscreen else "1",
                     "fullscreen": "auto" if window.fullscreen else "0", "borderless": "1"},
    }
    for section, values in settings.items():
        for name, value in values.items():
            Config.set(section, name, value)
    logging.getLogger("kivy").setLevel(logging.ERROR)
    # One provider only: with two, some boards report every touch twice.
    Config.remove_section("input")
    Config.add_section("input")
    Config.set("input", "mouse", "mouse,disable_multitouch")


class Shell:
    """Runs the window and the stage in the calling thread. It is itself the stage's `Ports`.

    open_stage: gets this shell and gives the stage; it is started when the window stands. hospital, px_per_mm (pixels
    of a millimetre of the real screen) and wall (the hospital's time of day) are for the face.
    """

    def __init__(self, open_stage: Callable[[Shell], StagePort], window: Window = Window(),
                 hospital: Name = Name("医院", "Hospital"), px_per_mm: float = 4.0,
                 wall: Callable[[], dt.datetime] = dt.datetime.now) -> None:
        self._open_stage = open_stage
        self._window = window
        self._look: dict[str, Any] = {"hospital": hospital, "px_per_mm": px_per_mm, "wall": wall}
        self._inbox: deque[Any] = deque()
        self._stage: StagePort | None = None
        self._face: Any = None
        self._app: Any = None
        self._wake: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Blocks until `stop`."""
        configure(self._window)
        from kivy.app import App
        from kivy.clock import Clock
        logging.getLogger("kivy").setLevel(logging.ERROR)

        shell = self

        class Kiosk(App):  # type: ignore[misc]  # Kivy is untyped
            def build(self) -> Any:
                return shell._build()

            def on_start(self) -> None:
                shell._start()

        self._wake = Clock.create_trigger(lambda _: self._deliver(), -1)
        self._app = Kiosk()
        self._app.run()

    def stop(self) -> None:
        """Closes the window; `run` returns. From any thread."""
        from kivy.clock import Clock
        Clock.schedule_once(lambda _: self._app and self._app.stop(), -1)

    def describe(self) -> list[dict[str, Any]]:
        """What can be seen and touched now (screens/face.py); on the main thread."""
        return cast(list[dict[str, Any]], self._face.describe())

    # Ports, for the stage. All but `post` on the main thread only.

    def show(self, scene: Scene) -> None:
        """Draws the scene in the next frame."""
        self._face.show(scene)

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """Calls once in so many seconds; gives what cancels it."""
        from kivy.clock import Clock
        event = Clock.schedule_once(lambda _: call(), seconds)
        return cast(Callable[[], None], event.cancel)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def post(self, message: Any) -> None:
        """From any thread: the stage receives the messages on the main thread, in this order."""
        self._inbox.append(message)
        self._wake()

    # For whoever looks over the person's shoulder: a robot patient, a voice.

    @property
    def face(self) -> Any:
        """What is seen (screens.face.Face); None before the window stands. To be asked on the main thread only."""
        return self._face

    @property
    def size(self) -> tuple[int, int]:
        """Of the window, in pixels."""
        return self._window.width, self._window.height

    def call(self, work: Callable[[], None]) -> None:
        """From any thread: do this on the main thread, soon."""
        from kivy.clock import Clock
        Clock.schedule_once(lambda _: work(), -1)

    # Inside.

    def _build(self) -> Any:
        from kivy.core.window import Window

        from screens.face import Face

        stage = self._stage = self._open_stage(self)
        self._face = Face(stage, now=self.now, **self._look)
        Window.bind(on_mouse_down=self._touched, on_mouse_up=self._touched)
        return self._face

    def _touched(self, *_: Any) -> None:
        """A finger is seen to at once: Kivy would first sleep until the next frame is due."""
        self._wake()

    def _start(self) -> None:
        from kivy.clock import Clock

        assert self._stage is not None
        self._stage.start()
        # The first frame is the welcome page; everything else is built after people can touch it.
        Clock.schedule_once(lambda _: self._face.build_ahead(), 0.2)
        self._wake()

    def _deliver(self) -> None:
        while self._inbox and self._stage is not None:
            self._stage.receive(self._inbox.popleft())
