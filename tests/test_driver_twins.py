"""The ID card reader and the scanner on the bench: what is their own, beside what every driver has to do."""

from __future__ import annotations

import datetime as dt
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import (
    Cancelled, CardMoved, CardRefused, DeviceError, IdCard, NothingPresented, OutOfService, State)
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


@pytest.mark.parametrize("driver", ["idcard_sdt", "scanner_line"])
def test_nothing_is_printed_by_asking_who_it_is(bench: Bench, desk: Callable[..., Desk], driver: str) -> None:
    desk("printer", driver).do(lambda device: device.status())
    assert bench.printer.hanging().text.strip() == ""


def test_a_silent_device_is_gone_and_comes_back(bench: Bench, desk: Callable[..., Desk]) -> None:
    one = desk("idcard")
    one.online()
    bench.idcard.silent()
    assert one.until(lambda status: status.state is State.NO_DEVICE).cause == "no_answer"
    bench.idcard.heal()
    one.online()
    assert read(bench, one) is True


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
    card = desk("idcard").do(lambda device: device.read_card(20))
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
        return device.read_card(20)

    for _ in range(10):
        bench.idcard.lift()
        command = one.begin(wait)
        assert asked.get(timeout=20).waits.wait(20)
        command.cancel()
        assert isinstance(one.end(), Cancelled)
        bench.idcard.put("resident")
        assert is_the_card(one.do(lambda device: device.read_card(20)), "resident")
    assert one.service.last_fault == ""


def test_a_card_held_for_a_moment_at_the_pace_of_real_readers(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        desk = Desk(bench, "idcard")
        desk.online()
        ends: list[Any] = []
        while len(ends) < 5 and not (ends and isinstance(ends[-1], IdCard)):    # a busy machine may be late: its best counts
            bench.idcard.lift()
            waits = threading.Event()

            def work(device: Any) -> Any:
                waits.set()
                return device.read_card(10)

            desk.begin(work)
            assert waits.wait(20)
            bench.idcard.put("resident", ms=2500)
            ends.append(desk.end())
        assert is_the_card(ends[-1], "resident")
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
