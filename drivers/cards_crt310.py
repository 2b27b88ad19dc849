"""Motor card readers of the CRT-310 class: a mouth, a reading position, and a box behind the rear end; no hopper.

Sources: a public driver and the maker's library documents (frames, positions, errors), 9600 baud, 8N1. Not confirmed on
hardware: the text of an answer (CM, PM, data, with no mark before them), how 2F sets front and rear at once, and the
position that a card at the radio reader reports. Its chip commands are not public: it reads no UID.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.card_path import CardPath, To
from drivers.contract import (
    CardJam, CardMoved, CardPlace, CardRefused, DeviceError, Gone, Link, MoveUnknown, NoAnswer, OutOfService, State, Status,
    WrongDevice)
from drivers.handshake import Decoder, Form, Garbled, Handshake, Unheard

# The codec: bytes in, messages out.

FORM = Form(0x02, enquires=True, longest=512)

PLACES = {
    0x46: CardPlace.INSIDE, 0x47: CardPlace.INSIDE,         # a card that is too long, too short
    0x48: CardPlace.SLOT, 0x49: CardPlace.SLOT,             # at the front: not held, held
    0x4A: CardPlace.READER, 0x4B: CardPlace.READER,         # inside, at the contacts
    0x4C: CardPlace.INSIDE, 0x4D: CardPlace.NONE,           # at the rear: held; not held, which is on its way into the box
    0x4E: CardPlace.NONE}

JAMS = {0x10, 0x17}
REFUSED = {0x13, 0x14}
PULLED = 0x16


@dataclass(frozen=True)
class Reply:
    """The answer to a command; `error` is None when it was done."""

    command: bytes
    error: int | None = None
    data: bytes = field(default=b"", repr=False)


def parse(text: bytes, asked: bytes) -> Reply | None:
    """What the text says to the command `asked`; None when it answers another one. A failure names no PM."""
    if text[:1] == b"N" and text[1:2] == asked[:1] and len(text) >= 3:
        return Reply(asked, text[2], text[3:])
    return Reply(asked, None, text[2:]) if text[:2] == asked else None


def refusal(error: int) -> DeviceError:
    """What an error byte means."""
    word = f"error {error:02X}"
    if error in JAMS:
        return CardJam(word)
    if error in REFUSED:
        return CardRefused(word)
    return CardMoved(word) if error == PULLED else OutOfService(word)


def decode(data: bytes, asked: bytes = b"10") -> Reply | None:
    """The answer that `data` ends with, if it does."""
    text = Decoder(FORM).feed(data)
    return parse(text, asked) if text is not None else None


def impersonal(data: bytes) -> bool:
    """May the spy show it? Moves, states and acknowledgements: no data longer than a state."""
    return len(data) <= 10


# The device: the codec over a line.

RESET, STATUS = b"00", b"10"                # 00: a card stays where it is
DENY, BY_SWITCH = b"/11", b"/31"            # front, rear: at the rear nothing comes in
TARGETS = {To.READER: b"2.", To.SLOT: b"21", To.BOX: b"23"}

QUICK, MOVE = 1.0, 15.0                     # seconds for an answer


class Device(CardPath):
    """A CRT-310; no options."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._line = Handshake(link, FORM)
        self._jammed = False

    def identify(self) -> str:
        """Reset it, read its version, close the mouth, and capture a card found in it: "CRT-310 …"."""
        try:
            version = self._ask(RESET, MOVE).decode("latin-1").strip()
        except Garbled as error:
            raise WrongDevice("what answers is no CRT-310") from error
        if not (version.isascii() and version.isprintable()):
            raise WrongDevice("its version is no text")
        self._entry(False)
        self.capture()
        return f"CRT-310 {version}".strip()

    def status(self) -> Status:
        """It has no hopper, and does not feel how full its box is."""
        if self._jammed:
            raise Gone("a card was stuck")      # connecting again resets it, or says that it still is
        self.place()
        return Status(State.ONLINE)

    def place(self) -> CardPlace:
        data = self._ask(STATUS, QUICK)
        return PLACES.get(data[0], CardPlace.UNKNOWN) if len(data) == 3 else CardPlace.UNKNOWN

    def _move(self, to: To) -> None:
        try:
            self._ask(TARGETS[to], MOVE)
        except Unheard:
            raise                               # without our ENQ it has not moved
        except NoAnswer as error:
            raise MoveUnknown(str(error)) from error
        except CardJam:
            self._jammed = True
            raise

    def _feed(self, timeout: float) -> None:
        raise OutOfService("a motor reader has no hopper")

    def _entry(self, allowed: bool) -> None:
        self._ask(BY_SWITCH if allowed else DENY, QUICK)

    def _uid(self) -> str:
        return ""

    def _ask(self, command: bytes, patience: float) -> bytes:
        text = self._line.ask(command, patience, lambda text: parse(text, command[:2]) is not None)
        reply = parse(text, command[:2])
        assert reply
        if reply.error is not None:
            raise refusal(reply.error)
        return reply.data
