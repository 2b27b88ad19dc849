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
    Cancelled, CardMoved, CardRefused, DeviceError, Gone, NothingPresented, OutOfService, State, WrongDevice)
from drivers.sim.bench import Bench
from drivers.sim.cards import DECK, Card
from conformance.idcard_sdt import is_the_card
from conformance.idcard_sdt import use as read
from conformance.scanner_line import CODE
from conformance.scanner_line import use as scan
from far_end import Watched
from twin_desk import USUAL, Desk


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


@pytest.mark.parametrize("device", USUAL)
def test_a_healthy_device_is_online_and_does_its_work(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one = desk(device)
    one.online()
    for _ in range(3):
        assert USUAL[device].use(bench, one) is True
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
    assert USUAL[device].use(bench, one) is True
    assert one.service.status.state is State.ONLINE


@pytest.mark.parametrize("device", USUAL)
@pytest.mark.parametrize("fault", HURTFUL)
def test_a_line_that_lies_never_makes_a_wrong_value(
        bench: Bench, desk: Callable[..., Desk], device: str, fault: str) -> None:
    one = desk(device)
    one.online()
    HURTFUL[fault](getattr(bench, device))
    for _ in range(2):
        result = USUAL[device].use(bench, one)
        assert result is True or isinstance(result, DeviceError) or device == "scanner", result
    getattr(bench, device).heal()
    one.online()
    assert USUAL[device].use(bench, one) is True


@pytest.mark.parametrize("device", USUAL)
def test_unplugged_and_plugged_in_again(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    for _ in range(2):
        twin.unplug()
        assert one.until(lambda status: status.state is State.NO_DEVICE).cause == "gone"
        assert isinstance(one.do(lambda device: device.status()), Gone)
        twin.plug()
        assert USUAL[device].use(bench, one) is True, "a command wakes the service from its pause"


@pytest.mark.parametrize("device", ["idcard", "printer"])
def test_a_device_that_answers_too_late_is_never_right_by_accident(
        bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    twin.slow(1200)
    for _ in range(3):
        result = USUAL[device].use(bench, one)
        assert result is True or isinstance(result, DeviceError)
    twin.heal()
    one.online()
    assert USUAL[device].use(bench, one) is True


@pytest.mark.parametrize("device", ["idcard", "printer"])
def test_silent_devices_are_gone_and_come_back(bench: Bench, desk: Callable[..., Desk], device: str) -> None:
    one, twin = desk(device), getattr(bench, device)
    one.online()
    twin.silent()
    assert one.until(lambda status: status.state is State.NO_DEVICE).cause == "no_answer"
    twin.heal()
    one.online()
    assert USUAL[device].use(bench, one) is True


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
        for device in USUAL:
            assert USUAL[device].use(bench, desk(device)) is True
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


def test_a_wait_taken_back_leaves_nothing_behind_for_the_next(bench: Bench, desk: Callable[..., Desk]) -> None:
    """The reader answers the question that was taken back, too; that answer must not be taken for the next one's."""
    one = desk("idcard")
    one.online()
    bench.idcard.slow(60)                   # so that every cancel falls between a question and its answer
    asked: queue.Queue[Watched] = queue.Queue()

    def wait(device: Any) -> Any:
        device._link = Watched(device._link)
        asked.put(device._link)
        return device.read_card(5)

    for _ in range(10):
        bench.idcard.lift()
        command = one.begin(wait)
        assert asked.get(timeout=5).waits.wait(5)
        command.cancel()
        assert isinstance(one.end(), Cancelled)
        bench.idcard.put("resident")
        assert is_the_card(one.do(lambda device: device.read_card(5)), "resident")
    assert one.service.last_fault == ""


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
