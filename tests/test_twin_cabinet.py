"""Twins of what is around the devices, by their bytes alone: board, light bar, UPS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.bench import Bench
from drivers.sim.board import check
from twin_port import Port
from vectors import vectors

BOARD, UPS = vectors("board"), vectors("ups")
HEALTHY = b"(220.0 220.0 220.0 015 50.0 2.25 25.0 00000000\r"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=600, devices=("board", "lightbar", "ups")) as twins:
        yield twins


def framed(text: str) -> bytes:
    body = bytes.fromhex(text)
    return body + check(body)


def test_the_board_answers_as_published(bench: Bench) -> None:
    board: Any = bench.devices["board"]
    with Port(bench.urls["board"]) as port:
        for switch in (BOARD["7.01"], framed("01 05 00 02 FF 00")):
            assert port.ask(switch, 8) == switch, "a writing is repeated"
        assert port.ask(BOARD["7.05"], 6) == BOARD["7.06"]
        assert port.ask(BOARD["7.02"], 8) == BOARD["7.02"] and board.relays[:3] == [False, False, True]
        board.input(7, True)
        assert port.ask(framed("01 02 00 00 00 08"), 6) == framed("01 02 01 80")
        assert port.ask(framed("01 0F 00 00 00 08 01 A5"), 8) == framed("01 0F 00 00 00 08")
        assert board.relays == [True, False, True, False, False, True, False, True]


@pytest.mark.parametrize("request_, answer", [
    ("01 05 00 08 FF 00", "01 85 02"), ("01 05 00 00 12 34", "01 85 03"), ("01 01 00 00 00 00", "01 81 03"),
    ("01 02 00 04 00 05", "01 82 02"), ("01 04 00 00 00 01", "01 84 01"), ("01 03 00 00 00 02", "01 83 02")])
def test_the_board_says_no_with_a_reason(bench: Bench, request_: str, answer: str) -> None:
    with Port(bench.urls["board"]) as port:
        assert port.ask(framed(request_), 5) == framed(answer)
        assert port.ask(BOARD["7.05"], 6)[:3] == b"\x01\x01\x01", "and goes on"


def test_the_board_answers_nobody_else_s_questions(bench: Bench) -> None:
    board: Any = bench.devices["board"]
    with Port(bench.urls["board"]) as port:
        port.write(framed("02 01 00 00 00 04") + BOARD["7.05"][:-1] + b"\x00")
        port.write(framed("00 05 00 03 FF 00"))
        board.until(lambda: board.relays[3])
        assert port.ask(framed("01 06 00 00 00 07"), 8) == framed("01 06 00 00 00 07")
        assert port.ask(framed("07 03 00 00 00 01"), 7) == framed("07 03 02 00 07"), "it has moved to 7"


def test_the_board_s_troubles(bench: Bench) -> None:
    board: Any = bench.devices["board"]
    with Port(bench.urls["board"]) as port:
        board.broken()
        assert port.ask(BOARD["7.05"], 5) == framed("01 81 04")
        board.heal()
        port.ask(BOARD["7.01"], 8)
        board.restart()
        assert port.ask(BOARD["7.05"], 6) == framed("01 01 01 00")


def test_the_light_bar_finds_its_frames_in_anything(bench: Bench) -> None:
    bar: Any = bench.devices["lightbar"]
    with Port(bench.urls["lightbar"]) as port:
        port.write(b"\x03\x03\xaa\x05\xff\x03")
        bar.until(lambda: bar.lamps == ("receipt", "card"))
        port.write(b"\xaa\x00")
        bar.until(lambda: bar.history == [5, 0])


def test_the_ups_answers_as_published(bench: Bench) -> None:
    ups: Any = bench.devices["ups"]
    with Port(bench.urls["ups"]) as port:
        assert port.ask(UPS["7.30"], 47) == HEALTHY == UPS["7.31"]
        ups.mains(False)
        ups.low()
        assert port.ask(b"Q1\r", 47) == UPS["7.33"]
        assert port.ask(b"I\r", 39).startswith(b"#Example ")
        assert port.ask(b"WHAT\r", 5) == b"WHAT\r", "what it does not know comes back"


def test_the_ups_cuts_the_power_and_gives_it_back(bench: Bench) -> None:
    ups: Any = bench.devices["ups"]
    with Port(bench.urls["ups"]) as port:
        ups.mains(False)
        port.write(b"S01R0003\r")
        ups.until(lambda: ups.off)
        ups.mains(True)
        assert not ups.off and ups.orders == ["S01R0003"]
        port.write(b"S10\r" + UPS["7.35"])
        assert port.ask(b"Q1\r", 47) == HEALTHY, "taken back"
