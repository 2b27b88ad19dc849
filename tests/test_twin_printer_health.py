"""How the printer's twin is, and how it tells: every status answer, every fault, and what stays on paper."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.sim.bench import Bench
from drivers.sim.printer import PrinterTwin
from twin_port import Port
from vectors import vectors

VEC = vectors("printer")
CUT = b"\x1dVB\x00"
GS_R = b"\x1dr\x01"


def eot(n: int) -> bytes:
    return bytes((0x10, 0x04, n))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["printer"]) as port:
        yield port


def answers(port: Port) -> str:
    """All four real-time answers."""
    return port.ask(eot(1) + eot(2) + eot(3) + eot(4), 4).hex(" ")


@pytest.mark.parametrize(("spoil", "expected"), [
    (lambda p: None, "12 12 12 12"),
    (lambda p: p.drawer(), "16 12 12 12"),
    (lambda p: p.cover_open(), "1a 16 12 12"),
    (lambda p: p.paper_out(), "1a 32 12 7e"),
    (lambda p: (p.no_near_end_sensor(), p.paper_out()), "1a 32 12 72"),
    (lambda p: p.near_end(), "12 12 12 1e"),
    (lambda p: p.cutter_error(), "1a 52 1a 12"),
    (lambda p: p.broken(), "1a 52 32 12"),
    (lambda p: p.head_hot(), "1a 52 52 12"),
    (lambda p: p.jam(), "1a 52 16 12"),
    (lambda p: p.feed_button(), "5a 1a 12 12"),
    (lambda p: (p.drawer(), p.broken()), "1e 52 32 12"),
])
def test_real_time_status(bench: Bench, port: Port, spoil: Callable[[PrinterTwin], object], expected: str) -> None:
    spoil(bench.printer)
    assert answers(port) == expected
    bench.printer.heal()
    assert answers(port) == "12 12 12 12"


@pytest.mark.parametrize(("reply", "spoil"), [
    ("4.52", lambda p: None), ("4.55", lambda p: (p.no_near_end_sensor(), p.paper_out())),
    ("4.58", lambda p: p.broken()), ("4.59", lambda p: p.head_hot())])
def test_automatic_status(bench: Bench, port: Port, reply: str, spoil: Callable[[PrinterTwin], object]) -> None:
    bench.printer.drawer()
    assert port.ask(b"\x1da\x0f", 4) == VEC["4.52"]
    spoil(bench.printer)
    if reply != "4.52":
        assert port.read(4) == VEC[reply]


def test_automatic_status_comes_once_per_change_and_only_for_what_was_asked(bench: Bench, port: Port) -> None:
    assert port.ask(b"\x1da\x08", 4).hex() == "10000000"
    bench.printer.drawer()
    bench.printer.near_end()
    assert port.read(4).hex() == "14000300"
    bench.printer.near_end()
    bench.printer.paper_out()
    assert port.read(4).hex() == "1c000f00"
    bench.printer.paper_out(False)
    assert port.read(4).hex() == "14000000"
    assert port.ask(b"\x1da\x00" + GS_R, 1) == VEC["4.61"]
    bench.printer.near_end()
    assert port.ask(GS_R, 1) == VEC["4.62"]


def test_automatic_status_without_being_asked(bench: Bench, port: Port) -> None:
    bench.printer.asb_at_start()
    assert port.read(4).hex() == "10000000"
    bench.printer.power_off()
    bench.printer.power_off(False)
    assert port.read(4).hex() == "10000000"


def test_identification_completion_and_buffered_status(port: Port) -> None:
    assert port.ask(b"\x1dI\x43", 9) == VEC["4.69"]
    assert port.ask(b"\x1dI\x01", 1) == port.ask(b"\x1dI\x31", 1)
    assert port.ask(VEC["4.66"] + VEC["4.64"], 7) == VEC["4.65"]
    assert port.ask(b"\x1dr\x02", 1) == b"\x00"


def test_status_is_answered_ahead_of_what_waits(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=0.5) as bench, Port(bench.urls["printer"]) as port:
        assert port.ask(b"\n" * 200 + VEC["4.64"] + eot(1), 1) == VEC["4.24"]
        assert not bench.printer.idle


def test_completion_takes_the_time_of_printing(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=10) as bench, Port(bench.urls["printer"]) as port:
        start = bench.loop.now()
        assert port.ask(b"\x1b3\x50" + b"x\n" * 20 + VEC["4.64"], 7) == VEC["4.65"]
        assert bench.loop.now() - start >= 20 * 90 / 12000 - 0.01, "225 mm at 1.5 m/s"


def test_no_status_inside_the_data_of_a_command(port: Port) -> None:
    assert port.ask(b"\x1dv0\x00\x03\x00\x01\x00" + eot(1) + eot(4), 1) == VEC["4.37"]


def test_without_completion(bench: Bench, port: Port) -> None:
    bench.printer.no_completion()
    assert port.ask(VEC["4.64"] + GS_R, 1) == VEC["4.61"]


@pytest.mark.parametrize("spoil", ["cover_open", "cutter_error", "jam", "head_hot", "broken", "feed_button"])
def test_it_stops_and_goes_on(bench: Bench, port: Port, spoil: str) -> None:
    getattr(bench.printer, spoil)()
    port.write(b"text\n" + VEC["4.64"] + CUT)
    bench.printer.until(lambda: not bench.printer.idle)
    assert port.ask(eot(1), 1)[0] & 0x08 and bench.printer.tickets == []
    getattr(bench.printer, spoil)(False)
    assert port.read(7) == VEC["4.65"] and bench.printer.ticket(1).text == "text"


def test_opening_the_cover_while_it_prints_is_an_error_until_it_is_closed(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=0.5) as bench, Port(bench.urls["printer"]) as port:
        port.write(b"x\n" * 50)
        bench.printer.until(lambda: bench.printer.state()["hanging"])
        bench.printer.cover_open()
        assert answers(port) == "1a 56 52 12"
        bench.printer.cover_open(False)
        assert answers(port) == "12 12 12 12"


def test_paper_that_ends_after_some_lines(bench: Bench, port: Port) -> None:
    bench.printer.paper_out_after(2)
    port.write(b"1\n2\n3\n4\n" + VEC["4.64"] + CUT)
    bench.printer.until(lambda: bench.printer.health.paper_end)
    assert bench.printer.hanging().text == "1\n2"
    bench.printer.paper_out(False)
    assert port.read(7) == VEC["4.65"]
    assert [(t.text, t.cut) for t in (bench.printer.ticket(1), bench.printer.ticket(2))] == [
        ("1\n2", ""), ("3\n4", "partial")]


def test_a_roll_ends_by_itself(bench: Bench, port: Port) -> None:
    port.write(b"\x1da\x08")
    assert port.read(4).hex() == "10000000"
    bench.printer.near_end()
    assert port.read(4).hex() == "10000300"
    port.write(b"\x1bd\xff" * 10)
    assert port.read(4).hex() == "18000f00"


def test_the_cutter_jams_and_recovers_by_command(bench: Bench, port: Port) -> None:
    bench.printer.cutter_jams()
    port.write(b"text\n" + CUT + b"next\n")
    bench.printer.until(lambda: bench.printer.health.cutter_error)
    assert port.ask(eot(3), 1) == VEC["4.34"]
    port.write(VEC["4.70"])
    assert bench.printer.ticket(1).text == "text"
    bench.printer.until(lambda: bench.printer.idle)
    assert bench.printer.hanging().text == "next"


def test_recovery_may_forget_what_waited(bench: Bench, port: Port) -> None:
    bench.printer.cutter_jams()
    port.write(b"text\n" + CUT + b"forgotten\n" + CUT)
    bench.printer.until(lambda: bench.printer.health.cutter_error)
    port.write(b"\x10\x05\x02" + b"next\n" + CUT)
    assert bench.printer.ticket(1).text == "text\nnext"


def test_a_stuck_cutter_does_not_recover(bench: Bench, port: Port) -> None:
    bench.printer.cutter_error(stuck=True)
    assert port.ask(VEC["4.70"] + eot(3), 1) == VEC["4.34"]


def test_switched_off_it_is_deaf_and_forgets(bench: Bench, port: Port) -> None:
    bench.printer.cover_open()
    port.write(b"forgotten\n" + CUT)
    bench.printer.until(lambda: not bench.printer.idle)
    bench.printer.power_off()
    bench.printer.cover_open(False)
    bench.printer.power_off(False)
    port.write(b"text\n" + CUT + eot(1))
    assert port.read(1) == VEC["4.24"] and bench.printer.ticket(1).text == "text"


def test_a_full_buffer_stops_the_machine(bench: Bench, port: Port) -> None:
    bench.printer.cover_open()
    os.set_blocking(port.fd, False)
    line, sent = b"x" * 40 + b"\n", 0
    with pytest.raises(BlockingIOError) as stop:
        while sent < 4_000_000:
            sent += os.write(port.fd, line)
            bench.printer.until(lambda: bench.printer.state()["queued"] >= min(sent, 65536))
    assert stop.value.errno == errno.EAGAIN and sent > 65536
    bench.printer.cover_open(False)
    bench.printer.until(lambda: bench.printer.idle and len(bench.printer.hanging().raw) == sent)


def test_torn_off_by_hand(bench: Bench, port: Port) -> None:
    port.write(b"1\n2\n3\n4\n5\n" + VEC["4.64"])
    port.read(7)
    bench.printer.tear()
    assert bench.printer.tickets[0].text == "1\n2\n3" and bench.printer.tickets[0].cut == ""
    bench.printer.width(58)
    assert bench.printer.tickets[1].text == "4\n5", "the roll that is taken out has the rest"


def test_other_widths_are_refused(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.printer.width(112)
