"""The stripe reader that is a keyboard."""

from __future__ import annotations

from conformance import Subject
from conformance.stripe_serial import FORM, read, use_of
from drivers.stripe_hid import Keys, KeySwipes, impersonal


def codec(data: bytes) -> None:
    """Events."""
    impersonal(data)
    Keys().feed(data)
    read(KeySwipes(), data)


SUBJECT = Subject("stripe_hid", "stripe_keys", use_of("stripe_keys"), codec, options={"form": FORM},
                  waits=lambda device: device.read_card(20), asks=False)
