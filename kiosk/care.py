"""What the hospital speaks of, in FHIR R4's words: the records that requests ask for and answers bring.

Plain frozen data, the shapes of the hospital's kiosk API. Money is integer fen, times are aware.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.words import Name


class Half(StrEnum):
    AM = "am"
    PM = "pm"


class Kind(StrEnum):
    """Which kind of clinic: 普通, 专科/专病, 专家."""

    GENERAL = "general"
    SPECIAL = "special"
    EXPERT = "expert"
    EXAM = "exam"         # no clinic: a room or a window, by a doctor's order


@dataclass(frozen=True)
class Document:
    """An identity document as the reader read it, on the day it was read. Personal: `repr` shows nothing."""

    kind: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    english_name: str = field(default="", repr=False)
    sex: str = field(default="0", repr=False)
    born: dt.date | None = field(default=None, repr=False)
    nation: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    valid_to: dt.date | None = field(default=None, repr=False)
    read_on: dt.date = field(default=dt.date.min, repr=False)

    @property
    def expired(self) -> bool:
        """Past its valid-until on the day it was read; a document without end never is."""
        return self.valid_to is not None and self.valid_to < self.read_on


@dataclass(frozen=True)
class Patient:
    """A file (建档) at the hospital, as much of it as a kiosk needs."""

    id: int
    record_no: str
    name: str = field(repr=False)
    sex: str = field(default="0", repr=False)
    born: dt.date | None = field(default=None, repr=False)
    id_last4: str = field(default="", repr=False)
    phone_masked: str = field(default="", repr=False)
    visit_card: str | None = field(default=None, repr=False)
    dependants: int = 0     # children whom they may book for


@dataclass(frozen=True)
class Clinic:
    """A department as a ticket names it."""

    id: int
    code: str
    name: Name
    place: Name


@dataclass(frozen=True)
class Department:
    """A department as a person chooses it. Counts are places left today."""

    id: int
    code: str
    name: Name
    place: Name
    key: bool
    general_left_today: int
    expert_left_today: int
    fee_from: int
    open_today: bool


@dataclass(frozen=True)
class Practitioner:
    id: int
    name: Name
    title: str            # chief, associate_chief, attending, resident
    speciality: Name


@dataclass(frozen=True)
class Segment:
    """Part of a session that can be booked: from, until, places left."""

    id: str
    start: dt.datetime
    end: dt.datetime
    left: int


@dataclass(frozen=True)
class Session:
    """FHIR Schedule: one half day of one clinic or one doctor, with its price in fen."""

    id: int
    department: int
    day: dt.date
    half: Half
    kind: Kind
    practitioner: Practitioner | None
    fee: int
    left: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Whom:
    """Whom a person wants to see: a clinic's kind, and the doctor where it is one doctor's."""

    kind: Kind
    practitioner: int | None

    def fits(self, session: Session) -> bool:
        doctor = session.practitioner.id if session.practitioner else None
        return (session.kind, doctor) == (self.kind, self.practitioner)


@dataclass(frozen=True)
class Choice:
    """The place a person chose."""

    session: Session
    segment: Segment


@dataclass(frozen=True)
class Hold:
    """A place kept for a person until `until`; it ends by itself."""

    id: str
    segment: str
    number: int
    day: dt.date
    half: Half
    kind: Kind
    start: dt.datetime
    end: dt.datetime
    fee: int
    until: dt.datetime
    department: Clinic
    practitioner: Practitioner | None


class OrderState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    REFUSED = "refused"
    DISPUTED = "disputed"      # money moved, but not as ordered: staff, never "paid"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


@dataclass(frozen=True)
class Order:
    """A payment asked of a channel. `no` is the hospital's own number for it (out_trade_no)."""

    no: str
    hold: str
    channel: str
    amount: int
    code_url: str = field(repr=False)     # whoever has it can pay it; empty where the payer's own code was scanned
    expires_at: dt.datetime
    state: OrderState
    transaction: str | None
    channels: tuple[str, ...] = ("wechat",)     # all that the person may choose from


@dataclass(frozen=True)
class Appointment:
    id: int
    code: str
    state: str
    number: int
    day: dt.date
    half: Half
    kind: Kind
    start: dt.datetime
    end: dt.datetime
    arrive_by: dt.datetime
    department: Clinic
    practitioner: Practitioner | None
    fee: int
    order: str | None
    transaction: str | None
    cancellable_until: dt.datetime
    booked_at: dt.datetime
    patient: int
    cancellable: bool = True     # as the hospital saw it when it answered
    channel: str = "kiosk"       # through what it was booked; consulting: by the doctor
    due: str | None = None       # its fee is to be paid still: by orders for this hold


@dataclass(frozen=True)
class Confirmed:
    """The booking, and the number of the paper that was issued with it (1: the original)."""

    appointment: Appointment
    copy: int


@dataclass(frozen=True)
class Refund:
    no: str
    amount: int
    state: str            # processing, done, failed


@dataclass(frozen=True)
class CancelledBooking:
    appointment: Appointment
    refund: Refund | None


class PaperKind(StrEnum):
    REGISTRATION = "registration"
    REFUND = "refund"


@dataclass(frozen=True)
class PaperState:
    """A ticket or slip of today, and how often it was printed. Not delivered: nobody knows that its owner has it."""

    appointment: Appointment
    kind: PaperKind
    copies: int
    delivered: bool
    refund: Refund | None


@dataclass(frozen=True)
class Offer:
    """A change of a booked session that the person is asked to agree to: another doctor, or another time."""

    id: str
    kind: str             # substitute, move
    appointment: Appointment
    doctor: Practitioner | None
    day: dt.date | None
    start: dt.datetime | None
    end: dt.datetime | None
    until: dt.datetime


@dataclass(frozen=True)
class OfferAnswered:
    """What a yes or no came to: the appointment as it is now, or given back with its refund."""

    accepted: bool
    appointment: Appointment
    refund: Refund | None


@dataclass(frozen=True)
class Similar:
    """A doctor like one who is full, and their next session that has a place."""

    practitioner: Practitioner
    session: Session
    segment: Segment


@dataclass(frozen=True)
class NoticeData:
    amount: int | None = None
    order: str | None = None
    refund: str | None = None
    appointment: Appointment | None = None
    paper: PaperKind | None = None
    offer: Offer | None = None
    why: str | None = None      # unanswered: a booking given back, for nobody said yes to its change


@dataclass(frozen=True)
class Notice:
    """What the hospital has to tell this person at the next identify."""

    id: str
    kind: str             # refunded_late, paper_owed, disputed, session_stopped, offer
    at: dt.datetime
    data: NoticeData
