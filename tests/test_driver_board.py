"""The board of relays and inputs: frames as the specification has them, lights that flash, doors that are sure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers import board_modbus
from drivers.board_modbus import Bits, Device, Exceptional, Terminal, Written, answer, crc, frame
from drivers.contract import DeviceError, Flash, NoAnswer, OutOfService, State, WrongDevice
from drivers.links import open_link
from drivers.sim.bench import Bench
from drivers.sim.board import BoardTwin
from far_end import Answering
from vectors import vectors

VECTORS = vectors("board")
WIRING = {"idcard": "0", "scanner": "1", "door": "!i0", "presence": "i1", "mains": "i2"}


# The codec.


@pytest.mark.parametrize("name", VECTORS)
def test_every_frame_ends_with_its_check(name: str) -> None:
    assert crc(VECTORS[name][:-2]) == VECTORS[name][-2:]


def test_requests_are_the_published_ones() -> None:
    assert frame(1, 5, 0, 0xFF00) == VECTORS["7.01"] and frame(1, 5, 0, 0) == VECTORS["7.02"]
    assert frame(1, 1, 0, 4) == VECTORS["7.05"] and frame(1, 3, 0, 2) == VECTORS["7.10"]


def test_answers_are_found_wherever_they_are() -> None:
    read, write = VECTORS["7.05"], VECTORS["7.01"]
    assert answer(read, VECTORS["7.06"]) == Bits((True, False, True, False))
    assert answer(read, b"\x00\x01\x01" + VECTORS["7.06"] + b"\xff") == Bits((True, False, True, False))
    assert answer(read, read + VECTORS["7.06"]) == Bits((True, False, True, False)), "behind an echo"
    assert answer(write, VECTORS["7.01"]) == Written() and answer(write, VECTORS["7.02"]) is None
    assert answer(write, VECTORS["7.09"]) == Exceptional(2)
    assert answer(read, VECTORS["7.09"]) is None, "an exception to another function"


def test_an_echo_is_not_taken_for_an_answer() -> None:
    write = VECTORS["7.01"]
    assert answer(write, write, echo=True) is None and answer(write, write * 2, echo=True) == Written()
    assert answer(VECTORS["7.05"], VECTORS["7.05"]) is None


def test_no_single_fault_makes_another_value() -> None:
    """Every byte dropped, doubled, cut off at, or with any of its bits flipped."""
    request, good = VECTORS["7.05"], VECTORS["7.06"]
    faulty = [good[:at] + good[at + 1:] for at in range(len(good))]
    faulty += [good[:at] + good[at:at + 1] * 2 + good[at + 1:] for at in range(len(good))]
    faulty += [good[:at] for at in range(len(good))]
    faulty += [good[:at] + bytes((good[at] ^ 1 << bit,)) + good[at + 1:] for at in range(len(good)) for bit in range(8)]
    assert {answer(request, data) for data in faulty} <= {None, answer(request, good)}
    assert sum(answer(request, data) is None for data in faulty) > 50


def test_rubbish_is_never_more_than_rubbish() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        heard = chance.randbytes(chance.randrange(24))
        for request in (VECTORS["7.01"], VECTORS["7.05"]):
            assert answer(request, heard) is None


@pytest.mark.parametrize("text, wire", [("3", Terminal(3, False, False)), ("i3", Terminal(3, True, False)),
                                        ("!i12", Terminal(12, True, True))])
def test_wiring_is_read(text: str, wire: Terminal) -> None:
    assert Terminal.read("door", text) == wire


@pytest.mark.parametrize("options", [
    {}, {"door": "x"}, {"door": "!3"}, {"door": "i256"}, {"Door": "i1"}, {"door": "i0", "address": "0"},
    {"door": "i0", "address": "248"}, {"door": "i0", "quiet": "0"}, {"idcard": "0", "flash": "on"}])
def test_bad_wiring_is_a_sentence(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=" "):
        Device(Answering(lambda data: ()), **options)


# The board over a line, in time that a test makes.


class Board:
    """A board as its specification says, at the other end of a link without a wire. Its time stands still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, echo: bool = False, **options: str) -> None:
        self.relays, self.inputs = [False] * 8, [False] * 8
        self.dead, self.echo, self.refusal = False, echo, 0
        self.writes: list[tuple[int, bool]] = []
        self.seconds = 100.0
        monkeypatch.setattr(board_modbus, "time", SimpleNamespace(monotonic=self.now))
        self.link = Answering(self.answer)
        self.device = Device(self.link, **(options or WIRING))

    def now(self) -> float:
        self.seconds += 0.0001          # whoever looks at the clock has spent a moment
        return self.seconds

    def answer(self, data: bytes) -> Iterator[bytes]:
        if self.echo:
            yield data
        if self.dead:
            return
        first, second = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
        body = data[:6]
        if self.refusal:
            body = bytes((1, data[1] | 0x80, self.refusal))
        elif data[1] == 5:
            self.relays[first] = bool(second)
            self.writes.append((first, bool(second)))
        else:
            bits = (self.relays if data[1] == 1 else self.inputs)[first:first + second]
            body = bytes((1, data[1], 1, sum(bit << at for at, bit in enumerate(bits))))
        yield body + crc(body)

    def goes(self, seconds: float) -> None:
        self.seconds += seconds
        self.device.tick()


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Board]:
    return lambda **options: Board(monkeypatch, **options)


def test_a_board_says_what_it_is(board: Callable[..., Board]) -> None:
    assert board().device.identify() == "Modbus board 1, 2 relays, 3 inputs"
    assert board(door="i0").device.identify() == "Modbus board 1, 0 relays, 1 inputs"


