"""The dispensers CRT-571 and CRT-591."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.cards_crt571 import decode, impersonal, parse, uid
from drivers.contract import DeviceError


def use_of(device: str, reads: bool = True) -> Any:
    """A blank card is drawn, read, given, and taken by a hand."""

    def use(twins: Twins, desk: Desk) -> Any:
        mover = twins.devices[device]
        mover.refill(50)
        mover.empty_bin()
        uid = desk.do(lambda cards: cards.draw(20))
        if not isinstance(uid, str):
            return uid
        drawn = mover.card
        end = desk.do(lambda cards: cards.capture())
        if not isinstance(end, bool):
            return end
        return end and uid == drawn and mover.captured[-1] == drawn

    return use


def codec(data: bytes) -> None:
    """A line, the text of an answer, and what a chip says."""
    impersonal(data)
    decode(data)
    parse(data)
    try:
        uid(data)
    except DeviceError:
        pass


SUBJECT = Subject("cards_crt571", "crt571", use_of("crt571"), codec, waits=lambda device: device.admit(20),
                  tells=lambda twin: twin.bin_full())
