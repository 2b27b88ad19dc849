"""The stripe reader on a serial line."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import DeviceError, Stripe
from drivers.stripe_serial import FRAMINGS, impersonal
from drivers.stripe_track import Form, Swipes, from_bits

NUMBER = "1200000000340056"
FORM = "12[0-9]{14}"        # an XOR does not see a missing 0: the length does


def use_of(device: str) -> Any:
    def use(twins: Twins, desk: Desk) -> Any:
        """A card is swiped once somebody waits for it."""
        reader = twins.devices[device]
        card = desk.do(lambda device: device.read_card(20), once_it_waits=lambda: reader.swipe(NUMBER, "4912"))
        return card == Stripe(NUMBER) if isinstance(card, Stripe) else card

    return use


def read(swipes: Swipes, data: bytes) -> None:
    """All the tracks in `data`."""
    tracks = []
    for start in range(0, len(data), 7):
        tracks += swipes.feed(data[start:start + 7])
    for track in (*tracks, swipes.end() or b"", data):
        try:
            Form().read(track)
        except DeviceError:
            continue


def codec(data: bytes) -> None:
    """A line, with each framing."""
    impersonal(data)
    from_bits(data)
    for framing in FRAMINGS.values():
        read(framing(), data)


SUBJECT = Subject("stripe_serial", "stripe", use_of("stripe"), codec, options={"form": FORM},
                  waits=lambda device: device.read_card(20), asks=False)
