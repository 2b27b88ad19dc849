"""Twin of a card dispenser K720 / D1801: text commands, acted on at ENQ; moves are not answered, their end is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.sim.line import Line
from drivers.sim.mover import FEW, MOVE_TAKES, MoverTwin, Spot, Trouble
from drivers.sim.twin import verb

VERSION = b"K720-TEST V1.0"
ASK_TAKES = 0.01                             # s
SENSORS = {Spot.NONE: 0, Spot.MOUTH: 1, Spot.READER: 6, Spot.STUCK: 6}
EMPTY, LOW, JAM, CAPTURE_FAILED, ISSUE_FAILED = 0x0008, 0x0010, 0x0020, 0x0100, 0x0200
CAPTURING, ISSUING, CANNOT, BOX_FULL = 0x0400, 0x0800, 0x4000, 0x8000
MOVES = {b"DC": ISSUING, b"CP": CAPTURING, b"FC0": ISSUING, b"FC4": ISSUING, b"FC6": ISSUING, b"FC7": ISSUING}


class K720Twin(MoverTwin):
    """The dispenser at address 00."""

    STX, ADDRESS, CONTROL_ADDRESS, ENQUIRED = 0x02, b"00", b"00", True

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self._moving = 0
        self._failed = 0
        self.dead_chip = False

    def state(self) -> dict[str, Any]:
        return {**super().state(), "no_chip": self.dead_chip}

    def well(self) -> None:
        super().well()
        self._failed, self.dead_chip = 0, False

    @verb("芯片不应答", "Chip does not answer", fault=True)
    def no_chip(self, on: bool = True) -> None:
        self.dead_chip = on

    @property
    def bits(self) -> int:
        stock = EMPTY if not self.hopper else LOW if self.hopper <= FEW else 0
        return (SENSORS[self.spot] | stock | (JAM if self.spot is Spot.STUCK else 0) | self._failed | self._moving
                | (BOX_FULL if self.full else 0))

    def command(self, text: bytes) -> tuple[float, Callable[[], bytes | None]]:
        if text in MOVES:
            if not self._moving:
                self._moving, self._failed = MOVES[text], 0
                self.line.loop.later(MOVE_TAKES / self.speed, lambda: self._moved(text))
            return 0.0, lambda: None
        return ASK_TAKES, lambda: self._ask(text)

    def _moved(self, text: bytes) -> None:
        self._moving = 0
        try:
            if text == b"CP":
                if self.spot is not Spot.NONE:
                    self.into_box()
                return
            if self.spot is Spot.NONE:
                self.from_hopper()
            self.moved_to(Spot.READER if text in (b"FC7", b"FC6") else Spot.MOUTH)
        except Trouble as trouble:
            if str(trouble) != "jam":
                self._failed = CAPTURE_FAILED if text == b"CP" else ISSUE_FAILED

    def _ask(self, text: bytes) -> bytes | None:
        match text:
            case b"RS":
                self._failed = 0
                self.allow(False)
            case b"FC8":
                self.allow(True)
            case b"GV":
                return VERSION
            case b"AP" | b"RF":
                nibbles = f"{self.bits:04X}"[0 if text == b"AP" else 1:]
                return b"SF" + bytes(0x30 | int(nibble, 16) for nibble in nibbles)
            case b";0" | b";1":
                if self.spot is not Spot.READER or self.dead_chip:
                    return b"N" + text
                return b"P" + text + (bytes.fromhex(self.card) if text == b";1" else b"")
            case _:
                self._failed = CANNOT
        return None
