"""Acts in the world: what the desk can be asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, TypeVar

from kiosk.care import (Appointment, CancelledBooking, Confirmed, Department, Document, Hold, Notice, Order, PaperKind,
                        PaperState, Patient, Session)
from kiosk.requests.asks import PayerCode
from kiosk.requests.events import SocialCard
from kiosk.requests.presenting import VisitCard
from kiosk.requests.story import Request
from kiosk.tickets import Ticket

A = TypeVar("A", covariant=True)


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
    undone: ClassVar[bool] = False
    """A story that is left takes it back: going back one step returns to before it."""
    final: ClassVar[bool] = False
    """Cannot be taken back by leaving: there is no step back behind it."""
    stake: ClassVar[bool] = False
    """Money or a booking hangs on its outcome: whoever cannot wait for it gets a slip with the reference."""
    saying: ClassVar[str] = "wait.hospital"


@dataclass(frozen=True)
class FindPatient(Do[Patient]):
    """The file of a person. Refused: unknown_patient, name_mismatch."""

    saying: ClassVar[str] = "wait.identify"

    shown: Document | SocialCard | VisitCard | str = field(repr=False)     # a str is a typed ID number


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
    """Two weeks of one department, from now on; with the places kept for the patient, where they were referred."""

    saying: ClassVar[str] = "wait.sessions"

    department: int
    patient: int | None = None


@dataclass(frozen=True)
class HoldSlot(Do[Hold]):
    """Refused: slot_full, already_booked, daily_limit, session_stopped, past, blacklisted."""

    undone: ClassVar[bool] = True
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

    undone: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.order"

    hold: str
    channel: str


@dataclass(frozen=True)
class PayByCode(Do[Order]):
    """Take the fee by the payer's own code. The order comes back paid, refused, or open while a password is typed.

    Repeated under its key it charges nothing again, and needs the code no more. Refused: hold_ended, channel_refused,
    code_gone (nothing was charged).
    """

    undone: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.charge"

    hold: str
    code: PayerCode


@dataclass(frozen=True)
class ClosePayment(Do[Order]):
    """End an order and learn who won the race: paid, closed, refused or disputed."""

    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.close"

    order: str


@dataclass(frozen=True)
class ConfirmHold(Do[Confirmed]):
    """The hold becomes an appointment. Refused: unpaid, hold_ended."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.confirm"

    hold: str


@dataclass(frozen=True)
class Appointments(Do[tuple[Appointment, ...]]):
    patient: int


@dataclass(frozen=True)
class CancelBooking(Do[CancelledBooking]):
    """退号, with its refund. Refused: not_cancellable, already_cancelled."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
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

    final: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.paper"

    appointment: int
    kind: PaperKind


@dataclass(frozen=True)
class Print(Do[str]):
    """Paper, fenced: printed or sent. Refused: a cause of drivers/contract.py (surely nothing on paper),
    print_unknown (perhaps on paper), nobody (its owner has left: nothing was printed)."""

    final: ClassVar[bool] = True
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
