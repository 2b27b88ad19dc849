"""The scan engine that speaks Newland's unified text commands."""

from __future__ import annotations

from conformance import Subject
from conformance.scanner_line import use
from drivers.code_text import ENDS
from drivers.code_trigger import Stream
from drivers.scanner_newland import Older, Unified, impersonal


def codec(data: bytes) -> None:
    """A line, with each suffix."""
    impersonal(data)
    for language in (Unified(), Older()):
        for suffix in ENDS:
            stream = Stream(language, suffix)
            for start in range(0, len(data), 7):
                stream.feed(data[start:start + 7])
            stream.end()


SUBJECT = Subject(
    "scanner_newland", "scanner", use, codec, waits=lambda device: device.scan(20),
    prepare=lambda twin: twin.speak("unified"),
    unchecked=frozenset({"use"}))      # commands are answered in frames; a code is bare text, as with every scanner
