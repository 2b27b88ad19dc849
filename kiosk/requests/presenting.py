"""Who is here: the welcome page, where nobody stands yet, and the question to somebody who does.

Both listen at every reader that the machine has: a card that is of no use here gets a sentence, not silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from kiosk.care import Document
from kiosk.requests.asks import Ask, Choose, Option
from kiosk.requests.events import (Answered, CardRead, CardTrouble, CodeKind, CodeShown, Complaint, DeviceNews, Event,
                                   SocialCard, SocialRead)
from kiosk.requests.ways import PROOF_AT, PROOFS, READERS, Ways
from kiosk.words import Text, Words, say


@dataclass(frozen=True)
class Welcome(Ask[str]):
    """Nobody stands here yet: which service? A card on any reader answers too, with the journey `attend`."""

    page: ClassVar[str] = "welcome"
    patience: ClassVar[int] = 0
    listens: ClassVar[tuple[str, ...]] = READERS
    passes_on: ClassVar[bool] = True

    title: Text
    services: tuple[Option[str], ...]
    notices: tuple[Text, ...] = ()
    ways: Ways = Ways()

    @property
    def slots(self) -> tuple[str, ...]:
        return self.ways.to(PROOFS[:-1])

    @property
    def news(self) -> tuple[Text, ...]:
        """The notices, and that nothing can be shown here where no reader works."""
        own = () if self.slots else (say("welcome.no_reader" if self.ways.take("typed") else "welcome.no_way"),)
        return self.notices + own

    @property
    def hint(self) -> Text | None:
        """What can be put down without choosing a service first; None: nothing."""
        readers = [slot for slot in self.slots if slot != "scanner"]
        if readers == ["idcard"]:
            return say("welcome.card")
        if readers:
            return say("welcome.cards", cards=_cards(readers))
        return say("welcome.code") if self.slots else None

    def here(self, ways: Ways) -> Self:
        return replace(self, ways=ways)

    def hear(self, event: Event) -> Answered[str] | Complaint | None:
        match event:
            case CardRead():
                return Answered("attend")
            case SocialRead() if self.ways.take("social"):
                return Answered("attend")
            case CodeShown(CodeKind.VISIT_CARD) if self.ways.take("visit_card"):
                return Answered("attend")
        return _no_use(event)


@dataclass(frozen=True)
class ChooseService(Choose[str]):
    """Somebody is known, and says what for. What staff have closed cannot be chosen."""

    def here(self, ways: Ways) -> Self:
        shut = dict(ways.shut)
        return replace(self, options=tuple(
            replace(option, enabled=option.value not in shut, why=_why(shut.get(option.value))) for option in self.options))


def _why(reason: str | None) -> Text | None:
    return say(f"closed.{reason}") if reason else None


@dataclass(frozen=True)
class VisitCard:
    """The number of a visit card (就诊卡)."""

    number: str = field(repr=False)


@dataclass(frozen=True)
class TypeInstead:
    """No card at hand: type the ID number."""


Shown = Document | SocialCard | VisitCard | TypeInstead


@dataclass(frozen=True)
class Identify(Ask[Shown]):
    """Who is here? Put a card on a reader, show a code, or choose to type. `title`: by itself it asks for what can be shown
    here. `accepts`: words of `PROOFS`. `complaint`: what was wrong with what was shown before."""

    page: ClassVar[str] = "present"
    listens: ClassVar[tuple[str, ...]] = READERS
    revisit: ClassVar[bool] = False

    title: Text = say("identify.title")
    accepts: tuple[str, ...] = PROOFS
    complaint: Text | None = None
    ways: Ways = field(default=Ways(), metadata={"kept": False})

    @property
    def offered(self) -> tuple[str, ...]:
        """Every way there is, here and now."""
        return self.ways.to(self.accepts)

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(way for way in self.offered if way != "typed")

    @property
    def wrong(self) -> Text | None:
        return self.complaint

    def here(self, ways: Ways) -> Self:
        here = replace(self, ways=ways)
        if not (isinstance(self.title, Words) and self.title.key.startswith("identify.title")):
            return here
        if "idcard" in here.slots and set(here.slots) <= {"idcard", "scanner"}:
            return replace(here, title=say("identify.title"))
        if here.slots:
            return replace(here, title=say("identify.title_cards", cards=_cards(here.slots)))
        return replace(here, title=say("identify.title_typed" if here.offered else "identify.title_none"))

    def hear(self, event: Event) -> Answered[Shown] | Complaint | None:
        match event:
            case CardRead(document) if document.expired:
                return Complaint(say("card.expired", until=document.valid_to), "card_expired")
            case CardRead(document):
                return Answered(document)
            case SocialRead(card) if self._takes("social"):
                return Answered(card)
            case CodeShown(CodeKind.VISIT_CARD, value) if self._takes("visit_card"):
                return Answered(VisitCard(value))
            case DeviceNews(device, works) if device in PROOF_AT and self._takes(PROOF_AT[device]):
                return self._came_or_went(device, works)
        return _no_use(event)

    def _takes(self, proof: str) -> bool:
        return proof in self.accepts and self.ways.take(proof)

    def _came_or_went(self, device: str, works: bool) -> Complaint:
        left = [way for way in self.offered if way != device]
        news = "back" if works else "gone" if left else "gone_last"
        return Complaint(say(f"reader.{news}", what=say(f"slot.{device}")), f"{device}_{'back' if works else 'gone'}")


def _cards(slots: Sequence[str]) -> Text:
    """What can be shown at these: "ID card, social security card or visit card"."""
    cards = list(dict.fromkeys(PROOF_AT[slot] for slot in slots))
    return say(f"proofs.{len(cards)}", **{f"card{at}": say(f"proof.{card}") for at, card in enumerate(cards, 1)})


def _no_use(event: Event) -> Complaint | None:
    """What is said to somebody whose card or code is of no use here."""
    match event:
        case CardTrouble(cause):
            return Complaint(say(f"card.{cause}"), f"card_{cause}")
        case SocialRead():
            return Complaint(say("card.social_not_here"), "card_social")
        case CodeShown(kind):
            return Complaint(say(f"code.{kind}"), f"code_{kind}")
    return None
