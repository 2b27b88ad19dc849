"""A robot patient: a thread that looks at what the screen says can be touched, and touches the display itself, as a finger
would (X's XTEST). It takes a picture of every page on its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests as http
from PIL import ImageGrab

from drivers.sim.screen import Screen
from kiosk.bring_up import Addresses
from kiosk.visit import Comfort

LOOK = 0.04            # s between two looks at the screen
STILL = 0.25           # s a page is left alone before its picture is taken
PATIENCE = 30.0        # s the patient waits for a page
SHOWS = 5.0            # s in which what was touched has its effect on a busy machine

FIRST = ("welcome", "keypad")      # pages that may be the first of somebody

Step = tuple[str, str]     # the page, and what the patient does there: a touch (its key), or a verb and its object
TOWN = "town"              # in place of a page: what somebody else does, elsewhere


class NotPlayed(Exception):
    """The play could not be played to its end; the message is the sentence."""


@dataclass(frozen=True)
class View:
    """What the patient sees: the page, the scene's number, and every text and button on it."""

    page: str
    serial: int
    comfort: Comfort
    items: list[dict[str, Any]] = field(repr=False)

    def find(self, key: str) -> dict[str, Any] | None:
        return next((item for item in self.items if item["key"] == key and item["role"] == "button"), None)


class Patient:
    """One person in front of the machine, until the script is over; then the window is closed."""

    def __init__(self, house: Addresses, out: Path, script: tuple[Step, ...], language: str, size: str,
                 elsewhere: Callable[[str], None] = lambda deed: None) -> None:
        self._elsewhere = elsewhere
        self._house, self._out, self._script = house, out, script
        self._comfort = {"language": language, "size": size}
        self._screen = Screen(house.display)
        self._seen: set[int] = set()
        self._pictures = 0
        self._trouble: Exception | None = None
        self._thread: threading.Thread | None = None
        self.told: list[dict[str, Any]] = []
        self.touches = 0

    def watch(self, shell: Any) -> None:
        """Begin, as soon as the window stands."""
        self._shell = shell
        self._thread = threading.Thread(target=self._live, name="patient")
        self._thread.start()

    def finish(self) -> None:
        """Raises NotPlayed when the script was not played to its end."""
        assert self._thread is not None
        self._thread.join()
        if self._trouble is not None:
            raise NotPlayed(f"The patient got stuck: {self._trouble}")

    def _live(self) -> None:
        try:
            for page, deed in self._script:
                if page == TOWN:
                    self._elsewhere(deed)
                else:
                    self._act(self._await(page), deed)
        except Exception as trouble:
            self._trouble = trouble
            self._photograph("stuck")
        finally:
            self._shell.stop()

    # Looking.

    def _look(self) -> View | None:
        """What the screen shows now, asked on the window's own thread."""
        seen: list[View | None] = []
        ready = threading.Event()

        def look() -> None:
            face = self._shell.face
            scene = face.scene if face is not None else None
            seen.append(View(scene.ask.page, scene.serial, scene.comfort, face.describe()) if scene is not None else None)
            ready.set()

        self._shell.call(look)
        return seen[0] if ready.wait(PATIENCE) else None

    def _await(self, page: str) -> View:
        """The page, new since the last touch. A picture is taken of every page on the way."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            view = self._look()
            if view is not None and view.serial not in self._seen:
                time.sleep(STILL)
                still = self._look()
                if still is not None and still.serial == view.serial:
                    self._seen.add(view.serial)
                    if view.page in FIRST:
                        still = self._make_comfortable(still)
                    self._photograph(view.page)
                    if still.page == page:
                        return still
            time.sleep(LOOK)
        last = self._look()
        raise NotPlayed(f"no page {page}; the screen shows {last.page if last else 'nothing'}: "
                        f"{[item['text'] for item in last.items if item['text']] if last else ''}")

    def _make_comfortable(self, view: View) -> View:
        """The first page greets everybody alike: choose the language and the size again."""
        for key, wanted in self._comfort.items():
            if getattr(view.comfort, key) != wanted:
                self._touch(view, key)
                time.sleep(STILL)
                view = self._look() or view
        return view

    def _photograph(self, page: str) -> None:
        self._pictures += 1
        picture = ImageGrab.grab(xdisplay=self._house.display)
        picture.save(self._out / f"{self._pictures:02d}-{page}.png")

    # Acting.

    def _act(self, view: View, deed: str) -> None:
        verb, _, thing = deed.partition(" ")
        match verb:
            case "card":
                self._twin("idcard/put", card=thing)
            case "scan":
                self._twin("scanner/show", code=thing)
            case "pay":
                self._pay()
            case "type":
                for digit in thing:
                    view = self._touch(view, f"digit:{digit}")
                self._touch(view, "yes")
            case "segment":
                if thing != "0":
                    view = self._touch(view, f"day:{thing}")
                free = next(item for item in view.items if item["key"].startswith("segment:") and item["enabled"])
                self._touch(view, free["key"])
            case "done":
                self.told.append({"texts": [item["text"] for item in view.items if item["role"] != "button"],
                                  "number": next((item["text"] for item in view.items if item["key"] == "number"), None)})
                self._twin("idcard/lift")
                self._touch(view, "yes")
            case "rest":
                pass
            case _:
                self._touch(view, verb)

    def _touch(self, view: View, key: str) -> View:
        """Touch it as soon as it can be; what is seen behind that."""
        item, end = view.find(key), time.monotonic() + SHOWS
        while (item is None or not item["enabled"]) and time.monotonic() < end:
            time.sleep(LOOK)
            view = self._look() or view
            item = view.find(key)
        if item is None or not item["enabled"]:
            raise NotPlayed(f"{key} cannot be touched on {view.page}; there are "
                            f"{[item['key'] for item in view.items if item['role'] == 'button' and item['enabled']]}")
        width, height = self._shell.size
        self._screen.touch((item["x"] + item["w"] / 2) / width, (item["y"] + item["h"] / 2) / height)
        self.touches += 1
        time.sleep(LOOK)
        after = self._look()
        return after if after is not None else view

    def _twin(self, verb: str, **arguments: Any) -> None:
        http.post(f"{self._house.panel_url}/twins/{verb}", json=arguments, timeout=10).raise_for_status()

    def _pay(self) -> None:
        open_ones = http.get(f"{self._house.phone_url}/twin/orders", timeout=10).json()
        order = next(order for order in orders(open_ones) if order["state"] == "NOTPAY")
        http.post(f"{self._house.phone_url}/twin/pay", json={"out_trade_no": order["order_no"]},
                  timeout=10).raise_for_status()


def orders(answer: Any) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = answer["orders"] if isinstance(answer, dict) else answer
    return orders
