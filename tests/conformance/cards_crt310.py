"""The motor readers of the CRT-310 class."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.cards_crt310 import decode, impersonal, parse
from drivers.contract import CardPlace


def use(twins: Twins, desk: Desk) -> Any:
    """A card is put in, found at the reader, and captured."""
    mover = twins.devices["crt310"]
    mover.empty_bin()
    uid = desk.do(lambda cards: cards.admit(20), once_it_waits=lambda: mover.insert("0DEC0DE5"))
    if not isinstance(uid, str):
        return uid
    place = desk.do(lambda cards: cards.place())
    if not isinstance(place, CardPlace):
        return place
    end = desk.do(lambda cards: cards.capture())
    if not isinstance(end, bool):
        return end
    return place is CardPlace.READER and end and mover.captured[-1:] == ["0DEC0DE5"]


def codec(data: bytes) -> None:
    """A line, and the text of an answer."""
    impersonal(data)
    decode(data)
    parse(data, b"23")


SUBJECT = Subject("cards_crt310", "crt310", use, codec, waits=lambda device: device.admit(20))
