"""Newland scan engines, by their commands: unified text commands, or `commands=nls` for the EM3000's generation.

Sources: Newland's user guides (NLS-HR42, NLS-HR52: command syntax, storage types, the answers 06, 15, 05), its Serial
Programming Command Manual and EM3000 user guide (`?` and `!`, `NLS…;`, ESC 1 and ESC 0). Not confirmed on hardware: that
every engine takes ORTSET and GRBENA; one that does not keeps its own read time and beep.

All is set temporarily (`#`): an engine's flash wears out, and what is set at each connection needs no flash. The older
engines know no temporary setting; they are written to when the line is opened, and not again.
"""

from __future__ import annotations

import re

from drivers.code_trigger import OWN_TIME, Command, Mumbled, Reply, TriggeredScanner, Verdict, checked
from drivers.contract import Link, NoAnswer, State, Status

# The codec: bytes in, messages out.

OWN_MS = round(OWN_TIME * 1000)


class Unified:
    """`~ 01 0000`, storage, tag, sub-tag, value, `; 03`; the answer begins with 02 and has its verdict before the `;`."""

    REPLY = re.compile(rb"\x02\x010000([@#][A-Z0-9]{6}[ -~]{0,64}?)([\x06\x15\x05]);\x03")
    LONGEST = 96

    def __init__(self) -> None:
        self.start, self.stop = unified("SCNTRG1"), unified("SCNTRG0")

    def mode(self, senses: bool) -> Command:
        return unified("SCNMOD2" if senses else "SCNMOD0")

    def wishes(self, beep: str) -> list[Command]:
        """What an engine need not know."""
        return [unified(f"ORTSET{OWN_MS}")] + ([unified("GRBENA1" if beep == "yes" else "GRBENA0")] if beep else [])

    def find(self, heard: bytes) -> tuple[int, int, Reply] | None:
        if not (found := self.REPLY.search(heard)):
            return None
        return found.start(), found.end(), Reply(Verdict(found[2][0]), found[1])

    def unfinished(self, heard: bytes) -> int:
        at = heard.rfind(b"\x02")
        return at if at >= 0 and len(heard) - at < self.LONGEST else len(heard)


def unified(command: str) -> Command:
    """A temporary setting, or the start or end of reading; the engine repeats it in its answer."""
    return Command(b"~\x010000#" + command.encode() + b";\x03", b"#" + command.encode())


class Older:
    """`NLS`, a number, `;`: answered by 06 or 15 alone; ESC 1 starts, ESC 0 ends reading. `?` is answered by `!`."""

    def __init__(self) -> None:
        self.start, self.stop = Command(b"\x1b1"), Command(b"\x1b0")

    def mode(self, senses: bool) -> Command:
        return Command(b"NLS0302010;" if senses else b"NLS0302000;")

    def wishes(self, beep: str) -> list[Command]:
        """The time for one reading; the beep has no command that all of them share."""
        return [Command(b"NLS0313000=%d;" % OWN_MS)]

    def find(self, heard: bytes) -> tuple[int, int, Reply] | None:
        if not (found := re.search(rb"[\x06\x15]", heard)):
            return None
        return found.start(), found.end(), Reply(Verdict(found[0][0]))

    def unfinished(self, heard: bytes) -> int:
        return len(heard)


LANGUAGES: dict[str, type[Unified] | type[Older]] = {"unified": Unified, "nls": Older}
SENT = re.compile(rb"~\x010000#[A-Z0-9]{6}[0-9]*;\x03|NLS[0-9=]+;|\x1b[01]|\?")


def impersonal(data: bytes) -> bool:
    """May the spy show it? Commands, and answers that nothing else stands beside."""
    return bool(SENT.fullmatch(data) or Unified.REPLY.fullmatch(data)) or data in (b"\x06", b"\x15", b"!")


# The device: the codec over a line.


class Device(TriggeredScanner):
    """`commands`: unified or nls. `mode`: trigger (the machine says when to shine) or sense. `suffix`: as scanner_line's.
    `beep`: yes, no, or "" for as it is; nls has none."""

    def __init__(self, link: Link, commands: str = "unified", mode: str = "trigger", suffix: str = "any",
                 beep: str = "") -> None:
        self._commands: Unified | Older = LANGUAGES[checked("commands", commands, tuple(LANGUAGES))]()
        self._beep = checked("beep", beep, ("yes", "no", "")) if commands == "unified" else checked("beep", beep, ("",))
        super().__init__(link, self._commands, "Newland engine", mode, suffix)

    def set_mode(self) -> None:
        """Only a Newland repeats its own commands, or answers `?` with `!`."""
        if isinstance(self._commands, Older):
            self._there()
        self.insist(self._commands.mode(self._senses))

    def wishes(self) -> list[Command]:
        return self._commands.wishes(self._beep)

    def status(self) -> Status:
        if not isinstance(self._commands, Older):
            return super().status()
        self._there()
        return Status(State.ONLINE)

    def _there(self) -> None:
        self._link.drop_input()
        self._link.write(b"?")
        if (heard := self._link.read(1.0)) != b"!":
            raise Mumbled("an answer to ? that is not !") if heard else NoAnswer("the engine is silent")
