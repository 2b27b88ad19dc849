"""Track 2 of magnetic cards, and what all readers of it have in common.

Sources: ISO/IEC 7813 (fields and sentinels of track 2), ISO/IEC 7811-6 (five bits a character: four and an odd parity; LRC),
ISO/IEC 7812-1 (numbers of bank cards).

A swipe that did not come whole is `CardMoved`: the person swipes again. An XOR does not see that a `0` is missing or one
too many, so a hospital whose numbers have one length says so (`form`).
"""

from __future__ import annotations

import re
import time
from typing import Protocol

from drivers.code_text import drop_earlier
from drivers.contract import CardMoved, CardRefused, Link, NothingPresented, State, Status, Stripe

TRACK = re.compile(rb";([0-9]{1,19})(=[0-9:<=>]*)?\?([0-?]?)")
LONGEST = 40            # characters of the track, with both sentinels and the LRC
BANK = r"[3-6][0-9]{12,18}|9[0-9]{15,18}"      # ISO/IEC 7812-1: 3-6 pay; 9 is each country's own, in China banks' too
LRC = ("auto", "yes", "no")


class Form:
    """What a swipe must be. `lrc`: yes, no, or auto (checked where the reader sends one). `form`: a regular expression for
    the numbers of this hospital's cards; `bank`: for those of bank cards, on tracks that have a separator. Raises
    ValueError."""

    def __init__(self, lrc: str = "auto", form: str = "[0-9]{1,19}", bank: str = BANK) -> None:
        if lrc not in LRC:
            raise ValueError(f"lrc is one of {', '.join(LRC)}")
        self._lrc = lrc
        try:
            self._form, self._bank = re.compile(form), re.compile(bank)
        except re.error as error:
            raise ValueError(f"form and bank are regular expressions: {error}") from error

    def read(self, track: bytes) -> Stripe:
        """The card of a track as text, from sentinel to sentinel, with its LRC if the reader sends it.

        Of a bank card nothing is kept but that it is one: its number is worth money, and no business of a hospital's; who
        wants to pay puts it into the terminal. Raises CardMoved, CardRefused (another hospital's card).
        """
        found = TRACK.fullmatch(track) if len(track) <= LONGEST else None
        if not found or not self._checks(track, found[3]):
            raise CardMoved("the swipe is not whole")
        number, separated = found[1].decode(), bool(found[2])
        if separated and self._bank.fullmatch(number):
            return Stripe("", bank=True)
        if not self._form.fullmatch(number):
            raise CardRefused("the number is not of this hospital's form")
        return Stripe(number)

    def _checks(self, track: bytes, check: bytes) -> bool:
        if not check:
            return self._lrc != "yes"
        return self._lrc != "no" and lrc(track[:-1]) == check[0] & 0x0F


def lrc(track: bytes) -> int:
    """Over the low four bits of every character, both sentinels included."""
    result = 0
    for character in track:
        result ^= character & 0x0F
    return result


def from_bits(characters: bytes) -> bytes:
    """Text of five-bit characters, one in each byte; b"" when a parity is even."""
    if any(byte > 0x1F or byte.bit_count() % 2 == 0 for byte in characters):
        return b""
    return bytes(0x30 | byte & 0x0F for byte in characters)


class Swipes(Protocol):
    """Cuts what a reader sends into swipes, each as the text of its track; b"" for one that is damaged."""

    @property
    def begun(self) -> bool: ...

    def feed(self, data: bytes) -> list[bytes]: ...

    def end(self) -> bytes | None:
        """The reader fell silent: what has come is the whole swipe. None when it was none."""
        ...


GAP = 0.3               # seconds of silence in a swipe: the rest will not come


class StripeReader:
    """A reader that cannot be asked anything: it only sends."""

    def __init__(self, link: Link, form: Form, name: str) -> None:
        self._link, self._form, self._name = link, form, name

    def swipes(self) -> Swipes:
        raise NotImplementedError

    def identify(self) -> str:
        self._link.read(0)
        return self._name

    def status(self) -> Status:
        """ONLINE while the line is open: such a reader has no way to say more."""
        self._link.read(0)
        return Status(State.ONLINE)

    def read_card(self, timeout: float) -> Stripe:
        """The first swipe from now on. What was swiped before, for a page that did not ask, is dropped."""
        deadline = time.monotonic() + timeout
        drop_earlier(self._link, deadline)
        swipes = self.swipes()
        while True:
            left = deadline - time.monotonic()
            if not swipes.begun and left <= 0:
                raise NothingPresented
            data = self._link.read(GAP if swipes.begun else left)
            for track in swipes.feed(data):
                return self._form.read(track)
            if not data and swipes.begun and (track_so_far := swipes.end()) is not None:
                return self._form.read(track_so_far)
