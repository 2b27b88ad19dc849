"""Questions to the person: one for each kind of page."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from kiosk.care import Choice, Order, OrderState, Session
from kiosk.numbers import is_id_number, is_phone, wallet_of
from kiosk.requests.events import Answered, CardGone, CodeKind, CodeShown, Complaint, Event, PaymentNews
from kiosk.requests.story import Request
from kiosk.requests.ways import Ways
from kiosk.words import Text, say

A = TypeVar("A", covariant=True)
T = TypeVar("T")


class Ask(Request[A]):
    """A question to the person."""

    page: ClassVar[str]
    """screens/<page>.py draws it."""
    patience: ClassVar[int] = 60
    """Seconds of silence before the person is warned; the warning lasts 20 s more (WCAG 2.2, 2.2.1)."""
    listens: ClassVar[tuple[str, ...]] = ()
    """Which ears are open while it stands, of those that the machine has: idcard, scanner, payment and others."""
    revisit: ClassVar[bool] = True
    """Can "back" return here? A question the world answered cannot be asked again."""
    passes_on: ClassVar[bool] = False
    """The event that answers it is told to the next question too (the card that began the visit also identifies)."""

    title: Text

    @property
    def slots(self) -> tuple[str, ...]:
        """The ears of `listens` at whose devices something may be shown now: their lights shine."""
        return self.listens

    @property
    def wrong(self) -> Text | None:
        """What is said below it from the first: why it is asked again."""
        return None

    def here(self, ways: Ways) -> Self:
        """The question as this machine asks it now."""
        return self

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
class OutOfService(Ask[None]):
    """Nothing can be done here now: why, in a sentence, and where to go. Stands until it is told otherwise."""

    page: ClassVar[str] = "closed"
    patience: ClassVar[int] = 0

    title: Text
    text: Text


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
class PayWith:
    """The person would rather pay through another channel."""

    channel: str


@dataclass(frozen=True)
class PayerCode:
    """A payer's own code (付款码) was shown. It pays once, for whoever has it: never logged, never on disk, forgotten when
    it has paid or can pay no more."""

    wallet: str
    code: str = field(default="", repr=False, metadata={"kept": False})

    def forget(self) -> None:
        """What is frozen may still melt: every answer and request of the visit that knew the code knows it no more, and
        is equal to what is played again without it."""
        object.__setattr__(self, "code", "")


@dataclass(frozen=True)
class Pay(Ask[PayEnd | PayWith | PayerCode]):
    """Scan this code and pay, or show the phone's own code. The channel answers; time that runs out is an answer too:
    the code is over. An order without a code of its own waits for a password on the payer's phone."""

    page: ClassVar[str] = "pay"
    listens: ClassVar[tuple[str, ...]] = ("payment", "payer_code")
    revisit: ClassVar[bool] = False
    patience: ClassVar[int] = 0

    title: Text
    order: Order
    rows: tuple[Row, ...] = ()

    def hear(self, event: Event) -> Answered[PayEnd | PayerCode] | Complaint | None:
        match event:
            case CodeShown() if not self.order.code_url:
                return None                      # one code is being charged already
            case CodeShown(CodeKind.PAYMENT, value) if wallet_of(value) in self.order.channels:
                return Answered(PayerCode(str(wallet_of(value)), value))
            case CodeShown(CodeKind.PAYMENT):
                return Complaint(say("pay.other_wallet"), "payer_code_other_wallet")
            case CodeShown():
                return Complaint(say("pay.no_payer_code"), "payer_code_none")
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
    """It is done; take your ticket. Silence is a good answer. picture: ticket, card, refund, file, none."""

    page: ClassVar[str] = "done"
    patience: ClassVar[int] = 15
    by_touch: ClassVar[bool] = True
    """Does a touch end it?"""

    title: Text
    rows: tuple[Row, ...] = ()
    remark: Text | None = None
    picture: str = "ticket"

    def silence(self) -> Answered[None]:
        return Answered(None)


@dataclass(frozen=True)
class TakeCard(Done):
    """The visit is over, and its card lies at the mouth. It ends when the card is gone: into a hand, or into the box."""

    patience: ClassVar[int] = 0
    by_touch: ClassVar[bool] = False
    listens: ClassVar[tuple[str, ...]] = ("card_back",)

    title: Text = say("take_card.title")
    remark: Text | None = say("take_card.text")
    picture: str = "card"

    def hear(self, event: Event) -> Answered[None] | None:
        return Answered(None) if isinstance(event, CardGone) else None


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
