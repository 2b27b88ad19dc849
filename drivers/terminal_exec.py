"""A bank's own library behind a program of the bank's integrator, that speaks lines of JSON with us: docs/devices.md.

    we    {"id": 7, "do": "pay", "reference": "K0001", "amount": 1250}
    it    {"id": 7, "reference": "K0001", "settled": "approved", "amount": 1250, "trace": "000123", …}

The protocol is ours. It has no checksums: a pipe within one machine loses no bits, and what money hangs on (the id, the
reference, the amount, the word for how it stands) is compared with what was asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from drivers.contract import (
    Cancelled, DeviceError, Link, NoAnswer, NoQuery, OutOfService, OutcomeUnknown, Settled, Slip, State, Status, WrongDevice)
from drivers.contract.terminal import ended, masked, must_be_asked, proper

# The codec: bytes in, messages out.

LONGEST = 4096          # bytes of a line


def line(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


class Decoder:
    """Cuts bytes into lines that are JSON objects; other lines, and those too long, are dropped whole."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self._too_long = False
        self.noise = False

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        *lines, rest = (bytes(self._heard) + data).split(b"\n")
        found = []
        for text in lines:
            message = {} if self._too_long or len(text) > LONGEST else _object(text)
            self._too_long = False
            self.noise = self.noise or not message
            found += [message] if message else []
        self._too_long = self._too_long or len(rest) > LONGEST
        self._heard = bytearray(b"" if self._too_long else rest)
        return found


def _object(text: bytes) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def slip(told: Mapping[str, Any]) -> Slip | None:
    """The transaction that an answer tells of; None when what it says is no transaction."""

    def text(name: str, longest: int = 64) -> str:
        value = told.get(name, "")
        return value[:longest] if isinstance(value, str) and value.isprintable() else ""

    settled, amount = told.get("settled"), told.get("amount", 0)
    if settled not in [str(word) for word in Settled] or type(amount) is not int or amount < 0:
        return None
    return Slip(text("reference"), Settled(settled), amount, text("trace"), text("terminal"), masked(text("card")),
                text("code", 2), text("words", 200))


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: all of it is somebody's money."""
    return False


# The device: the codec over a line.

START = 10.0            # seconds until the library has come up
QUICK = 1.0             # seconds for an answer that nobody has to wait for
ASK = 10.0              # seconds in which the bank may be asked about an earlier payment
NEEDED = {"pay", "refund", "query"}


class Device:
    """A program at an exec: line; no options."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._decoder = Decoder()
        self._id = 0

    def identify(self) -> str:
        """Its name, once it is up. One that cannot pay, give back and be asked is refused."""
        self._decoder = Decoder()
        self._link.write(b"\n")                 # ends half a line that somebody left there
        try:
            told = self._ask({"do": "identify"}, START)
        except NoAnswer:
            if self._decoder.noise:
                raise WrongDevice("what answers is no program for a terminal") from None
            raise
        name, can = told.get("name"), told.get("can")
        if not isinstance(name, str) or not name.isprintable() or not isinstance(can, list):
            raise WrongDevice("what answers is no program for a terminal")
        if lacking := sorted(NEEDED - {word for word in can if isinstance(word, str)}):
            raise (NoQuery if "query" in lacking else OutOfService)(f"this terminal cannot {' or '.join(lacking)}")
        must_be_asked(self.query)               # what it says that it can
        return f"bank terminal, {name[:60]}"

    def status(self) -> Status:
        ready = self._ask({"do": "status"}, QUICK).get("ready")
        if ready is True:
            return Status(State.ONLINE)
        if ready is False:
            return Status(State.OFFLINE, cause=OutOfService.cause)
        raise NoAnswer("it says neither that it is ready nor that it is not")

    def pay(self, reference: str, amount: int, timeout: float) -> Slip:
        return self._move({"do": "pay"}, reference, amount, timeout)

    def refund(self, reference: str, original: Slip, amount: int, timeout: float) -> Slip:
        return self._move({"do": "refund", "original": original.reference, "original_trace": original.trace,
                           "original_amount": original.amount}, reference, amount, timeout)

    def query(self, reference: str) -> Slip:
        proper(reference)
        told = slip(self._ask({"do": "query", "reference": reference}, ASK))
        if told is None or told.reference != reference:
            raise NoAnswer("an answer that does not say what became of it")
        return told

    def _move(self, request: dict[str, object], reference: str, amount: int, timeout: float) -> Slip:
        """Money one way or the other. From the first byte on, whatever goes wrong, the outcome is not known."""
        proper(reference, amount)
        self._decoder.feed(self._link.read(0))  # Gone, with nothing begun
        try:
            answer = self._ask({**request, "reference": reference, "amount": amount}, timeout)
        except (Cancelled, NoAnswer) as error:
            self._stop(reference)
            raise OutcomeUnknown(str(error)) from error
        except DeviceError as error:
            raise OutcomeUnknown(str(error)) from error
        if (told := slip(answer)) is None:
            raise OutcomeUnknown("an answer that is no transaction")
        if told.settled is Settled.NEVER and told.reference == reference:
            raise OutOfService(told.words or "the program began nothing")
        return ended(told, reference, amount)

    def _stop(self, reference: str) -> None:
        """Nobody waits any more: no card is to be taken. `query` tells who was quicker."""
        try:
            self._link.write(line({"id": self._next(), "do": "stop", "reference": reference}))
        except DeviceError:
            pass

    def _next(self) -> int:
        self._id += 1
        return self._id

    def _ask(self, request: Mapping[str, object], patience: float) -> dict[str, Any]:
        """The answer to one request, known by its id; answers to earlier ones are dropped."""
        number = self._next()
        deadline = time.monotonic() + patience
        self._link.write(line({"id": number, **request}))
        while (left := deadline - time.monotonic()) > 0:
            for message in self._decoder.feed(self._link.read(left)):
                if message.get("id") == number and type(message["id"]) is int and "do" not in message:
                    return message
        raise NoAnswer("the program is silent")
