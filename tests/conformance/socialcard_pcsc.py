"""The social security card in a PC/SC reader.

`unchecked`: what passes between PC/SC and us carries no check; the card's and the reader's own are below it.
"""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.chip import Decoder, answer, impersonal
from drivers.contract import DeviceError, SocialCard
from drivers.sim.socialcard import DECK, Person
from drivers.socialcard_pcsc import card, date, digits, record, text


def is_the_card(card: SocialCard, given: Person) -> bool:
    """Is it the card that was put, in every field that a person is known by?"""
    known = (card.card_number, card.region, card.version) == (given.card_number, given.region, given.version[:3])
    if given.version.startswith("3"):
        return known and card.withheld and not card.name and not card.number
    return known and not card.withheld and (card.name, card.number, card.sex, card.nation) == (
        given.name, given.number, given.sex, given.nation) and (
        card.born is not None and card.born.strftime("%Y%m%d") == given.born)


def use(twins: Twins, desk: Desk) -> Any:
    """A card is put into the empty slot and read."""
    slot = twins.devices["socialcard"]
    slot.lift()
    card = desk.do(lambda device: device.read_card(20), lambda: slot.put("second"))
    return is_the_card(card, DECK["second"]) if isinstance(card, SocialCard) else card


def codec(data: bytes) -> None:
    """A pipe, an answer, a record, every kind of value, and a whole card of these bytes."""
    impersonal(data)
    everywhere = dict.fromkeys((1, 3, 5, 6, 7, 8, 9, 0x4E, 0x0A, 0x0B, 0x0D), data)
    for read in (lambda: [Decoder().feed(data[:7]), Decoder().feed(data)], lambda: answer(data), lambda: record(data),
                 lambda: digits(data), lambda: text(data), lambda: date(data), lambda: card(everywhere, everywhere)):
        try:
            read()
        except DeviceError:
            continue


SUBJECT = Subject("socialcard_pcsc", "socialcard", use, codec, waits=lambda device: device.read_card(20),
                  unchecked=frozenset({"use"}))
