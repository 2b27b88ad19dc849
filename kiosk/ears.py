"""The machine's ears: while a question stands, what the world says to it.

An ear is open while a question that listens to it stands, and never between: what is shown to a page that did not ask
answers nothing. What is heard goes to the inbox with the serial of the question that stands then.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

from drivers import contract
from drivers.contract import (Bin, CardMoved, CardReader, CardRefused, DeviceError, IdCard, NothingPresented, Scanner,
                              State, Status, Stripe)
from drivers.service import Command, Service
from kiosk.care import Document, Order
from kiosk.hands import Hands
from kiosk.hospital import Hospital, Unknown
from kiosk.numbers import CodeRule, kind_of_code, wallet_of
from kiosk.requests import (CardRead, CardTrouble, CodeKind, CodeShown, Event, PaymentNews, Refused, SocialCard,
                            SocialRead)

WAIT = 30.0          # seconds one wait for a card or code lasts before it is begun again
AGAIN = 1.0          # seconds before a failed device, or the payment, is asked again

Hear = Callable[[Event], None]


class DeviceEar:
    """Waits at one device, again and again, until closed. `wait` is the driver's command, `meaning` what came of it.

    Whether the device works at all is the service's news (three misses), not the ear's. After a card that was no use the
    ear is open again at once: people swipe again within a second.
    """

    def __init__(self, service: Service[Any], hands: Hands, wait: Callable[[Any], Any],
                 meaning: Callable[[Any], Event | None], hear: Hear) -> None:
        self._service, self._hands, self._wait, self._meaning, self.hear = service, hands, wait, meaning, hear
        self._closed = threading.Event()
        self._command: Command | None = None
        self._listen()

    def close(self) -> None:
        self._closed.set()
        if self._command is not None:
            self._command.cancel()

    def _listen(self) -> None:
        if not self._closed.is_set():
            self._command = self._service.submit(self._wait, self._ended)
            if self._closed.is_set():       # closed between the question and the command: take it back
                self._command.cancel()

    def _ended(self, answer: Any) -> None:
        if self._closed.is_set():
            return
        event = self._meaning(answer)
        if event is not None:
            self.hear(event)
        if isinstance(answer, DeviceError) and not isinstance(answer, NothingPresented | CardMoved | CardRefused):
            self._hands.after(AGAIN, self._listen)
        else:
            self._listen()


class PaymentEar:
    """Asks the hospital how an order stands, once a second, until closed or settled."""

    def __init__(self, hospital: Hospital, order: Order, hands: Hands, hear: Hear) -> None:
        self._hospital, self._no, self._hands, self.hear = hospital, order.no, hands, hear
        self._closed = threading.Event()
        self._misses = 0
        hands.do(self._ask)

    def close(self) -> None:
        self._closed.set()

    def _ask(self) -> None:
        if self._closed.is_set():
            return
        try:
            self.hear(PaymentNews(self._hospital.order(self._no)))
            self._misses = 0
        except (Unknown, Refused):
            self._misses += 1
            if self._misses == 3:        # a moment's absence is not worth frightening anybody
                self.hear(PaymentNews(None))
        self._hands.after(AGAIN, self._ask)


MOVED = {"stripe": "swipe_again"}
REFUSED = {"social": "social_refused", **dict.fromkeys(("visit_card_reader", "stripe", "cards"), "visit_card_refused")}
"""What is said of a card that was taken away too soon, or is of no use, where a reader has words of its own for that."""


def card_ear(name: str, service: Service[CardReader[Any]], hands: Hands, hear: Hear, rules: Sequence[CodeRule],
             today: Callable[[], dt.date]) -> DeviceEar:
    """Hears cards at the reader `name`."""
    return DeviceEar(service, hands, lambda reader: reader.read_card(WAIT), card_meaning(name, rules, today), hear)


def card_meaning(name: str, rules: Sequence[CodeRule], today: Callable[[], dt.date]) -> Callable[[Any], Event | None]:
    """What the answer of the reader `name` means; CardTrouble when a card was there and could not be read."""

    def meaning(answer: Any) -> Event | None:
        match answer:
            case CardMoved():
                return CardTrouble(MOVED.get(name, answer.cause))
            case CardRefused():
                return CardTrouble(REFUSED.get(name, answer.cause))
            case DeviceError():
                return None
        return shown(answer, rules, today())

    return meaning


def shown(card: IdCard | contract.SocialCard | contract.VisitCard | Stripe, rules: Sequence[CodeRule],
          today: dt.date) -> Event:
    """What a card that was read means. A visit card's number has the form that the hospital's have on paper, too."""
    match card:
        case IdCard():
            return CardRead(document(card, today))
        case contract.SocialCard():
            return SocialRead(SocialCard(card.region, card.card_number, card.number, card.name))
        case Stripe(bank=True):
            return CardTrouble("bank_card")
    number = card.number.upper()
    if not any(rule.kind == CodeKind.VISIT_CARD and rule.fits(number) for rule in rules):
        return CardTrouble("visit_card_refused")
    return CodeShown(CodeKind.VISIT_CARD, number)


def code_ear(service: Service[Scanner], hands: Hands, hear: Hear, rules: Sequence[CodeRule],
             asked: Callable[[], Collection[str]]) -> DeviceEar:
    """Hears codes, each with its kind. `asked`: the kinds that the page of this moment takes; all others lose their value
    here, for they are secrets, or useless."""

    def meaning(answer: str | DeviceError) -> Event | None:
        if isinstance(answer, DeviceError):
            return None
        wanted = asked()
        kind = CodeKind(kind_of_code(answer, rules, wanted))
        if kind not in wanted:
            return CodeShown(kind, "")
        return CodeShown(kind, answer.upper() if kind in (CodeKind.VISIT_CARD, CodeKind.ID_NUMBER) else answer)

    return DeviceEar(service, hands, lambda scanner: scanner.scan(WAIT), meaning, hear)


def payer_ear(service: Service[Scanner], hands: Hands, hear: Hear) -> DeviceEar:
    """Hears codes where something is to be paid. A payer's code keeps its value, whatever else it could be: it was asked
    for. (A WeChat code may look like a citizen number of provinces 11-15.) Everything else loses its value."""

    def meaning(answer: str | DeviceError) -> Event | None:
        if isinstance(answer, DeviceError):
            return None
        return CodeShown(CodeKind.PAYMENT, answer) if wallet_of(answer) else CodeShown(CodeKind.RUBBISH, "")

    return DeviceEar(service, hands, lambda scanner: scanner.scan(WAIT), meaning, hear)


def document(card: IdCard, today: dt.date) -> Document:
    """What a journey may know of a card: no photo, and the day it was read."""
    return Document(kind=card.kind, number=card.number, name=card.name or card.english_name,
                    english_name=card.english_name, sex=card.sex, born=card.born, nation=card.nation or card.nationality,
                    address=card.address, valid_to=card.valid_to, read_on=today)


def works(status: Status) -> bool:
    """Can patients use the device now? Unknown is no reason to say no. Where a forgotten card could not be captured, none is
    taken in."""
    return status.state in (State.ONLINE, State.UNKNOWN) and status.bin is not Bin.FULL
