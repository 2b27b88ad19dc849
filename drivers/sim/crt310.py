"""Twin of a motor card reader of the CRT-310 class, from its published commands: no hopper, a box behind the rear end."""

from __future__ import annotations

from collections.abc import Callable

from drivers.sim.mover import MOVE_TAKES, MoverTwin, Spot, Trouble
from drivers.sim.twin import verb

VERSION = b"CRT-TEST-310"
RESET_TAKES, ASK_TAKES = 2.0, 0.01           # s
ERRORS = {"full": 0x10, "jam": 0x10, "pulled": 0x16, "order": 0x02, "unknown": 0x00, "parameter": 0x01}
SPOTS = {Spot.NONE: 0x4E, Spot.MOUTH: 0x49, Spot.READER: 0x4A, Spot.STUCK: 0x4A}


class Crt310Twin(MoverTwin):
    """The reader. A card that is put in is drawn to the stop position inside."""

    STX, ENQUIRED, HOPPER = 0x02, True, False

    @verb("短卡", "Short card", fault=True)
    def short_card(self) -> None:
        """A card that is no card lies inside."""
        self.card, self.spot = "00", Spot.READER

    def _drawn_in(self) -> None:
        self.spot = Spot.READER

    def command(self, text: bytes) -> tuple[float, Callable[[], bytes | None]]:
        name = text[:2]
        takes = RESET_TAKES if name[:1] == b"0" else MOVE_TAKES if name[:1] == b"2" else ASK_TAKES

        def act() -> bytes:
            try:
                return name + self._do(name, text[2:])
            except Trouble as trouble:
                return b"N" + name[:1] + bytes((ERRORS[str(trouble)],))

        return takes, act

    def _do(self, name: bytes, data: bytes) -> bytes:
        match name:
            case b"00" | b"01" | b"02":
                return self._reset(name)
            case b"10":
                return bytes((SPOTS[self.spot], 0x33 if self.entry else 0x31, 0x4E))
            case b"2." | b"2/":
                self._along(Spot.READER)
            case b"20" | b"21":
                self._along(Spot.MOUTH)
            case b"23":
                if self.spot is Spot.NONE:
                    raise Trouble("order")
                self.into_box()
            case b"/1" | b"/2" | b"/3" | b"/4":
                if data not in (b"0", b"1"):
                    raise Trouble("parameter")
                self.allow(name != b"/1")
            case _:
                raise Trouble("unknown")
        return b""

    def _along(self, spot: Spot) -> None:
        if self.spot is Spot.NONE:
            raise Trouble("order")
        self.moved_to(spot)

    def _reset(self, name: bytes) -> bytes:
        if self.spot is Spot.STUCK:
            raise Trouble("jam")
        if self.spot is not Spot.NONE and name == b"02":
            self.into_box()
        elif self.spot is not Spot.NONE and name == b"01":
            self.moved_to(Spot.MOUTH)
        return VERSION
