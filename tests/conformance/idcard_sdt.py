"""The resident ID card reader."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import DeviceError, IdCard
from drivers.idcard_sdt import Decoder, impersonal, parse_record, parts, sam_id
from drivers.sim.cards import DECK


def is_the_card(card: IdCard, name: str) -> bool:
    """Is it the card of the deck, in every field that a person is known by?"""
    given = DECK[name]
    return (card.number, card.name, len(card.photo)) == (given.number, given.name or given.english_name, 1024)


def use(twins: Twins, desk: Desk) -> Any:
    """A card is put and read."""
    reader = twins.devices["idcard"]
    reader.lift()
    reader.put("resident")
    card = desk.do(lambda device: device.read_card(20))
    return is_the_card(card, "resident") if isinstance(card, IdCard) else card


def codec(data: bytes) -> None:
    """A line, the data of a frame, a module's number, and a text record."""
    impersonal(data)
    decoder = Decoder()
    for start in range(0, len(data), 7):
        decoder.feed(data[start:start + 7])
    for read in (lambda: parts(data), lambda: sam_id(data[:16]), lambda: parse_record(data[:256].ljust(256, b" "))):
        try:
            read()
        except DeviceError:
            continue


SUBJECT = Subject("idcard_sdt", "idcard", use, codec, waits=lambda device: device.read_card(20),
                  tells=lambda twin: twin.self_test_failed())
