"""Plays a patient at a whole kiosk: real screen, real drivers, twins of the devices, a hospital and a payment side.

The patient is a thread that looks at what the screen says can be touched and touches the display itself, as a finger would
(X's XTEST). Afterwards everybody's books are compared: what the patient was told, what the hospital has, what the payment
side has, and what is on paper.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests as http
from PIL import ImageGrab

from drivers.sim.screen import Screen
from kiosk.bring_up import Addresses, House, NotStarted
from kiosk.settings import Settings, read

LOOK = 0.04            # s between two looks at the screen
STILL = 0.25           # s a page is left alone before its picture is taken
PATIENCE = 30.0        # s the patient waits for a page

Step = tuple[str, str]     # the page, and what the patient does there: a touch (its key), or a verb and its object

_KNOWN: tuple[Step, ...] = (("welcome", "answer:register"), ("present", "card resident"))
_NEW: tuple[Step, ...] = (("welcome", "answer:register"), ("present", "card stranger"), ("confirm", "yes"),
                          ("keypad", "type 19900001234"))
_CLINIC: tuple[Step, ...] = (("choose", "option:1"), ("choose", "option:0"))
_PAID: tuple[Step, ...] = (("confirm", "yes"), ("pay", "pay"), ("done", "done"))
_REST: Step = ("welcome", "rest")

SCRIPTS: Mapping[str, tuple[Step, ...]] = {
    "register": (*_KNOWN, *_CLINIC, ("time", "segment 0"), *_PAID, _REST),
    "enroll": (*_NEW, *_CLINIC, ("time", "segment 0"), *_PAID, _REST),
    "cancel": (*_KNOWN, *_CLINIC, ("time", "segment 1"), *_PAID, ("welcome", "answer:cancel"),
               ("present", "scan V000000000001"), ("list", "option:0"), ("confirm", "yes"), ("done", "done"), _REST),
    "reprint": (*_KNOWN, *_CLINIC, ("time", "segment 0"), *_PAID, ("welcome", "answer:reprint"),
                ("present", "card resident"), ("list", "option:0"), ("done", "done"), _REST),
}
"""`segment N` takes the first free time N days from today: a booking for today may be too late to cancel."""


class NotPlayed(Exception):
    """The play could not be played to its end; the message is the sentence."""


def furnish(house: Addresses, orientation: str) -> tuple[Path, Settings]:
    """A kiosk's state folder and settings for the house it stands in."""
    state = house.state / "kiosk"
    state.mkdir(exist_ok=True, mode=0o700)
    shutil.copy(house.token_file, state / "token")
    devices = {f"{name}_url": url for name, url in house.devices.items()}
    return state, read({"hospital_url": house.hospital_url, "orientation": orientation, "fullscreen": "no", **devices})


def play(journey: str, out: Path, language: str, size: str, orientation: str, window: tuple[int, int],
         open_kiosk: Callable[[Path, Settings, Callable[[Any], None]], int]) -> int:
    """Play `journey` and leave pictures, tickets and books in `out`; 0 when all books agree, else 1.

    Raises NotPlayed.
    """
    if journey not in SCRIPTS:
        raise NotPlayed(f"There is no journey {journey} to play; there are {', '.join(SCRIPTS)}.")
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("[0-9][0-9]-*.png"), *out.glob("ticket-*"), *out.glob("books.json")):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        try:
            with House(Path(folder), virtual=True, window=window, panel_port=0) as house:
                os.environ["DISPLAY"] = house.addresses.display
                patient = Patient(house.addresses, out, SCRIPTS[journey], language, size)
                open_kiosk(*furnish(house.addresses, orientation), patient.watch)
                patient.finish()
                return _compare(house, out, patient)
        except NotStarted as no:
            raise NotPlayed(str(no)) from no


@dataclass(frozen=True)
class View:
    """What the patient sees: the page, the scene's number, and every text and button on it."""

    page: str
    serial: int
    items: list[dict[str, Any]] = field(repr=False)

    def find(self, key: str) -> dict[str, Any] | None:
        return next((item for item in self.items if item["key"] == key and item["role"] == "button"), None)


