"""The printer twin's condition, and the bits in which ESC/POS tells it (DLE EOT, GS a, GS r)."""

from __future__ import annotations

from dataclasses import dataclass

NEAR_END_DOTS = 3000 * 8     # 3 m left on the roll
ROLL_DOTS = 80_000 * 8       # a new roll: 80 m


@dataclass
class Health:
    """Everything a status answer depends on."""

    paper_dots: int = ROLL_DOTS
    near_end_sensor: bool = True
    cover_open: bool = False
    opened_while_printing: bool = False
    cutter_error: bool = False
    jam: bool = False                    # mechanical, recovers when the paper path is cleared
    head_hot: bool = False
    broken: bool = False
    feed_button: bool = False
    drawer: bool = False                 # pin 3 of the drawer connector high

    @property
    def paper_end(self) -> bool:
        return self.paper_dots <= 0

    @property
    def near_end(self) -> bool:
        return self.near_end_sensor and self.paper_dots <= NEAR_END_DOTS

    @property
    def error(self) -> bool:
        return self.cutter_error or self.jam or self.head_hot or self.broken or self.opened_while_printing

    @property
    def offline(self) -> bool:
        return self.error or self.cover_open or self.paper_end or self.feed_button

    def realtime(self, n: int) -> bytes:
        """The answer to DLE EOT n; b"" for an n it does not have. Bits 1 and 4 are always set."""
        if n == 1:
            return _byte(0x12, (0x04, self.drawer), (0x08, self.offline), (0x40, self.feed_button))
        if n == 2:
            return _byte(0x12, (0x04, self.cover_open), (0x08, self.feed_button), (0x20, self.paper_end),
                         (0x40, self.error))
        if n == 3:
            return _byte(0x12, (0x04, self.jam), (0x08, self.cutter_error), (0x20, self.broken),
                         (0x40, self.head_hot or self.opened_while_printing))
        if n == 4:
            return _byte(0x12, (0x0C, self.near_end), (0x60, self.paper_end))
        return b""

    def automatic(self) -> bytes:
        """The four bytes of automatic status back."""
        return (_byte(0x10, (0x04, self.drawer), (0x08, self.offline), (0x20, self.cover_open),
                      (0x40, self.feed_button))
                + _byte(0, (0x04, self.jam), (0x08, self.cutter_error), (0x20, self.broken),
                        (0x40, self.head_hot or self.opened_while_printing))
                + _byte(0, (0x03, self.near_end), (0x0C, self.paper_end))
                + b"\x00")

    def watched(self, mask: int) -> tuple[object, ...]:
        """What a change of calls for automatic status, by the bits of GS a: drawer, online, errors, paper."""
        first, errors, paper, _ = self.automatic()
        return (mask & 1 and first & 0x04, mask & 2 and first & 0x68, mask & 4 and errors, mask & 8 and paper)

    def buffered(self, n: int) -> bytes:
        """The answer to GS r n."""
        if n in (1, 49):
            return _byte(0, (0x03, self.near_end), (0x0C, self.paper_end))
        if n in (2, 50):
            return _byte(0, (0x01, self.drawer))
        return b""


def _byte(fixed: int, *bits: tuple[int, bool]) -> bytes:
    for bit, on in bits:
        fixed |= bit if on else 0
    return bytes((fixed,))
