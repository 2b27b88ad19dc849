"""The mouth of a motor reader: a visit card that is put in is read, and given back at once.

Its number is all that is wanted, so nothing of a person's stays in the machine while they are served, and a power cut
keeps no card. One that still lies at the mouth when its owner leaves is asked for, and then captured: the next person
must not take it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from drivers.contract import (Cancelled, CardJam, CardMover, CardPlace, CardRefused, CardWent, DeviceError,
                              NothingPresented, NotTaken, VisitCard, give_back)
from drivers.service import Service
from kiosk.ears import AGAIN, WAIT, DeviceEar, Hear, card_meaning
from kiosk.hands import Hands
from kiosk.numbers import CodeRule
from kiosk.requests import CardGone

TAKE = 30.0         # seconds that somebody is asked to take their card, before it is captured
LOOK = 0.5          # seconds between two looks whether it was taken


class CardLeft(StrEnum):
    """A person's card that is still here."""

    OUT = "out"         # it lies at the mouth
    KEPT = "kept"       # it is in the box, or stuck: staff give it back


@dataclass(frozen=True)
class CardOut:
    """A card lies at the mouth, and nobody was asked for one any more: it came in at the last moment."""


class Mouth:
    """`service`: of a `CardMover` with a radio reader. `post` takes messages from any thread to the stage."""

    def __init__(self, service: Service[CardMover], hands: Hands, post: Callable[[Any], None]) -> None:
        self._service, self._hands, self._post = service, hands, post
        self.out = self._kept = False

    def left(self) -> CardLeft | None:
        """Is there a card that its owner should know of? One that was kept is told once."""
        if self.out:
            return CardLeft.OUT
        kept, self._kept = self._kept, False
        return CardLeft.KEPT if kept else None

    def went(self, what: str) -> None:
        """What the driver tells of a card (`CardWent`), on the device's thread."""
        if self.out and what == CardWent.CAPTURED:
            self._kept, self.out = True, False

    def ear(self, hear: Hear, rules: Sequence[CodeRule], today: Callable[[], dt.date]) -> DeviceEar:
        """Hears the cards that are put in."""
        return _In(self, self._service, self._hands, self._take_in, card_meaning("cards", rules, today), hear)

    def back(self, hear: Hear) -> DeviceEar:
        """Hears that no card lies there any more."""
        return DeviceEar(self._service, self._hands, lambda mover: give_back(mover, TAKE), self._gone, hear)

    def came_late(self) -> None:
        """Nobody listens any more, and a card came."""
        if self.out:
            self._post(CardOut())

    # On the device's thread.

    def _take_in(self, mover: CardMover) -> VisitCard:
        if self.out:                            # the one that was read before is to be taken first
            self.out = not mover.taken(WAIT)
            raise NothingPresented
        mover.capture()                         # what else is in there is nobody's who stands here
        try:
            uid = mover.admit(WAIT)
        finally:
            self._hand_out(mover)
        if not uid:
            raise CardRefused("this reader reads no number")
        return VisitCard(uid, uid)

    def _hand_out(self, mover: CardMover) -> None:
        """Back to the mouth with it, whatever became of the reading."""
        try:
            if mover.place() is CardPlace.NONE:
                return
            mover.present(0)
        except NotTaken:
            pass
        except DeviceError:                     # where it is, is asked for again
            pass
        else:
            return
        self.out = True
        self._hands.after(LOOK, self._look)

    def _gone(self, answer: Any) -> CardGone | None:
        match answer:
            case Cancelled():
                return None
            case CardWent.HELD | CardJam():
                self._kept = True
        self.out = False                        # also where the device is gone: when it is back, it captures the card
        return CardGone()

    # Is it still there?

    def _look(self) -> None:
        if self.out:
            self._service.submit(lambda mover: mover.taken(0), self._seen)

    def _seen(self, answer: bool | DeviceError) -> None:
        if answer is True:
            self.out = False
        else:
            self._hands.after(AGAIN if isinstance(answer, DeviceError) else LOOK, self._look)


class _In(DeviceEar):
    """An ear at the mouth."""

    def __init__(self, mouth: Mouth, *args: Any) -> None:
        self._mouth = mouth
        super().__init__(*args)

    def _ended(self, answer: Any) -> None:
        if self._closed.is_set():
            self._mouth.came_late()
        super()._ended(answer)
