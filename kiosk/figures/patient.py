"""A patient in a hurry: does what each page asks for, by touching the display and through the devices' twins."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests as http

from kiosk.figures.frames import Finger

PATIENCE = 30.0     # s the patient waits for a page


class Stuck(Exception):
    """The patient cannot go on; the message is the sentence."""


@dataclass(frozen=True)
class View:
    """A question on the screen, since `shown`: its page, and all that can be seen and touched."""

    page: str
    shown: float
    items: list[dict[str, Any]] = field(repr=False)

    def targets(self, start: str) -> list[dict[str, Any]]:
        """The buttons that can be touched whose key begins so."""
        return [item for item in self.items
                if item["role"] == "button" and item["enabled"] and item["key"].startswith(start)]


@dataclass(frozen=True)
class Step:
    """One question and its answer: when the patient acted, and the page that came of it."""

    page: str
    deed: str
    acted: float
    view: View = field(repr=False)


class Patient:
    """`views`: the pages as they come; `look`: the items on the screen now; `pause`: s before each answer."""

    def __init__(self, views: queue.SimpleQueue[View], look: Callable[[], list[dict[str, Any]]], finger: Finger,
                 panel_url: str, phone_url: str, pause: float) -> None:
        self._views, self._look, self._finger = views, look, finger
        self._panel_url, self._phone_url, self._pause = panel_url, phone_url, pause
        self._web = http.Session()
        self._web.trust_env = False

    def arrive(self) -> View:
        """The next page. Raises Stuck."""
        try:
            return self._views.get(timeout=PATIENCE)
        except queue.Empty:
            texts = [item["text"] for item in self._look() if item["text"]]
            raise Stuck(f"no page came; the screen shows {texts}") from None

    def tap(self, view: View, key: str) -> Step:
        """Touch what has this key, and wait for the page that comes of it."""
        lifted = self._touch(view.items, key)
        return Step(view.page, key, lifted, self.arrive())

    def visit(self, view: View, card: str, department: int, day: int) -> list[Step]:
        """Register for so many days from today, from the welcome page `view` to the welcome page.

        `card`: one of the deck's, or a visit card's code.
        """
        steps: list[Step] = []
        choices = [f"option:{department}", "option:0"]
        while not steps or view.page != "welcome":
            time.sleep(self._pause)
            match view.page:
                case "welcome":
                    step = self.tap(view, "answer:register")
                case "present":
                    step = self._present(view, card)
                case "choose":
                    step = self.tap(view, choices.pop(0))
                case "time":
                    step = self._choose_time(view, day)
                case "confirm":
                    step = self.tap(view, "yes")
                case "pay":
                    step = self._pay(view)
                case "done":
                    self._twin("idcard/lift")
                    step = self.tap(view, "yes")
                case page:
                    raise Stuck(f"page {page}: {[item['text'] for item in view.items if item['text']]}")
            steps.append(step)
            view = step.view
        return steps

    def _touch(self, items: list[dict[str, Any]], key: str) -> float:
        item = next((item for item in items if item["key"] == key and item["role"] == "button"), None)
        if item is None or not item["enabled"]:
            raise Stuck(f"there is no {key} to touch: {[item['key'] for item in items if item['role'] == 'button']}")
        return self._finger.tap(item["x"] + item["w"] / 2, item["y"] + item["h"] / 2)

    def _present(self, view: View, card: str) -> Step:
        acted = time.perf_counter()
        if card[0] == "V":
            self._twin("scanner/show", code=card)
        else:
            self._twin("idcard/put", card=card)
        return Step(view.page, "card", acted, self.arrive())

    def _choose_time(self, view: View, day: int) -> Step:
        """The first free time of that day."""
        self._touch(view.items, f"day:{day}")
        time.sleep(max(0.2, self._pause))
        there = View(view.page, view.shown, self._look())
        free = there.targets("segment:")
        if not free:
            raise Stuck(f"no free time on day {day}")
        return self.tap(there, free[0]["key"])

    def _pay(self, view: View) -> Step:
        answer = self._web.get(f"{self._phone_url}/twin/orders", timeout=10).json()
        orders = answer["orders"] if isinstance(answer, dict) else answer
        number = next(order["order_no"] for order in orders if order["state"] == "NOTPAY")
        acted = time.perf_counter()
        self._web.post(f"{self._phone_url}/twin/pay", json={"out_trade_no": number}, timeout=10).raise_for_status()
        return Step(view.page, "pay", acted, self.arrive())

    def _twin(self, verb: str, **arguments: Any) -> None:
        self._web.post(f"{self._panel_url}/twins/{verb}", json=arguments, timeout=10).raise_for_status()
