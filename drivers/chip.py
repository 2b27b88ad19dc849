"""A chip card behind a pipe of APDUs: what is asked of the slot, and one command of ISO/IEC 7816-4 with its answer.

The pipe speaks the frames of the virtual smart card architecture (vsmartcard, vpcd): a length of two bytes, big-endian,
then one byte for the slot (0 power off, 1 power on, 4 the card's ATR) or a command APDU. Only the last two are answered, in
the same frames, by the ATR or the answer APDU; nothing (length 0) means that there is no card, or none any more.
drivers/link_pcsc.py makes a PC/SC reader of it, and adds two answers of one byte: 00 the card is mute, 01 another program
holds it; and, while nothing is asked, an ATR when a card comes. These frames carry no check: between card and reader
(parity, CRC) and between reader and machine (USB) there is one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.contract import (
    CardMoved, CardRefused, DeviceError, Gone, Link, NoAnswer, NothingPresented, OutOfService, State, Status,
    WrongDevice)

T = TypeVar("T")

POWER_OFF, POWER_ON, ATR = b"\x00", b"\x01", b"\x04"
MUTE, HELD = b"\x00", b"\x01"
LONGEST_ATR = 33
FIRST = (0x3B, 0x3F)        # TS of an ATR, ISO/IEC 7816-3: direct and inverse convention
LONGEST = 258               # bytes of an answer APDU of short length
OK = 0x9000
SELECT = 0xA4
HARMLESS = (SELECT, 0xB2, 0xB0, 0xCA, 0xC0)     # and READ RECORD, READ BINARY, GET DATA, GET RESPONSE

SHORT = 0.9                 # s: the slot knows by itself
LONG = 3.0                  # s: a card may take its time; readers give up by themselves before
GAP = 0.5                   # s within a frame
PERIOD = 0.5                # s between two looks for a card, where nobody says that one came


class Garbled(NoAnswer):
    """Something came, but no frame, or none that answers this question."""


@dataclass(frozen=True)
class Answer:
    """An answer APDU: its status word and its data."""

    sw: int
    data: bytes = field(default=b"", repr=False)


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(2, "big") + payload


class Decoder:
    """Collects the bytes of one frame. It counts only while nothing follows it: two answers answer no question."""

    def __init__(self) -> None:
        self._heard = b""

    @property
    def heard(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> bytes | None:
        """The payload once it is whole. Raises Garbled when these bytes can become no frame any more."""
        self._heard += data
        if len(self._heard) < 2:
            return None
        length = int.from_bytes(self._heard[:2], "big")
        if length > LONGEST or len(self._heard) > 2 + length:
            raise Garbled("no frame of a card slot")
        return self._heard[2:] if len(self._heard) == 2 + length else None


def answer(payload: bytes) -> Answer:
    """A payload as the answer to an APDU. Raises CardMoved, CardRefused (mute), NoAnswer (held by another program)."""
    if not payload:
        raise CardMoved("the card left")
    if payload == MUTE:
        raise CardRefused("the card is mute")
    if payload == HELD:
        raise NoAnswer("another program holds the card")
    if len(payload) < 2:
        raise Garbled("an answer without a status word")
    return Answer(int.from_bytes(payload[-2:], "big"), payload[:-2])


def impersonal(data: bytes) -> bool:
    """May the spy show it? What is asked of the slot, SELECT and READ commands, and bare status words."""
    payload = data[2:]
    if len(data) < 2 or int.from_bytes(data[:2], "big") != len(payload):
        return False
    if len(payload) <= 2:
        return True
    short = len(payload) == 5 or len(payload) > 5 and payload[1] == SELECT and len(payload) == 5 + payload[4]
    return short and payload[0] in (0x00, 0xFF) and payload[1] in HARMLESS


class Slot:
    """One card slot. A card is read once, until it was lifted."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._known = False             # the card that lies there was read, or refused
        self._answer_due = 0.0          # until then the answer to a question that was taken back may still come

    def identify(self) -> str:
        """Raises WrongDevice when what answers is no slot."""
        try:
            self._atr()
        except Garbled as error:
            raise WrongDevice("what answers is no card slot") from error
        return "PC/SC card slot"

    def status(self) -> Status:
        self._atr()
        return Status(State.ONLINE)

    def read(self, timeout: float, read: Callable[[], T]) -> T:
        """Wait up to `timeout` seconds for a card that was not read yet, and `read` it, powered.

        Raises NothingPresented, CardMoved, CardRefused, NoAnswer, Gone, Cancelled.
        """
        deadline = time.monotonic() + timeout
        while True:
            atr = self._atr()
            if atr and not self._known:
                return self._powered(atr, read)
            left = deadline - time.monotonic()
            if left <= 0:
                raise NothingPresented
            self._link.read(min(left, PERIOD))          # a pause that a cancel ends, or a card that comes

    def command(self, apdu: bytes) -> Answer:
        """One command, whole: what T=0 leaves to be fetched (61xx) or asked again (6Cxx) is done here, and only here.

        Raises CardMoved, CardRefused, NoAnswer, Gone, Cancelled.
        """
        got = self._once(apdu)
        if got.sw >> 8 == 0x6C and len(apdu) in (4, 5):
            got = self._once(apdu[:4] + bytes((got.sw & 0xFF,)))
        data = got.data
        for _ in range(8):
            if got.sw >> 8 != 0x61:
                break
            got = self._once(bytes((0x00, 0xC0, 0x00, 0x00, got.sw & 0xFF)))
            data += got.data
        return Answer(got.sw, data)

    def _once(self, apdu: bytes) -> Answer:
        return answer(self._ask(apdu, LONG))

    def _powered(self, atr: bytes, read: Callable[[], T]) -> T:
        try:
            if atr == MUTE:
                raise CardRefused("the card is mute")
            self._link.write(frame(POWER_ON))
            result = read()
        except (CardRefused, OutOfService):
            self._known = True
            raise
        finally:
            self._power_off()
        self._known = True
        return result

    def _power_off(self) -> None:
        try:
            self._link.write(frame(POWER_OFF))
        except (Gone, NoAnswer):
            pass                                        # there is nothing to be switched off any more

    def _atr(self) -> bytes:
        """The card's ATR, MUTE, or b"" without a card."""
        atr = self._ask(ATR, SHORT)
        if atr == HELD:
            raise NoAnswer("another program holds the card")
        if atr not in (b"", MUTE) and not (2 <= len(atr) <= LONGEST_ATR and atr[0] in FIRST):
            raise Garbled("no ATR")
        self._known = self._known and bool(atr)
        return atr

    def _ask(self, payload: bytes, patience: float) -> bytes:
        self._hear_out()
        self._link.drop_input()
        self._link.write(frame(payload), patience)
        self._answer_due = time.monotonic() + patience
        got = self._listen(self._answer_due)
        self._answer_due = 0.0
        return got

    def _listen(self, deadline: float) -> bytes:
        decoder = Decoder()
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(min(left, GAP) if decoder.heard else left)
            if not data:
                break
            if (payload := decoder.feed(data)) is not None:
                return payload
        self._answer_due = 0.0
        raise Garbled("half an answer") if decoder.heard else NoAnswer("the card slot is silent")

    def _hear_out(self) -> None:
        """The answer to a question that was cancelled comes, too: it must not answer the next one."""
        due, self._answer_due = self._answer_due, 0.0
        if due > time.monotonic():
            try:
                self._listen(due)
            except NoAnswer:
                pass


def refusal(got: Answer, to: str) -> DeviceError:
    """What a status word that is no success means; `to` names the question, for the log."""
    return CardRefused(f"SW {got.sw:04X} to {to}")
