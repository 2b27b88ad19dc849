"""Relay and input boards that speak Modbus RTU: lights on their relays, door, presence and mains on their inputs.

Sources: MODBUS Application Protocol 1.1b3 (functions 01, 02, 05, exceptions), MODBUS over Serial Line 1.02 (frame, CRC-16,
3.5 characters of silence); manuals of small boards for what is common: 9600 8N1 (the standard says 8E1: `parity=E` in the
line's URL), relays are coils from 0, inputs are discrete inputs from 0. Not confirmed on hardware.

An RS-485 adapter that cannot mute itself gives back what it sends; it is found out by `identify` and allowed for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from drivers.contract import Flash, Link, NoAnswer, OutOfService, State, Status, WrongDevice

# The codec: bytes in, messages out.

READ_COILS, READ_INPUTS, WRITE_COIL = 0x01, 0x02, 0x05
REFUSED = 0x80                          # the bit that makes a function's answer an exception
ON, OFF = 0xFF00, 0x0000
EXCEPTIONS = {1: "has no such function", 2: "has no such relay or input", 3: "does not take this value"}


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def frame(address: int, function: int, first: int, second: int) -> bytes:
    """A request: two words after the function. A reading's are where to begin and how many, a writing's which and what."""
    body = bytes((address, function)) + first.to_bytes(2, "big") + second.to_bytes(2, "big")
    return body + crc(body)


@dataclass(frozen=True)
class Bits:
    """What was read, from the first coil or input asked for."""

    on: tuple[bool, ...]


@dataclass(frozen=True)
class Written:
    """The coil is set: the answer repeats the request."""


@dataclass(frozen=True)
class Exceptional:
    """The board understood, and says no. `code`: 1 function, 2 address, 3 value, 4 failure."""

    code: int


Answer = Bits | Written | Exceptional


def answer(request: bytes, heard: bytes, echo: bool = False) -> Answer | None:
    """The answer to `request` in what was heard, wherever in it; None while there is none.

    `echo`: the line gives the request back first. Only a frame of the length the request calls for, with its address,
    function and check, is an answer: the silence that ends a frame cannot be measured behind an operating system.
    """
    address, function, count = request[0], request[1], int.from_bytes(request[4:6], "big")
    if function == WRITE_COIL:
        if heard.count(request) > echo:
            return Written()
    else:
        size = (count + 7) // 8
        if data := _framed(heard, bytes((address, function, size)), size):
            return Bits(tuple(bool(data[at // 8] >> at % 8 & 1) for at in range(count)))
    if data := _framed(heard, bytes((address, function | REFUSED)), 1):
        return Exceptional(data[0])
    return None


def _framed(heard: bytes, head: bytes, size: int) -> bytes:
    """The `size` bytes after `head` of the first frame that has it and a right check; b"" when there is none."""
    start = heard.find(head)
    while start >= 0:
        end = start + len(head) + size
        if len(heard) >= end + 2 and crc(heard[start:end]) == heard[end:end + 2]:
            return heard[start + len(head):end]
        start = heard.find(head, start + 1)
    return b""


def impersonal(data: bytes) -> bool:
    """May the spy show it? Always: relays and doors are nobody's."""
    return True


# Wiring: which light, door or sensor hangs where. It is given as options: a name and its terminal.

TERMINAL = re.compile(r"(!?)(i?)(\d{1,3})")
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Terminal:
    """`3` is relay 3, `i3` input 3, `!i3` input 3 the other way round (on when no current flows), from 0."""

    number: int
    is_input: bool
    reversed: bool

    @classmethod
    def read(cls, name: str, text: str) -> Terminal:
        found = TERMINAL.fullmatch(text)
        if not found or not NAME.fullmatch(name) or int(found[3]) > 255 or (found[1] and not found[2]):
            raise ValueError(f"wire {name} to a relay (0-255) or an input (i0-i255, !i0 reversed), not to {text}")
        return cls(int(found[3]), bool(found[2]), bool(found[1]))


# The device: the codec over a line.


class Garbled(NoAnswer):
    """Something came, but no answer whose check is right."""


PATIENCE = 0.3          # seconds for an answer; boards answer within some 20 ms
GAP = 0.05              # seconds of silence within an answer: the rest will not come
LATE = 1.0              # seconds in which the answer to a question that was given up may still come
LONGEST = 512           # bytes heard that are kept: an echo and an answer of any length
TRIES = 3               # a board that was garbled once is no other device
FRESH = 0.5             # seconds for which an answer says that the board is there
HALF = {Flash.SLOW: 0.5, Flash.QUICK: 0.2}      # seconds on, and off: 1 Hz, 2.5 Hz (never 3: WCAG 2.2, 2.3.1)

R = TypeVar("R", bound=Answer)


