"""The scanner that only sends."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.code_text import ENDS, Decoder
from drivers.scanner_line import impersonal

CODE = "134567890123456789"


def use(twins: Twins, desk: Desk) -> Any:
    """A code is shown once somebody waits for it."""
    scanner = twins.devices["scanner"]
    scanner.hide()
    code = desk.do(lambda device: device.scan(20), once_it_waits=lambda: scanner.show(CODE))
    return code == CODE if isinstance(code, str) else code


def codec(data: bytes) -> None:
    """A line, with each suffix."""
    impersonal(data)
    for suffix in ENDS:
        decoder = Decoder(suffix)
        for start in range(0, len(data), 7):
            decoder.feed(data[start:start + 7])
        decoder.end()


SUBJECT = Subject("scanner_line", "scanner", use, codec, waits=lambda device: device.scan(20), asks=False,
                  unchecked=frozenset({"use"}))      # a code and its suffix, nothing else: one wrong letter is another code
