"""Honeywell scanners and engines, by their serial commands.

Source: Honeywell's user guides (N3680, N431x, 2020: menu command syntax, the answers 06, 05, 15 before the punctuation;
SYN T CR and SYN U CR in trigger mode 0; time-out of the trigger). Not confirmed on hardware: presentation mode is TRGMOD3.

Settings go to the volatile table (`!`), as Honeywell asks for commands that are sent often.
"""

from __future__ import annotations

import re

from drivers.code_trigger import OWN_TIME, Command, Reply, TriggeredScanner, Verdict
from drivers.contract import Link

# The codec: bytes in, messages out.


def menu(command: str) -> Command:
    """A setting until power-off; the scanner repeats it in its answer."""
    return Command(b"\x16M\r" + command.encode() + b"!", command.encode())


class Honeywell:
    """The trigger has no answer; a menu command is repeated, with the verdict before its punctuation."""

    REPLY = re.compile(rb"(TRG[A-Z]{3}[0-9]{0,6})([\x06\x15\x05])[!.]")
    BEGINNING = re.compile(rb"T(?:R(?:G(?:[A-Z]{0,3}|[A-Z]{3}[0-9]{0,6}[\x06\x15\x05]?))?)?\Z")

    def __init__(self) -> None:
        self.start, self.stop = Command(b"\x16T\r", None), Command(b"\x16U\r", None)

    def find(self, heard: bytes) -> tuple[int, int, Reply] | None:
        if not (found := self.REPLY.search(heard)):
            return None
        return found.start(), found.end(), Reply(Verdict(found[2][0]), found[1])

    def unfinished(self, heard: bytes) -> int:
        found = self.BEGINNING.search(heard)
        return found.start() if found else len(heard)


SENT = re.compile(rb"\x16(?:[TU]\r|M\r[A-Z]{6}[0-9]*!)")


def impersonal(data: bytes) -> bool:
    """May the spy show it? Commands, and answers that nothing else stands beside."""
    return bool(SENT.fullmatch(data) or Honeywell.REPLY.fullmatch(data))


# The device: the codec over a line.

class Device(TriggeredScanner):
    """`mode`: trigger (the machine says when to shine) or sense (presentation). `suffix`: as scanner_line's."""

    def __init__(self, link: Link, mode: str = "trigger", suffix: str = "any") -> None:
        super().__init__(link, Honeywell(), "Honeywell scanner", mode, suffix)

    def set_mode(self) -> None:
        """Only a Honeywell repeats its own commands."""
        self.insist(menu("TRGMOD3" if self._senses else "TRGMOD0"))

    def wishes(self) -> list[Command]:
        """The time for one reading, in milliseconds."""
        return [menu(f"TRGSTO{round(OWN_TIME * 1000)}")]
