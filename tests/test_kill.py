"""`kill -9` at the moments that hurt, a new start, and everybody's books agree; and what `settle` and `doctor` say.

The kiosk is the real one, its window, drivers and threads included; around it stand the hospital, the payment side and
the devices' twins, each a process of its own. It is touched through the panel, as from a browser.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests as http
from PIL import Image

from kiosk.bring_up import House
from kiosk.demo import furnish

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 1080, 1920
PATIENCE = 90.0         # s for anything to happen
OFFERED = "您有一张凭条还没有取"

Seen = dict[str, Any]


def until(what: str, true: Callable[[], Any]) -> Any:
    """What `true` gives, as soon as it gives something."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, f"{what}: it never happened"
        time.sleep(0.01)
    return found


class Lobby:
    """The house, one kiosk in it, and the hands of a patient, a technician and the power company."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._at = house.addresses
        state, _ = furnish(self._at, "portrait")
        devices = {f"{name}_url": url for name, url in self._at.devices.items()}
        given = {"hospital_url": self._at.hospital_url, "fullscreen": "no", **devices}
        settings = (word for name, value in given.items() for word in ("--set", f"{name}={value}"))
        self._words = ["--state", str(state), *settings]
        self._life: subprocess.Popen[str] | None = None
        self._log = self._at.logs / "kiosk.log"

    # Power.

    def start(self) -> None:
        with self._log.open("a") as log:
            self._life = subprocess.Popen(
                [sys.executable, str(HERE / "watched_kiosk.py"), "run", *self._words], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=os.environ | {"DISPLAY": self._at.display, "LIBGL_ALWAYS_SOFTWARE": "1"})
        self.stands("welcome")
        until("the picture on the glass", self._shines)

    def _shines(self) -> bool:
        answer = http.get(f"{self._at.panel_url}/screen.jpg", params={"w": 108}, timeout=60)
        with Image.open(BytesIO(answer.content)) as picture:
            return len(picture.getcolors(1 << 16) or ()) > 50

    def kill(self) -> None:
        """SIGKILL: nothing of it gets a chance to do anything."""
        assert self._life is not None and self._life.poll() is None, "it should live until it is killed"
        self.end()

    def end(self) -> None:
        if self._life is not None:
            self._life.kill()
            self._life.wait()
            for end in (self._life.stdin, self._life.stdout):
                if end is not None:
                    end.close()
            self._life = None

    def run(self, command: str) -> tuple[int, str]:
        """A command of the kiosk's, on the same machine: its status and what it said."""
        done = subprocess.run([sys.executable, "-m", "kiosk", command, *self._words], cwd=HERE.parent, text=True,
                              capture_output=True, timeout=120)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    # The patient.

    def look(self) -> Seen:
        assert self._life is not None and self._life.stdin is not None and self._life.stdout is not None
        self._life.stdin.write("\n")
        self._life.stdin.flush()
        line = self._life.stdout.readline()
        assert line, f"the kiosk has ended by itself:\n{self._log.read_text()[-2000:]}"
        seen: Seen = json.loads(line)
        return seen

    def stands(self, page: str, text: str = "") -> Seen:
        end = time.monotonic() + PATIENCE
        while (seen := self.look())["page"] != page or text not in self.words(seen):
            assert time.monotonic() < end, f"no page {page} {text!r}, but {seen['page']}:\n{self.words(seen)}"
            time.sleep(0.01)
        return seen

    def words(self, seen: Seen) -> str:
        return "\n".join(item["text"] for item in seen["items"])

    def touch(self, seen: Seen, what: str) -> None:
        """What has this key, or one that begins so, or reads so."""
        item = next(item for item in seen["items"] if item["role"] == "button" and item["enabled"]
                    and (item["key"].startswith(what) or what in item["text"]))
        self._panel("screen/touch", x=(item["x"] + item["w"] / 2) / WIDTH, y=(item["y"] + item["h"] / 2) / HEIGHT)

    def twin(self, verb: str, **arguments: Any) -> dict[str, Any]:
        return self._panel(f"twins/{verb}", **arguments)

    def pay(self) -> bool:
        """Whether the payment side takes the money for the newest code."""
        order = [order for order in self.orders() if not order["paid_at"]][-1]
        answer = http.post(f"{self._at.phone_url}/twin/pay", json={"out_trade_no": order["order_no"]}, timeout=60)
        assert answer.status_code in (200, 409), answer.text
        return answer.status_code == 200

    def choose(self, department: str) -> None:
        """From the welcome page to the payment code, for the department's general clinic tomorrow."""
        self.touch(self.stands("welcome"), "answer:register")
        self.stands("present")
        self.put()
        self.touch(self.stands("choose", department), department)
        self.touch(self.stands("choose", "普通门诊"), "普通门诊")
        self.touch(self.stands("time"), "day:1")
        self.touch(until("a time tomorrow", self._tomorrow), "segment:")
        self.touch(self.stands("confirm", "去支付"), "yes")
        self.stands("pay")

    def put(self) -> None:
        self.twin("idcard/lift")
        self.twin("idcard/put", card="resident")

    def _tomorrow(self) -> Seen | None:
        seen = self.look()
        ready = any(item["key"].startswith("segment:") and item["enabled"] for item in seen["items"])
        return seen if seen["page"] == "time" and ready else None

    def take_what_is_offered(self) -> bool:
        """The next visit begins: whether a paper is offered; then it is printed."""
        self.put()
        seen = until("the next visit", lambda: next((seen for seen in [self.look()]
                                                     if seen["page"] in ("confirm", "choose")), None))
        offered = OFFERED in self.words(seen)
        if offered:
            before = len(self.papers())
            self.touch(seen, "yes")
            until("the paper", lambda: len(self.papers()) > before)
            seen = self.stands("choose")
        self.touch(seen, "home")
        self.stands("welcome")
        return offered

    # The books.

    def books(self) -> dict[str, Any]:
        books: dict[str, Any] = json.loads(self.house.ask_hospital("books"))
        return books

    def orders(self) -> list[dict[str, Any]]:
        said = http.get(f"{self._at.phone_url}/twin/orders", timeout=60).json()
        orders: list[dict[str, Any]] = said["orders"] if isinstance(said, dict) else said
        return sorted(orders, key=lambda order: str(order["order_no"]))

    def papers(self) -> list[str]:
        tickets = http.get(f"{self._at.panel_url}/tickets", timeout=60).json()
        return ["\n".join([*(line["text"] for line in ticket["lines"]), *(code["data"] for code in ticket["codes"])])
                for ticket in tickets]

    def _panel(self, path: str, **said: Any) -> dict[str, Any]:
        answer = http.post(f"{self._at.panel_url}/{path}", json=said, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def agree(self) -> None:
        """Charged exactly where booked, and for no booking two originals."""
        books = self.books()
        kept = {order["order_no"]: (order["amount"] if order["paid_at"] else 0)
                - sum(refund["amount"] for refund in order["refunds"]) for order in self.orders()}
        booked = {one["code"]: one["fee"] for one in books["appointments"] if one["state"] == "booked"}
        for order in books["orders"]:
            assert kept.pop(order["no"]) == booked.get(order["appointment"], 0), order
        assert not any(kept.values()), f"money that no hospital knows of: {kept}"
        for code in booked:
            assert len(self.originals(code)) <= 1, f"{code} has two originals"

    def originals(self, code: str) -> list[str]:
        return [paper for paper in self.papers() if code in paper and "补打" not in paper]

    def newest(self) -> dict[str, Any]:
        """The newest booking."""
        found: dict[str, Any] = max(self.books()["appointments"], key=lambda one: one["code"])
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house"), virtual=True, window=(WIDTH, HEIGHT), panel_port=0) as house:
        yield house


@pytest.fixture
def lobby(house: House) -> Iterator[Lobby]:
    lobby = Lobby(house)
    yield lobby
    lobby.end()
    for verb in ("printer/cover_open", "printer/paper_out"):
        lobby.twin(verb, on=False)


def test_killed_at_the_payment_code_and_paid_while_dead(lobby: Lobby) -> None:
    """The money came while nobody was at home: the place is theirs, and the ticket waits for them."""
    lobby.start()
    lobby.choose("心血管内科")
    lobby.kill()
    assert lobby.pay()
    status, said = lobby.run("settle")
    assert status == 0, said
    did = [words for line in said.splitlines() for words in [line.split()] if "journey=register" in words]
    assert [words[1] for words in did] == ["recovered", "end"], said
    assert said.endswith("open visits: 0, still to be delivered: 0\n")
    lobby.agree()
    booked = lobby.newest()
    assert booked["state"] == "booked" and lobby.originals(booked["code"]) == []
    lobby.start()
    assert lobby.take_what_is_offered()
    assert len(lobby.originals(booked["code"])) == 1
    assert not lobby.take_what_is_offered(), "it is offered once"
    lobby.kill()
    assert lobby.run("settle")[0] == 0
    lobby.agree()


def test_killed_at_the_payment_code_and_never_paid(lobby: Lobby) -> None:
    """The next start closes the code: nobody can pay any more for a place that nobody keeps."""
    before = len(lobby.books()["appointments"])
    lobby.start()
    lobby.choose("呼吸内科")
    lobby.kill()
    lobby.start()
    until("the order is closed", lambda: lobby.orders()[-1]["state"] != "NOTPAY")
    assert not lobby.pay()
    assert not lobby.take_what_is_offered()
    lobby.agree()
    assert len(lobby.books()["appointments"]) == before


def test_killed_after_the_payment_and_before_the_ticket(lobby: Lobby) -> None:
    lobby.start()
    lobby.twin("printer/cover_open", on=True)
    lobby.choose("呼吸内科")
    assert lobby.pay()
    lobby.stands("trouble", "打印机盖子开着")
    lobby.kill()
    lobby.twin("printer/cover_open", on=False)
    booked = lobby.newest()
    assert booked["state"] == "booked" and lobby.originals(booked["code"]) == []
    lobby.start()
    assert lobby.take_what_is_offered()
    assert len(lobby.originals(booked["code"])) <= 1
    assert any(booked["code"] in paper for paper in lobby.papers())
    lobby.agree()


def test_killed_while_the_ticket_is_printed(lobby: Lobby) -> None:
    """What came out may be whole or torn: the kiosk cannot know, so another one is offered, and it is a copy."""
    lobby.start()
    lobby.choose("消化内科")
    before = len(lobby.papers())
    assert lobby.pay()
    until("the paper moves", lambda: lobby.twin("printer/drawer", on=False)["hanging"])
    lobby.kill()
    booked = lobby.newest()
    assert booked["state"] == "booked"
    lobby.twin("printer/tear")
    until("the printer rests", lambda: lobby.twin("printer/drawer", on=False)["idle"])
    lobby.start()
    offered = lobby.take_what_is_offered()
    mine = [paper for paper in lobby.papers()[before:] if booked["code"] in paper]
    assert offered and "补打" in mine[-1], mine
    assert len(lobby.originals(booked["code"])) <= 1
    lobby.agree()


# The doctor.


def finding(said: str, what: str) -> tuple[str, str]:
    """The line about one thing: good, warn, unknown or FAULT, and its sentence."""
    line = next(line for line in said.splitlines() if line[8:].startswith(f"{what} "))
    return line[:7].strip(), line[8 + len(what):].strip()


def test_the_doctor_finds_nothing_where_all_is_well(lobby: Lobby) -> None:
    status, said = lobby.run("doctor")
    assert status == 0, said
    assert {"idcard", "scanner", "printer", "server", "channels", "clock", "disk", "memory", "facts", "obligations",
            "staff", "fonts"} == {line[8:].split()[0] for line in said.splitlines()}
    assert "FAULT" not in said


def faults(said: str) -> set[str]:
    return {line.split()[1] for line in said.splitlines() if line.startswith("FAULT")}


def test_the_doctor_finds_an_unplugged_reader(lobby: Lobby) -> None:
    lobby.twin("idcard/unplug")
    try:
        status, said = lobby.run("doctor")
    finally:
        lobby.twin("idcard/plug")
    assert (status, faults(said)) == (1, {"idcard"}), said
    assert finding(said, "idcard")[1].startswith("ID card reader: The line is broken")


def test_the_doctor_finds_a_printer_without_paper(lobby: Lobby) -> None:
    lobby.twin("printer/paper_out", on=True)
    status, said = lobby.run("doctor")
    assert (status, faults(said)) == (1, {"printer"}), said
    assert "No paper" in finding(said, "printer")[1]


def test_the_doctor_finds_that_the_server_is_away(lobby: Lobby) -> None:
    hospital = lobby.house.parts["hospital"]
    hospital.stop()
    try:
        status, said = lobby.run("doctor")
    finally:
        hospital.start()
        until("the server is back", lambda: lobby.run("doctor")[0] == 0)
    assert (status, faults(said)) == (1, {"server"}), said
    assert "Cannot be reached" in finding(said, "server")[1]
