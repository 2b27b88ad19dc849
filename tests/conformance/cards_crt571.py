"""The dispensers CRT-571 and CRT-591."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.cards_crt571 import decode, impersonal, parse, uid
from drivers.contract import DeviceError


def use_of(device: str) -> Any:
    """A blank card is drawn, read, and captured; another is given, and taken by a hand. Those who have no hopper are given
    a card each time."""

    def use(twins: Twins, desk: Desk) -> Any:
        mover = twins.devices[device]
        mover.refill(50 if mover.HOPPER else 0)
        mover.empty_bin()
        for end, pile in ((lambda cards: cards.capture(), mover.captured), (give, mover.taken)):
            if mover.HOPPER:
                uid = desk.do(lambda cards: cards.draw(20))
            else:
                uid = desk.do(lambda cards: cards.admit(20), once_it_waits=lambda: mover.insert("0DEC0DE5"))
            if not isinstance(uid, str):
                return uid
            card = mover.card
            mover.line.loop.call(lambda: hand(mover))
            gone = desk.do(end)
            if isinstance(gone, DeviceError):
                return gone
            if not (gone and uid in (card, "") and pile[-1:] == [card]):
                return uid, gone, pile
        return True

    return use


def give(cards: Any) -> bool:
    """Held, given, and nothing is left at the mouth."""
    cards.hold()
    cards.present(10)
    return bool(cards.taken(0))


def hand(mover: Any, looks: int = 100) -> None:
    """A hand that takes a card as soon as one is at the mouth."""
    had = len(mover.taken)
    mover.take()
    if looks and len(mover.taken) == had:
        mover.line.loop.later(0.1, lambda: hand(mover, looks - 1))


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
