"""Honeywell scanners and engines, by their serial commands.

Source: Honeywell's user guides (N3680, N431x, 2020: menu command syntax, the answers 06, 05, 15 before the punctuation;
SYN T CR and SYN U CR in trigger mode 0; time-out of the trigger). Not confirmed on hardware: presentation mode is TRGMOD3.

Settings go to the volatile table (`!`), as Honeywell asks for commands that are sent often.
"""

from __future__ import annotations

import re

from drivers.code_trigger import OWN_TIME, Command, Mumbled, Reply, TriggeredScanner, Verdict, checked
from drivers.contract import Link, OutOfService, State, Status, WrongDevice

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

MODES = {"trigger": "TRGMOD0", "sense": "TRGMOD3"}


class Device(TriggeredScanner):
    """`mode`: trigger (the machine says when to shine) or sense (presentation). `suffix`: as scanner_line's."""

    def __init__(self, link: Link, mode: str = "trigger", suffix: str = "any") -> None:
        self._mode = checked("mode", mode, tuple(MODES))
        super().__init__(link, Honeywell(), suffix, mode == "sense")

    def identify(self) -> str:
        """Set it up. Only a Honeywell repeats its own commands."""
        try:
            mode = self.tell(menu(MODES[self._mode]))
        except Mumbled as error:
            raise WrongDevice("what answers is no Honeywell scanner") from error
        if mode.verdict is not Verdict.TAKEN:
            raise OutOfService(f"the scanner has no {self._mode} mode")
        self.tell(menu(f"TRGSTO{round(OWN_TIME * 1000)}"))      # one that does not know it keeps its own time
        return f"Honeywell scanner, {self._mode} mode"

    def status(self) -> Status:
        """Asked by setting its mode again: a scanner that lost its power meanwhile has forgotten it."""
        self.tell(menu(MODES[self._mode]))
        return Status(State.ONLINE)
