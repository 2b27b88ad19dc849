"""A4 reports before a real print server of CUPS: their end and sheets, every trouble, taking back, a server that goes."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from drivers.contract import (
    Cancelled, CoverOpen, DeviceError, Gone, NoAnswer, OutOfService, Pages, Paper, PaperJam, PaperOut, Printed,
    PrintUnknown, State, Status, Stock, TonerOut, WrongDevice)
from drivers.link_cups import CupsLink
from drivers.links import open_link
from drivers.print_queue import Condition
from drivers.report_cups import Device
from drivers.sim.bench import Bench
from drivers.sim.office import OfficeTwin
from drivers.sim.spool import SpoolLine

SPEED = 60              # a sheet in 50 ms


def pdf(pages: int) -> bytes:
    return b"%PDF-1.4\n" + b"<</Type /Page>>\n" * pages + b"<</Type/Pages>>\n%%EOF"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench"), SPEED, devices=("a4",)) as twins:
        yield twins


@pytest.fixture
def printer(bench: Bench) -> OfficeTwin:
    twin = cast(OfficeTwin, bench.devices["a4"])
    twin.heal()
    twin.until(lambda: twin.idle)
    return twin


@pytest.fixture
def link(bench: Bench, printer: OfficeTwin) -> Iterator[CupsLink]:
    opened = cast(CupsLink, open_link(bench.urls["a4"]))
    yield opened
    opened.close()


@pytest.fixture
def device(link: CupsLink) -> Device:
    return Device(link)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.report_cups.PATIENCE", 0.3)
    monkeypatch.setattr("drivers.print_job.LOOK", 0.05)


def unhurried(printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    """So slow that no sheet comes before what is to happen first, on however busy a machine: twenty seconds for each."""
    monkeypatch.setattr(printer, "speed", SPEED / 20)
    printer.pages_per_minute(1)


def known_to_count(device: Device, printer: OfficeTwin) -> None:
    """A printer that has counted sheets before is believed when it counts none."""
    assert device.print_report(pdf(1), "report", 10) == Pages(Printed.PRINTED, 1)


def test_a_report_is_printed_when_the_printer_has_counted_its_sheets(device: Device, printer: OfficeTwin) -> None:
    before = len(printer.reports)
    assert device.identify().startswith("CUPS queue: ")
    assert device.print_report(pdf(3), "laboratory", 10) == Pages(Printed.PRINTED, 3)
    report = printer.report(before + 1)
    assert report.whole and report.title == "laboratory" and report.document == pdf(3)


def test_where_nobody_counts_a_report_was_sent(device: Device, printer: OfficeTwin) -> None:
    printer.no_count()
    assert device.print_report(pdf(2), "report", 10) == Pages(Printed.SENT, None)


TROUBLES: list[tuple[str, type[DeviceError], Paper, Stock]] = [
    ("paper_out", PaperOut, Paper.OUT, Stock.UNKNOWN), ("jam", PaperJam, Paper.JAMMED, Stock.UNKNOWN),
    ("cover_open", CoverOpen, Paper.UNKNOWN, Stock.UNKNOWN), ("toner_out", TonerOut, Paper.UNKNOWN, Stock.EMPTY),
    ("offline", OutOfService, Paper.UNKNOWN, Stock.UNKNOWN)]


@pytest.mark.parametrize(("fault", "error", "paper", "toner"), TROUBLES)
def test_trouble_is_told_before_anything_is_printed(device: Device, printer: OfficeTwin, fault: str,
                                                    error: type[DeviceError], paper: Paper, toner: Stock) -> None:
    before = len(printer.reports)
    getattr(printer, fault)()
    assert device.status() == Status(State.OFFLINE, paper, error.cause, toner=toner)
    with pytest.raises(error):
        device.print_report(pdf(1), "report", 5)
    assert printer.idle and len(printer.reports) == before, "no job was made"
    printer.heal()
    assert device.status() == Status(State.ONLINE, Paper.UNKNOWN, toner=Stock.UNKNOWN)


@pytest.mark.parametrize(("verb", "status"), [
    ("paper_low", Status(State.ONLINE, Paper.LOW, toner=Stock.UNKNOWN)),
    ("toner_low", Status(State.ONLINE, Paper.UNKNOWN, toner=Stock.LOW))])
def test_what_runs_low_still_prints(device: Device, printer: OfficeTwin, verb: str, status: Status) -> None:
    getattr(printer, verb)()
    assert device.status() == status
    assert device.print_report(pdf(1), "report", 5).printed is Printed.PRINTED


def test_paper_that_ends_in_the_middle_leaves_half_a_report_and_no_rest_for_the_next_person(
        device: Device, printer: OfficeTwin) -> None:
    known_to_count(device, printer)
    before = len(printer.reports)
    printer.paper_out_after(2)
    with pytest.raises(PrintUnknown, match="paper_out"):
        device.print_report(pdf(4), "report", 10)
    assert printer.report(before + 1).sheets == 2
    printer.heal()
    printer.until(lambda: printer.idle)
    assert len(printer.reports) == before + 1, "the rest was taken back"
    assert device.print_report(pdf(1), "report", 10) == Pages(Printed.PRINTED, 1)


def test_paper_that_is_refilled_goes_on(device: Device, printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.report_cups.PATIENCE", 5.0)
    printer.paper_out_after(1)
    filled = threading.Thread(target=lambda: (printer.until(lambda: printer.state()["paper_out"]), printer.heal()))
    filled.start()
    assert device.print_report(pdf(3), "report", 10) == Pages(Printed.PRINTED, 3)
    filled.join()


def test_a_queue_that_knew_nothing_of_its_trouble_has_printed_nothing(device: Device, printer: OfficeTwin) -> None:
    """Trouble that comes between the look and the first sheet."""
    known_to_count(device, printer)
    before = len(printer.reports)
    look = device._queue.look
    calls: list[Condition] = []

    def first_well() -> Condition:
        calls.append(look())
        if len(calls) == 1:
            printer.jam()
        return calls[-1]

    device._queue.look = first_well  # type: ignore[method-assign]
    with pytest.raises(PaperJam):
        device.print_report(pdf(2), "report", 10)
    assert len(printer.reports) == before


def cancelling(link: CupsLink, when: Callable[[], bool], printer: OfficeTwin) -> tuple[threading.Thread, list[float]]:
    said: list[float] = []

    def run() -> None:
        printer.until(when)
        said.append(time.monotonic())
        link.cancel()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def test_a_cancel_ends_at_once_and_takes_the_job_back(
        device: Device, link: CupsLink, printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_count(device, printer)
    before = len(printer.reports)
    unhurried(printer, monkeypatch)
    thread, said = cancelling(link, lambda: not printer.idle, printer)
    with pytest.raises(Cancelled):
        device.print_report(pdf(2), "report", 30)
    assert time.monotonic() - said[0] < 10
    thread.join()
    printer.until(lambda: printer.idle)
    assert len(printer.reports) == before


def test_a_cancel_behind_the_first_sheet_is_unknown(device: Device, link: CupsLink, printer: OfficeTwin) -> None:
    before = len(printer.reports)
    thread, said = cancelling(link, lambda: printer.state()["paper"] < 249, printer)
    with pytest.raises(PrintUnknown, match="cancelled"):
        device.print_report(pdf(100), "report", 30)
    assert time.monotonic() - said[0] < 10
    thread.join()
    assert 1 <= printer.report(before + 1).sheets < 100


def test_a_server_that_goes_after_the_job_was_taken_leaves_it_unknown(
        device: Device, printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(printer.reports)
    unhurried(printer, monkeypatch)
    gone = threading.Thread(target=lambda: (printer.until(lambda: not printer.idle), printer.unplug()))
    gone.start()
    began = time.monotonic()
    with pytest.raises(PrintUnknown):
        device.print_report(pdf(2), "report", 3)
    assert time.monotonic() - began < 20
    gone.join()
    with pytest.raises(Gone):
        device.status()
    printer.plug()
    device.identify()                           # it comes back, and would begin the job again for the next person
    printer.until(lambda: printer.idle)
    assert len(printer.reports) == before


def test_a_server_that_comes_back_in_time_is_asked_about_the_same_job(device: Device, printer: OfficeTwin) -> None:
    before = len(printer.reports)
    printer.pages_per_minute(10)

    def restart() -> None:
        printer.until(lambda: not printer.idle)
        printer.unplug()
        printer.plug()

    thread = threading.Thread(target=restart)
    thread.start()
    assert device.print_report(pdf(2), "report", 15).printed is Printed.PRINTED
    thread.join()
    assert printer.reports[-1].whole and len(printer.reports) == before + 1, "one job, and no second one"


def test_a_server_that_hangs_cannot_hold_a_cancel(
        device: Device, link: CupsLink, printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    cupsd = cast(SpoolLine, printer.line).server.process
    assert cupsd
    unhurried(printer, monkeypatch)
    said: list[float] = []

    def hang() -> None:
        printer.until(lambda: not printer.idle)
        cupsd.send_signal(signal.SIGSTOP)
        said.append(time.monotonic())
        link.cancel()

    thread = threading.Thread(target=hang)
    thread.start()
    try:
        with pytest.raises(PrintUnknown, match="cancelled"):
            device.print_report(pdf(2), "report", 30)
        assert time.monotonic() - said[0] < 4, "not as long as it may take to hand a document over"
        with pytest.raises(NoAnswer):
            device.status()
    finally:
        thread.join()
        cupsd.send_signal(signal.SIGCONT)
    assert device.identify()                    # and takes the job back
    printer.until(lambda: printer.idle)


def test_what_is_not_printed_in_its_time_is_taken_back(
        device: Device, printer: OfficeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_count(device, printer)
    before = len(printer.reports)
    unhurried(printer, monkeypatch)
    with pytest.raises(DeviceError, match="not printed in time"):
        device.print_report(pdf(3), "report", 0.5)
    printer.heal()
    printer.until(lambda: printer.idle)
    assert len(printer.reports) == before


def test_an_idle_queue_s_old_trouble_is_not_believed_for_ever(link: CupsLink, printer: OfficeTwin) -> None:
    """It hears of new paper only by a job; somebody must be allowed to try."""
    device = Device(link, believe="1")
    known_to_count(device, printer)
    printer.paper_out()
    deadline = time.monotonic() + 20
    while device.status().paper is Paper.OUT and time.monotonic() < deadline:
        device._queue.pause(0.1)
    assert device.status().paper is Paper.UNKNOWN
    with pytest.raises(PaperOut):
        device.print_report(pdf(1), "report", 10)


def test_a_queue_that_does_not_exist_is_the_wrong_device(bench: Bench, printer: OfficeTwin) -> None:
    other = open_link(bench.urls["a4"].replace("/a4?", "/b5?"))
    with pytest.raises(WrongDevice, match="no such queue"):
        Device(other).identify()
    other.close()


def test_only_a_pdf_is_a_report_and_options_are_checked(device: Device, link: CupsLink) -> None:
    with pytest.raises(ValueError):
        device.print_report(b"\x1b@", "report", 1)
    for options in ({"sides": "three"}, {"media": "纸"}, {"believe": "long"}):
        with pytest.raises(ValueError):
            Device(link, **options)


@pytest.mark.parametrize("url", ["cups:///", "cups://host/a4", "cups:///a4?server=", "cups:///a4?x=1", "cups:///a/b",
                                 "cups:///a4?server=two words"])
def test_an_url_that_names_no_queue_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        open_link(url)


def test_no_print_server_is_gone() -> None:
    for url in ("cups:///a4?server=127.0.0.1:1", "cups:///a4?server=/nowhere/cups.sock"):
        with pytest.raises(Gone):
            open_link(url)


def test_two_print_servers_on_one_machine_do_not_meet(bench: Bench, device: Device, tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED, devices=("a4",)) as second:
        other = cast(OfficeTwin, second.devices["a4"])
        link = open_link(second.urls["a4"])
        assert Device(link).print_report(pdf(1), "second", 10).sheets == 1
        link.close()
        assert [report.title for report in other.reports] == ["second"]
    assert "second" not in [report.title for report in cast(OfficeTwin, bench.devices["a4"]).reports]


@pytest.mark.parametrize(("reasons", "error", "paper", "toner"), [
    ((), None, Paper.UNKNOWN, Stock.UNKNOWN), (("media-empty-warning",), None, Paper.LOW, Stock.UNKNOWN),
    (("media-needed",), PaperOut, Paper.OUT, Stock.UNKNOWN),
    (("marker-supply-empty-error",), TonerOut, Paper.UNKNOWN, Stock.EMPTY),
    (("door-open", "media-jam-error"), CoverOpen, Paper.UNKNOWN, Stock.UNKNOWN),
    (("paused",), OutOfService, Paper.UNKNOWN, Stock.UNKNOWN),
    (("connecting-to-device", "com.example-fan-slow-warning"), None, Paper.UNKNOWN, Stock.UNKNOWN),
    (("fuser-over-temp-error",), OutOfService, Paper.UNKNOWN, Stock.UNKNOWN)])
def test_reasons(reasons: tuple[str, ...], error: type[DeviceError] | None, paper: Paper, toner: Stock) -> None:
    condition = Condition(False, True, frozenset(reasons))
    found = condition.trouble
    assert type(found) is error if error else found is None
    assert (condition.status.paper, condition.status.toner) == (paper, toner)
    assert (condition.status.state is State.ONLINE) is (error is None)


def test_a_stopped_queue_and_one_that_takes_nothing() -> None:
    for condition in (Condition(True, True, frozenset()), Condition(False, False, frozenset())):
        assert isinstance(condition.trouble, OutOfService)
    assert Condition(False, True, frozenset(), levels=(40, 70)).status.toner is Stock.OK
    assert Condition(False, True, frozenset(), levels=(40, -2)).status.toner is Stock.UNKNOWN
