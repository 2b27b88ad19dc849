"""Tickets through the printer's driver and onto its twin's paper: every fence, every trouble before and in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import (
    CoverOpen, CutterFault, DeviceError, HeadHot, OutOfService, Paper, PaperJam, PaperOut, Printed, PrintUnknown,
    State)
from drivers.sim.bench import Bench
from conformance.printer_escpos import TICKET
from conformance.printer_escpos import use as print_one
from twin_desk import LONG, Desk


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
