"""What the world says while a question stands, and what that can mean for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from kiosk.care import Document, Order
from kiosk.words import Text

T = TypeVar("T")


class CodeKind(StrEnum):
    """What a scanned code is (the order of tests is kiosk/numbers.py's)."""

    VISIT_CARD = "visit_card"
    ID_NUMBER = "id_number"
    PAYMENT = "payment"
    INSURANCE_CODE = "insurance_code"      # 医保电子凭证
    HEALTH_CARD = "health_card"            # 电子健康卡
    RUBBISH = "rubbish"


@dataclass(frozen=True)
class CardRead:
    document: Document


@dataclass(frozen=True)
class SocialCard:
    """A social security card (社保卡): its own number, which is one within the region that issued it, and its holder. Cards of
    the third generation tell no kiosk who holds them: `number` and `name` are empty then."""

    region: str
    card_number: str = field(repr=False)
    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)

    @property
    def withheld(self) -> bool:
        return not self.number


@dataclass(frozen=True)
class SocialRead:
    card: SocialCard


@dataclass(frozen=True)
class CardTrouble:
    """A card was there and is of no use; `cause` is a word of drivers/contract.py or kiosk/ears.py."""

    cause: str


@dataclass(frozen=True)
class CodeShown:
    """A code at the scanner; or the number of a visit card, whichever reader it was shown to."""

    kind: CodeKind
    value: str = field(repr=False)


@dataclass(frozen=True)
class CardGone:
    """No card lies at the mouth any more that can be waited for."""


@dataclass(frozen=True)
class DeviceNews:
    """A device stopped or started working: one of kiosk/requests/ways.py, printer."""

    device: str
    works: bool


@dataclass(frozen=True)
class PaymentNews:
    """How the order stands; None while the hospital cannot be asked."""

    order: Order | None


Event = CardRead | SocialRead | CardTrouble | CardGone | CodeShown | DeviceNews | PaymentNews


@dataclass(frozen=True)
class Answered(Generic[T]):
    """The event answers the question."""

    value: T


@dataclass(frozen=True)
class Complaint:
    """The question stands, with this sentence below it. `fact` is the word the journal keeps."""

    text: Text
    fact: str
