"""The paper that hangs out of the printer, and how it becomes a ticket.

The cutter sits 12 mm past the head. So a ticket begins with 12 mm that nothing can print on, and a cut without a
feed before it leaves the last lines on the next ticket: a driver that forgets to feed is found out.
"""

from __future__ import annotations

from typing import Literal

from drivers.sim.ticket import Blank, Item, Line, Ticket

HEAD_TO_CUTTER = 96          # dots


class Strip:
    """The current piece of paper, from the edge of the last cut to the head."""

    def __init__(self) -> None:
        self.items: list[Item] = [Blank(HEAD_TO_CUTTER)]
        self.raw = b""

    @property
    def printed(self) -> bool:
        """Is there anything on it?"""
        return any(not _empty(item) for item in self.items)

    def cut(self, kind: Literal["full", "partial", ""], number: int, width_mm: int,
            unknown: tuple[str, ...]) -> Ticket | None:
        """Cut or tear at the cutter. None when no paper stands out beyond it."""
        kept: list[Item] = []
        left = HEAD_TO_CUTTER
        while left > 0 and self.items:
            item = self.items.pop()
            if item.dots <= left:
                kept.insert(0, item)
                left -= item.dots
            elif _empty(item):
                self.items.append(Blank(item.dots - left))
                kept.insert(0, Blank(left))
                left = 0
            else:                # the blade goes through it: it is read on the piece it began on
                self.items.append(item)
                kept.insert(0, Blank(left))
                left = 0
        gone, self.items = tuple(self.items), kept
        if not any(item.dots for item in gone):
            return None
        return self._ticket(gone, kind, number, width_mm, unknown)

    def end(self, number: int, width_mm: int, unknown: tuple[str, ...]) -> Ticket | None:
        """The roll ended or was taken out: all of it goes. None when nothing is on it."""
        items, printed = tuple(self.items), self.printed
        self.items = [Blank(HEAD_TO_CUTTER)]
        return self._ticket(items, "", number, width_mm, unknown) if printed else None

    def hanging(self, number: int, width_mm: int, unknown: tuple[str, ...]) -> Ticket:
        """What can be seen of it now."""
        return Ticket(number, width_mm, tuple(self.items), self.raw, unknown, "")

    def _ticket(self, items: tuple[Item, ...], kind: Literal["full", "partial", ""], number: int, width_mm: int,
                unknown: tuple[str, ...]) -> Ticket:
        raw, self.raw = self.raw, b""
        return Ticket(number, width_mm, items, raw, unknown, kind)


def _empty(item: Item) -> bool:
    return isinstance(item, Blank) or (isinstance(item, Line) and not item.text.strip())
