"""The vocabulary of journeys: everything a story can ask a person, or have done in the world.

A journey awaits requests; each is a small frozen record, generic in its answer, so that types flow: what
`await ChooseTime(...)` gives *is* a `Choice`. There are two families.

* `Ask`: a question to the person. A screen (named by `page`) draws it and sends the answer. The world may answer
  too: a card on the reader, a code at the scanner, money at the channel (`listens`, `hear`). A person who cancels, walks
  away, or is cut off by a crash answers with the exception `Left`.
* `Do`: an act in the world, performed by the desk. It ends done (its answer) or refused (`Refused`). Unknown never
  reaches a story: the desk asks again, by the same key, until it knows.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from kiosk.care import (Appointment, CancelledBooking, Choice, Confirmed, Department, Document, Hold, Notice, Order,
                        OrderState, PaperKind, PaperState, Patient, Session)
from kiosk.numbers import is_id_number, is_phone
from kiosk.tickets import Ticket
from kiosk.words import Text, say

A = TypeVar("A", covariant=True)
T = TypeVar("T")


class Request(Generic[A]):
    """Something a story waits for. The one line of machinery."""

    def __await__(self) -> Generator[Request[A], A, A]:
        return (yield self)


# How a story is told that it does not go on as hoped.


class Unfinished(Exception):
    """The story does not go on as hoped: undo what was opened, then let it pass."""


class Left(Unfinished):
    """The person is done with this question without an answer.

    why: back (one step), home, timeout, crash, gone (an earlier `Left` and nobody stands here any more).
    """

    def __init__(self, why: str = "home") -> None:
        super().__init__(why)
        self.why = why


class Declined(Unfinished):
    """The person was asked and said no."""


class Refused(Unfinished):
    """The other side said no, for a reason that has a sentence (`refused.<reason>`)."""

    def __init__(self, reason: str, **data: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.data = data


# What the world says while a question stands.


class CodeKind(StrEnum):
    """What a scanned code is (the order of tests is kiosk/numbers.py's)."""

    VISIT_CARD = "visit_card"
    ID_NUMBER = "id_number"
    PAYMENT = "payment"
    RUBBISH = "rubbish"


@dataclass(frozen=True)
class CardRead:
    document: Document


@dataclass(frozen=True)
class CardTrouble:
    """A card was there and could not be read; `cause` is a word of drivers/contract.py."""

    cause: str


@dataclass(frozen=True)
class CodeShown:
    kind: CodeKind
    value: str = field(repr=False)


@dataclass(frozen=True)
class DeviceNews:
    """A device stopped or started working: idcard, scanner, printer."""

    device: str
    works: bool
    cause: str = ""


@dataclass(frozen=True)
class PaymentNews:
    """How the order stands; None while the hospital cannot be asked."""

    order: Order | None


Event = CardRead | CardTrouble | CodeShown | DeviceNews | PaymentNews


@dataclass(frozen=True)
class Answered(Generic[T]):
    """The event answers the question."""

    value: T


@dataclass(frozen=True)
class Complaint:
    """The question stands, with this sentence below it. `fact` is the word the journal keeps."""

    text: Text
    fact: str


# Asks.


class Ask(Request[A]):
    """A question to the person."""

    page: ClassVar[str]
    """screens/<page>.py draws it."""
    patience: ClassVar[int] = 60
    """Seconds of silence before the person is warned; the warning lasts 20 s more (WCAG 2.2, 2.2.1)."""
    listens: ClassVar[tuple[str, ...]] = ()
    """Which ears are open while it stands: idcard, scanner, payment."""
    revisit: ClassVar[bool] = True
    """Can "back" return here? A question the world answered cannot be asked again."""

    title: Text

    def hear(self, event: Event) -> Answered[Any] | Complaint | None:
        """What an event of the world means for this question; None: nothing."""
        return None

    def check(self, answer: Any) -> Complaint | None:
        """What is wrong with the person's own answer; None: nothing."""
        return None

    def silence(self) -> Answered[Any] | None:
        """What a person who lets the time run out has said; None: they left."""
        return None

    def trail(self, answer: Any) -> Text | None:
        """The answer in two words, for the line "what have I done so far"."""
        return None


@dataclass(frozen=True)
class Option(Generic[T]):
    """One thing to choose. `icon` is a name of screens/icons.py; `why` says why it cannot be chosen."""

    value: T
    title: Text
    note: Text | None = None
    badge: Text | None = None
    icon: str = ""
    enabled: bool = True
    why: Text | None = None


@dataclass(frozen=True)
class Row:
    """A label and its value, as on a form."""

    label: Text
    value: Text
    strong: bool = False


@dataclass(frozen=True)
class Welcome(Ask[str]):
    """Nobody stands here yet: which service? A card on the reader answers too, with the journey `attend`."""

    page: ClassVar[str] = "welcome"
    patience: ClassVar[int] = 0
    listens: ClassVar[tuple[str, ...]] = ("idcard", "scanner")

    title: Text
    services: tuple[Option[str], ...]
    notices: tuple[Text, ...] = ()

    def hear(self, event: Event) -> Answered[str] | Complaint | None:
        match event:
            case CardRead() | CodeShown(CodeKind.VISIT_CARD):
                return Answered("attend")
            case CardTrouble(cause):
                return Complaint(say(f"card.{cause}"), f"card_{cause}")
            case CodeShown(kind):
                return Complaint(say(f"code.{kind}"), f"code_{kind}")
        return None


@dataclass(frozen=True)
class VisitCard:
    """The number of a visit card (就诊卡)."""

    number: str = field(repr=False)


@dataclass(frozen=True)
class TypeInstead:
    """No card at hand: type the ID number."""


Shown = Document | VisitCard | TypeInstead


@dataclass(frozen=True)
class Identify(Ask[Shown]):
    """Who is here? Put a card on the reader, show a code, or choose to type."""

    page: ClassVar[str] = "present"
    listens: ClassVar[tuple[str, ...]] = ("idcard", "scanner")
    revisit: ClassVar[bool] = False

    title: Text
    accepts: tuple[str, ...] = ("idcard", "visit_card", "typed")

    def hear(self, event: Event) -> Answered[Shown] | Complaint | None:
        match event:
            case CardRead(document) if document.expired:
                return Complaint(say("card.expired", until=document.valid_to), "card_expired")
            case CardRead(document):
                return Answered(document)
            case CardTrouble(cause):
                return Complaint(say(f"card.{cause}"), f"card_{cause}")
            case CodeShown(CodeKind.VISIT_CARD, value) if "visit_card" in self.accepts:
                return Answered(VisitCard(value))
            case CodeShown(kind):
                return Complaint(say(f"code.{kind}"), f"code_{kind}")
            case DeviceNews("idcard", works):
                return Complaint(say("reader.back" if works else "reader.gone"), f"idcard_{'back' if works else 'gone'}")
        return None


@dataclass(frozen=True)
class EnterNumber(Ask[str]):
    """A number by the keypad. kind: id_number (18, check digit) or phone (11, mobile)."""

    page: ClassVar[str] = "keypad"

    title: Text
    kind: str
    hint: Text | None = None

    def check(self, answer: str) -> Complaint | None:
        fits = is_id_number(answer) if self.kind == "id_number" else is_phone(answer)
        return None if fits else Complaint(say(f"keypad.bad_{self.kind}"), f"bad_{self.kind}")


@dataclass(frozen=True)
class Choose(Ask[T]):
    """One of several. layout: tiles (few or many, with icons), people (doctors: note and badge large)."""

    page: ClassVar[str] = "choose"

    title: Text
    options: tuple[Option[T], ...]
    layout: str = "tiles"
    remark: Text | None = None

    def trail(self, answer: Any) -> Text | None:
        return next((option.title for option in self.options if option.value == answer), None)


@dataclass(frozen=True)
class ChooseTime(Ask[Choice]):
    """Day, half day and segment of one clinic or doctor. `today` is where the days begin."""

    page: ClassVar[str] = "time"

    title: Text
    sessions: tuple[Session, ...]
    remark: Text | None = None

    def trail(self, answer: Choice) -> Text | None:
        return say("trail.time", day=answer.session.day, start=answer.segment.start)


@dataclass(frozen=True)
class Confirm(Ask[bool]):
    """Is this right? Rows to read; the strong one is what matters (the sum)."""

    page: ClassVar[str] = "confirm"

    title: Text
    rows: tuple[Row, ...]
    yes: Text
    no: Text | None = None
    remark: Text | None = None
    danger: bool = False


class PayEnd(StrEnum):
    """How a payment page ended."""

    PAID = "paid"
    REFUSED = "refused"
    DISPUTED = "disputed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Pay(Ask[PayEnd]):
    """Scan this code and pay. The channel answers; time that runs out is an answer too: the code is over."""

    page: ClassVar[str] = "pay"
    listens: ClassVar[tuple[str, ...]] = ("payment",)
    revisit: ClassVar[bool] = False
    patience: ClassVar[int] = 0

    title: Text
    order: Order
    rows: tuple[Row, ...] = ()

    def hear(self, event: Event) -> Answered[PayEnd] | Complaint | None:
        match event:
            case PaymentNews(None):
                return Complaint(say("pay.checking"), "payment_unknown")
            case PaymentNews(Order(state=OrderState.PAID)):
                return Answered(PayEnd.PAID)
            case PaymentNews(Order(state=OrderState.REFUSED)):
                return Answered(PayEnd.REFUSED)
            case PaymentNews(Order(state=OrderState.DISPUTED)):
                return Answered(PayEnd.DISPUTED)
            case PaymentNews(Order(state=OrderState.CLOSED | OrderState.REFUNDING | OrderState.REFUNDED)):
                return Answered(PayEnd.EXPIRED)
        return None

    def silence(self) -> Answered[PayEnd]:
        return Answered(PayEnd.EXPIRED)


@dataclass(frozen=True)
class ChooseFrom(Ask[T]):
    """One of a person's own things: bookings, tickets. Rows under each other, with what can be done to them."""

    page: ClassVar[str] = "list"

    title: Text
    options: tuple[Option[T], ...]
    remark: Text | None = None


@dataclass(frozen=True)
class Done(Ask[None]):
    """It is done; take your ticket. Silence is a good answer. picture: ticket, refund, file, none."""

    page: ClassVar[str] = "done"
    patience: ClassVar[int] = 15

    title: Text
    rows: tuple[Row, ...] = ()
    remark: Text | None = None
    picture: str = "ticket"

    def silence(self) -> Answered[None]:
        return Answered(None)


@dataclass(frozen=True)
class Trouble(Ask[str]):
    """Something does not work: what, what it means for the person, and the ways on. picture: an icon's name."""

    page: ClassVar[str] = "trouble"
    patience: ClassVar[int] = 40

    title: Text
    text: Text
    options: tuple[Option[str], ...]
    picture: str = "warning"
    rows: tuple[Row, ...] = ()
    revisit: ClassVar[bool] = False


@dataclass(frozen=True)
class Waiting(Ask[None]):
    """The stage's own page while the desk works: what is happening."""

    page: ClassVar[str] = "wait"
    patience: ClassVar[int] = 0

    title: Text


# Dos.


class Manner(StrEnum):
    """What a crash in the middle of an act leaves behind.

    FREE: nothing that must be settled (a read; a hold, which ends by itself): no intent on disk.
    ACT: money, a booking, paper: intent on disk, act, outcome on disk.
    LATER: news that must arrive but that nobody waits for: written down, sent in the background.
    """

    FREE = "free"
    ACT = "act"
    LATER = "later"


class Do(Request[A]):
    """An act in the world. `saying` is the key of the sentence shown when it takes longer than a blink."""

    manner: ClassVar[Manner] = Manner.FREE
    deadline: ClassVar[float] = 10.0
    """Seconds a person waits before being offered a choice."""
    repeats: ClassVar[bool] = True
    """May it be done again under the same key to learn its outcome? Paper may not."""
    saying: ClassVar[str] = "wait.hospital"


@dataclass(frozen=True)
class FindPatient(Do[Patient]):
    """The file of a person. Refused: unknown_patient, name_mismatch."""

    saying: ClassVar[str] = "wait.identify"

    shown: Document | VisitCard | str = field(repr=False)     # a str is a typed ID number


@dataclass(frozen=True)
class Enroll(Do[Patient]):
    """建档: a file for the holder of this document; the one there is, if there is one. Refused: name_mismatch, bad_phone."""

    saying: ClassVar[str] = "wait.enroll"

    document: Document
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Notices(Do[tuple[Notice, ...]]):
    patient: int


@dataclass(frozen=True)
class Departments(Do[tuple[Department, ...]]):
    saying: ClassVar[str] = "wait.departments"


@dataclass(frozen=True)
class Sessions(Do[tuple[Session, ...]]):
    """Two weeks of one department, from now on."""

    saying: ClassVar[str] = "wait.sessions"

    department: int


@dataclass(frozen=True)
class HoldSlot(Do[Hold]):
    """Refused: slot_full, already_booked, daily_limit, session_stopped, past, blacklisted."""

    saying: ClassVar[str] = "wait.hold"

    patient: int
    segment: str


@dataclass(frozen=True)
class Release(Do[None]):
    manner: ClassVar[Manner] = Manner.LATER

    hold: str


@dataclass(frozen=True)
class OpenPayment(Do[Order]):
    """An order at the payment channel. Refused: hold_ended, channel_refused."""

    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.order"

    hold: str
    channel: str


@dataclass(frozen=True)
class ClosePayment(Do[Order]):
    """End an order and learn who won the race: paid, closed, refused or disputed."""

    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.close"

    order: str


@dataclass(frozen=True)
class ConfirmHold(Do[Confirmed]):
    """The hold becomes an appointment. Refused: unpaid, hold_ended."""

    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.confirm"

    hold: str
    paid: bool


@dataclass(frozen=True)
class Appointments(Do[tuple[Appointment, ...]]):
    patient: int


@dataclass(frozen=True)
class CancelBooking(Do[CancelledBooking]):
    """退号, with its refund. Refused: not_cancellable, already_cancelled."""

    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.cancel"

    appointment: int


@dataclass(frozen=True)
class Papers(Do[tuple[PaperState, ...]]):
    patient: int


@dataclass(frozen=True)
class IssuePaper(Do[int]):
    """The number of the next print of a paper: 1 is the original, every later one is marked as a copy."""

    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.paper"

    appointment: int
    kind: PaperKind


@dataclass(frozen=True)
class Print(Do[str]):
    """Paper, fenced: printed or sent. Refused: a cause of drivers/contract.py (surely nothing on paper),
    print_unknown (perhaps on paper), nobody (its owner has left: nothing was printed)."""

    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 30.0
    repeats: ClassVar[bool] = False
    saying: ClassVar[str] = "wait.print"

    ticket: Ticket


@dataclass(frozen=True)
class ReportPaper(Do[None]):
    """outcome: printed, sent, unknown, none (surely not on paper)."""

    manner: ClassVar[Manner] = Manner.LATER

    appointment: int
    kind: PaperKind
    copy: int
    outcome: str


@dataclass(frozen=True)
class SeenNotice(Do[None]):
    manner: ClassVar[Manner] = Manner.LATER

    notice: str
