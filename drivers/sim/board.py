"""Twin of a small relay and input board on an RS-485 line: Modbus RTU slave, eight relays, eight opto inputs.

After the Modbus specifications: functions 01, 02, 03, 05, 06, 0F; exceptions 01 to 04; no answer to another address, to a
broadcast (obeyed) or to a frame whose check is wrong. The board's address is holding register 0.
"""

from __future__ import annotations

from typing import Any, ClassVar

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

SIZE = 8                        # relays, and inputs
TAIL = 0.05                     # seconds of silence after which half a frame is dropped


def check(data: bytes) -> bytes:
    """CRC-16, polynomial 8005 reflected, start FFFF; low byte first."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return bytes((register & 0xFF, register >> 8))


class No(Exception):
    """The exception code of a refusal."""


class BoardTwin(Twin):
    """The board. Put current on its inputs, look at its relays."""

    BAUD: ClassVar[int] = 9600

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.relays = [False] * SIZE
        self.inputs = [False] * SIZE
        self.number = 1
        self.switched = 0                       # times any relay changed
        self._failed = False
        self._heard = b""
        self._heard_at = 0.0

    def state(self) -> dict[str, Any]:
        return {**super().state(), "address": self.number, "relays": list(self.relays), "inputs": list(self.inputs),
                "broken": self._failed}

    def well(self) -> None:
        self._failed = False

    @verb("输入端通断", "Input")
    def input(self, number: int = 0, on: bool = True) -> None:
        """Current on an input, or none."""
        self.inputs[number] = on

    @verb("断电重启", "Power blinks", fault=True)
    def restart(self) -> None:
        """It was without power for a moment: all relays are off."""
        self.relays = [False] * SIZE
        self._heard = b""

    @verb("故障", "Broken", fault=True)
    def broken(self, on: bool = True) -> None:
        """It answers everything with "device failure"."""
        self._failed = on

    @verb("地址", "Address")
    def address(self, number: int = 1) -> None:
        self.number = number

    def hear(self, data: bytes) -> None:
        now = self.line.loop.now()
        if now - self._heard_at > TAIL:
            self._heard = b""
        self._heard_at = now
        self._heard += data
        while (size := self._size()) and len(self._heard) >= size:
            frame, self._heard = self._heard[:size], self._heard[size:]
            self._serve(frame)

    def _size(self) -> int:
        """How long the frame that has begun will be; 0 while that is not known. What no master sends is skipped."""
        while self._heard:
            if len(self._heard) < 2:
                return 0
            if self._heard[1] in (0x0F, 0x10):
                return 9 + self._heard[6] if len(self._heard) > 6 else 0
            if self._heard[1] <= 0x06:
                return 8
            self._heard = self._heard[1:]
        return 0

    def _serve(self, frame: bytes) -> None:
        body, address, function = frame[:-2], frame[0], frame[1]
        if check(body) != frame[-2:] or address not in (0, self.number):
            return
        try:
            if self._failed:
                raise No(4)
            answer = bytes((address, function)) + self._do(function, body[2:])
        except No as no:
            answer = bytes((address, function | 0x80, no.args[0]))
        if address:
            self.line.send(answer + check(answer))

    def _do(self, function: int, data: bytes) -> bytes:
        first, second = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        match function:
            case 0x01 | 0x02:
                bits = self._part(self.relays if function == 1 else self.inputs, first, second)
                packed = bytearray((second + 7) // 8)
                for at, bit in enumerate(bits):
                    packed[at >> 3] |= bit << (at & 7)
                return bytes((len(packed),)) + bytes(packed)
            case 0x03:
                if first or second != 1:
                    raise No(2)
                return b"\x02" + self.number.to_bytes(2, "big")
            case 0x05:
                if second not in (0xFF00, 0x0000):
                    raise No(3)
                self._part(self.relays, first, 1)
                self._switch(first, bool(second))
                return data[:4]
            case 0x06:
                if first or not 1 <= second <= 247:
                    raise No(2 if first else 3)
                self.number = second
                return data[:4]
            case 0x0F:
                self._part(self.relays, first, second)
                for at in range(second):
                    self._switch(first + at, bool(data[5 + at // 8] >> at % 8 & 1))
                return data[:4]
        raise No(1)

    def _part(self, bits: list[bool], first: int, count: int) -> list[bool]:
        if not count:
            raise No(3)
        if first + count > len(bits):
            raise No(2)
        return bits[first:first + count]

    def _switch(self, relay: int, on: bool) -> None:
        self.switched += self.relays[relay] is not on
        self.relays[relay] = on
