"""Small UPSs that speak Megatec, also called Q1: 2400 baud 8N1, commands and answers end with CR.

Sources: the published Megatec protocol (Q1, I, S), manuals of several makers; of the commands beside Q1, models differ and
none was confirmed on hardware. Where NUT already runs on the machine, use NUT: one program only can have the line.

The protocol has no check: one flipped bit makes "mains" of "no mains". So what changed is believed when it was said twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.contract import Link, NoAnswer, OutOfService, Power, State, Status, WrongDevice

# The codec: bytes in, messages out.

# Input voltage, lowest since last asked, output voltage, load in percent, hertz, battery voltage (of a cell on on-line
# models, of the whole battery on others), temperature; then eight flags.
REPORT = re.compile(rb"\(\d{3}\.\d \d{3}\.\d \d{3}\.\d \d{3} \d\d\.\d (?:\d\.\d\d|\d\d\.\d) [\d.-]{4} ([01]{8})\r")
IDENTITY = re.compile(rb"#([ -~]{4,60})\r")
ASK, WHO = b"Q1\r", b"I\r"
NO_MAINS, LOW, BYPASS, FAULT, STANDBY, TEST, SHUTDOWN, BEEPER = (1 << bit for bit in range(7, -1, -1))


@dataclass(frozen=True)
class Report:
    """The flags of an answer to Q1."""

    flags: int

    @property
    def power(self) -> Power:
        return Power(not self.flags & NO_MAINS, bool(self.flags & LOW), bool(self.flags & FAULT))


def report(heard: bytes) -> Report | None:
    """The last whole answer to Q1 in what was heard; None when there is none."""
    found = REPORT.findall(heard)
    return Report(int(found[-1], 2)) if found else None


def shutdown(after: float, back: float) -> bytes:
    """S: off in `after` seconds (12-54, or whole minutes up to 10), on again when `back` seconds (whole minutes, 1-9999)
    have passed and the mains is there. What lies between is rounded up: never less time than was asked for."""
    tenths = -(-max(after, 12) // 6)
    wait = f".{tenths:.0f}" if tenths <= 9 else f"{min(10, -(-after // 60)):02.0f}"
    return f"S{wait}R{max(1, min(9999, -(-back // 60))):04.0f}\r".encode("ascii")


def impersonal(data: bytes) -> bool:
    """May the spy show it? Always: volts are nobody's."""
    return True


# The device: the codec over a line.

PATIENCE = 1.0          # seconds for an answer: its 47 bytes alone take 0.2 s
GAP = 0.2               # seconds of silence within an answer: the rest will not come
LATE = 1.0              # seconds in which the answer to a question that was given up may still come
TIMES = 4               # questions of which two in a row must agree
FRESH = 1.0             # seconds for which an answer says that the UPS is there
LONGEST = 512           # bytes heard that are kept

T = TypeVar("T")


class Garbled(NoAnswer):
    """Something came, but no report."""


class Device:
    """A UPS; no options."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._last: Report | None = None        # what is believed
        self._fresh_until = self._late_until = 0.0

    def identify(self) -> str:
        """Its report must make sense; its name is told when it gives it, twice the same."""
        try:
            self.power()
        except Garbled:
            raise WrongDevice("what answers is no Megatec UPS") from None
        name = self._twice(lambda: tuple(IDENTITY.findall(self._exchange(WHO, IDENTITY))[:1]))
        return " ".join(["Megatec UPS", *(word for said in name for word in said.decode("ascii").split())])

    def status(self) -> Status:
        """FAULT when it says so of itself."""
        self._link.read(0)
        if self._last is None or time.monotonic() >= self._fresh_until:
            self.power()
        broken = self._last is not None and self._last.power.fault
        return Status(State.FAULT, cause=OutOfService.cause) if broken else Status(State.ONLINE)

    def power(self) -> Power:
        """As the contract says; Garbled when no two answers agree."""
        self._fresh_until = 0.0
        self._last = self._twice(self._ask, self._last)
        self._fresh_until = time.monotonic() + FRESH
        return self._last.power

    def off_and_back(self, after: float, back: float) -> None:
        """As the contract says. A UPS that obeys says nothing; one that does not know the command sends it back, or NAK."""
        order = shutdown(after, back)
        said = self._exchange(order, re.compile(rb"\r"))
        if order in said or b"NAK" in said:
            raise OutOfService("it does not obey a shutdown")

    def _twice(self, ask: Callable[[], T | None], known: T | None = None) -> T:
        """What two answers in a row say, or one that says what is known already. Raises Garbled when none agree."""
        before = known
        for _ in range(TIMES):
            said = ask()
            if said is not None and said == before:
                return said
            before = said
        raise Garbled("its answers contradict each other")

    def _ask(self) -> Report | None:
        """One answer; None when what came makes no sense. Raises NoAnswer when nothing came."""
        heard = self._exchange(ASK, REPORT)
        if not heard:
            raise NoAnswer("the UPS is silent")
        return report(heard)

    def _exchange(self, command: bytes, end: re.Pattern[bytes]) -> bytes:
        """All that is heard after a command, up to and with `end`."""
        self._hear_out()
        self._link.write(command, PATIENCE)
        now = time.monotonic()
        deadline, heard = now + PATIENCE, b""
        if command == ASK:
            self._late_until = now + LATE + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(min(left, GAP) if heard else left)
            if not data:
                break
            heard = (heard + data)[-LONGEST:]
            if end.search(heard):
                self._late_until = 0.0
                break
        return heard

    def _hear_out(self) -> None:
        """The answer to a question that was given up must not answer the next one."""
        wait, end = self._late_until - time.monotonic(), self._late_until + LATE
        while wait > 0 and time.monotonic() < end and self._link.read(wait):
            wait = GAP
        self._late_until = 0.0
        self._link.drop_input()
