"""Twin of a light bar on a serial line: three bytes, 03 AA and a mask, light its eight lamps. It never answers."""

from __future__ import annotations

from typing import Any, ClassVar

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

LAMPS = ("receipt", "bank_card", "card", "dispenser", "laser", "records", "invoice", "spare")     # from the lowest bit
HEAD = b"\x03\xaa"


class LightBarTwin(Twin):
    """The bar. `lamps` are the names of those that are lit; `history` the masks as they came."""

    BAUD: ClassVar[int] = 9600

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.mask = 0
        self.history: list[int] = []
        self._heard = b""

    @property
    def lamps(self) -> tuple[str, ...]:
        return tuple(lamp for at, lamp in enumerate(LAMPS) if self.mask >> at & 1)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "lamps": list(self.lamps)}

    def well(self) -> None:
        """It has no faults of its own."""

    @verb("断电重启", "Power blinks", fault=True)
    def restart(self) -> None:
        """It was without power for a moment: all lamps are out."""
        self.mask, self._heard = 0, b""

    def hear(self, data: bytes) -> None:
        self._heard += data
        while (start := self._heard.find(HEAD)) >= 0 and len(self._heard) >= start + 3:
            self.mask = self._heard[start + 2]
            self.history.append(self.mask)
            self._heard = self._heard[start + 3:]
        if start < 0:
            self._heard = self._heard[-1:] if self._heard.endswith(HEAD[:1]) else b""
