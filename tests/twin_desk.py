"""A device's service before its twin: what drivers are asked in earnest, and what came of it."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from drivers.contract import Align, Barcode, IdCard, Pair, PaperLine, Printed, Qr, Rule, State, Status, Text
from drivers.service import Command, Service
from drivers.sim.bench import Bench
from drivers.sim.cards import DECK
from far_end import Watched

DRIVERS = {"idcard": "idcard_sdt", "scanner": "scanner_line", "printer": "printer_escpos"}
CODE = "134567890123456789"
TICKET: list[PaperLine] = [
    Text("虚构市第一医院", Align.CENTRE, 2, True), Text("挂号凭条", Align.CENTRE), Rule(), Pair("姓名", "测*甲"),
    Pair("金额", "¥12.50", bold=True), Text("A001 号", Align.RIGHT, 2), Qr("KIOSK-TEST-0001"), Barcode("202611210001")]
LONG: list[PaperLine] = TICKET + [Text(f"第{n}行 请妥善保管") for n in range(30)]


class Desk:
    """A device's service, with what it reported and what its commands ended in."""

    def __init__(self, bench: Bench, device: str, driver: str = "", **options: str) -> None:
        self.reports: queue.Queue[Status] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()
        self.service: Service[Any] = Service(
            device, driver or DRIVERS[device], bench.urls[device],
            lambda name, status, detail: self.reports.put(status), period="0.05", **options)

    def begin(self, work: Callable[[Any], Any]) -> Command:
        return self.service.submit(work, self.answers.put)

    def end(self) -> Any:
        return self.answers.get(timeout=20)

    def do(self, work: Callable[[Any], Any]) -> Any:
        self.begin(work)
        return self.end()

    def until(self, wanted: Callable[[Status], bool]) -> Status:
        """The next report that is wanted; the present status, if it already is."""
        status = self.service.status
        deadline = time.monotonic() + 20
        while not wanted(status):
            status = self.reports.get(timeout=max(0.0, deadline - time.monotonic()))
        return status

    def online(self) -> None:
        self.until(lambda status: status.state is State.ONLINE)


# What each device is for, done once; True when it came out right, an error when it did not.


def read(bench: Bench, desk: Desk) -> Any:
    bench.idcard.lift()
    bench.idcard.put("resident")
    card = desk.do(lambda device: device.read_card(5))
    return is_the_card(card, "resident") if isinstance(card, IdCard) else card


def scan(bench: Bench, desk: Desk) -> Any:
    begun: queue.Queue[Watched] = queue.Queue()

    def work(device: Any) -> str:
        device._link = Watched(device._link)
        begun.put(device._link)
        return str(device.scan(1))

    bench.scanner.hide()
    desk.begin(work)
    if begun.get(timeout=5).waits.wait(5):
        bench.scanner.show(CODE)
    code = desk.end()
    return code == CODE if isinstance(code, str) else code


def print_one(bench: Bench, desk: Desk) -> Any:
    printed = len(bench.printer.tickets)
    result = desk.do(lambda device: device.print_ticket(TICKET, 3))
    if result is not Printed.PRINTED:
        return result
    ticket = bench.printer.ticket(printed + 1)
    return "￥12.50" in ticket.text and not ticket.unknown


USE: dict[str, Callable[[Bench, Desk], Any]] = {"idcard": read, "scanner": scan, "printer": print_one}


def is_the_card(card: IdCard, name: str) -> bool:
    given = DECK[name]
    return (card.number, card.name, len(card.photo)) == (given.number, given.name or given.english_name, 1024)
