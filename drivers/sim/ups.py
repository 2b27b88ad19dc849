"""Twin of a small UPS that speaks Megatec (Q1) at 2400 baud: status, identity, shutdown and its taking back.

What it does not know it sends back as it came. A shutdown is obeyed without an answer.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

SHUTDOWN = re.compile(rb"S(\d\d|\.\d)(?:R(\d{4}))?")


class UpsTwin(Twin):
    """The UPS, of the on-line kind (battery voltage per cell). `orders` are the shutdowns it was given."""

    BAUD: ClassVar[int] = 2400

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.orders: list[str] = []
        self.off = False                        # the machine has no power
        self._mains, self._low, self._broken, self._total = True, False, False, False
        self._countdown: asyncio.TimerHandle | None = None
        self._heard = b""

    def state(self) -> dict[str, Any]:
        return {**super().state(), "mains": self._mains, "low": self._low, "broken": self._broken,
                "standby": self._total, "orders": list(self.orders), "off": self.off}

    def well(self) -> None:
        self._mains, self._low, self._broken, self.off = True, False, False, False
        self._forget_countdown()

    @verb("市电", "Mains")
    def mains(self, on: bool = True) -> None:
        self._mains = on
        if on:
            self._low = self.off = False

    @verb("电池电量低", "Battery low", fault=True)
    def low(self, on: bool = True) -> None:
        self._low = on

    @verb("故障", "Broken", fault=True)
    def broken(self, on: bool = True) -> None:
        self._broken = on

    @verb("电池总电压", "Stand-by kind")
    def standby(self, on: bool = True) -> None:
        """The other kind: it tells the voltage of the whole battery."""
        self._total = on

    def hear(self, data: bytes) -> None:
        self._heard += data
        while b"\r" in self._heard:
            command, _, self._heard = self._heard.partition(b"\r")
            self._obey(command)

    def _obey(self, command: bytes) -> None:
        if command == b"Q1":
            self.line.send(self._status())
        elif command == b"I":
            self.line.send(b"#%-15s %-10s %-10s\r" % (b"Example", b"UPS1000", b"V1.0"))
        elif command == b"C":
            self._forget_countdown()
        elif (order := SHUTDOWN.fullmatch(command)):
            self.orders.append(command.decode("ascii"))
            self._forget_countdown()
            self._countdown = self.line.loop.later(float(order[1]) * 60 / self.speed, self._cut)
        else:
            self.line.send(command + b"\r")

    def _status(self) -> bytes:
        volts = 220.0 if self._mains else 0.0
        cell = 1.85 if self._low else 2.25 if self._mains else 2.05
        flags = f"{not self._mains:d}{self._low:d}0{self._broken:d}{self._total:d}0{self._countdown is not None:d}0"
        battery = f"{cell * 6:04.1f}" if self._total else f"{cell:.2f}"
        return f"({volts:05.1f} {volts or 180.0:05.1f} 220.0 015 50.0 {battery} 25.0 {flags}\r".encode("ascii")

    def _cut(self) -> None:
        self.off, self._countdown = not self._mains, None

    def _forget_countdown(self) -> None:
        if self._countdown:
            self._countdown.cancel()
        self._countdown = None
