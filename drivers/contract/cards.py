"""Cards and codes: what readers and scanners read."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from drivers.contract.driver import Driver
from drivers.contract.errors import BinFull, NotTaken


class CardKind(StrEnum):
    """Which identity document (protocols: the type letter of the text record)."""

    RESIDENT = "resident"            # 居民身份证
    HMT = "hmt"                      # 港澳台居民居住证, type J
    FOREIGNER_2017 = "foreigner_2017"  # 外国人永久居留身份证, type I
    FOREIGNER_2023 = "foreigner_2023"  # the same, 2023 edition, type Y


@dataclass(frozen=True)
class IdCard:
    """An identity document as its chip says it. Personal throughout: never logged, `repr` shows nothing."""

    kind: CardKind
    name: str = field(repr=False)     # as on the card; the English name where there is no Chinese one
    number: str = field(repr=False)
    sex: str = field(default="0", repr=False)      # GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated
    born: dt.date | None = field(default=None, repr=False)
    valid_from: dt.date | None = field(default=None, repr=False)
    valid_to: dt.date | None = field(default=None, repr=False)   # None: 长期, without end
    nation: str = field(default="", repr=False)    # GB/T 3304 code, "" where the document has none
    address: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    english_name: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)   # three letters
    pass_number: str = field(default="", repr=False)
    issues: str = field(default="", repr=False)    # times issued / renewals, as on the card
    photo: bytes = field(default=b"", repr=False)  # WLT, opaque; memory only


@dataclass(frozen=True)
class SocialCard:
    """A social security card as its chip says it. Personal throughout: `repr` shows nothing but the generation.

    A third-generation card keeps its holder's data behind a key that a kiosk without a PSAM does not have: then `withheld`
    is true and `number`, `name`, `sex`, `born` are empty, not guessed.
    """

    version: str                       # "1.0", "2.0", "3.0": the first three characters of the card's own
    card_number: str = field(repr=False)
    region: str = field(repr=False)    # six digits, GB/T 2260
    withheld: bool = False
    number: str = field(default="", repr=False)    # the social security number; for citizens the citizen number
    name: str = field(default="", repr=False)
    sex: str = field(default="0", repr=False)      # GB/T 2261.1
    nation: str = field(default="", repr=False)    # GB/T 3304
    born: dt.date | None = field(default=None, repr=False)
    issued: dt.date | None = field(default=None, repr=False)
    valid_to: dt.date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class VisitCard:
    """A hospital's own card: the number printed in its files, and the chip's UID (hex, as the chip gives it)."""

    number: str = field(repr=False)
    uid: str = field(default="", repr=False)


@dataclass(frozen=True)
class Stripe:
    """Track 2 of a magnetic card (ISO/IEC 7813). `bank`: it has the form of a bank card, whose number nobody may keep: it is
    empty then."""

    number: str = field(repr=False)
    bank: bool = False


Card_co = TypeVar("Card_co", covariant=True)


class CardReader(Driver, Protocol[Card_co]):
    """Reads one kind of card: `IdCard`, `SocialCard`, `VisitCard` or `Stripe`."""

    def read_card(self, timeout: float) -> Card_co:
        """Wait up to `timeout` seconds for a card and read it.

        Raises NothingPresented, CardMoved, CardRefused, OutOfService, NoAnswer, Gone, Cancelled.
        """
        ...


class Scanner(Driver, Protocol):
    def scan(self, timeout: float) -> str:
        """Wait up to `timeout` seconds for one code. Raises NothingPresented, NoAnswer, Gone, Cancelled."""
        ...


class CardPlace(StrEnum):
    """Where a card is in a motor reader or dispenser (XFS4IoT CardReader, media)."""

    NONE = "none"              # no card in the path
    READER = "reader"          # at the chip or radio position
    SLOT = "slot"              # at the mouth, held or to be taken
    INSIDE = "inside"          # somewhere between
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class CardWent(StrEnum):
    """Where a card went at last."""

    ISSUED = "issued"          # a blank one, into somebody's hand
    RETURNED = "returned"      # one that was put in, into its owner's hand
    CAPTURED = "captured"      # into the box that staff empty: its owner had left, and staff give it back
    HELD = "held"              # into the machine, for the box is full: captured as soon as there is room


class CardMover(Driver, Protocol):
    """A dispenser or motor reader: it moves cards, and knows where they are. Each move ends when the device says it has.

    Moves raise CardJam, NoCards, BinFull, CardMoved, CardRefused, MoveUnknown, OutOfService, NoAnswer, Gone, Cancelled.
    After MoveUnknown, Gone and Cancelled nobody knows where the card is until `place` tells; `capture` is then always
    safe. A card found in the path when the device is connected is captured: it is somebody's, and not the next person's.
    """

    happened: deque[str]
    """What became of cards (`CardWent`), whoever wanted it, for the books: `drivers.service` takes it out and tells it."""

    def place(self) -> CardPlace:
        """Where the card is now."""
        ...

    def draw(self, timeout: float) -> str:
        """Take a blank card from the hopper to the reading position; its UID (hex), or "" where the device reads none.

        A card that lies in the path is captured first: nobody can tell that it is blank.
        """
        ...

    def admit(self, timeout: float) -> str:
        """Let a person put their card in, up to `timeout` seconds, and take it to the reading position; its UID or "".

        A card that lies in the path is captured first. Raises NothingPresented too.
        """
        ...

    def present(self, timeout: float) -> None:
        """Move the card to the mouth and wait up to `timeout` seconds until it was taken. Raises NotTaken: it lies there.

        See `give_back`, for what then becomes of it.
        """
        ...

    def taken(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until no card lies at the mouth any more; False: one does."""
        ...

    def capture(self) -> bool:
        """Move the card into the box that staff empty; True when one went in, False when there was none in the path."""
        ...

    def hold(self) -> None:
        """Draw the card in again, where nobody can take it."""
        ...


def give_back(mover: CardMover, timeout: float) -> CardWent:
    """Present the card for `timeout` seconds; one that its owner forgot is captured, so that nobody else takes it.

    RETURNED stands for any hand, also one that took a blank card. It raises what moves raise: then the card is where
    `place` says.
    """
    try:
        mover.present(timeout)
    except NotTaken:
        try:
            return CardWent.CAPTURED if mover.capture() else CardWent.RETURNED      # taken at the last moment
        except BinFull:
            mover.hold()
            return CardWent.HELD
    return CardWent.RETURNED
