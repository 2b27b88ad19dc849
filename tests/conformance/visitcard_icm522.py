"""A hospital's own card on a serial Mifare module, by a block."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from conformance.visitcard_pcsc import FOUND, layouts
from drivers.contract import DeviceError, VisitCard
from drivers.visitcard_icm522 import Decoder, impersonal


def use(twins: Twins, desk: Desk) -> Any:
    """A card is put on the empty module and read."""
    module = twins.devices["icm522"]
    module.lift()
    if isinstance(seen := desk.do(lambda device: device.status()), DeviceError):     # the driver saw it leave
        return seen
    card = desk.do(lambda device: device.read_card(20), lambda: module.put("plain"))
    return card == FOUND if isinstance(card, VisitCard) else card


def codec(data: bytes) -> None:
    impersonal(data)
    layouts(data)
    decoder = Decoder()
    for start in range(0, len(data), 7):
        decoder.feed(data[start:start + 7])


SUBJECT = Subject("visitcard_icm522", "icm522", use, codec, {"number": "block"},
                  waits=lambda device: device.read_card(20))
