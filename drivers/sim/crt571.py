"""Twin of a card dispenser CRT-571 / CRT-591, from the maker's protocol of the CRT-591-M001."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.sim.line import Line
from drivers.sim.mover import EOT, FEW, MOVE_TAKES, MoverTwin, Spot, Trouble
from drivers.sim.twin import verb

VERSION = b"CRT-TEST-V1"
INIT_TAKES, ASK_TAKES = 2.0, 0.01            # s
ERRORS = {"empty": b"A0", "full": b"A1", "jam": b"10", "pulled": b"45", "order": b"02", "unknown": b"00",
          "not ready": b"B0", "no chip": b"61"}
SPOTS = {Spot.NONE: b"0", Spot.MOUTH: b"1", Spot.READER: b"2", Spot.STUCK: b"2"}


class Crt571Twin(MoverTwin):
    """Refuses everything but init, its version and EOT until it was initialised."""

    STX, ADDRESS = 0xF2, b"\x00"

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.ready = False
        self.dead_chip = False

    def state(self) -> dict[str, Any]:
        return {**super().state(), "no_chip": self.dead_chip}

    def well(self) -> None:
        super().well()
        self.dead_chip = False

    @verb("断电重启", "Restarts", fault=True)
    def restart(self) -> None:
        self.ready = False
        self.allow(False)

    @verb("芯片不应答", "Chip does not answer", fault=True)
    def no_chip(self, on: bool = True) -> None:
        self.dead_chip = on

    def aborted(self) -> None:
        self.stop()
        self.say(EOT)

    def command(self, text: bytes) -> tuple[float, Callable[[], bytes | None]]:
        name = text[1:3]
        takes = INIT_TAKES if name[:1] == b"0" else MOVE_TAKES if name[:1] == b"2" else ASK_TAKES

        def act() -> bytes:
            try:
                if text[:1] != b"C" or len(text) < 3:
                    raise Trouble("unknown")
                return b"P" + name + self._state(self._do(name, text[3:]))
            except Trouble as trouble:
                return b"N" + name + ERRORS[str(trouble)]

        return takes, act

    def _state(self, data: bytes) -> bytes:
        stock = b"0" if not self.hopper else b"1" if self.hopper <= FEW else b"2"
        return SPOTS[self.spot] + stock + (b"1" if self.full else b"0") + data

    def _do(self, name: bytes, data: bytes) -> bytes:
        if name in (b"00", b"01", b"03"):
            return self._init(name)
        if name == b"\xa40":
            return VERSION
        if not self.ready:
            raise Trouble("not ready")
        if name in (b"22", b"21"):
            if self.spot is Spot.NONE:
                self.from_hopper()
            self.moved_to(Spot.READER)
        elif name in (b"20", b"29", b"23"):
            if self.spot is Spot.NONE:
                raise Trouble("order")
            if name == b"23":
                self.into_box()
            else:
                self.moved_to(Spot.MOUTH)
        elif name in (b"30", b"31"):
            self.allow(name == b"30")
        elif name == b"\x600":
            return self._chip()
        elif name != b"10":
            raise Trouble("unknown")
        return b""

    def _init(self, name: bytes) -> bytes:
        if self.spot is Spot.STUCK:
            raise Trouble("jam")
        if self.spot is not Spot.NONE:
            if name == b"01":
                self.into_box()
            elif name == b"00":
                self.moved_to(Spot.MOUTH)
        self.ready = True
        self.allow(False)
        return VERSION

    def _chip(self) -> bytes:
        if self.spot is not Spot.READER or self.dead_chip:
            raise Trouble("no chip")
        uid = bytes.fromhex(self.card)
        return b"M\x04\x00" + bytes((len(uid),)) + uid + b"\x08"
