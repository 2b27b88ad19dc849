"""Card dispensers K720 and D1801: a hopper, a reading position, a recycle box; text commands at 9600 baud, 8N1.

Sources: public programs for K720 and D1801 in four languages, which agree on frames, commands and the state word.
Not confirmed on hardware: which sensors a card covers at which position (options `reader` and `slot`), that FC7 draws
from the hopper when the path is empty, and that RS ends the waiting for a card that FC8 begins.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.card_path import LOOK, MISSES, CardPath, To
from drivers.contract import (
    Bin, BinFull, CardJam, CardPlace, CardRefused, DeviceError, Gone, Link, MoveUnknown, NoAnswer, NoCards, OutOfService,
    State, Status, Stock, WrongDevice)
from drivers.handshake import Decoder, Form, Garbled, Handshake

# The codec: bytes in, messages out.


def form(address: int) -> Form:
    digits = b"%02d" % address
    return Form(0x02, digits, digits, enquires=True, longest=64)


# The state word.
SENSORS = 0x0007                        # one bit each, the first at the mouth, the third at the hopper
EMPTY, LOW, JAM, OVERLAPPED = 0x0008, 0x0010, 0x0020, 0x0040
CAPTURE_FAILED, ISSUE_FAILED, CAPTURING, ISSUING = 0x0100, 0x0200, 0x0400, 0x0800
PREPARING, NOT_PREPARED, CANNOT, BOX_FULL = 0x1000, 0x2000, 0x4000, 0x8000
BUSY = CAPTURING | ISSUING | PREPARING
STAGED = 0x0004                         # the next card of the hopper, made ready: not in the path


@dataclass(frozen=True)
class Word:
    """The answer to AP."""

    bits: int

    @property
    def cards(self) -> Stock:
        return Stock.EMPTY if self.bits & EMPTY else Stock.LOW if self.bits & LOW else Stock.OK

    @property
    def bin(self) -> Bin:
        return Bin.FULL if self.bits & BOX_FULL else Bin.OK

    @property
    def stuck(self) -> bool:
        return bool(self.bits & (JAM | OVERLAPPED))


def word(text: bytes) -> Word | None:
    """The state in the text of an answer: SF and four nibbles, each as 30-3F, the highest first."""
    if len(text) != 6 or text[:2] != b"SF" or any(byte >> 4 != 3 for byte in text[2:]):
        return None
    bits = 0
    for byte in text[2:]:
        bits = bits << 4 | byte & 0xF
    return Word(bits)


def uid(text: bytes) -> str | None:
    """The UID in the answer to 3B 31: P, the command, four bytes; None when the text is no such answer."""
    return text[3:].hex().upper() if text[:3] == b"P;1" and len(text) == 7 else None


def decode(data: bytes) -> Word | str | None:
    """The state or UID that `data` ends with, if it does."""
    text = Decoder(form(0)).feed(data)
    return None if text is None else word(text) or uid(text)


def impersonal(data: bytes) -> bool:
    """May the spy show it? States, moves and acknowledgements."""
    text = data[5:-2]
    return len(data) <= 3 or data[:1] == b"\x02" and len(data) < 14 and text[:1] not in (b";", b"<", b"=", b"P", b"N")


# The device: the codec over a line.

QUICK = 1.0             # seconds for an acknowledgement and an answer
MOVE = 15.0             # seconds for a move
STANDS = 2.0            # seconds after which one that is not under way, and not where it should be, will not come
TARGETS = {To.READER: b"FC7", To.SLOT: b"FC0", To.BOX: b"CP"}


class Device(CardPath):
    """A K720 or D1801.

    `address`: 0-15, by its switches. `reader`, `slot`: the sensors (1-3, the first at the mouth) that a card covers at the
    reading position and at the mouth, several ways divided by commas: "23,2". `rf`: yes where it reads S50 cards.
    """

    def __init__(self, link: Link, address: str = "0", reader: str = "23,2", slot: str = "1,12", rf: str = "yes") -> None:
        if not address.isdecimal() or int(address) > 15 or rf not in ("yes", "no"):
            raise ValueError("address is 0 to 15, rf yes or no")
        super().__init__(link)
        self._line = Handshake(link, form(int(address)))
        self._places = {0: CardPlace.NONE, STAGED: CardPlace.NONE}
        self._places |= dict.fromkeys(_covers(slot), CardPlace.SLOT) | dict.fromkeys(_covers(reader), CardPlace.READER)
        self._rf = rf == "yes"

    def identify(self) -> str:
        """Read its version, and capture a card found in the path: "K720 …". A card that was stuck is tried once more."""
        try:
            version = self._line.ask(b"GV", QUICK, lambda text: not text.startswith(b"SF")).decode("latin-1").strip()
            state = self._state()
        except Garbled as error:
            raise WrongDevice("what answers is no K720") from error
        if not (version.isascii() and version.isprintable()):
            raise WrongDevice("its version is no text")
        if state.stuck:
            self._line.tell(b"RS", QUICK)
            state = self._rest()
        if state.stuck:
            raise CardJam
        self.capture()
        return f"K720 {version}"

    def status(self) -> Status:
        state = self._state()
        if state.stuck:
            raise Gone("a card is stuck")       # connecting again resets it, or says that it still is
        down = bool(state.bits & NOT_PREPARED)
        return Status(State.OFFLINE if down else State.ONLINE, cause=OutOfService.cause if down else "",
                      cards=state.cards, bin=state.bin)

    def place(self) -> CardPlace:
        return self._place(self._state())

    def _place(self, state: Word) -> CardPlace:
        if state.stuck:
            return CardPlace.JAMMED
        return self._places.get(state.bits & SENSORS, CardPlace.INSIDE)

    def _move(self, to: To) -> None:
        if to is To.BOX and self._state().bin is Bin.FULL:
            raise BinFull
        self._do(TARGETS[to], {To.READER: CardPlace.READER, To.SLOT: CardPlace.SLOT, To.BOX: CardPlace.NONE}[to])

    def _feed(self, timeout: float) -> None:
        if self._state().cards is Stock.EMPTY:
            raise NoCards
        self._do(TARGETS[To.READER], CardPlace.READER)

    def _entry(self, allowed: bool) -> None:
        self._line.tell(b"FC8" if allowed else b"RS", QUICK)

    def _uid(self) -> str:
        if not self._rf:
            return ""
        for command in (b";0", b";1"):
            text = self._line.ask(command, QUICK, lambda text: text[1:3] == command)
            if text[:1] != b"P":
                raise CardRefused("no S50 card answers")
        if (read := uid(text)) is None:
            raise CardRefused("the chip's answer cannot be read")
        return read

    def _do(self, command: bytes, goal: CardPlace) -> None:
        """A move, watched until it has ended: the device itself says no more than that it has heard."""
        self._line.tell(command, QUICK)             # unheard, nothing has begun
        began, misses = time.monotonic(), 0
        while (passed := time.monotonic() - began) < MOVE:
            self._link.read(LOOK)
            try:
                state = self._state()
            except NoAnswer as error:
                misses += 1
                if misses == MISSES:
                    raise MoveUnknown(str(error)) from error
                continue
            misses = 0
            if trouble := _trouble(state, goal):
                raise trouble
            place = self._place(state)
            if not state.bits & BUSY and (place is goal or goal is CardPlace.SLOT and place is CardPlace.NONE):
                return                              # at the mouth it may be taken before anybody looks
            if not state.bits & BUSY and passed > STANDS:
                break
        raise MoveUnknown(f"not at the {goal} after {time.monotonic() - began:.0f} s")

    def _rest(self) -> Word:
        """The state when nothing moves any more."""
        deadline = time.monotonic() + MOVE
        while (state := self._state()).bits & BUSY and time.monotonic() < deadline:
            self._link.read(LOOK)
        return state

    def _state(self) -> Word:
        state = word(self._line.ask(b"AP", QUICK, lambda text: word(text) is not None))
        assert state
        return state


def _trouble(state: Word, goal: CardPlace) -> DeviceError | None:
    if state.stuck:
        return CardJam(f"state {state.bits:04X}")
    if goal is CardPlace.NONE and state.bits & BOX_FULL and state.bits & SENSORS not in (0, STAGED):
        return BinFull()
    if state.bits & (CANNOT | CAPTURE_FAILED | ISSUE_FAILED):
        empty = goal is CardPlace.READER and state.cards is Stock.EMPTY
        return NoCards() if empty else OutOfService(f"state {state.bits:04X}")
    return None


def _covers(words: str) -> list[int]:
    """The ways to be covered, as bits: of "23,2" 6 and 2."""
    found = [sum(1 << int(sensor) - 1 for sensor in set(word)) for word in words.split(",")
             if word and set(word) <= set("123")]
    if len(found) != len(words.split(",")):
        raise ValueError("sensors are 1, 2 and 3, ways divided by commas: 23,2")
    return found
