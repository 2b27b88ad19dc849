"""The stripe reader's twins: tracks byte for byte, in every framing, and as the kernel tells key strokes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.bench import Bench
from drivers.sim.stripe import track2
from twin_port import Port
from vectors import vectors

VECTORS = vectors("stripe")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, devices=("stripe", "stripe_keys")) as bench:
        yield bench


@pytest.fixture
def twin(bench: Bench) -> Any:
    return bench.devices["stripe"]


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["stripe"]) as port:
        yield port


def test_the_track_of_the_standard() -> None:
    assert track2("6000000000000000", "4912") == VECTORS["3.20"] + b"1"
    assert track2("7") == b";7?3"


def test_framings(twin: Any, port: Port) -> None:
    twin.lrc(False)
    for framing, whole in (("text", VECTORS["3.20"] + b"\r"), ("stx", VECTORS["3.21"])):
        twin.framing(framing)
        twin.swipe("6000000000000000", "4912")
        assert port.read(len(whole)) == whole
    twin.framing("bits")
    twin.swipe("01")
    assert port.read(4) == bytes((0x0B, 0x10, 0x01, 0x1F)), "four bits, and one that makes them odd"
    assert twin.state()["swipes"] == 3 and twin.state()["framing"] == "bits"


def test_bad_swipes(twin: Any, port: Port) -> None:
    twin.half("1000000000000007")
    assert port.read(9) == b";1000000\r"
    twin.blank()
    assert port.read(4) == b";E?\r"
    twin.misread("17")
    assert port.read(6) == b";07?" + track2("17")[-1:] + b"\r"
    twin.bank_card()
    assert port.read(35) == track2("6200000000000000000", "49121200000") + b"\r"


def test_key_strokes(bench: Bench) -> None:
    url = bench.urls["stripe_keys"]
    assert url == f"hid://{bench.devices['stripe_keys'].line.path}"  # type: ignore[attr-defined]
    fd = os.open(url.removeprefix("hid://"), os.O_RDONLY | os.O_NOCTTY)
    try:
        twin: Any = bench.devices["stripe_keys"]
        twin.lrc(False)
        twin.swipe("1")
        size, heard = 24 * (4 + 4 + 8 + 4), b""
        while len(heard) < size:
            heard += os.read(fd, 4096)
    finally:
        os.close(fd)
    events = [event[2:] for event in struct.iter_unpack("@llHHi", heard)]
    down = [code for kind, code, value in events if kind == 1 and value == 1]
    assert down == [39, 2, 42, 53, 28] and events[1::2] == [(0, 0, 0)] * 10, "; 1 shift-/ Enter, each with its report"


def test_a_keyboard_has_no_port(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no port"):
        Bench(tmp_path, tcp={"stripe_keys": 0}, devices=("stripe_keys",))
