"""The kiosk, as `python -m kiosk run` starts it, with somebody who looks at the clock.

    python -m kiosk.figures.watched STATE PANEL_URL PHONE_URL start | touch COUNT | idle SECONDS | journey DAY | many COUNT

Prints what was measured as one line of JSON, on its last line.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from kiosk.__main__ import open_kiosk
from kiosk.figures.frames import PRESS, Finger, Frames, resident_bytes, rest
from kiosk.figures.patient import Patient, View
from kiosk.settings import load

SETTLED = 6.0       # s after which a kiosk that was just started is at rest: pages built, devices and server known
PERSON = 0.5        # s that the patient of `journey` looks at a page
HASTY = 0.01        # s that the patients of `many` touch the glass
PEOPLE = 30         # in the invented hospital, with visit cards from V000000000001
A_DAY = 3           # bookings a person may have for one day
OFTEN = 20          # journeys from one look at the memory to the next
CLOCK = 60          # s after which the time of day on the page changes


class Watch:
    """Sees every page that asks something come onto the screen."""

    def __init__(self, shell: Any) -> None:
        self._shell, self._show = shell, shell.show
        self._fresh: Any = None
        self._serial = 0
        self.frames: Frames | None = None
        self.views: queue.SimpleQueue[View] = queue.SimpleQueue()
        shell.show = self._shown

    def _shown(self, scene: Any) -> None:
        if self.frames is None:
            self.frames = Frames(self._flipped)
        self._show(scene)
        self._fresh = scene

    def _flipped(self, now: float) -> None:
        scene, self._fresh = self._fresh, None
        if scene is None or scene.ask.page == "wait" or scene.serial == self._serial:
            return
        self._serial = scene.serial
        self.views.put(View(scene.ask.page, now, self._shell.face.describe()))

    def look(self) -> list[dict[str, Any]]:
        """What can be seen and touched now. From any other thread."""
        seen: queue.SimpleQueue[list[dict[str, Any]]] = queue.SimpleQueue()
        self._shell.call(lambda: seen.put(self._shell.face.describe()))
        return seen.get()


class Session:
    """One run of the kiosk in one of the modes, played from a thread of its own."""

    def __init__(self, state: Path, panel_url: str, phone_url: str, mode: str, amount: float) -> None:
        self._state, self._urls, self._mode, self._amount = state, (panel_url, phone_url), mode, amount
        self._hooks: Any = None
        if mode == "journey":
            from kiosk.figures.hooks import Hooks
            self._hooks = Hooks()
        self.found: dict[str, Any] = {}
        self.trouble: Exception | None = None

    def watch(self, shell: Any) -> None:
        self._shell, self._watch = shell, Watch(shell)
        threading.Thread(target=self._live, name="patient").start()

    def _live(self) -> None:
        try:
            welcome = self._watch.views.get(timeout=60)
            self.found["shown"] = welcome.shown
            if self._mode != "start":
                getattr(self, f"_{self._mode}")(welcome)
        except Exception as trouble:
            self.trouble = trouble
        finally:
            self._shell.stop()

    def _patient(self, pause: float, press: float = PRESS) -> Patient:
        finger = Finger(os.environ["DISPLAY"], self._shell.size, press)
        return Patient(self._watch.views, self._watch.look, finger, *self._urls, pause)

    def _idle(self, welcome: View) -> None:
        """At rest, inside one minute of the clock on the page."""
        time.sleep(SETTLED)
        left = CLOCK - time.time() % CLOCK
        if left < self._amount + 2:
            time.sleep(left + 2)
        assert self._watch.frames is not None
        self.found.update(rest(self._watch.frames, self._amount))

    def _touch(self, welcome: View) -> None:
        """To the page that asks for a card and back, once before all pages are built, then at rest."""
        patient, times, view = self._patient(0), [], welcome
        for number in range(int(self._amount) + 1):
            for key in ("answer:register", "home"):
                step = patient.tap(view, key)
                view = step.view
                times.append(view.shown - step.acted)
                time.sleep(SETTLED if number == 0 else 0.2)
        self.found["first"], self.found["touches"] = times[0], times[2:]

    def _journey(self, welcome: View) -> None:
        """One, so many days after tomorrow: today may be over."""
        assert self._hooks is not None
        time.sleep(SETTLED)
        self._hooks.begin()
        steps = self._patient(PERSON).visit(welcome, "resident", 1, 1 + int(self._amount))
        time.sleep(1.0)
        self.found["steps"] = [{"page": step.page, "deed": step.deed, "acted": step.acted, "shown": step.view.shown,
                                "next": step.view.page} for step in steps]
        self.found.update(self._hooks.ended(self._state))

    def _many(self, welcome: View) -> None:
        """As fast as it goes: no pause, and the payment asked for twenty times a second."""
        from kiosk import ears

        ears.AGAIN = 0.05
        patient, view = self._patient(0, HASTY), welcome
        sizes = self.found["resident"] = {}
        for number in range(int(self._amount)):
            person, turn = number % PEOPLE, number // PEOPLE
            view = patient.visit(view, f"V{person + 1:012d}", turn % A_DAY, 1 + turn // A_DAY)[-1].view
            if (number + 1) % OFTEN == 0:
                time.sleep(1.0)
                sizes[number + 1] = resident_bytes()


def main(words: list[str]) -> int:
    state = Path(words[0])
    session = Session(state, words[1], words[2], words[3], float(words[4]) if len(words) > 4 else 0)
    open_kiosk(state, load(state / "kiosk.ini"), session.watch)
    if session.trouble is not None:
        print(f"{type(session.trouble).__name__}: {session.trouble}", file=sys.stderr)
        return 1
    print(json.dumps(session.found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
