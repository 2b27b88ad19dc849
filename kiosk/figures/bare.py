"""The least that Kivy can do: a window with one label, which gives way to another when touched.

    python -m kiosk.figures.bare WIDTH HEIGHT start | touch COUNT | idle SECONDS

Same size and depth of window as the kiosk's, no multisampling either. Prints what was measured as one line of JSON.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

SETTLED = 3.0       # s after which a window that was just opened is at rest
PATIENCE = 20.0     # s for a frame


def main(words: list[str]) -> None:
    width, height, mode = int(words[0]), int(words[1]), words[2]
    os.environ.setdefault("KIVY_HOME", os.path.join(tempfile.gettempdir(), f"kiosk-kivy-{os.getuid()}"))
    for switch in ("KIVY_NO_ARGS", "KIVY_NO_CONFIG", "KIVY_NO_FILELOG", "KIVY_NO_CONSOLELOG"):
        os.environ[switch] = "1"
    from kivy.config import Config
    for name, value in (("width", width), ("height", height), ("multisamples", 0), ("borderless", 1)):
        Config.set("graphics", name, str(value))
    Config.set("input", "mouse", "mouse,disable_multitouch")
    _run(mode, float(words[3]) if len(words) > 3 else 0, (width, height))


def _run(mode: str, amount: float, size: tuple[int, int]) -> None:
    from kivy.app import App
    from kivy.uix.floatlayout import FloatLayout
    from kivy.uix.label import Label

    from kiosk.figures.frames import Frames

    found: dict[str, Any] = {}
    shown: queue.SimpleQueue[float] = queue.SimpleQueue()
    frames = Frames(shown.put)
    pages = [Label(text="one", font_size=80), Label(text="two", font_size=80)]

    class Root(FloatLayout):  # type: ignore[misc]  # Kivy is untyped
        def on_touch_up(self, touch: Any) -> bool:
            self.remove_widget(pages[0])
            pages.reverse()
            self.add_widget(pages[0])
            return True

    class Bare(App):  # type: ignore[misc]
        def build(self) -> Any:
            root = Root()
            root.add_widget(pages[0])
            return root

    app = Bare()

    def live() -> None:
        found["shown"] = shown.get(timeout=PATIENCE)
        _measure(mode, amount, size, frames, shown, found)
        _stop(app.stop)

    threading.Thread(target=live, name="robot").start()
    app.run()
    print(json.dumps(found), flush=True)


def _stop(stop: Callable[[], None]) -> None:
    from kivy.clock import Clock
    Clock.schedule_once(lambda _: stop(), -1)


def _measure(mode: str, amount: float, size: tuple[int, int], frames: Any, shown: queue.SimpleQueue[float],
             found: dict[str, Any]) -> None:
    from kiosk.figures.frames import Finger, rest

    if mode == "idle":
        time.sleep(SETTLED)
        found.update(rest(frames, amount))
    elif mode == "touch":
        finger = Finger(os.environ["DISPLAY"], size)
        time.sleep(SETTLED)
        times = found["touches"] = []
        for _ in range(int(amount)):
            while not shown.empty():
                shown.get()
            lifted = finger.tap(size[0] / 2, size[1] / 2)
            times.append(shown.get(timeout=PATIENCE) - lifted)
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1:])