class Patient:
    """One person in front of the machine, until the script is over; then the window is closed."""

    def __init__(self, house: Addresses, out: Path, script: tuple[Step, ...], language: str, size: str) -> None:
        self._house, self._out, self._script = house, out, script
        self._comfort = [key for key, wanted in (("language", language == "en"), ("size", size == "large")) if wanted]
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
            seen.append(View(scene.ask.page, scene.serial, face.describe()) if scene is not None else None)
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
                    if view.page == "welcome":
                        still = self._make_comfortable(still)
                    self._photograph(view.page)
                    if still.page == page:
                        return still
            time.sleep(LOOK)
        last = self._look()
        raise NotPlayed(f"no page {page}; the screen shows {last.page if last else 'nothing'}: "
                        f"{[item['text'] for item in last.items if item['text']] if last else ''}")

    def _make_comfortable(self, view: View) -> View:
        """The welcome page greets everybody alike: choose the language and the size again."""
        for key in self._comfort:
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
        orders = http.get(f"{self._house.phone_url}/twin/orders", timeout=10).json()
        order = next(order for order in _orders(orders) if order["state"] == "NOTPAY")
        http.post(f"{self._house.phone_url}/twin/pay", json={"out_trade_no": order["order_no"]},
                  timeout=10).raise_for_status()


def _orders(answer: Any) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = answer["orders"] if isinstance(answer, dict) else answer
    return orders


def _compare(house: House, out: Path, patient: Patient) -> int:
    """Everybody's books, side by side in books.json; 0 when they agree."""
    addresses = house.addresses
    tickets = http.get(f"{addresses.panel_url}/tickets", timeout=10).json()
    for number, _ in enumerate(tickets, 1):
        for kind in ("png", "bin"):
            answer = http.get(f"{addresses.panel_url}/tickets/{number}.{kind}", timeout=30)
            answer.raise_for_status()
            (out / f"ticket-{number}.{kind}").write_bytes(answer.content)
    books: dict[str, Any] = {
        "patient": {"touches": patient.touches, "told": patient.told},
        "hospital": json.loads(house.ask_hospital("books")),
        "payment": _orders(http.get(f"{addresses.phone_url}/twin/orders", timeout=10).json()),
        "paper": [{"text": "\n".join(line["text"] for line in ticket["lines"]), "codes": ticket["codes"],
                   "cut": ticket["cut"]} for ticket in tickets],
    }
    differences = disagreements(books)
    books["agree"], books["differences"] = not differences, differences
    (out / "books.json").write_text(json.dumps(books, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for difference in differences:
        print(difference)
    print(f"{len(list(out.glob('[0-9][0-9]-*.png')))} pictures, {len(tickets)} tickets, {patient.touches} touches: "
          + ("all books agree." if not differences else "the books do not agree."))
    return 1 if differences else 0


def disagreements(books: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that one book says and another does not."""
    hospital, payment, paper = books["hospital"], books["payment"], books["paper"]
    found = []
    charged = {order["order_no"]: order["amount"] for order in payment if order["paid_at"]}
    returned = {order["order_no"]: sum(refund["amount"] for refund in order["refunds"]) for order in payment}
    for order in hospital["orders"]:
        kept = charged.get(order["no"], 0) - returned.get(order["no"], 0)
        booked = [one for one in hospital["appointments"]
                  if one["code"] == order["appointment"] and one["state"] == "booked"]
        if kept != sum(one["fee"] for one in booked):
            found.append(f"Order {order['no']}: {kept} fen were kept, {len(booked)} bookings stand for it.")
    for no in charged.keys() - {order["no"] for order in hospital["orders"]}:
        found.append(f"Order {no} was paid, and the hospital does not know it.")
    texts = ["\n".join((ticket["text"], *(code["data"] for code in ticket["codes"]))) for ticket in paper]
    for one in hospital["appointments"]:
        mine = [text for text in texts if one["code"] in text]
        issued = [sheet for sheet in hospital["papers"]
                  if sheet["appointment"] == one["code"] and sheet["outcome"] == "printed"]
        if len(mine) != len(issued):
            found.append(f"Booking {one['code']}: {len(mine)} papers were printed, the hospital knows of {len(issued)}.")
        originals = [text for text in mine if "挂号凭条" in text and "补打" not in text]
        if len(originals) != 1:
            found.append(f"Booking {one['code']} has {len(originals)} original tickets.")
        if not any(str(one["number"]) in text.split() for text in originals):
            found.append(f"Booking {one['code']}: number {one['number']} is not on its ticket.")
    told = [page["number"] for page in books["patient"]["told"] if page["number"]]
    numbers = {str(one["number"]) for one in hospital["appointments"]}
    if told and told[0] not in numbers:
        found.append(f"The patient was told number {told[0]}, the hospital gave {', '.join(sorted(numbers))}.")
    said = [text for page in books["patient"]["told"] for text in page["texts"]]
    for refund in hospital["refunds"]:
        if not any(f"{refund['amount'] // 100}.{refund['amount'] % 100:02d}" in text for text in said):
            found.append(f"Refund {refund['no']}: the patient was not told its sum.")
    if not hospital["appointments"]:
        found.append("Nothing was booked.")
    return found