def test_lights_shine_and_those_not_named_go_out(board: Callable[..., Board]) -> None:
    one = board()
    one.device.shine({"idcard": Flash.STEADY, "terminal": Flash.QUICK})
    assert one.relays[:2] == [True, False] and one.device.tick() is None
    one.device.shine({"scanner": Flash.STEADY})
    assert one.relays[:2] == [False, True]
    one.device.shine({})
    assert one.relays == [False] * 8


def test_what_is_so_already_is_not_said_again(board: Callable[..., Board]) -> None:
    one = board()
    for _ in range(3):
        one.device.shine({"idcard": Flash.STEADY})
    assert one.writes == [(0, True), (1, False)]


@pytest.mark.parametrize("flash, half", [(Flash.SLOW, 0.5), (Flash.QUICK, 0.2)])
def test_flashing_begins_with_light_and_keeps_its_time(board: Callable[..., Board], flash: Flash, half: float) -> None:
    one = board()
    one.device.shine({"idcard": flash})
    assert one.relays[0] and half * 0.9 < (one.device.tick() or 0) <= half
    seen = []
    for _ in range(6):
        one.goes(half)
        seen.append(one.relays[0])
    assert seen == [False, True] * 3
    assert 1 / (2 * half) < 3, "never three flashes a second"


def test_relays_that_would_wear_out_shine_steadily(board: Callable[..., Board]) -> None:
    one = board(idcard="0", flash="no")
    one.device.shine({"idcard": Flash.QUICK})
    for _ in range(4):
        one.goes(0.2)
    assert one.writes == [(0, True)] and one.device.tick() is None


def test_a_board_that_lost_its_power_gets_its_lights_back(board: Callable[..., Board]) -> None:
    one = board()
    one.device.shine({"idcard": Flash.STEADY})
    one.relays[0] = False
    assert one.device.status().state is State.ONLINE and not one.relays[0], "it answered a moment ago: not asked"
    one.seconds += 1
    one.device.status()
    assert one.relays[0]


def test_an_input_counts_when_it_was_read_twice(board: Callable[..., Board]) -> None:
    one = board()
    assert one.device.sense() == {}, "one reading is no knowledge"
    assert one.device.sense() == {"door": True, "presence": False, "mains": False}
    one.inputs[1] = True
    assert one.device.sense()["presence"] is False
    one.inputs[1] = False
    assert one.device.sense()["presence"] is False, "a spark"
    one.inputs[0] = one.inputs[1] = True
    one.device.sense()
    assert one.device.sense() == {"door": False, "presence": True, "mains": False}


def test_a_dead_board_on_a_line_with_echo_is_not_believed_to_switch(board: Callable[..., Board]) -> None:
    one = board(echo=True, **WIRING)
    assert one.device.identify().endswith("line with echo")
    one.device.shine({"idcard": Flash.STEADY})
    assert one.relays[0]
    one.dead = True
    with pytest.raises(NoAnswer):
        one.device.shine({})
    with pytest.raises(WrongDevice, match="echo"):
        one.device.identify()


@pytest.mark.parametrize("code, error", [(1, WrongDevice), (2, WrongDevice), (4, OutOfService), (6, NoAnswer)])
def test_a_refusal_says_why(board: Callable[..., Board], code: int, error: type[DeviceError]) -> None:
    one = board()
    one.refusal = code
    with pytest.raises(error):
        one.device.sense()


# Before its twin, on a real terminal.


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, devices=("board",)) as twins:
        yield twins


def twin(bench: Bench) -> BoardTwin:
    found = bench.devices["board"]
    assert isinstance(found, BoardTwin)
    return found


def opened(bench: Bench, **options: str) -> Any:
    return Device(open_link(bench.urls["board"]), **(options or WIRING))


def test_twin_and_driver_agree(bench: Bench) -> None:
    device, board = opened(bench), twin(bench)
    assert device.identify() == "Modbus board 1, 2 relays, 3 inputs"
    device.shine({"scanner": Flash.STEADY})
    assert board.relays[:2] == [False, True]
    board.input(0, True)
    board.input(2, True)
    seen: list[Mapping[str, bool]] = [device.sense() for _ in range(2)]
    assert seen[-1] == {"door": False, "presence": False, "mains": True}
    board.echo()
    assert device.identify().endswith("line with echo")
    device.shine({"idcard": Flash.STEADY})
    assert board.relays[:2] == [True, False]


def test_what_the_board_does_not_have_is_the_wrong_board(bench: Bench) -> None:
    with pytest.raises(WrongDevice, match="no such relay"):
        opened(bench, idcard="9").identify()
    with pytest.raises(NoAnswer):
        opened(bench, idcard="0", address="9").identify()


def test_any_bits_come_as_they_are(bench: Bench) -> None:
    board = twin(bench)
    device = opened(bench, **{f"in_{at}": f"i{at}" for at in range(8)}, **{f"out_{at}": str(at) for at in range(8)})
    device.identify()
    chance = random.Random(3)
    for _, bits in zip(range(8), iter(lambda: chance.randrange(256), None)):
        for at in range(8):
            board.input(at, bool(bits >> at & 1))
        device.shine({f"out_{at}": Flash.STEADY for at in range(8) if bits >> at & 1})
        device.sense()
        assert list(device.sense().values()) == board.inputs == board.relays
    assert board.switched > 8 and list(itertools.compress(range(8), board.relays))
