"""A hospital's own card on a serial Mifare module of the ICM522 family, 8N1: its UID, or a block of a Mifare Classic.

Source: a hospital kiosk in the field that drives this module; no maker's manual is public. Frames: 00 00 LEN CMD data CHK,
answered by FE LEN CMD data CHK; LEN counts itself, CMD and data, CHK is the XOR from LEN to the last data byte.
Not confirmed on hardware: that an answer without data means "no card" (03) or "not read" (04), and that the byte before the
block is 60 for key A and 61 for key B, as on the card itself.

The options are those of drivers/visitcard_layout.py but `number=file`: the module reads Mifare Classic only.
"""

from __future__ import annotations

import time

from drivers.contract import (
    CardMoved, CardRefused, Link, NoAnswer, NothingPresented, State, Status, VisitCard, WrongDevice)
from drivers.visitcard_layout import UID_LENGTHS, Layout

# The codec: bytes in, messages out.

HEAD, MARK = b"\x00\x00", 0xFE
FIND, READ = 0x03, 0x04
BLOCK = 16                  # bytes
LONGEST = 2 + 7 + BLOCK     # of LEN; longer answers than a block there are none

PATIENCE = 0.9              # s: the radio answers within a tenth
GAP = 0.1                   # s within a frame
QUIET = 0.02                # s of silence behind an answer that a person's number comes from
PERIOD = 0.25               # s between two looks for a card


class Garbled(NoAnswer):
    """Something came, but no frame whose length and check are right, or none that answers this question."""


def frame(command: int, data: bytes = b"") -> bytes:
    """A request."""
    body = bytes((len(data) + 2, command)) + data
    return HEAD + body + bytes((_xor(body),))


class Decoder:
    """Collects the bytes of one answer; what precedes it may be noise.

    An XOR cannot see a byte that came twice and pushed the last one out: an answer counts only while nothing follows it.
    """

    def __init__(self) -> None:
        self._heard = bytearray()

    @property
    def heard(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> tuple[int, bytes] | None:
        """Command and data of the answer."""
        self._heard += data
        del self._heard[:-4 * LONGEST]                  # a line that babbles must not fill the memory
        start = self._heard.find(MARK)
        while start >= 0:
            body = bytes(self._heard[start + 1:])
            if len(body) >= 3 and 2 <= body[0] == len(body) - 1 and not _xor(body):
                return body[1], body[2:-1]
            start = self._heard.find(MARK, start + 1)
        return None


def impersonal(data: bytes) -> bool:
    """May the spy show it? Requests without a key, and answers without data."""
    return data == frame(FIND) or len(data) == 4 and data[0] == MARK and data[1] == 2


def _xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result


# The driver.


class Device:
    """Implements drivers.contract.CardReader[VisitCard]. Options: drivers.visitcard_layout."""

    def __init__(self, link: Link, **options: str) -> None:
        self._link, self._layout = link, Layout(**options)
        if self._layout.number == "file":
            raise ValueError("number: this module reads uid or block")
        self._known = b""               # the UID of the card that lies there and was read, or refused
        # Until then the answer to a question that was taken back may still come, or to one of the connection before.
        self._answer_due = time.monotonic() + GAP

    def identify(self) -> str:
        """The module has no command for its name: it is known by its frames."""
        try:
            self._find()
        except Garbled as error:
            raise WrongDevice("what answers is no ICM522") from error
        return "ICM522"

    def status(self) -> Status:
        self._find()
        return Status(State.ONLINE)

    def read_card(self, timeout: float) -> VisitCard:
        """Wait for a card and read it. A card that was read, or refused, is not found again until it was lifted."""
        deadline = time.monotonic() + timeout
        while True:
            uid = self._find()
            if uid and uid != self._known:
                return self._once(uid)
            left = deadline - time.monotonic()
            if left <= 0:
                raise NothingPresented
            self._link.read(min(left, PERIOD))          # a pause that can be cancelled

    def _once(self, uid: bytes) -> VisitCard:
        try:
            card = self._read(uid)
        except CardRefused:
            self._known = uid
            raise
        self._known = uid
        return card

    def _read(self, uid: bytes) -> VisitCard:
        layout = self._layout
        if layout.number == "uid":
            return VisitCard(layout.of_uid(uid), uid.hex().upper())
        data = self._ask(READ, bytes((layout.key_type, layout.block)) + layout.key)
        if self._find() != uid:
            raise CardMoved("the card left")
        if not data:
            raise CardRefused(f"block {layout.block} is not readable with this key")
        if len(data) != BLOCK:
            raise Garbled(f"a block of {len(data)} bytes")
        return VisitCard(layout.of_data(data), uid.hex().upper())

    def _find(self) -> bytes:
        """The UID of the card in the field, b"" without one."""
        uid = self._ask(FIND)
        if uid and len(uid) not in UID_LENGTHS:
            raise Garbled(f"a UID of {len(uid)} bytes")
        if uid != self._known:
            self._known = b""
        return uid

    def _ask(self, command: int, data: bytes = b"") -> bytes:
        self._hear_out()
        self._link.drop_input()
        self._link.write(frame(command, data), PATIENCE)
        self._answer_due = time.monotonic() + PATIENCE
        got = self._listen(self._answer_due)
        self._answer_due = 0.0
        if got[0] != command:
            raise Garbled(f"an answer to command {got[0]:02X}")
        return got[1]

    def _listen(self, deadline: float) -> tuple[int, bytes]:
        decoder = Decoder()
        answer: tuple[int, bytes] | None = None
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(QUIET if answer else min(left, GAP) if decoder.heard else left)
            if data:
                answer = decoder.feed(data)
            elif not answer:
                break
            if answer and not (data and answer[1]):
                return answer
        self._answer_due = 0.0
        raise Garbled("half an answer") if decoder.heard else NoAnswer("the module is silent")

    def _hear_out(self) -> None:
        """The module answers a question that was cancelled, too: wait for that, or it would answer the next one."""
        due, self._answer_due = self._answer_due, 0.0
        if due > time.monotonic():
            try:
                self._listen(due)
            except NoAnswer:
                pass
