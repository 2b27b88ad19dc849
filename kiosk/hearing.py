"""Which ears are open: those of the question that stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from kiosk import requests as r
from kiosk.ears import Hear, PaymentEar, card_ear, code_ear, payer_ear
from kiosk.hands import Hands
from kiosk.hospital import Hospital
from kiosk.lobby import EAR_OF, Lobby
from kiosk.mouth import Mouth
from kiosk.numbers import CodeRule


class Ear(Protocol):
    hear: Hear

    def close(self) -> None: ...


class Hearing:
    """`tell` gets what is heard, from any thread, with the serial of the question that stands then."""

    def __init__(self, lobby: Lobby, mouth: Mouth | None, hospital: Hospital, hands: Hands, codes: Sequence[CodeRule],
                 today: Callable[[], dt.date], tell: Callable[[int, r.Event], None]) -> None:
        self._lobby, self._mouth, self._hospital, self._hands = lobby, mouth, hospital, hands
        self._codes, self._today, self._tell = codes, today, tell
        self._ears: dict[str, Ear] = {}
        self._asked: Collection[str] = ()       # the kinds of codes that the question of this moment takes

    def listen(self, ask: r.Ask[Any], serial: int, closed: Collection[str]) -> None:
        """Open the ears of a question, but at devices that are `closed`, and close the others.

        An ear that the question before it had open stays open: a card that is being read while the page changes is
        read for the new page. (To take the reading back would lose it: a reader finds a card once, until it is lifted.)
        """
        def hear(event: r.Event) -> None:
            self._tell(serial, event)

        self._asked = getattr(ask, "accepts", (r.CodeKind.VISIT_CARD,))
        listens = [name for name in ask.listens if self._lobby.has(name) and EAR_OF.get(name, name) not in closed]
        for name in self._ears.keys() - set(listens):
            self._ears.pop(name).close()
        for name in listens:
            if name in self._ears:
                self._ears[name].hear = hear
            else:
                self._ears[name] = self._ear(name, ask, hear)

    def hush(self) -> None:
        """Close every ear."""
        while self._ears:
            self._ears.popitem()[1].close()

    def _ear(self, name: str, ask: r.Ask[Any], hear: Hear) -> Ear:
        match name:
            case "idcard" | "social" | "visit_card_reader" | "stripe":
                return card_ear(name, getattr(self._lobby, name), self._hands, hear, self._codes, self._today)
            case "cards" if self._mouth is not None:
                return self._mouth.ear(hear, self._codes, self._today)
            case "card_back" if self._mouth is not None:
                return self._mouth.back(hear)
            case "scanner":
                return code_ear(self._lobby.scanner, self._hands, hear, self._codes, lambda: self._asked)
            case "payer_code":
                return payer_ear(self._lobby.scanner, self._hands, hear)
        assert isinstance(ask, r.Pay), f"nobody hears {name}"
        return PaymentEar(self._hospital, ask.order, self._hands, hear)
