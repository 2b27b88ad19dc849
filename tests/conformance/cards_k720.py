"""The dispensers K720 and D1801."""

from __future__ import annotations

from conformance import Subject
from conformance.cards_crt571 import use_of
from drivers.cards_k720 import decode, impersonal, uid, word


def codec(data: bytes) -> None:
    """A line, and the text of an answer."""
    impersonal(data)
    decode(data)
    word(data)
    uid(data)


SUBJECT = Subject("cards_k720", "k720", use_of("k720"), codec, waits=lambda device: device.admit(20),
                  tells=lambda twin: twin.bin_full())
