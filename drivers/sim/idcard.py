"""Twin of a resident ID card reader (SAM_A / SAM_V, the "SDT" protocol).

Source: the makers' published protocol pages. Frame: AA AA AA 96 69, length (2 bytes, big-endian, counts everything
behind itself), command and parameter (answers: SW1 SW2 SW3), data, and the XOR of all bytes behind the preamble.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import Enum
from functools import reduce
from operator import xor
from typing import Any

from drivers.sim.cards import DECK, Card
from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

PREAMBLE = bytes.fromhex("AAAAAA9669")
FRAME_GAP = 0.1          # s: a frame that pauses longer has the wrong length
LONGEST_REQUEST = 64     # bytes behind the length; the protocol's longest is 4
BAUDS = (115200, 57600, 38400, 19200, 9600)      # the parameter of CMD 60
SAM_ID = b"".join(n.to_bytes(size, "little") for n, size in ((5, 2), (1, 2), (20200101, 4), (1, 4), (2, 4)))
TIMEOUT_FRAME = PREAMBLE + bytes.fromhex("0005050505")   # one maker's answer: its length says 5, 4 bytes follow

OK, FOUND, NO_ITEM = 0x90, 0x9F, 0x91
BAD_CHECK, BAD_LENGTH, BAD_COMMAND = 0x10, 0x11, 0x21
READ_FAILED, SELF_TEST_FAILED, FIND_FAILED, SELECT_FAILED = 0x41, 0x60, 0x80, 0x81

RESET, STATUS, SAM = (0x10, 0xFF), (0x11, 0xFF), (0x12, 0xFF)
FIND, SELECT = (0x20, 0x01), (0x20, 0x02)
READ, READ_ADDRESS, READ_PRINTS = (0x30, 0x01), (0x30, 0x03), (0x30, 0x10)
SET_RF = (0x61, 0xFF)

# How long the real reader takes, in seconds.
TAKES = {RESET: 0.01, STATUS: 0.01, SAM: 0.1, FIND: 0.1, SELECT: 0.1, READ: 1.1, READ_ADDRESS: 0.8, READ_PRINTS: 2.0}


class Stage(Enum):
    """How far the card in the field has come."""

    NONE = "no card"
    LYING = "in the field"
    FOUND = "found"
    SELECTED = "selected"
    READ = "read, not lifted"


def frame(body: bytes) -> bytes:
    """`body` with preamble, length and check byte."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes((reduce(xor, counted),))


