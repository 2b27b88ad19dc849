"""Scanners that the machine tells when to shine: what the makers' command languages have in common.

In trigger mode the light goes on with a command, and out with a code, a command, or the scanner's own time: a scanner in a
lobby stands at the height of children's eyes. In sense mode the scanner sees by itself when something is held before it.

Codes and answers to commands come on one line. Answers have bytes that no code has, and come whole, never inside a code.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from drivers.code_text import ENDS, EXTRA, GAP, Decoder, drop_earlier
from drivers.contract import (
    DeviceError, Gone, Link, NoAnswer, NothingPresented, OutOfService, State, Status, WrongDevice)

NEVER = bytes.fromhex("00 01 02 03 05 06 15 16 1B")      # of commands and answers: a code with one is half an answer
ANSWER = 0.5            # seconds for an answer; Newland's manual says 500 ms, engines need 5 to 50
PAUSE = 0.03            # seconds of silence inside an answer: the rest will not come, and what comes is a code
TRIES = 2
OWN_TIME = 5.0          # seconds after which the scanner puts its light out by itself, whatever becomes of us
SHINE = 4.0             # seconds after which it is told again: before its own time has passed
REST = 0.5              # seconds after bytes that were no code, until it is told again: reading has put the light out
DARK = 0.3              # seconds for the answer to the command that ends the light


class Verdict(Enum):
    """The three answers to a command; the makers have one byte for each."""

    TAKEN = 0x06            # ACK
    REFUSED = 0x15          # NAK: the value is not possible
    UNKNOWN = 0x05          # ENQ: no such command


@dataclass(frozen=True)
class Reply:
    """An answer. `to`: the command as the scanner repeats it, b"" in languages that do not repeat it."""

    verdict: Verdict
    to: bytes = b""
    data: bytes = b""


@dataclass(frozen=True)
class Command:
    """What is sent, and the `to` of its answer; None where none comes. `size`: bytes of data that the answer must have."""

    data: bytes
    to: bytes | None = b""
    size: int | None = None

    def answered_by(self, reply: Reply) -> bool:
        if reply.verdict is not Verdict.TAKEN:
            return reply.to == self.to
        return reply.to == self.to and self.size in (None, len(reply.data))


class Language(Protocol):
    """A maker's language: bytes in, messages out."""

    start: Command
    stop: Command

    def find(self, heard: bytes) -> tuple[int, int, Reply] | None:
        """The first whole answer: where it begins, where it ends, what it says."""
        ...

    def unfinished(self, heard: bytes) -> int:
        """Where an answer begins that is not whole yet; the length of `heard` when none does."""
        ...


class Stream:
    """Tells answers from codes, in the order they come."""

    def __init__(self, language: Language, suffix: str) -> None:
        self._language, self._gap_ends = language, gap_ends(suffix)
        self._held = b""
        self._codes = Decoder(suffix, NEVER)

    @property
    def begun(self) -> bool:
        return bool(self._held) or self._codes.begun

    def feed(self, data: bytes) -> list[Reply | str]:
        heard = self._held + data
        came: list[Reply | str] = []
        while found := self._language.find(heard):
            begin, end, reply = found
            came += self._codes.feed(heard[:begin])
            code = self._codes.end()            # no answer comes inside a code: what had begun has ended
            came += [code] if code and self._gap_ends else []
            came.append(reply)
            heard = heard[end:]
        keep = self._language.unfinished(heard)
        came += self._codes.feed(heard[:keep])
        self._held = heard[keep:]
        return came

    def end(self) -> str:
        """The line fell silent: what has come is the whole code; "" when it is none."""
        held, self._held = self._held, b""
        codes = self._codes.feed(held)
        return codes[0] if codes else self._codes.end()


def gap_ends(suffix: str) -> bool:
    return suffix in ("any", "none")


def checked(word: str, given: str, known: tuple[str, ...]) -> str:
    """An option's value. Raises ValueError with a sentence."""
    if given not in known:
        raise ValueError(f"{word} is one of {', '.join(known)}")
    return given


class Mumbled(NoAnswer):
    """Something came, but no answer in this language."""


