"""The words on the wire between a kiosk and this server. Money is fen, times carry their offset."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, Field, PlainSerializer

from hospital.clock import local

Moment = Annotated[dt.datetime, PlainSerializer(lambda at: local(at).isoformat(timespec="milliseconds"), str)]
Half = Literal["am", "pm"]
SessionKind = Literal["general", "special", "expert"]
PaperKind = Literal["registration", "refund"]

# Cards say GB/T 2261.1 (0 unknown, 1 male, 2 female, 9 not stated); the books say FHIR's words.
_SEX = {"0": "unknown", "1": "male", "2": "female", "9": "unknown", "": "unknown"}
Sex = Annotated[Literal["male", "female", "other", "unknown"],
                BeforeValidator(lambda word: _SEX.get(word, word) if isinstance(word, str) else word)]


class Name(Schema):
    zh: str
    en: str


class Empty(Schema):
    pass


class Hello(Schema):
    time: Moment
    version: str
    hospital: Name
    zone: str
    channels: list[str]     # how a patient can pay now: wechat, alipay


class DepartmentLite(Schema):
    id: int
    code: str
    name: Name
    place: Name


class Department(DepartmentLite):
    key: bool
    general_left_today: int
    expert_left_today: int
    fee_from: int
    open_today: bool


class Practitioner(Schema):
    id: int
    name: Name
    title: Literal["chief", "associate_chief", "attending", "resident"]
    speciality: Name


class Segment(Schema):
    id: str
    start: Moment
    end: Moment
    left: int


class Session(Schema):
    id: int
    department: int
    day: dt.date
    half: Half
    kind: SessionKind
    practitioner: Practitioner | None
    fee: int
    left: int
    segments: list[Segment]


class SocialCard(Schema):
    """Its holder's number and name are empty where the card does not tell them."""

    region: str = Field(max_length=6)
    card_number: str = Field(min_length=1, max_length=9)
    number: str = Field("", max_length=20)
    name: str = Field("", max_length=120)


class FindPatient(Schema):
    id_number: str = Field("", max_length=20)
    name: str = Field("", max_length=120)
    visit_card: str = Field("", max_length=32)
    social: SocialCard | None = None


class NewPatient(Schema):
    id_number: str = Field(max_length=40)
    card_kind: Literal["resident", "hmt", "foreigner_2017", "foreigner_2023"]
    name: str = Field(min_length=1, max_length=80)
    english_name: str = Field("", max_length=120)
    sex: Sex = "unknown"
    born: dt.date | None = None
    nation: str = Field("", max_length=20)
    address: str = Field("", max_length=200)
    phone: str = Field("", max_length=40)


class Patient(Schema):
    id: int
    record_no: str
    name: str
    sex: str
    born: dt.date | None
    id_last4: str
    phone_masked: str
    visit_card: str | None
    dependants: int = 0     # children to book for; none is told to who only knows a number


class NewHold(Schema):
    patient: int
    segment: str = Field(max_length=40)


class Hold(Schema):
    id: uuid.UUID
    segment: str
    number: int
    day: dt.date
    half: Half
    start: Moment
    end: Moment
    fee: int
    until: Moment
    department: DepartmentLite
    practitioner: Practitioner | None
    kind: SessionKind


class Released(Schema):
    state: Literal["released", "ended", "booked"]


class Appointment(Schema):
    id: int
    code: str
    state: str
    number: int
    day: dt.date
    half: Half
    kind: SessionKind
    start: Moment
    end: Moment
    arrive_by: Moment
    department: DepartmentLite
    practitioner: Practitioner | None
    fee: int
    order: str | None
    transaction: str | None
    cancellable_until: Moment
    cancellable: bool
    booked_at: Moment
    patient: int
    channel: str
    due: uuid.UUID | None       # its fee is to be paid still: by orders for this hold


class Confirmed(Schema):
    appointment: Appointment
    copy_: int = Field(serialization_alias="copy")


class Refund(Schema):
    no: str
    amount: int
    state: Literal["processing", "done", "failed"]


class Cancelled(Schema):
    appointment: Appointment
    refund: Refund | None


class NewOrder(Schema):
    hold: uuid.UUID
    channel: Literal["wechat", "alipay"]


class Order(Schema):
    no: str
    hold: uuid.UUID
    channel: str
    amount: int
    code_url: str
    expires_at: Moment
    state: Literal["open", "paid", "closed", "refused", "disputed", "refunding", "refunded"]
    transaction: str | None
    channels: list[str]     # all that the person may choose from, in the hospital's order


class NewPaper(Schema):
    appointment: int
    kind: PaperKind


class Copy(Schema):
    copy_: int = Field(serialization_alias="copy")


class PaperOutcome(Schema):
    appointment: int
    kind: PaperKind
    copy_: int = Field(alias="copy", ge=1)
    outcome: Literal["printed", "sent", "unknown", "none"]


class PaperState(Schema):
    appointment: Appointment
    kind: PaperKind
    copies: int
    delivered: bool
    refund: Refund | None


class Notice(Schema):
    id: str
    kind: Literal["refunded_late", "paper_owed", "disputed", "session_stopped", "offer"]
    at: Moment
    data: dict[str, Any]


class Obligation(Schema):
    """Something that is not settled yet. `what` and `next`, what happens next, are for people; `person`: nothing does
    until somebody acts. `amount` in fen, where it is about money."""

    kind: str = Field(max_length=20)
    no: str = Field(max_length=40)
    amount: int | None = None
    since: Moment
    what: str = Field(max_length=200)
    next: str = Field(max_length=200)
    person: bool


class Obligations(Schema):
    obligations: list[Obligation] = Field(max_length=500)


class Fact(Schema):
    id: int | None = Field(None, ge=0, lt=1 << 63)
    at: dt.datetime
    kind: str = Field(max_length=40)
    data: dict[str, Any] = {}


class Facts(Schema):
    facts: list[Fact] = Field(max_length=500)
