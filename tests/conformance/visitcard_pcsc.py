"""A hospital's own card on a PC/SC reader, by a block of its Mifare Classic.

`unchecked`: what passes between PC/SC and us carries no check; the card's and the reader's own are below it.
"""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.chip import Decoder, answer, impersonal
from drivers.contract import DeviceError, VisitCard
from drivers.visitcard_layout import Layout

LAYOUTS = [Layout(), Layout(order="reversed", form="decimal"), Layout(number="block"),
           Layout(number="block", encoding="bcd"), Layout(number="file", aid="A000009999", offset="3", length="9")]
FOUND = VisitCard("C000000000001", "01020304")


def use(twins: Twins, desk: Desk) -> Any:
    """A card is put on the empty reader and read."""
    slot = twins.devices["visitcard"]
    slot.lift()
    card = desk.do(lambda device: device.read_card(20), lambda: slot.put("plain"))
    return card == FOUND if isinstance(card, VisitCard) else card


def layouts(data: bytes) -> None:
    """These bytes as a UID and as a block, in every layout."""
    for layout in LAYOUTS:
        for read in (layout.of_uid, layout.of_data):
            try:
                read(data)
            except DeviceError:
                continue


def codec(data: bytes) -> None:
    impersonal(data)
    layouts(data)
    for read in (lambda: [Decoder().feed(data[:7]), Decoder().feed(data)], lambda: answer(data)):
        try:
            read()
        except DeviceError:
            continue


SUBJECT = Subject("visitcard_pcsc", "visitcard", use, codec, {"number": "block"},
                  waits=lambda device: device.read_card(20), unchecked=frozenset({"use"}))