class IdCardTwin(Twin):
    """The reader. Put a card on it, lift it, break it."""

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.card: Card | None = None
        self.stage = Stage.NONE
        self.reads = 0                         # records given out since the start
        self._first_baud = line.baud
        self._self_test_failed = False
        self._timeout_frames = 0
        self._lift_after: int | None = None
        self._heard = b""
        self._busy = False
        self._gap: asyncio.TimerHandle | None = None
        self._leaves: asyncio.TimerHandle | None = None

    def state(self) -> dict[str, Any]:
        return {**super().state(), "card": self.card and self.card.name, "kind": self.card and self.card.kind,
                "number": self.card and self.card.number, "stage": self.stage.value, "reads": self.reads,
                "self_test_failed": self._self_test_failed, "timeout_frames": self._timeout_frames}

    def well(self) -> None:
        self._self_test_failed, self._timeout_frames, self._lift_after = False, 0, None
        self.line.baud = self._first_baud

    @verb("放卡", "Put card")
    def put(self, card: Card | str | Mapping[str, Any], ms: int | None = None) -> None:
        """Lay a card on the reader (in place of one that lies there); it is lifted after `ms`, if given."""
        self.lift()
        if isinstance(card, str):
            card = DECK[card]
        self.card = card if isinstance(card, Card) else Card(**card)
        self.card.record()                     # a card that cannot exist is refused here
        self.stage = Stage.LYING
        if ms is not None:
            self._leaves = self.line.loop.later(ms / 1000, self.lift)

    @verb("拿走", "Lift card")
    def lift(self) -> None:
        if self._leaves:
            self._leaves.cancel()
            self._leaves = None
        self.card, self.stage = None, Stage.NONE

    @verb("读到一半拿走（字节）", "Lifted in mid answer", fault=True)
    def lift_after(self, n: int = 700) -> None:
        """The next record stops after `n` bytes, and the card is gone."""
        self._lift_after = n

    @verb("自检失败", "Self-test failed", fault=True)
    def self_test_failed(self, on: bool = True) -> None:
        self._self_test_failed = on

    @verb("畸形超时帧（次）", "Malformed time-out", fault=True)
    def timeout_frame(self, n: int = 1) -> None:
        """The next `n` answers are one maker's malformed time-out."""
        self._timeout_frames = n

    # Frames.

    def hear(self, data: bytes) -> None:
        self._heard += data
        if self._gap:
            self._gap.cancel()
            self._gap = None
        self._next()

    def _next(self) -> None:
        """Take the next request from what was heard, unless one is being worked on."""
        if self._busy:
            return
        start = self._heard.find(PREAMBLE)
        if start < 0:
            self._heard = self._heard[-(len(PREAMBLE) - 1):]      # half a preamble may be among them
            return
        self._heard = self._heard[start:]
        length = int.from_bytes(self._heard[5:7], "big")
        end = 7 + length
        rest = self._heard[end:]
        if len(self._heard) < 7 or len(self._heard) < end <= 7 + LONGEST_REQUEST:
            self._gap = self.line.loop.later(FRAME_GAP, self._gave_up)
        elif not 3 <= length <= LONGEST_REQUEST or not PREAMBLE.startswith(rest[:5]):
            self._gave_up()
        else:
            request, self._heard = self._heard[5:end], rest
            if reduce(xor, request[:-1]) != request[-1]:
                self._work(0.0, bytes((BAD_CHECK,)))
            else:
                self._begin((request[2], request[3]), request[4:-1])

    def _gave_up(self) -> None:
        self._heard = b""
        self._work(0.0, bytes((BAD_LENGTH,)))

    def _begin(self, command: tuple[int, int], data: bytes) -> None:
        self._work(TAKES.get(command, 0.01) / self.speed, command, data)

    def _work(self, seconds: float, command: bytes | tuple[int, int], data: bytes = b"") -> None:
        """Be busy for a while, then answer with what is true at the end of it."""

        def done() -> None:
            answer = command if isinstance(command, bytes) else self._execute(command, data)
            self._busy = False
            self._say(answer)
            if not isinstance(command, bytes) and command[0] == 0x60 and answer[0] == OK:
                self.line.baud = BAUDS[command[1]]                # from the next byte on
            self._next()

        self._busy = True
        self.line.loop.later(seconds, done)

    def _say(self, answer: bytes) -> None:
        whole = frame(b"\x00\x00" + answer)
        if self._timeout_frames:
            self._timeout_frames -= 1
            whole = TIMEOUT_FRAME
        elif self._lift_after is not None and len(whole) > self._lift_after:
            whole, self._lift_after = whole[:self._lift_after], None
            self.lift()
        self.line.send(whole)

    # Commands.

    def _execute(self, command: tuple[int, int], data: bytes) -> bytes:
        """SW3 and data."""
        known = command in TAKES or command == SET_RF or (command[0] == 0x60 and command[1] < len(BAUDS))
        if not known or len(data) != (1 if command == SET_RF else 0):
            return bytes((BAD_COMMAND,))
        if self._self_test_failed:
            return bytes((SELF_TEST_FAILED,))
        if command == SAM:
            return bytes((OK,)) + SAM_ID
        if command == FIND:
            return self._find()
        if command == SELECT:
            return self._select()
        if command[0] == 0x30:
            return self._read(command)
        return bytes((OK,))

    def _find(self) -> bytes:
        if self.stage in (Stage.NONE, Stage.READ):
            return bytes((FIND_FAILED,))
        self.stage = Stage.FOUND
        return bytes((FOUND, 0, 0, 0, 0))

    def _select(self) -> bytes:
        if self.stage is not Stage.FOUND:
            return bytes((SELECT_FAILED,))
        self.stage = Stage.SELECTED
        return bytes((OK,)) + bytes(8)

    def _read(self, command: tuple[int, int]) -> bytes:
        card = self.card
        if card is None or self.stage is not Stage.SELECTED:
            return bytes((READ_FAILED,))
        if card.status != OK:
            self.stage = Stage.LYING
            return bytes((card.status,))
        if command == READ_ADDRESS:
            if not card.new_address:
                return bytes((NO_ITEM,))
            return bytes((OK,)) + card.new_address.ljust(35).encode("utf-16-le")
        self.stage = Stage.READ
        self.reads += 1
        parts = [card.record(), card.photo()] + ([card.prints()] if command == READ_PRINTS else [])
        lengths = b"".join(len(part).to_bytes(2, "big") for part in parts)
        return bytes((OK,)) + lengths + b"".join(parts)
