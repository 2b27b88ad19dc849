"""The motor readers of the CRT-310 class."""

from __future__ import annotations

from conformance import Subject
from conformance.cards_crt571 import use_of
from drivers.cards_crt310 import decode, impersonal, parse


def codec(data: bytes) -> None:
    """A line, and the text of an answer."""
    impersonal(data)
    decode(data)
    parse(data, b"23")


SUBJECT = Subject("cards_crt310", "crt310", use_of("crt310"), codec, waits=lambda device: device.admit(20))
