"""One ticket over every kind of line that a ticket printer has: USB's character device, and a raw queue of a real CUPS."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from conformance.printer_escpos import TICKET
from drivers import link_usb, printer_cups, printer_escpos
from drivers.contract import (
    Cancelled, CoverOpen, DeviceError, Gone, Link, NoAnswer, OutOfService, Paper, PaperJam, PaperOut, Printed, State, Status,
    Stock)
from drivers.link_usb import UsbLink
from drivers.links import open_link
from drivers.sim.bench import Bench
from drivers.sim.spooled import SpooledPrinterTwin
from far_end import Pty

# USB: a terminal stands for usblp, which is as raw.


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=50, devices=("printer",)) as twins:
        yield twins


@pytest.fixture
def usb(bench: Bench, tmp_path: Path) -> Iterator[Link]:
    link = open_link(f"usb://{tmp_path}/tty/printer")
    yield link
    link.close()


def test_a_ticket_over_usb_is_confirmed(bench: Bench, usb: Link) -> None:
    device = printer_escpos.Device(usb)
    assert device.identify() and device.status() == Status(State.ONLINE, Paper.FULL)
    assert device.print_ticket(TICKET, 5) is Printed.PRINTED
    assert "￥12.50" in bench.printer.ticket(1).text
    bench.printer.paper_out()
    assert device.status() == Status(State.OFFLINE, Paper.OUT, "paper_out")
    with pytest.raises(PaperOut):
        device.print_ticket(TICKET, 5)


def test_a_usb_printer_without_a_way_back_is_asked_nothing_and_claims_nothing(bench: Bench, usb: Link) -> None:
    bench.printer.silent()
    with pytest.raises(NoAnswer):
        printer_escpos.Device(usb).identify()
    device = printer_escpos.Device(usb, profile="zj-5890", width="80", cut="feed")
    assert device.identify().endswith("cannot be asked")
    assert device.status() == Status(State.ONLINE, Paper.UNKNOWN)
    assert device.print_ticket(TICKET, 5) is Printed.SENT
    assert "￥12.50" in bench.printer.ticket(1).text
    bench.printer.unplug()
    with pytest.raises(Gone):
        device.status()


def test_usb_has_one_user_and_an_address_that_is_a_device(bench: Bench, usb: Link, tmp_path: Path) -> None:
    plain = tmp_path / "file"
    plain.write_bytes(b"")
    for url in (f"usb://{tmp_path}/tty/printer", f"usb://{plain}", "usb:///dev/usb/nowhere"):
        with pytest.raises(Gone):
            open_link(url)
    for url in ("usb:lp0?x=1", "usb://host/dev/usb/lp0", "usb:"):
        with pytest.raises(ValueError):
            open_link(url)


def test_empty_packets_are_no_end_and_do_not_hold_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """usblp gives out an empty read for each empty packet, and says that there is something to read."""
    end = Pty()
    link = UsbLink(end.path)
    end.send(b"\x12")
    real, asked = os.read, []

    def empty(fd: int, size: int) -> bytes:
        if fd != link.fileno():
            return real(fd, size)
        asked.append(fd)
        return b"" if len(asked) < 3 else real(fd, size)

    monkeypatch.setattr(link_usb.os, "read", empty)
    assert link.read(1) == b"\x12" and len(asked) == 3
    monkeypatch.setattr(link_usb.os, "read", lambda fd, size: b"" if fd == link.fileno() else real(fd, size))
    end.send(b"\x12")
    began = time.monotonic()
    assert link.read(0.1) == b""
    assert time.monotonic() - began < 10
    link.cancel()
    with pytest.raises(Cancelled):
        link.read(1)
    link.close()
    end.hang_up()


# A raw queue.


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench"), 50, devices=("spooled",)) as twins:
        yield twins


@pytest.fixture
def printer(queue: Bench) -> SpooledPrinterTwin:
    twin = cast(SpooledPrinterTwin, queue.devices["spooled"])
    twin.heal()
    twin.until(lambda: twin.idle)
    return twin


@pytest.fixture
def raw(queue: Bench, printer: SpooledPrinterTwin) -> Iterator[Link]:
    link = open_link(queue.urls["spooled"])
    yield link
    link.close()


def test_a_ticket_through_a_raw_queue_was_sent(printer: SpooledPrinterTwin, raw: Link) -> None:
    device = printer_cups.Device(raw)
    before = len(printer.tickets)
    assert device.identify().startswith("CUPS raw queue, 80 mm")
    assert device.status() == Status(State.ONLINE, Paper.UNKNOWN, toner=Stock.UNKNOWN)
    assert device.print_ticket(TICKET, 5) is Printed.SENT
    ticket = printer.ticket(before + 1)
    assert "￥12.50" in ticket.text and ticket.cut and not ticket.unknown


@pytest.mark.parametrize(("fault", "error", "paper"), [
    ("paper_out", PaperOut, Paper.OUT), ("cover_open", CoverOpen, Paper.UNKNOWN), ("jam", PaperJam, Paper.JAMMED),
    ("cutter_error", OutOfService, Paper.UNKNOWN), ("power_off", OutOfService, Paper.UNKNOWN)])
def test_what_the_queue_was_told_is_told(printer: SpooledPrinterTwin, raw: Link, fault: str, error: type[DeviceError],
                                         paper: Paper) -> None:
    device = printer_cups.Device(raw)
    before = len(printer.tickets)
    getattr(printer, fault)()
    assert device.status() == Status(State.OFFLINE, paper, error.cause, toner=Stock.UNKNOWN)
    with pytest.raises(error):
        device.print_ticket(TICKET, 5)
    printer.heal()
    printer.until(lambda: printer.idle)
    assert len(printer.tickets) == before
    assert device.status().state is State.ONLINE


def test_a_cancel_before_the_printer_takes_it_leaves_no_ticket_for_the_next_person(
        printer: SpooledPrinterTwin, raw: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    device = printer_cups.Device(raw)
    before = len(printer.tickets)
    send = device._queue.send

    def trouble_first(job: int, document: bytes, kind: str) -> None:
        monkeypatch.setattr(printer.health, "jam", True)        # the queue was not told
        send(job, document, kind)

    monkeypatch.setattr(device._queue, "send", trouble_first)
    said: list[float] = []

    def run() -> None:
        printer.until(lambda: bool(printer._jobs))
        said.append(time.monotonic())
        raw.cancel()

    thread = threading.Thread(target=run)
    thread.start()
    with pytest.raises(DeviceError, match="cancelled"):
        device.print_ticket(TICKET, 30)
    assert time.monotonic() - said[0] < 10
    thread.join()
    printer.until(lambda: not printer._jobs)
    printer.heal()
    printer.until(lambda: printer.idle)
    assert len(printer.tickets) == before
