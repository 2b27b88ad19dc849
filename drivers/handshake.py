"""Frames with a length and an XOR, each acknowledged: the line of card movers, whoever made them.

    STX address length(2, high first) text 03 BCC       BCC: the XOR of all bytes from STX to 03

Our frame is acknowledged (06) or refused (15); some models then want an ENQ (05) before they act; the answer is a frame
that we acknowledge or refuse in turn. What differs between makers is a `Form`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor

from drivers.contract import Link, NoAnswer

EOT, ENQ, ACK, NAK, ETX = 0x04, 0x05, 0x06, 0x15, 0x03

ACKNOWLEDGED = 0.3      # seconds for an ACK
AGAIN = 0.6             # seconds for an answer that is asked for once more
TRIES = 3               # times the same frame, ENQ, or refusal
GAP = 0.2               # seconds of silence within a frame: the rest will not come
QUIET = 0.02            # seconds for a byte too many to show itself; at 9600 baud a byte takes 1 ms


class Unheard(NoAnswer):
    """Nobody acknowledged the frame. A model that waits for an ENQ has done nothing; of others that is not known."""


class Garbled(NoAnswer):
    """Something came, but nothing whose length and check are right, however often it was asked for."""


@dataclass(frozen=True)
class Form:
    """What a maker's frames look like, and how the talk goes."""

    stx: int
    address: bytes = b""            # behind STX
    control_address: bytes = b""    # behind ACK, NAK and ENQ
    enquires: bool = False          # an acknowledged command is acted on at ENQ
    aborts: bool = False            # EOT takes a command back, and is answered with EOT
    shortest: int = 2               # bytes of text in an answer
    longest: int = 512

    def frame(self, text: bytes) -> bytes:
        whole = bytes((self.stx,)) + self.address + len(text).to_bytes(2, "big") + text + bytes((ETX,))
        return whole + bytes((reduce(xor, whole),))

    def control(self, code: int) -> bytes:
        return bytes((code,)) + (self.control_address if code != EOT else b"")

    def text(self, data: bytes) -> bytes | None:
        """The text when `data` is one whole frame, and nothing more."""
        head = 1 + len(self.address)
        size = int.from_bytes(data[head:head + 2], "big")
        if len(data) != head + 2 + size + 2 or not self.shortest <= size <= self.longest:
            return None
        if data[0] != self.stx or data[1:head] != self.address or data[-2] != ETX or reduce(xor, data):
            return None
        return data[head + 2:-2]


class Decoder:
    """Collects what comes after one of our frames.

    An XOR does not see every byte too many: a frame counts only while nothing follows it. What precedes it may be
    anything, our own bytes too, where the line gives them back.
    """

    def __init__(self, form: Form, sent: bytes = b"") -> None:
        self._form, self._sent = form, sent
        self._heard = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """The text of the frame that has just ended, if one has."""
        self._heard += data
        del self._heard[:-2 * (self._form.longest + 16)]        # a line that babbles must not fill the memory
        if self._sent and self._heard.startswith(self._sent):
            del self._heard[:len(self._sent)]
        start = self._heard.find(self._form.stx)
        while start >= 0:
            if (text := self._form.text(bytes(self._heard[start:]))) is not None:
                return text
            start = self._heard.find(self._form.stx, start + 1)
        return None

    def has(self, code: int) -> bool:
        """Has this control character come, before any frame?"""
        return self._form.control(code) in self._heard.partition(bytes((self._form.stx,)))[0]

    @property
    def begun(self) -> bool:
        """A frame has begun: its rest should follow without a pause."""
        return self._form.stx in self._heard

    @property
    def heard(self) -> bool:
        return bool(self._heard)


