"""Bar code and QR scanners that send what they read as a line of text: nearly every serial engine's factory setting.

The suffix (CR, LF, CR LF, none) is set when the machine is commissioned. A plain line scanner understands no
question, so nothing more can be known of it than that its line is open.
"""

from __future__ import annotations

import time

from drivers.code_text import ENDS, EXTRA, GAP, Decoder, drop_earlier
from drivers.contract import Link, NothingPresented, State, Status


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: codes are people's numbers and money."""
    return False


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
        drop_earlier(self._link, deadline)
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
