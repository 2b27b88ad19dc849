"""One conformance suite: every driver against its twin, through every fault of a line and of a device.

Driver and twin were written apart from the same manuals; here the two readings must agree.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import (
    Align, Barcode, Cancelled, CardMoved, CardRefused, CoverOpen, CutterFault, DeviceError, Gone, HeadHot, IdCard,
    NothingPresented, OutOfService, Pair, Paper, PaperJam, PaperLine, PaperOut, Printed, PrintUnknown, Qr,
    Rule, State, Status, Text, WrongDevice)
from drivers.service import Command, Service
from drivers.sim.bench import Bench
from drivers.sim.cards import DECK, Card
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


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=20) as twins:
        yield twins


@pytest.fixture
def desk(bench: Bench) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def open_desk(*names: str, **options: str) -> Desk:
        desks.append(Desk(bench, *names, **options))
        return desks[-1]

    yield open_desk
    for each in desks:
        each.service.close()


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


@pytest.mark.parametrize("device", DRIVERS)
def test_a_healthy_device_is_online_and_does_its_work(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one = desk(device)
    one.online()
    for _ in range(3):
        assert USE[device](bench, one) is True
    assert one.service.last_fault == ""


HARMLESS = {
    "single bytes": lambda twin: twin.split(),
    "stray bytes before the answer": lambda twin: twin.garbage(8),
    "a slow answer": lambda twin: twin.slow(150),
}
HURTFUL = {
    "answers twice": lambda twin: twin.duplicate(),
    "a garbled answer": lambda twin: twin.garble(1),
    "two garbled answers": lambda twin: twin.garble(2),
    "half an answer": lambda twin: twin.truncate(1),
    "most of an answer": lambda twin: twin.truncate(6),
}


@pytest.mark.parametrize("device", ["idcard", "printer"])
@pytest.mark.parametrize("fault", HARMLESS)
def test_a_line_that_is_merely_ugly(bench: Bench, desk: Callable[..., Desk], device: str, fault: str) -> None:
    one = desk(device)
    one.online()
    HARMLESS[fault](getattr(bench, device))
    assert USE[device](bench, one) is True
    assert one.service.status.state is State.ONLINE


@pytest.mark.parametrize("device", DRIVERS)
@pytest.mark.parametrize("fault", HURTFUL)
def test_a_line_that_lies_never_makes_a_wrong_value(
        bench: Bench, desk: Callable[..., Desk], device: str, fault: str) -> None:
    one = desk(device)
    one.online()
    HURTFUL[fault](getattr(bench, device))
    for _ in range(2):
        result = USE[device](bench, one)
        assert result is True or isinstance(result, DeviceError) or device == "scanner", result
    getattr(bench, device).heal()
    one.online()
    assert USE[device](bench, one) is True


@pytest.mark.parametrize("device", DRIVERS)
def test_unplugged_and_plugged_in_again(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    for _ in range(2):
        twin.unplug()
        assert one.until(lambda status: status.state is State.NO_DEVICE).cause == "gone"
        assert isinstance(one.do(lambda device: device.status()), Gone)
        twin.plug()
        assert USE[device](bench, one) is True, "a command wakes the service from its pause"


@pytest.mark.parametrize("device", ["idcard", "printer"])
def test_a_device_that_answers_too_late_is_never_right_by_accident(
        bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    twin.slow(1200)
    for _ in range(3):
        result = USE[device](bench, one)
        assert result is True or isinstance(result, DeviceError)
    twin.heal()
    one.online()
    assert USE[device](bench, one) is True


@pytest.mark.parametrize("device", ["idcard", "printer"])
def test_silent_devices_are_gone_and_come_back(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    twin.silent()
    assert one.until(lambda status: status.state is State.NO_DEVICE).cause == "no_answer"
    twin.heal()
    one.online()
    assert USE[device](bench, one) is True


@pytest.mark.parametrize("device", ["idcard", "scanner"])
def test_unplugged_while_it_waits(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, begun = desk(device), threading.Event()
    one.online()

    def work(driver: Any) -> Any:
        begun.set()
        return driver.read_card(20) if device == "idcard" else driver.scan(20)

    one.begin(work)
    assert begun.wait(5)
    getattr(bench, device).unplug()
    assert isinstance(one.end(), Gone)


@pytest.mark.parametrize("device", ["idcard", "scanner"])
@pytest.mark.parametrize("fault", [None, "silent", "split"])
def test_cancel_is_answered_within_a_second(
        bench: Bench, desk: Callable[..., Desk], device: str, fault: str | None) -> None:
    one, begun = desk(device), threading.Event()
    one.online()

    def work(driver: Any) -> Any:
        begun.set()
        return driver.read_card(20) if device == "idcard" else driver.scan(20)

    command = one.begin(work)
    assert begun.wait(5)
    if fault:
        getattr(getattr(bench, device), fault)()
    asked = time.monotonic()
    command.cancel()
    assert isinstance(one.end(), Cancelled)
    assert time.monotonic() - asked < 1


@pytest.mark.parametrize(("device", "driver"), [
    ("scanner", "idcard_sdt"), ("printer", "idcard_sdt"), ("idcard", "printer_escpos"), ("scanner", "printer_escpos")])
def test_the_wrong_device_is_never_online(
        bench: Bench, desk: Callable[..., Desk], device: str, driver: str) -> None:
    one = desk(device, driver)
    assert isinstance(one.do(lambda device: device.status()), (Gone, WrongDevice))
    assert one.service.status.state is not State.ONLINE
    if device == "printer":
        assert bench.printer.hanging().text.strip() == "", "nothing was printed by asking"


def test_the_wire_s_log_holds_no_person(
        bench: Bench, desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "drivers"):
        for device in DRIVERS:
            assert USE[device](bench, desk(device)) is True
    given = DECK["resident"]
    log = caplog.text
    assert "> 10 bytes aa aa aa 96 69 00 03 30 01 32" in log and "< 1 bytes 12" in log
    for secret in (given.name, given.number, CODE, "测*甲"):
        for encoding in ("utf-8", "utf-16-le", "gb18030"):
            raw = secret.encode(encoding)
            assert secret not in log and raw.hex(" ") not in log and raw[:6].hex(" ") not in log


# Cards


@pytest.mark.parametrize("name", [name for name, card in DECK.items() if card.status == 0x90])
def test_every_card_of_the_deck_is_read_as_it_was_written(bench: Bench, desk: Callable[..., Desk], name: str) -> None:
    given = DECK[name]
    bench.idcard.put(name)
    card = desk("idcard").do(lambda device: device.read_card(5))
    assert is_the_card(card, name)
    assert (card.sex, card.nation, card.address, card.english_name, card.nationality, card.pass_number) == (
        given.sex, given.nation, given.address, given.english_name, given.nationality, given.pass_number)
    assert card.born == date(given.born) and card.valid_from == date(given.valid_from)
    assert card.valid_to == (None if given.valid_to == "长期" else date(given.valid_to))


def date(text: str) -> dt.date:
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))


@pytest.mark.parametrize(("status", "error"), [(0x41, CardMoved), (0x31, CardRefused), (0x32, CardRefused),
                                               (0x40, CardRefused)])
def test_cards_that_cannot_be_read(
        bench: Bench, desk: Callable[..., Desk], status: int, error: type[DeviceError]) -> None:
    resident = DECK["resident"]
    bench.idcard.put(Card(resident.kind, resident.name, resident.number, status=status))
    one = desk("idcard")
    assert type(one.do(lambda device: device.read_card(5))) is error
    assert read(bench, one) is True


def test_a_card_lifted_in_the_middle_moved(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("idcard")
    one.online()
    for n in (20, 300, 700, 1294):
        bench.idcard.lift_after(n)
        assert isinstance(read(bench, one), CardMoved)
    assert read(bench, one) is True


def test_a_card_that_lies_there_is_read_once(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("idcard")
    assert read(bench, one) is True
    assert isinstance(one.do(lambda device: device.read_card(0.5)), NothingPresented)
    assert read(bench, one) is True


def test_a_card_held_for_a_moment_at_the_pace_of_real_readers(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        desk = Desk(bench, "idcard")
        desk.online()
        waits = threading.Event()

        def work(device: Any) -> Any:
            waits.set()
            return device.read_card(10)

        desk.begin(work)
        assert waits.wait(5)
        asked = time.monotonic()
        bench.idcard.put("resident", ms=2500)
        assert is_the_card(desk.end(), "resident")
        assert time.monotonic() - asked < 2.5
        desk.service.close()


def test_a_reader_that_failed_its_self_test_and_a_lying_frame(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("idcard")
    one.online()
    bench.idcard.timeout_frame(1)
    assert read(bench, one) is True
    bench.idcard.self_test_failed()
    assert one.until(lambda status: status.state is State.FAULT).cause == "out_of_service"
    assert isinstance(one.do(lambda device: device.read_card(1)), OutOfService)
    bench.idcard.heal()
    one.online()


# Codes


@pytest.mark.parametrize(("kind", "suffix"), [("crlf", "any"), ("cr", "any"), ("lf", "any"), ("none", "any"),
                                              ("none", "none"), ("crlf", "crlf"), ("cr", "cr"), ("lf", "lf")])
def test_each_suffix(bench: Bench, desk: Callable[..., Desk], kind: Any, suffix: str) -> None:
    bench.scanner.suffix(kind)
    assert scan(bench, desk("scanner", suffix=suffix)) is True


def test_a_code_shown_to_a_page_that_did_not_ask(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("scanner", suffix="crlf")
    one.online()
    bench.scanner.show("000000000000000000")
    assert isinstance(one.do(lambda device: device.scan(0.5)), (NothingPresented, str))
    bench.scanner.rubbish()
    bench.scanner.half()
    assert scan(bench, one) is True


# Tickets


@pytest.mark.parametrize(("fault", "error", "state", "paper"), [
    ("cover_open", CoverOpen, State.OFFLINE, None), ("paper_out", PaperOut, State.OFFLINE, Paper.OUT),
    ("jam", PaperJam, State.OFFLINE, Paper.JAMMED), ("cutter_error", CutterFault, State.OFFLINE, Paper.FULL),
    ("head_hot", HeadHot, State.OFFLINE, Paper.FULL), ("broken", OutOfService, State.FAULT, Paper.FULL)])
def test_each_trouble_of_a_printer(bench: Bench, desk: Callable[..., Desk], fault: str, error: type[DeviceError],
                                   state: State, paper: Paper | None) -> None:
    one = desk("printer")
    one.online()
    getattr(bench.printer, fault)()
    status = one.until(lambda status: status.state is not State.ONLINE)
    assert (status.state, status.cause) == (state, error.cause)
    assert paper is None or status.paper is paper
    assert type(one.do(lambda device: device.print_ticket(TICKET, 3))) is error
    bench.printer.heal()
    one.online()
    assert print_one(bench, one) is True
    assert len(bench.printer.tickets) == 1, "a refused ticket leaves nothing on paper"


def test_near_end_is_low_and_prints(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("printer")
    bench.printer.near_end()
    assert one.until(lambda status: status.paper is Paper.LOW).state is State.ONLINE
    assert print_one(bench, one) is True


@pytest.mark.parametrize(("fault", "cause"), [
    (lambda printer: printer.paper_out_after(3), "paper_out"), (lambda printer: printer.cutter_jams(), "cutter")])
@pytest.mark.parametrize("fence", ["gs_r", "status"])
def test_what_happens_to_a_ticket_on_its_way(
        bench: Bench, desk: Callable[..., Desk], fault: Callable[[Any], None], cause: str, fence: str) -> None:
    one = desk("printer", fence=fence)
    one.online()
    fault(bench.printer)
    result = one.do(lambda device: device.print_ticket(LONG, 5))
    assert isinstance(result, PrintUnknown) and str(result) == cause
    assert one.until(lambda status: status.state is not State.ONLINE).cause == cause
    bench.printer.heal()
    one.online()


@pytest.mark.parametrize(("fence", "result"), [
    ("gs_h", Printed.PRINTED), ("gs_r", Printed.PRINTED), ("status", Printed.SENT), ("none", Printed.SENT)])
@pytest.mark.parametrize("asb", [False, True])
def test_every_fence_and_what_is_then_on_paper(
        bench: Bench, desk: Callable[..., Desk], fence: str, result: Printed, asb: bool) -> None:
    bench.printer.asb_at_start(asb)
    one = desk("printer", fence=fence)
    assert one.do(lambda device: device.print_ticket(TICKET, 5)) is result
    if result is Printed.PRINTED:
        assert fence == "gs_h" or len(bench.printer.tickets) == 1, "confirmed after the cut"
    ticket = bench.printer.ticket(1)
    rows = [line.text.strip() for line in ticket.lines if line.text.strip()]
    assert rows[:2] == ["虚构市第一医院", "挂号凭条"] and rows[-1] == "A001 号"
    assert (ticket.lines[0].wide, ticket.lines[0].high, ticket.lines[0].bold) == (2, 2, True)
    assert [(code.kind, code.data) for code in ticket.codes] == [
        ("qr", "KIOSK-TEST-0001"), ("code128", "202611210001")]
    assert ticket.cut and not ticket.unknown


def test_a_model_without_print_completion_is_never_called_printed(bench: Bench, desk: Callable[..., Desk]) -> None:
    bench.printer.no_completion()
    result = desk("printer").do(lambda device: device.print_ticket(TICKET, 1))
    assert isinstance(result, PrintUnknown) and str(result) == "not confirmed"


@pytest.mark.parametrize("fault", ["unplug", "power_off"])
def test_a_printer_lost_in_the_middle(tmp_path: Path, fault: str) -> None:
    with Bench(tmp_path, speed=2) as bench:
        desk = Desk(bench, "printer")
        desk.online()
        desk.begin(lambda device: device.print_ticket(LONG, 3))
        bench.printer.until(lambda: not bench.printer.idle)
        getattr(bench.printer, fault)()
        assert isinstance(desk.end(), PrintUnknown)
        assert desk.until(lambda status: status.state is State.NO_DEVICE)
        bench.printer.plug() if fault == "unplug" else bench.printer.power_off(False)
        desk.online()
        desk.service.close()


@pytest.mark.parametrize(("mm", "columns"), [(80, 48), (58, 32)])
def test_both_papers(bench: Bench, desk: Callable[..., Desk], mm: int, columns: int) -> None:
    bench.printer.width(mm)
    assert desk("printer", width=str(mm)).do(lambda device: device.print_ticket(TICKET, 5)) is Printed.PRINTED
    lines = [line.text for line in bench.printer.ticket(1).lines]
    assert "-" * columns in lines


def test_a_printer_with_an_address(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=20, tcp={"printer": 0}) as bench:
        desk = Desk(bench, "printer")
        desk.online()
        assert print_one(bench, desk) is True
        bench.printer.unplug()
        assert desk.until(lambda status: status.state is State.NO_DEVICE)
        bench.printer.plug()
        desk.online()
        assert print_one(bench, desk) is True
        desk.service.close()
