"""What goes wrong on lines goes wrong on the twins' lines: each fault alone, as the machine's end sees it."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.sim.bench import Bench
from drivers.sim.idcard import frame
from drivers.sim.line import STRAY
from leftovers import Mark
from twin_port import Port
from vectors import vectors

VEC = vectors("idcard")
FIND, NO_CARD, FOUND = VEC["1.07"], frame(b"\x00\x00\x80"), VEC["1.21"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["idcard"]) as port:
        yield port


def test_silent_works_on_but_its_answers_are_lost(bench: Bench, port: Port) -> None:
    bench.idcard.put("resident")
    bench.idcard.silent()
    port.write(FIND)
    bench.idcard.until(lambda: bench.idcard.stage.value == "found")
    bench.idcard.silent(False)
    assert port.ask(VEC["1.08"], 19) == VEC["1.22"], "only the second answer came"


def test_slow_answers_come_late_and_in_order(bench: Bench, port: Port) -> None:
    bench.idcard.slow(80)
    start = bench.loop.now()
    assert port.ask(FIND + VEC["1.08"], 22) == NO_CARD + VEC["1.31"]
    assert bench.loop.now() - start >= 0.08


def test_healing_forgets_slow_answers(bench: Bench, port: Port) -> None:
    bench.idcard.slow(60_000)
    bench.idcard.put("resident")
    port.write(FIND)
    bench.idcard.until(lambda: bench.idcard.stage.value == "found")
    bench.idcard.heal()
    assert port.ask(VEC["1.08"], 19) == VEC["1.22"]


def test_answers_in_single_bytes(bench: Bench, port: Port) -> None:
    bench.idcard.split(gap_ms=2)
    pieces: list[bytes] = []
    for _ in range(20):         # who looks too late on a busy machine finds several at once
        start = bench.loop.now()
        port.write(FIND)
        pieces = port.pieces(11)
        assert b"".join(pieces) == NO_CARD and bench.loop.now() - start >= 10 * 0.002
        if len(pieces) > 5:
            break
    assert len(pieces) > 5


def test_a_long_answer_survives_single_bytes(bench: Bench, port: Port) -> None:
    bench.idcard.split()
    bench.idcard.put("resident")
    port.ask(FIND, 15)
    port.ask(VEC["1.08"], 19)
    assert port.ask(VEC["1.09"], 1295) == VEC["1.70"]


def test_garbled_answers_are_counted_down(bench: Bench, port: Port) -> None:
    bench.idcard.garble(2)
    wrong = NO_CARD[:5] + bytes((NO_CARD[5] ^ 0xFF,)) + NO_CARD[6:]
    assert [port.ask(FIND, 11) for _ in range(3)] == [wrong, wrong, NO_CARD]


def test_garbage_before_an_answer(bench: Bench, port: Port) -> None:
    bench.idcard.garbage(10)
    assert port.ask(FIND, 21) == STRAY + STRAY[:2] + NO_CARD
    assert port.ask(FIND, 11) == NO_CARD


def test_answers_that_come_twice(bench: Bench, port: Port) -> None:
    bench.idcard.duplicate()
    assert port.ask(FIND, 22) == NO_CARD * 2
    bench.idcard.duplicate(False)
    assert port.ask(FIND, 11) == NO_CARD


def test_an_answer_that_breaks_off(bench: Bench, port: Port) -> None:
    bench.idcard.truncate(4)
    assert port.ask(FIND, 4) == NO_CARD[:4]
    assert port.ask(FIND, 11) == NO_CARD


def test_unplugged_and_plugged_in_again(bench: Bench, port: Port) -> None:
    path = Path(bench.urls["idcard"].removeprefix("serial://").partition("?")[0])
    assert path.is_symlink()
    bench.idcard.unplug()
    assert not path.is_symlink() and not bench.idcard.state()["plugged"]
    with pytest.raises(OSError):
        os.write(port.fd, FIND)
    bench.idcard.unplug()
    bench.idcard.put("resident")                   # a reader has its card whether the cable is in or not
    bench.idcard.plug()
    bench.idcard.plug()
    with Port(bench.urls["idcard"]) as again:
        assert again.ask(FIND, 15) == FOUND


def test_a_machine_may_come_and_go(bench: Bench) -> None:
    for _ in range(3):
        with Port(bench.urls["idcard"]) as port:
            assert port.ask(FIND, 11) == NO_CARD


def test_on_the_network_the_newest_caller_wins(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=math.inf, tcp={"idcard": 0}) as bench:
        host, _, number = bench.urls["idcard"].removeprefix("tcp://").partition(":")
        address = (host, int(number))
        with socket.create_connection(address, 5) as first, socket.create_connection(address, 5) as second:
            second.sendall(FIND)
            assert second.recv(100) == NO_CARD
            assert first.recv(100) == b""
            bench.idcard.unplug()
            assert second.recv(100) == b""
            with pytest.raises(OSError):
                socket.create_connection(address, 5)
            bench.idcard.plug()
            with socket.create_connection(address, 5) as third:
                third.sendall(FIND)
                assert third.recv(100) == NO_CARD


def test_the_bench_leaves_nothing_behind(tmp_path: Path) -> None:
    mark = Mark()
    for _ in range(3):
        with Bench(tmp_path, tcp={"scanner": 0}) as bench:
            bench.idcard.put("resident", ms=60_000)
            bench.printer.slow(1000)
            with Port(bench.urls["printer"]) as port:
                port.write(b"\x10\x04\x01" + b"x\n" * 500)
    assert mark.left() == []
    assert list((tmp_path / "tty").iterdir()) == []


def test_unknown_devices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="toaster"):
        Bench(tmp_path, tcp={"toaster": 0})


@pytest.mark.parametrize("devices", [(), ("scanner",)])
def test_only_what_was_asked_for_stands_on_the_bench(tmp_path: Path, devices: tuple[str, ...]) -> None:
    with Bench(tmp_path, devices=devices) as bench:
        assert tuple(bench.devices) == tuple(bench.urls) == devices
    with pytest.raises(ValueError, match="printer"):
        Bench(tmp_path, tcp={"printer": 0}, devices=devices)


def test_a_line_that_echoes(bench: Bench) -> None:
    bench.scanner.echo()
    with Port(bench.urls["scanner"]) as port:
        port.write(b"?")
        assert port.read(2) == b"?!"
