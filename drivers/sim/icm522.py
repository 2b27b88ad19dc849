"""Twin of a serial Mifare module of the ICM522 family, with a hospital's own card on it.

Source: a hospital kiosk in the field that drives this module. Requests 00 00 LEN CMD data CHK, answers FE LEN CMD data CHK;
LEN counts itself, CMD and data; CHK is the XOR of LEN, CMD and data. Answers without data for "no card" and "not read" are
a guess of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import Any

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb
from drivers.sim.visitcard import Mifare, Plastic, plastic

LOW_POWER, ANTENNA, FIND, READ, WRITE = 0x01, 0x02, 0x03, 0x04, 0x05
LONGEST = 2 + 8 + 16         # of LEN: a write
FRAME_GAP = 0.1              # s: half a request is forgotten after that
TAKES = {FIND: 0.03, READ: 0.05, WRITE: 0.05}


class Icm522Twin(Twin):
    """The module."""

    BAUD = 9600

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.card: Mifare | None = None
        self._heard = b""
        self._gap: asyncio.TimerHandle | None = None
        self._wrong_key = self._lift_before_read = False

    def state(self) -> dict[str, Any]:
        return {**super().state(), "uid": self.card and self.card.uid.hex().upper(), "wrong_key": self._wrong_key,
                "lift_before_read": self._lift_before_read}

    def well(self) -> None:
        self._wrong_key = self._lift_before_read = False
        self._heard = b""

    @verb("放卡", "Put card")
    def put(self, card: Plastic | str | Mapping[str, Any] = "plain") -> None:
        """A name of the deck of drivers/sim/visitcard.py, a Plastic, or a mapping of its fields."""
        self.card = Mifare(plastic(card))

    @verb("拿走", "Lift card")
    def lift(self) -> None:
        self.card = None

    @verb("密钥不符", "Wrong key", fault=True)
    def wrong_key(self, on: bool = True) -> None:
        self._wrong_key = on

    @verb("找到后拿走", "Lifted before it is read", fault=True)
    def lift_before_read(self, on: bool = True) -> None:
        self._lift_before_read = on

    def hear(self, data: bytes) -> None:
        self._heard += data
        if self._gap:
            self._gap.cancel()
            self._gap = None
        while self._next():
            pass
        if self._heard:
            self._gap = self.line.loop.later(FRAME_GAP, self._forget)

    def _forget(self) -> None:
        self._heard = b""

    def _next(self) -> bool:
        """Take one request out of what was heard; False when there is no whole one."""
        start = self._heard.find(b"\0\0")
        if start < 0:
            return False
        body = self._heard[start + 2:]
        if not body:
            return False
        if not 2 <= body[0] <= LONGEST:
            self._heard = self._heard[start + 1:]
            return True
        if len(body) < body[0] + 1:
            return False
        request, self._heard = body[:body[0]], body[body[0] + 1:]
        if reduce(xor, request) == body[body[0]]:
            seconds = TAKES.get(request[1], 0.0) / self.speed
            self.line.loop.later(seconds, lambda: self._work(request[1], request[2:]))
        return True

    def _work(self, command: int, data: bytes) -> None:
        answer = b""
        if command == FIND and self.card:
            answer = self.card.uid
            if self._lift_before_read:
                self.card = None
        elif command == READ and self.card and len(data) == 8:
            answer = self._read(data[0], data[1], data[2:])
        body = bytes((len(answer) + 2, command)) + answer
        self.line.send(b"\xFE" + body + bytes((reduce(xor, body),)))

    def _read(self, key_type: int, block: int, key: bytes) -> bytes:
        assert self.card
        proved = self.card.prove(block, key_type, key) and not self._wrong_key
        return (self.card.read(block) or b"") if proved else b""
