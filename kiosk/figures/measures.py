"""The measurements: programs are started, take turns, and what they found becomes figures."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests as http

from kiosk.bring_up import Addresses, House
from kiosk.demo import furnish

WINDOW = (1080, 1920)
STARTS = 7              # of each program
TURNS, TOUCHES = 4, 6   # how often each program is started, and touched each time
RESTS, REST = 4, 10.0   # how often each program is left alone, and for how many seconds
JOURNEYS = 3
MANY, FEW = 200, 20     # journeys
FAST = 200              # times the speed of real devices
LONGEST = 1800.0        # s a program may take

# ESC/POS commands that send pictures: GS v 0, GS ( L, GS 8 L, ESC *, FS p, FS q, GS *.
RASTER = re.compile(rb"\x1dv0|\x1d\(L|\x1d8L|\x1b\*|\x1cp|\x1cq|\x1d\*")


class NotMeasured(Exception):
    """A measurement itself failed. Says which, and why."""


@dataclass(frozen=True)
class Figure:
    """A value and what it is to reach at most (None: for information). `unit`: × is a ratio. `rest`: its origin."""

    name: str
    value: float
    unit: str
    reach: float | None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return "" if self.reach is None else "pass" if self.value <= self.reach else "over"


class Lobby(House):
    """A house whose devices are `speed` times faster than real ones."""

    def __init__(self, state: Path, speed: float) -> None:
        super().__init__(state, virtual=True, window=WINDOW, panel_port=0)
        self._speed = speed

    def _start_python(self, name: str, *command: object, **environment: str) -> Any:
        more = ("--speed", self._speed) if name == "bench" else ()
        return super()._start_python(name, *command, *more, **environment)


class Range:
    """Starts the programs that are compared, on the screen of a house."""

    def __init__(self, house: Addresses) -> None:
        self.house = house
        self._state, _ = furnish(house, "portrait")
        lines = {"hospital_url": house.hospital_url, "fullscreen": "no",
                 **{f"{name}_url": url for name, url in house.devices.items()}}
        (self._state / "kiosk.ini").write_text(
            "[kiosk]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()), encoding="utf-8")

    def bare(self, *mode: object) -> dict[str, Any]:
        """The bare window in one of its modes; what it found, with the seconds from its start to its first frame."""
        return self._run("bare", *WINDOW, *mode)

    def kiosk(self, *mode: object) -> dict[str, Any]:
        """The kiosk, in the same manner."""
        return self._run("watched", self._state, self.house.panel_url, self.house.phone_url, *mode)

    def _run(self, program: str, *words: object) -> dict[str, Any]:
        command = (sys.executable, "-m", f"kiosk.figures.{program}", *map(str, words))
        begun = time.perf_counter()     # Linux: one clock for all processes
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, stdin=subprocess.DEVNULL,
                                  env=os.environ | {"DISPLAY": self.house.display})
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{program} {words[-2:]} does not end") from None
        if done.returncode or not done.stdout:
            raise NotMeasured(f"{program} {words[-2:]}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        found["start"] = found.pop("shown") - begun
        return found


@contextmanager
def lobby(state: Path, speed: float = 1.0) -> Iterator[Range]:
    with Lobby(state, speed) as house:
        yield Range(house.addresses)


def start(of: Range) -> list[Figure]:
    """Whole processes, from nothing to the first frame: one label; the welcome page."""
    bare, kiosk = _turns(STARTS, lambda: of.bare("start")["start"], lambda: of.kiosk("start")["start"])
    return [_ratio("start: process begins → welcome page can be touched, against bare Kivy", kiosk, bare, 2.5)]


def touch(of: Range) -> list[Figure]:
    """From the finger's lift to the frame with the next page: label to label, welcome to card and back."""
    bare, kiosk = _turns(TURNS, lambda: of.bare("touch", 2 * TOUCHES)["touches"], lambda: of.kiosk("touch", TOUCHES))
    figure = _ratio("touch: finger lifted → next page's frame, against bare Kivy",
                    sum((turn["touches"] for turn in kiosk), []), sum(bare, []), 1.5)
    first = statistics.median(turn["first"] for turn in kiosk)
    return [figure, Figure("touch: the very first, as soon as the welcome page is seen", first, "s", None)]


def idle(of: Range) -> list[Figure]:
    """Nobody touches anything; within one minute of the clock on the welcome page."""
    bare, kiosk = _turns(RESTS, lambda: of.bare("idle", REST), lambda: of.kiosk("idle", REST))
    ours, least = [[one["cpu"] for one in found] for found in (kiosk, bare)]
    drawn = sum(one["drawn"] for one in kiosk)
    return [_ratio("idle: processor seconds a second, against bare Kivy", ours, least, 1.2),
            Figure("idle: frames drawn", drawn, "", 0, {"seconds": RESTS * REST})]


