"""Bar code and QR scanners that send what they read as a line of text: nearly every serial engine's factory setting.

The suffix (CR, LF, CR LF, none) is set when the machine is commissioned. A plain line scanner understands no
question, so nothing more can be known of it than that its line is open.
"""

from __future__ import annotations

import time
import unicodedata

from drivers.contract import Link, NothingPresented, State, Status

# The codec: bytes in, codes out.

ENDS = {"any": (b"\r", b"\n"), "cr": (b"\r",), "lf": (b"\n",), "crlf": (b"\r\n",), "none": ()}
LONGEST = 4096          # bytes; more than the largest QR code holds


class Decoder:
    """Cuts bytes into codes at the suffix; `end` cuts where the line fell silent.

    What is not text, or longer than any code, is dropped whole: half a payment code is worse than none.
    """

    def __init__(self, suffix: str) -> None:
        self._ends = ENDS[suffix]
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
        return "" if too_long else _text(raw)


def _text(raw: bytes) -> str:
    """UTF-8, or else GBK, without control characters and the space around it."""
    for encoding in ("utf-8", "gbk"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(c for c in text if unicodedata.category(c) != "Cc" and c != "\ufeff").strip()
    return ""


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: codes are people's numbers and money."""
    return False


# The device: the codec over a line.

GAP = 0.08              # seconds of silence that end a code without a suffix
EXTRA = 1.0             # seconds past the deadline in which a code that has begun may end


class Device:
    """A line scanner. `suffix`: any (CR or LF), cr, lf, crlf, or none; with any and none a gap ends a code too."""

    def __init__(self, link: Link, suffix: str = "any") -> None:
        if suffix not in ENDS:
            raise ValueError(f"suffix is one of {', '.join(ENDS)}")
        self._link, self._suffix = link, suffix
        self._gap_ends = suffix in ("any", "none")

    def identify(self) -> str:
        self._link.read(0)
        return f"line scanner, suffix {self._suffix}"

    def status(self) -> Status:
        """ONLINE while the line is open: a line scanner has no way to say more."""
        self._link.read(0)
        return Status(State.ONLINE)

    def scan(self, timeout: float) -> str:
        """The first code that is shown from now on. What was shown before, to a page that did not ask, is dropped."""
        deadline = time.monotonic() + timeout
        self._drop_earlier(deadline)
        decoder = Decoder(self._suffix)
        while True:
            left = deadline - time.monotonic()
            if decoder.begun and self._gap_ends and left > -EXTRA:
                data = self._link.read(GAP)
            elif left > 0:
                data = self._link.read(left)
            else:
                raise NothingPresented
            codes = decoder.feed(data)
            if not data and self._gap_ends and (code := decoder.end()):
                codes.append(code)
            if codes:
                return codes[0]

    def _drop_earlier(self, deadline: float) -> None:
        """Including the rest of a code that is on its way: its tail would look like a code."""
        data = self._link.read(0)
        while data and time.monotonic() < deadline:
            data = self._link.read(GAP)