class TriggeredScanner:
    """Speaks a `Language` over a link. `name`: what it is, for technicians. `mode`: trigger, or sense, where nothing starts
    or stops the light."""

    def __init__(self, link: Link, language: Language, name: str, mode: str, suffix: str) -> None:
        self._link, self._language, self._name = link, language, name
        self._mode = checked("mode", mode, ("trigger", "sense"))
        self._senses = mode == "sense"
        self._suffix = checked("suffix", suffix, tuple(ENDS))
        self._gap_ends = gap_ends(suffix)

    def set_mode(self) -> None:
        """Bring it into its mode. Raises OutOfService when it says no, Mumbled when it is another device."""
        raise NotImplementedError

    def wishes(self) -> list[Command]:
        """What else it is told when the line is opened; a scanner that says no to that keeps its own ways."""
        raise NotImplementedError

    def identify(self) -> str:
        """Set it up. The answer to that proves what it is: in each language, no other device answers so."""
        try:
            self.set_mode()
        except Mumbled as error:
            raise WrongDevice(f"what answers is no {self._name}") from error
        for wish in self.wishes():
            self.tell(wish)
        return f"{self._name}, {self._mode} mode"

    def status(self) -> Status:
        """Asked by setting its mode again: a scanner that lost its power meanwhile has forgotten it."""
        try:
            self.set_mode()
        except OutOfService as error:
            return Status(State.FAULT, cause=error.cause)
        return Status(State.ONLINE)

    def tell(self, command: Command) -> Reply:
        """Its answer. Raises Mumbled when bytes came and no answer, NoAnswer when nothing came, Gone, Cancelled."""
        return self._tell(command)[0]

    def insist(self, command: Command) -> None:
        """Tell it what it must take. Raises OutOfService when it says no."""
        if self.tell(command).verdict is not Verdict.TAKEN:
            raise OutOfService(f"the scanner has no {self._mode} mode")

    def scan(self, timeout: float) -> str:
        """The first code that is read from now on. The light is out when this ends: a code, an error, a cancel."""
        deadline = time.monotonic() + timeout
        drop_earlier(self._link, deadline)
        try:
            while (left := deadline - time.monotonic()) > 0:
                if code := self._look(left):
                    return code
            raise NothingPresented
        except Gone:
            raise
        except DeviceError:
            self._go_dark()
            raise

    def _look(self, seconds: float) -> str:
        """Shine for a while; "" when nothing was read, or no code."""
        stream, codes = self._start()
        until = end = time.monotonic() + (seconds if self._senses else min(seconds, SHINE))
        while not codes:
            left = until - time.monotonic()
            if stream.begun and self._gap_ends and left > -EXTRA:
                data = self._link.read(GAP)
            elif left > 0:
                data = self._link.read(left)
            else:
                return ""
            codes = [code for code in stream.feed(data) if isinstance(code, str)]
            if data and not self._senses:
                until = min(end + EXTRA, time.monotonic() + REST)
            elif self._gap_ends and (code := stream.end()):
                codes.append(code)
        return codes[0]

    def _start(self) -> tuple[Stream, list[str]]:
        """What comes before the scanner has taken the command was read for somebody else."""
        if self._senses:
            return Stream(self._language, self._suffix), []
        reply, stream, codes = self._tell(self._language.start)
        if reply.verdict is not Verdict.TAKEN:
            raise NoAnswer("the scanner does not take the command to read")
        return stream, codes

    def _go_dark(self) -> None:
        """As far as it can be told. A scanner that does not hear it goes dark after its own time."""
        if self._senses:
            return
        try:
            self._link.write(self._language.stop.data, DARK)
            self._answer(self._language.stop, DARK)
        except DeviceError:
            pass

    def _tell(self, command: Command) -> tuple[Reply, Stream, list[str]]:
        for attempt in range(TRIES):
            self._link.drop_input()
            self._link.write(command.data, ANSWER)
            try:
                return self._answer(command, ANSWER)
            except NoAnswer:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("TRIES is not 0")

    def _answer(self, command: Command, patience: float) -> tuple[Reply, Stream, list[str]]:
        """The answer, and the codes that came behind it."""
        stream = Stream(self._language, self._suffix)
        if command.to is None:
            return Reply(Verdict.TAKEN), stream, []
        deadline = time.monotonic() + patience
        heard = False
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(min(left, PAUSE) if stream.begun else left)
            heard = heard or bool(data)
            if not data:
                stream.end()
            came = stream.feed(data)
            for at, reply in enumerate(came):
                if isinstance(reply, Reply) and command.answered_by(reply):
                    return reply, stream, [code for code in came[at:] if isinstance(code, str)]
        raise Mumbled("what answers does not speak this language") if heard else NoAnswer("the scanner is silent")
