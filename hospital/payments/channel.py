"""What the hospital's books ask of a way to pay, whichever company stands behind it.

The law of this file: an answer that did not come is not a "no". Every verb ends in one of three ways: it
returns what the channel said, it raises `ChannelRefused` (a definite no, and nothing was done), or it raises
`ChannelAway` (nobody knows). After `ChannelAway` the only right thing is to ask again with the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from hospital.payments.bills import BillRow


class TradeState(StrEnum):
    """How a trade stands at the channel, in WeChat Pay's words. Only SUCCESS means that money has come."""

    NOTPAY = "NOTPAY"          # opened, not paid; stays so after its end, until somebody closes it
    SUCCESS = "SUCCESS"        # paid
    CLOSED = "CLOSED"          # closed unpaid: it cannot be paid any more, but see Channel.close
    REFUND = "REFUND"          # paid, and at least one refund was asked for since
    PAYERROR = "PAYERROR"      # an attempt failed (bank said no); the patient may try again
    USERPAYING = "USERPAYING"  # somebody is typing a password just now
    REVOKED = "REVOKED"        # reversed (payment codes only)


class RefundState(StrEnum):
    """How a refund stands. PROCESSING takes seconds (wallet) to three working days (bank card)."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"      # given up by the channel (our account empty for 7 days): needs a new number
    ABNORMAL = "ABNORMAL"  # the card is dead: staff must settle it at the merchant's platform


@dataclass(frozen=True)
class Trade:
    """One order as the channel sees it.

    Nothing in here has been compared with our own order: whoever counts it as paid first compares order_no,
    amount, merchant and appid with what was asked for.
    """

    order_no: str             # ours, 6 to 32 characters
    state: TradeState
    amount: int               # fen, the whole order; 0 while the channel does not say (unpaid)
    merchant: str             # the merchant number the money went to
    appid: str
    transaction: str          # the channel's own number; empty while unpaid
    paid_at: datetime | None  # aware; None while unpaid


@dataclass(frozen=True)
class RefundResult:
    """One refund as the channel sees it."""

    refund_no: str      # ours, at most 64 characters
    order_no: str
    state: RefundState
    amount: int         # fen given back by this refund


class ChannelAway(Exception):
    """Unknown: no answer, a 5xx, an answer whose signature is not the channel's. Nothing may be concluded."""


class ChannelRefused(Exception):
    """A definite no: what was asked for has not been done."""

    def __init__(self, code: str, message: str) -> None:
        """code: the channel's code word, for programs; message: its sentence, for the log and the staff."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class AlreadyPaid(ChannelRefused):
    """The order is paid, so it cannot be opened or closed. Query it."""


class OrderUnknown(ChannelRefused):
    """The channel does not know this order, or this refund. A request on its way may yet make it known."""


class Forged(Exception):
    """A notification that is not the channel's word: bad or test signature, too old, or not readable."""


class NoBill(ChannelRefused):
    """There is no bill of that day: nothing was traded, or it is not made yet."""


class Channel(Protocol):
    """One way to pay. Every verb may be called from any thread; none keeps state of its own.

    Verbs that talk to the channel block for at most the channel's time-outs, and may raise ChannelAway.
    """

    @property
    def name(self) -> str:
        """The word orders carry for this channel, e.g. "wechat"."""

    def open(self, order_no: str, amount: int, description: str, expires_at: datetime) -> str:
        """Make the order payable; return the text of the QR code the patient scans.

        amount: fen, at least 1. expires_at: aware; nobody can pay after it, yet the order stays open until
        closed. Asked again with exactly the same arguments (the end as well): a new code, and the old one is
        dead; with others it is refused. Raises AlreadyPaid, ChannelRefused.
        """

    def query(self, order_no: str) -> Trade:
        """How the order stands. Raises OrderUnknown; a question never raises another ChannelRefused."""

    def close(self, order_no: str) -> None:
        """Make the order unpayable. Closing twice is fine. Raises AlreadyPaid, OrderUnknown, ChannelRefused.

        A payment on its way may still win the race: query once more after closing.
        """

    def charge(self, order_no: str, amount: int, description: str, code: str) -> Trade:
        """Take `amount` fen from whoever showed `code` (付款码): a one-time bearer secret, never logged or kept.

        One order number is charged once. Raises ChannelRefused when nothing was taken and nothing will be;
        ChannelAway also while the payer types a password: then query every few seconds, and reverse after
        half a minute. There are no notifications of these.
        """

    def reverse(self, order_no: str) -> None:
        """Undo a charge: what was not paid cannot be paid any more, what was paid goes back in full.

        Not within 15 s of charging. Reversing twice is fine. Raises OrderUnknown, ChannelRefused; ChannelAway
        also when the channel wants to be asked again.
        """

    def refund(self, order_no: str, refund_no: str, amount: int, total: int, reason: str) -> RefundResult:
        """Give back `amount` of the `total` fen the order cost. The same refund_no is refunded only once.

        The answer says that the refund was accepted, rarely that the money is back. `reason` is shown to the
        patient. Raises OrderUnknown (also, now and then, for an order paid a moment ago: ask again with the
        same number), ChannelRefused.
        """

    def query_refund(self, refund_no: str) -> RefundResult:
        """How the refund stands. Raises OrderUnknown; a question never raises another ChannelRefused."""

    def bill(self, day: date) -> list[BillRow]:
        """All that came and went back on `day` (China's), as the channel counts it, there from the next morning on.

        Raises NoBill where there is none (yet), ChannelAway.
        """

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Trade | RefundResult:
        """What the channel tells us by itself. headers: HTTP names, any case; body: the bytes as received.

        Talks to nobody. A genuine notification may come many times, late and out of order. Raises Forged,
        which must be answered with 4xx, so that the channel knows that we look.
        """
