"""Codes on a line: what a scanner sends is text and a suffix, or text and then silence."""

from __future__ import annotations

import time
import unicodedata

from drivers.contract import Link

ENDS = {"any": (b"\r", b"\n"), "cr": (b"\r",), "lf": (b"\n",), "crlf": (b"\r\n",), "none": ()}
LONGEST = 4096          # bytes; more than the largest QR code holds
GAP = 0.08              # seconds of silence that end a code without a suffix
EXTRA = 1.0             # seconds past the deadline in which a code that has begun may end


class Decoder:
    """Cuts bytes into codes at the suffix; `end` cuts where the line fell silent.

    What is not text, longer than any code, or has one of the bytes `never` in it, is dropped whole: half a payment code is
    worse than none.
    """

    def __init__(self, suffix: str, never: bytes = b"") -> None:
        self._ends, self._never = ENDS[suffix], never
        self._heard = bytearray()
        self._too_long = False

    @property
    def begun(self) -> bool:
        return bool(self._heard) or self._too_long

    def feed(self, data: bytes) -> list[str]:
        self._heard += data
        codes = []
        while cuts := [(at, end) for end in self._ends if (at := self._heard.find(end)) >= 0]:
            at, end = min(cuts)
            rest = self._heard[at + len(end):]
            del self._heard[at:]
            codes.append(self.end())
            self._heard = rest
        if len(self._heard) > LONGEST:
            self._too_long = True
            del self._heard[:-1]            # the first half of a CR LF may be the last byte
        return [code for code in codes if code]

    def end(self) -> str:
        """What has come is the whole code; "" when it is no text."""
        raw, too_long = bytes(self._heard), self._too_long or len(self._heard) > LONGEST
        self._heard.clear()
        self._too_long = False
        return "" if too_long or any(byte in self._never for byte in raw) else _text(raw)


def _text(raw: bytes) -> str:
    """UTF-8, or else GBK, without control characters and the space around it."""
    for encoding in ("utf-8", "gbk"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(c for c in text if unicodedata.category(c) != "Cc" and c != "\ufeff").strip()
    return ""


def drop_earlier(link: Link, deadline: float) -> None:
    """Forget what was shown to a page that did not ask, with the rest of a code that is on its way: its tail would look
    like a code. `deadline` on the monotonic clock."""
    data = link.read(0)
    while data and time.monotonic() < deadline:
        data = link.read(GAP)
