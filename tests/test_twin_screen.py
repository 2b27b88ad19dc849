"""The kiosk's screen in the panel: pictures of a real (virtual) display, and touches that arrive in a window."""

from __future__ import annotations

import math
import os
import select
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from Xlib import X
from Xlib.display import Display

from drivers.sim.bench import Bench
from drivers.sim.panel import panel

WIDTH, HEIGHT = 360, 640


@pytest.fixture
def display() -> Iterator[str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten",
                               "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as said:
        name = f":{said.readline().strip()}"
    yield name
    server.terminate()
    server.wait(20)


class Window:
    """A window over the whole display, like the kiosk's; its colour can be changed, and it says what touched it."""

    def __init__(self, name: str) -> None:
        self.display = Display(name)
        self.window = self.display.screen().root.create_window(
            0, 0, WIDTH, HEIGHT, 0, X.CopyFromParent, background_pixel=0x203040,
            event_mask=X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask | X.StructureNotifyMask)
        self.window.map()
        while self._event().type != X.MapNotify:
            pass

    def turn(self, colour: int) -> None:
        self.window.change_attributes(background_pixel=colour)
        self.window.clear_area()
        self.display.sync()

    def touched(self) -> tuple[int, int, int]:
        event = self._event()
        return event.type, event.event_x, event.event_y

    def _event(self) -> Any:
        while not self.display.pending_events():
            assert select.select([self.display], [], [], 5)[0], "nothing happened"
        return self.display.next_event()


def client(bench: Bench, display: str) -> FlaskClient:
    return panel(bench, display=display).test_client()


def fresh(web: FlaskClient, mark: str) -> tuple[str, Image.Image]:
    """The next picture that is not `mark`: asked for again until the screen's picture is retaken."""
    for _ in range(100_000):
        answer = web.get("/screen.jpg?w=180", headers={"If-None-Match": mark})
        if answer.status_code == 200:
            return answer.headers["ETag"], Image.open(BytesIO(answer.data))
        assert answer.status_code == 304 and not answer.data
    raise AssertionError("the picture never changed")


def test_seen_and_touched(tmp_path: Path, display: str) -> None:
    bench = Bench(tmp_path, speed=math.inf)
    web = client(bench, display)
    with bench:
        window = Window(display)
        mark, picture = fresh(web, "")
        assert picture.size == (180, 320)
        assert all(abs(a - b) < 8 for a, b in zip(picture.getpixel((90, 160)), (0x20, 0x30, 0x40)))  # type: ignore[arg-type]
        assert web.get("/screen.jpg?w=180", headers={"If-None-Match": mark}).status_code == 304
        window.turn(0xFFFFFF)
        _, picture = fresh(web, mark)
        assert min(picture.getpixel((90, 160))) > 247  # type: ignore[arg-type]
        assert Image.open(BytesIO(web.get("/screen.jpg?w=90").data)).size == (90, 160)
        for said in ({"x": 0.5, "y": 0.25, "phase": "tap"}, {"x": 0, "y": 0, "phase": "down"},
                     {"x": 1, "y": 1, "phase": "move"}, {"x": 1, "y": 0.5, "phase": "up"}):
            assert web.post("/screen/touch", json=said).status_code == 200
        middle, corner, far, side = (180, 160), (0, 0), (359, 639), (359, 320)
        assert [window.touched() for _ in range(8)] == [
            (X.MotionNotify, *middle), (X.ButtonPress, *middle), (X.ButtonRelease, *middle),
            (X.MotionNotify, *corner), (X.ButtonPress, *corner), (X.MotionNotify, *far),
            (X.MotionNotify, *side), (X.ButtonRelease, *side)]
        for wrong in ({}, {"x": 2, "y": 0}, {"x": "left", "y": 0}, {"x": 0, "y": 0, "phase": "lick"}):
            assert web.post("/screen/touch", json=wrong).status_code == 400
        assert 'id="screen"' in web.get("/").text
        window.display.close()


def test_a_display_that_is_not_there(tmp_path: Path) -> None:
    web = client(Bench(tmp_path), ":4711")
    assert web.get("/screen.jpg").status_code == 503
    assert web.post("/screen/touch", json={"x": 0.1, "y": 0.1}).status_code == 503