class Handshake:
    """Asks over a link, one question at a time."""

    def __init__(self, link: Link, form: Form) -> None:
        self._link, self._form = link, form
        self._owed = 0.0            # until then the answer to a question that was given up may still come

    def ask(self, text: bytes, patience: float, fits: Callable[[bytes], bool]) -> bytes:
        """The answer to `text`, within `patience` seconds. Frames that do not fit answer an older question: dropped.

        Raises Unheard, Garbled, NoAnswer, Gone, Cancelled. After all but the first the device may have acted.
        """
        deadline = time.monotonic() + patience
        decoder, answer = self._send(text, deadline)
        self._owed = until = deadline
        for _ in range(TRIES):
            if answer is None:
                decoder, answer = self._listen(decoder, until)
            while answer is not None:
                self._say(ACK)
                if fits(answer):
                    self._owed = 0.0
                    return answer
                decoder, answer = self._listen(Decoder(self._form), deadline)
            if not decoder.begun:
                break
            self._say(NAK)                  # not in every manual; one that does not know it stays silent
            decoder, until = Decoder(self._form), min(deadline, time.monotonic() + AGAIN)
        if self._form.aborts:
            self._owed = math.inf           # it may be at it still: nothing else is asked before that is taken back
        raise Garbled("no whole answer") if decoder.heard else NoAnswer("acknowledged, and no answer")

    def tell(self, text: bytes, patience: float) -> None:
        """Have `text` done by a device that says no more than that it has heard. Raises Unheard, Gone, Cancelled."""
        self._send(text, time.monotonic() + patience)

    def _send(self, text: bytes, deadline: float) -> tuple[Decoder, bytes | None]:
        """Send until it is acknowledged, and let it be acted on."""
        self._settle(deadline)
        self._link.drop_input()
        request = self._form.frame(text)
        noise = False
        for _ in range(TRIES):
            self._link.write(request)
            self._owed = 0.0 if self._form.enquires else deadline
            heard, answer = self._listen(Decoder(self._form, request), time.monotonic() + ACKNOWLEDGED, controls=True)
            if self._form.enquires and heard.has(ACK):
                enquiry = self._form.control(ENQ)
                self._link.write(enquiry)
                return Decoder(self._form, enquiry), None
            if not self._form.enquires and (heard.has(ACK) or answer is not None):
                return heard, answer
            noise = noise or heard.heard and not heard.has(NAK)
            if time.monotonic() >= deadline:
                break
        self._owed = 0.0
        raise Garbled("what answers does not speak so") if noise else Unheard("nobody acknowledged")

    def _listen(self, decoder: Decoder, deadline: float, controls: bool = False) -> tuple[Decoder, bytes | None]:
        """Hear until a frame has ended, or with `controls` an ACK or NAK came; half a frame and silence end it, too."""
        while (left := deadline - time.monotonic()) > 0:
            data = self._link.read(min(left, GAP) if decoder.begun else left)
            answer = decoder.feed(data)
            while answer is not None and (more := self._link.read(QUIET)):
                answer = decoder.feed(more)
            if answer is not None:
                return decoder, answer
            if not data or controls and not decoder.begun and (decoder.has(ACK) or decoder.has(NAK)):
                break
        return decoder, None

    def _say(self, code: int) -> None:
        self._link.write(self._form.control(code))

    def _settle(self, deadline: float) -> None:
        """End a question that was given up: take it back where the model can, or else wait for its late answer."""
        if self._owed <= time.monotonic():
            return
        if self._form.aborts:
            for _ in range(TRIES):
                self._link.drop_input()
                self._say(EOT)
                decoder = Decoder(self._form)
                until = time.monotonic() + ACKNOWLEDGED
                while not decoder.has(EOT) and (left := until - time.monotonic()) > 0:
                    decoder.feed(self._link.read(left))
                if decoder.has(EOT):
                    break
            self._owed = 0.0
            return
        decoder, answer = self._listen(Decoder(self._form), min(self._owed, deadline))
        if answer is None and self._owed > time.monotonic():
            raise NoAnswer("still busy with what it was told before")
        if answer is not None:
            self._say(ACK)
        self._owed = 0.0
