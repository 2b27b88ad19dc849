"""Card dispensers CRT-571 and CRT-591: a hopper of blank cards, a motor reader, a box for captured ones.

Sources: the maker's communication protocol of CRT-591-M001 and of CRT-571 (frames, commands, status, errors), 9600 to
57600 baud found by the device itself, 8N1. Not confirmed on hardware: whether 32/30 or 32/39 holds the card at the
mouth (one public program has them the other way round: option `gate`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.card_path import CardPath, To
from drivers.contract import (
    Bin, BinFull, CardJam, CardMoved, CardPlace, CardRefused, DeviceError, Gone, Link, MoveUnknown, NoAnswer, NoCards,
    OutOfService, State, Status, Stock, WrongDevice)
from drivers.handshake import Decoder, Form, Garbled, Handshake

# The codec: bytes in, messages out.

FORM = Form(0xF2, b"\x00", aborts=True, shortest=5)

PLACES = {0x30: CardPlace.NONE, 0x31: CardPlace.SLOT, 0x32: CardPlace.READER}
STOCKS = {0x30: Stock.EMPTY, 0x31: Stock.LOW, 0x32: Stock.OK}
BINS = {0x30: Bin.OK, 0x31: Bin.FULL}

NOT_READY = "B0"
JAMS = {"10", "40", "43"}
MOVED = {"16", "45"}
REFUSED = {"13", "14", "60", "61", "62", "65", "66", "67", "68", "69"}


@dataclass(frozen=True)
class Reply:
    """The answer to a command: `error` is "" when it was done, and then the three status bytes are told."""

    command: bytes
    error: str = ""
    place: CardPlace = CardPlace.UNKNOWN
    cards: Stock = Stock.UNKNOWN
    bin: Bin = Bin.UNKNOWN
    data: bytes = field(default=b"", repr=False)


def parse(text: bytes) -> Reply | None:
    """What the text of an answer says; None when it is none. A manual prints 45 for the failed mark, devices send 4E."""
    mark, command, rest = text[:1], text[1:3], text[3:]
    if mark in (b"N", b"E") and len(rest) == 2:
        return Reply(command, rest.decode("latin-1").upper())
    if mark == b"P" and len(rest) >= 3:
        return Reply(command, "", PLACES.get(rest[0], CardPlace.UNKNOWN), STOCKS.get(rest[1], Stock.UNKNOWN),
                     BINS.get(rest[2], Bin.UNKNOWN), rest[3:])
    return None


def refusal(error: str) -> DeviceError:
    """What an error code means."""
    word = f"error {error}"
    if error == NOT_READY:
        return Gone("it has restarted")         # connecting again prepares it
    if error in JAMS:
        return CardJam(word)
    if error in MOVED:
        return CardMoved(word)
    if error in REFUSED:
        return CardRefused(word)
    return {"A0": NoCards(word), "A1": BinFull(word)}.get(error) or OutOfService(word)


def uid(data: bytes) -> str:
    """The UID in the answer to 60/30: type (4D Mifare, 41 type A), ATQA, length, UID, SAK; "" of type B, which has none.

    Raises CardRefused for what is no such answer.
    """
    if data[:1] == b"B":
        return ""
    size = data[3] if len(data) > 3 else 0
    if data[:1] not in (b"M", b"A") or size not in (4, 7, 10) or len(data) < 4 + size + 1:
        raise CardRefused("the chip's answer cannot be read")
    if data[:1] == b"M" and len(data) != 4 + size + 1:
        raise CardRefused("the chip's answer cannot be read")
    return data[4:4 + size].hex().upper()


def decode(data: bytes) -> Reply | None:
    """The answer that `data` ends with, if it does."""
    text = Decoder(FORM).feed(data)
    return parse(text) if text is not None else None


def impersonal(data: bytes) -> bool:
    """May the spy show it? All but radio and chip commands and their answers."""
    text = FORM.text(data)
    return len(data) == 1 or text is not None and text[1:2] not in (b"\x51", b"\x52", b"\x60")


# The device: the codec over a line.

INIT = b"C03"                   # and leave a card where it is
STATUS, ALLOW, FORBID = b"C10", b"C30", b"C31"
TO_READER, TO_BOX = b"C22", b"C23"
RF_ON = b"C\x600AB"             # try type A, then B

QUICK, MOVE, INIT_TIME = 1.0, 20.0, 25.0    # seconds for an answer
GATES = {"30": b"C20", "39": b"C29"}


class Device(CardPath):
    """A CRT-571 or CRT-591.

    `model`: 571 or 591, its name only. `gate`: the command that brings a card to the mouth and holds it there, 30 or 39.
    `rf`: yes where it has a radio reader, whose UIDs are then read.
    """

    def __init__(self, link: Link, model: str = "571", gate: str = "30", rf: str = "yes") -> None:
        if model not in ("571", "591") or gate not in GATES or rf not in ("yes", "no"):
            raise ValueError("model is 571 or 591, gate 30 or 39, rf yes or no")
        super().__init__(link)
        self._line = Handshake(link, FORM)
        self._model, self._gate, self._rf = model, GATES[gate], rf == "yes"
        self._jammed = False

    def identify(self) -> str:
        """Prepare it, read its version, and capture a card found in the path: "CRT-571 …"."""
        try:
            reply = self._ask(INIT, INIT_TIME)
        except Garbled as error:
            raise WrongDevice("what answers is no CRT-571") from error
        version = reply.data.decode("ascii", "replace").strip()
        if not version.isprintable():
            raise WrongDevice("its version is no text")
        self.capture()
        return f"CRT-{self._model} {version}".strip()

    def status(self) -> Status:
        if self._jammed:
            raise Gone("a card was stuck")      # connecting again prepares it anew, or says that it still is
        reply = self._ask(STATUS, QUICK)
        return Status(State.ONLINE, cards=reply.cards, bin=reply.bin)

    def place(self) -> CardPlace:
        return self._ask(STATUS, QUICK).place

    def _move(self, to: To) -> None:
        self._go({To.READER: TO_READER, To.SLOT: self._gate, To.BOX: TO_BOX}[to])

    def _feed(self, timeout: float) -> None:
        # With an empty path it comes from the hopper. So would one in place of a card that its owner pulls back between
        # `place` and the move: the rollers hold it by then.
        self._go(TO_READER, timeout)

    def _entry(self, allowed: bool) -> None:
        self._ask(ALLOW if allowed else FORBID, QUICK)

    def _uid(self) -> str:
        return uid(self._ask(RF_ON, QUICK).data) if self._rf else ""

    def _go(self, command: bytes, timeout: float = MOVE) -> None:
        """A move. Unheard counts as unknown: an acknowledgement that was lost comes before a card that moves."""
        try:
            self._ask(command, max(timeout, MOVE))
        except NoAnswer as error:
            raise MoveUnknown(str(error)) from error
        except CardJam:
            self._jammed = True
            raise

    def _ask(self, text: bytes, patience: float) -> Reply:
        def fits(answer: bytes) -> bool:
            reply = parse(answer)
            return reply is not None and reply.command == text[1:3]

        reply = parse(self._line.ask(text, patience, fits))
        assert reply
        if reply.error:
            raise refusal(reply.error)
        return reply
