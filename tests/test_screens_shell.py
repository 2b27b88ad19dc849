"""The shell around Kivy: opens on a screen, keeps the order of what other threads say, and real clicks are answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from virtual_screen import virtual_screen

HERE = Path(__file__).resolve().parent


def tell(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


def at_work() -> None:
    """In a process of its own: a stage that shows the welcome page, and says what reaches it."""
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    import scenes
    from kiosk.app import Shell, Window

    class Stage:
        def __init__(self, shell: Shell) -> None:
            self.shell = shell
            self.received: list[int] = []
            self.threads: set[str] = set()

        def start(self) -> None:
            from kivy.core.window import Window as Screen

            self.shell.show(scenes.all_scenes()["welcome"])
            self.shell.after(0.01, lambda: tell(cancelled=False))()
            Screen.bind(on_flip=self.seen)

        def seen(self, screen: Any) -> None:
            screen.unbind(on_flip=self.seen)
            self.shell.after(0.02, lambda: threading.Thread(target=self.post).start())

        def post(self) -> None:
            for number in range(300):
                self.shell.post(number)

        def receive(self, message: int) -> None:
            self.received.append(message)
            self.threads.add(threading.current_thread().name)
            if message == 299:
                place = next(item for item in self.shell.describe() if item["key"] == "answer:register")
                tell(ordered=self.received == list(range(300)), threads=sorted(self.threads), place=place)

        def answer(self, serial: int, value: object) -> None:
            tell(serial=serial, value=value)
            self.shell.stop()

        def back(self, serial: int) -> None: ...
        def leave(self, serial: int) -> None: ...
        def stay(self, serial: int) -> None: ...
        def comfort(self, comfort: object) -> None: ...

    Shell(Stage, Window(1080, 1920), scenes.HOSPITAL).run()
    tell(home=sorted(path.name for path in Path(os.environ["HOME"]).iterdir()))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[tuple[Iterator[dict[str, Any]], str]]:
    with virtual_screen(1080, 1920) as screen:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KIVY_")}
        process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True,
                                   env=environment | screen | {"HOME": str(tmp_path)})
        guard = threading.Timer(180, process.kill)
        guard.start()
        assert process.stdout is not None
        yield map(json.loads, process.stdout), screen["DISPLAY"]
        guard.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_opens_delivers_in_order_takes_a_click_and_leaves_nothing_at_home(shell: Any) -> None:
    facts, name = shell
    first = next(facts)
    assert first["ordered"] and first["threads"] == ["MainThread"]
    place = first["place"]
    display = Display(name)
    xtest.fake_input(display, X.MotionNotify, x=place["x"] + place["w"] // 2, y=place["y"] + place["h"] // 2)
    for event in (X.ButtonPress, X.ButtonRelease):
        xtest.fake_input(display, event, 1)
    display.sync()
    assert next(facts) == {"serial": 1, "value": "register"}
    assert next(facts) == {"home": []}
    display.close()


if __name__ == "__main__":
    at_work()
