"""The card movers' twins answer published frames byte for byte, through real pseudo-terminals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.bench import Bench
from drivers.sim.twin import verbs
from twin_port import Port
from vectors import vectors

VEC = vectors("cards")
ACK, NAK, ENQ, EOT = VEC["5.32"], VEC["5.33"], VEC["5.47"], b"\x04"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf, devices=("crt571", "crt310", "k720", "terminal", "vendor")) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Port]:
    with Port(bench.urls[request.param]) as port:
        yield port


def test_the_panel_sees_every_switch(bench: Bench) -> None:
    for device, twin in bench.devices.items():
        switches = {name for name, verb in verbs(twin).items() if "on" in verb.parameters}
        assert switches <= twin.state().keys(), device


def crt571(port: Port, request: bytes, reply: bytes) -> None:
    assert port.ask(request, 1 + len(reply)) == ACK + reply
    port.write(ACK)


def frame571(text: bytes) -> bytes:
    whole = b"\xf2\x00" + len(text).to_bytes(2, "big") + text + b"\x03"
    check = 0
    for byte in whole:
        check ^= byte
    return whole + bytes((check,))


@pytest.mark.parametrize("port", ["crt571"], indirect=True)
def test_a_crt571_gives_a_card(bench: Bench, port: Port) -> None:
    twin: Any = bench.devices["crt571"]
    crt571(port, VEC["5.05"], VEC["5.23"])              # not prepared yet
    crt571(port, VEC["5.02"], frame571(b"P01020" + b"CRT-TEST-V1"))
    crt571(port, VEC["5.05"], VEC["5.06"])
    crt571(port, VEC["5.13"], frame571(b"P22220"))
    crt571(port, VEC["5.05"], VEC["5.08"])
    crt571(port, VEC["5.27"], frame571(b"P\x600220M\x04\x00\x04\x04\xa1\x00\x01\x08"))
    crt571(port, VEC["5.16"], VEC["5.17"])
    crt571(port, VEC["5.05"], VEC["5.07"])
    twin.take()
    twin.hopper_after(5)
    crt571(port, VEC["5.05"], VEC["5.09"])
    twin.hopper_after(0)
    crt571(port, VEC["5.05"], VEC["5.10"])
    crt571(port, VEC["5.13"], VEC["5.21"])
    assert twin.taken == ["04A10001"]


@pytest.mark.parametrize("port", ["crt571"], indirect=True)
def test_a_crt571_repeats_what_was_refused_and_takes_back_what_was_begun(bench: Bench, port: Port) -> None:
    crt571(port, VEC["5.01"], VEC["5.04"])
    assert port.ask(VEC["5.05"], 1 + len(VEC["5.06"])) == ACK + VEC["5.06"]
    assert port.ask(NAK, len(VEC["5.06"])) == VEC["5.06"]
    assert port.ask(VEC["5.05"][:-1] + b"\x00", 1) == NAK, "a wrong check"
    bench.devices["crt571"].speed = 1.0                 # a move that takes a second
    assert port.ask(VEC["5.13"], 1) == ACK
    assert port.ask(EOT, 1) == EOT
    crt571(port, VEC["5.05"], VEC["5.06"])              # the card never left the hopper


@pytest.mark.parametrize("port", ["crt310"], indirect=True)
def test_a_crt310_acts_at_enq(bench: Bench, port: Port) -> None:
    twin: Any = bench.devices["crt310"]
    assert port.ask(VEC["5.40"], 1) == ACK
    assert port.ask(ENQ, len(VEC["5.44"])) == VEC["5.44"]
    twin.short_card()
    twin.jam()
    assert port.ask(b"\x02\x00\x0223\x03\x02", 1) == ACK
    assert port.ask(ENQ, len(VEC["5.49"])) == VEC["5.49"]
    assert port.ask(VEC["5.43"][:-1] + b"\x00", 1) == NAK, "a wrong check"
    assert port.ask(VEC["5.43"], 1) == ACK
    assert port.ask(ENQ, 10)[:6] == b"\x02\x00\x0510\x4a", "inside"


@pytest.mark.parametrize("port", ["k720"], indirect=True)
def test_a_k720_is_asked_for_the_end_of_its_moves(bench: Bench, port: Port) -> None:
    twin: Any = bench.devices["k720"]
    enq, ack = VEC["5.62"], b"\x0600"

    def ask(request: bytes, size: int) -> bytes:
        assert port.ask(request, 3) == ack
        return port.ask(enq, size)

    assert port.ask(VEC["5.58"], 3) == ack
    port.write(enq)
    twin.until(lambda: twin.card == "04A10001")
    assert ask(VEC["5.79"], 14)[5:12] == b"P;1\x04\xa1\x00\x01"
    assert port.ask(VEC["5.55"], 3) == ack
    port.write(enq)
    twin.until(lambda: twin.spot.value == "at the mouth")
    assert ask(VEC["5.54"], 13) == VEC["5.65"]
    twin.take()
    twin.hopper_after(0)
    assert ask(VEC["5.54"], 13) == VEC["5.68"]
    assert ask(VEC["5.53"], 12)[5:10] == b"SF008"
    port.write(VEC["5.50"].replace(b"00", b"01", 1))    # another address: not for it
    assert ask(VEC["5.60"], 7 + 14)[5:-2] == b"K720-TEST V1.0"