def memory(of: Range) -> list[Figure]:
    """Registrations by touch and code, with devices FAST times as fast and nobody who hesitates."""
    sizes = of.kiosk("many", MANY)["resident"]
    return [Figure(f"memory: after {MANY} journeys, against after {FEW}", sizes[str(MANY)] / sizes[str(FEW)], "×", 1.05,
                   {"MB": {number: round(size / 1e6, 1) for number, size in sizes.items()}})]


def _ratio(name: str, ours: list[float], bare: list[float], reach: float) -> Figure:
    mine, least = statistics.median(ours), statistics.median(bare)
    return Figure(name, mine / least, "×", reach, {"kiosk s": round(mine, 4), "bare s": round(least, 4), "n": len(ours)})


def _turns(count: int, bare: Callable[[], Any], kiosk: Callable[[], Any]) -> tuple[list[Any], list[Any]]:
    """Both, one after the other, so often: what disturbs one, disturbs the other."""
    found = [(bare(), kiosk()) for _ in range(count)]
    return [one for one, _ in found], [other for _, other in found]


def journey(of: Range) -> list[Figure]:
    """Whole registrations at the speed of real devices. The machine's time is what a person waits for it: from each
    answer, theirs or the payment's, to the next page, less the time in which the reader reads and the printer prints."""
    runs = [_journey(of.kiosk("journey", number)) for number in range(JOURNEYS)]
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    slowest = {key: round(middle[key], 3) for key in middle if " → " in key}
    rest, floor = (min(run[key] for run in runs) for key in ("rest", "floor"))
    size, text = _ticket(of.house.panel_url)
    return [
        Figure("journey: machine time in a registration", middle["machine"], "s", 1.0,
               {"in the hospital's answers": round(middle["hospital"], 3), **slowest}),
        Figure("journey: the card reader reads (its own mechanics)", middle["reader"], "s", None),
        Figure("journey: the printer prints (its own mechanics)", middle["printer"], "s", None),
        Figure("journey: paid → the kiosk knows", middle["notice"], "s", None),
        Figure("ticket: payment known → first byte on the line", middle["first byte"], "s", 0.3),
        Figure("ticket: size" + (", as text" if text else ", AS A PICTURE"), size, "bytes", 1536 if text else 0),
        Figure("journal: commits of a registration", max(run["commits"] for run in runs), "", 2 * (middle["acts"] + 1),
               {"irrevocable acts": middle["acts"]}),
        Figure("journal: the same calls at rest, against bare SQLite (WAL, FULL)", rest / floor, "×", 1.5,
               {"kiosk s": round(rest, 5), "bare s": round(floor, 5)}),
        Figure("journal: those calls in the journey, waiting for their turn included", middle["journal"] / floor, "×", None,
               {"kiosk s": round(middle["journal"], 4),
                "sealed ahead, while a page is looked at, s": round(middle["ahead"], 4)}),
    ]


def _journey(found: dict[str, Any]) -> dict[str, float]:
    """The sums of one journey; `page → page` for each wait."""
    log = found["log"]

    def first(what: str, **more: str) -> dict[str, Any]:
        fits = {"what": what, **more}.items()
        return next(entry for entry in log if fits <= entry.items())

    read = first("heard", name="CardRead")["at"]
    paid = first("order", state="paid")
    known = paid["at"] + paid["seconds"]
    written = [entry for entry in log if entry["what"] == "bytes"]
    printing = first("print")
    sums = {"reader": 0.0, "notice": 0.0, "machine": 0.0, "hospital": 0.0, "first byte": written[0]["at"] - known,
            "printer": printing["at"] + printing["seconds"] - (written[-1]["at"] + written[-1]["seconds"]),
            "journal": found["journal"].pop("seconds"), **found["journal"]}
    for number, step in enumerate(found["steps"]):
        since, printed = step["acted"], 0.0
        if step["deed"] == "card":
            since, sums["reader"] = read, read - step["acted"]
        elif step["deed"] == "pay":
            since, sums["notice"], printed = known, known - step["acted"], sums["printer"]
        waited = step["shown"] - since - printed
        sums["machine"] += waited
        sums["hospital"] += sum(entry["seconds"] for entry in log if entry["what"] == "web" and "/" in entry["name"]
                                and since <= entry["at"] and entry["at"] + entry["seconds"] <= step["shown"])
        sums[f"{number + 1} {step['page']} → {step['next']}"] = waited
    return sums


def _ticket(panel_url: str) -> tuple[int, bool]:
    """The bytes of the last ticket as the printer's twin got them, and whether they are text."""
    count = len(http.get(f"{panel_url}/tickets", timeout=10).json())
    raw = http.get(f"{panel_url}/tickets/{count}.bin", timeout=10).content
    return len(raw), RASTER.search(raw) is None


# Each with the speed of the devices it wants.
ALL: Mapping[str, tuple[Callable[[Range], list[Figure]], float]] = {
    "start": (start, 1), "touch": (touch, 1), "idle": (idle, 1), "journey": (journey, 1), "memory": (memory, FAST)}