class Device:
    """One board. Options: `address` 1-247, `quiet` the ms of silence before a request (3.5 characters: 5 is right from
    9600 baud on), `flash=no` for mechanical relays, which flashing would wear out in weeks: then lights shine steadily.
    Every other option is wiring: `idcard=0 scanner=1 door=!i0 presence=i1 mains=i2`."""

    def __init__(self, link: Link, address: str = "1", quiet: str = "5", flash: str = "yes", **wiring: str) -> None:
        if not address.isdecimal() or not 1 <= int(address) <= 247:
            raise ValueError("address is from 1 to 247")
        if not quiet.isdecimal() or not 1 <= int(quiet) <= 100:
            raise ValueError("quiet is from 1 to 100 ms")
        if flash not in ("yes", "no"):
            raise ValueError("flash is yes or no")
        self._link, self._address, self._quiet, self._flashes = link, int(address), int(quiet) / 1000, flash == "yes"
        wires = {name: Terminal.read(name, text) for name, text in wiring.items()}
        self._relays = {name: wire.number for name, wire in wires.items() if not wire.is_input}
        self._inputs = {name: wire for name, wire in wires.items() if wire.is_input}
        if not wires:
            raise ValueError("wire something to the board: idcard=0 door=!i0")
        self._echo = False
        self._fresh_until = self._late_until = 0.0
        self._wanted: Mapping[str, Flash] = {}
        self._began = 0.0                       # when the wanted lights were set: flashing begins with light
        self._is: dict[int, bool] = {}          # coils as the board last confirmed or told them
        self._reading: Mapping[str, bool] = {}
        self._sure: dict[str, bool] = {}

    def identify(self) -> str:
        """Read all that is wired: "Modbus board 1, 4 relays, 3 inputs"."""
        for _ in range(TRIES):
            try:
                self._read_coils()
                self._read_inputs()
            except Garbled:
                continue
            return (f"Modbus board {self._address}, {len(self._relays)} relays, {len(self._inputs)} inputs"
                    + (", line with echo" if self._echo else ""))
        raise WrongDevice("only our own echo comes back" if self._echo else "what answers is no Modbus board")

    def status(self) -> Status:
        """ONLINE, without asking when it answered a moment ago. Lights that went out of step (a board that lost its
        power for a moment) are set again."""
        self._link.read(0)
        if time.monotonic() >= self._fresh_until:
            if self._relays:
                self._read_coils()
                self.tick()
            else:
                self._read_inputs()
        return Status(State.ONLINE)

    def shine(self, lights: Mapping[str, Flash]) -> None:
        if lights != self._wanted:
            self._wanted, self._began = dict(lights), time.monotonic()
        self.tick()

    def tick(self) -> float | None:
        passed = time.monotonic() - self._began
        lit: dict[int, bool] = {}
        waits: list[float] = []
        for name, coil in self._relays.items():
            flash = self._wanted.get(name, Flash.OFF)
            half = HALF.get(flash) if self._flashes else None
            if half:
                waits.append(half - passed % half)
            lit[coil] = lit.get(coil, False) or flash is not Flash.OFF and not (half and passed // half % 2)
        for coil, on in lit.items():
            if self._is.get(coil) is not on:
                self._write(coil, on)
        return min(waits, default=None)

    def sense(self) -> Mapping[str, bool]:
        reading = self._read_inputs()
        self._sure.update({name: on for name, on in reading.items() if self._reading.get(name) is on})
        self._reading = reading
        return dict(self._sure)

    # Inside.

    def _read_coils(self) -> None:
        """What the relays are now. A board of inputs alone is not asked for relays."""
        if self._relays:
            first, last = min(self._relays.values()), max(self._relays.values())
            bits = self._ask(READ_COILS, first, last - first + 1, Bits)
            self._is = {first + at: on for at, on in enumerate(bits.on)}

    def _read_inputs(self) -> Mapping[str, bool]:
        if not self._inputs:
            return {}
        numbers = [wire.number for wire in self._inputs.values()]
        first = min(numbers)
        bits = self._ask(READ_INPUTS, first, max(numbers) - first + 1, Bits)
        return {name: bits.on[wire.number - first] is not wire.reversed for name, wire in self._inputs.items()}

    def _write(self, coil: int, on: bool) -> None:
        self._is.pop(coil, None)                # unknown, until the board confirms it
        self._ask(WRITE_COIL, coil, ON if on else OFF, Written)
        self._is[coil] = on

    def _ask(self, function: int, first: int, second: int, kind: type[R]) -> R:
        self._fresh_until = 0.0
        request = frame(self._address, function, first, second)
        found, heard = self._exchange(request)
        if function != WRITE_COIL:              # a writing's answer and its echo are the same bytes
            self._echo = heard.startswith(request)
        match found:
            case Exceptional(1 | 2 | 3 as code):
                raise WrongDevice(f"the board {EXCEPTIONS[code]}: function {function}, number {first}")
            case Exceptional(4):
                raise OutOfService("the board says that it has failed")
        if not isinstance(found, kind):
            raise Garbled("no frame whose check is right") if heard else NoAnswer("the board is silent")
        self._fresh_until = time.monotonic() + FRESH
        return found

    def _exchange(self, request: bytes) -> tuple[Answer | None, bytes]:
        """Send, after the silence that begins a frame; the answer, and all that was heard."""
        self._hear_out()
        self._link.write(request, PATIENCE)
        now = time.monotonic()
        self._late_until, deadline = now + LATE, now + PATIENCE
        heard = b""
        while (left := deadline - time.monotonic()) > 0:
            waiting = len(heard) <= len(request) * self._echo
            data = self._link.read(left if waiting else min(left, GAP))
            if not data:
                break
            heard = (heard + data)[-LONGEST:]
            if found := answer(request, heard, self._echo):
                self._late_until = 0.0
                return found, heard
        return None, heard

    def _hear_out(self) -> None:
        """Silence on the line; and the answer to a question that was given up, lest it answer the next one."""
        end = time.monotonic() + LATE
        while (now := time.monotonic()) < end:
            if not self._link.read(max(self._quiet, min(self._late_until, end) - now)):
                break
            self._late_until = 0.0
