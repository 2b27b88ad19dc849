"""The words on the wire about examinations and blood draws."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ninja import Schema
from pydantic import Field

from hospital.kiosk.schemas import Half, Moment, Name, Segment

ExamKind = Literal["exam", "blood"]


class Bundle(Schema):
    """Orders that can be booked together. `why`: why they cannot be booked here, or empty."""

    orders: list[int]
    name: Name
    place: Name
    before: list[Name]    # what to do before, a sentence each
    fasting: bool
    escort: bool
    why: Literal["", "too_young", "first_other"]


class Turn(Schema):
    station: Name
    place: Name
    tests: Name
    start: Moment
    end: Moment


class Booking(Schema):
    id: int
    code: str
    kind: ExamKind
    state: str
    day: dt.date
    start: Moment
    bundle: Bundle
    tubes: Name           # of a blood draw; empty otherwise
    turns: list[Turn]
    changeable: bool


class Worklist(Schema):
    today: dt.date
    bundles: list[Bundle]
    bookings: list[Booking]


class Session(Schema):
    """Times of one half day, in the shape of a clinic's session."""

    id: int
    department: int
    day: dt.date
    half: Half
    kind: Literal["exam"] = "exam"
    practitioner: None = None
    fee: int = 0
    left: int
    segments: list[Segment]


class NewBooking(Schema):
    patient: int
    orders: list[int] = Field(min_length=1, max_length=20)
    start: Moment


class NewTime(Schema):
    start: Moment


class Booked(Schema):
    """`copy`: the number of the slip that goes with it."""

    booking: Booking
    copy_: int = Field(serialization_alias="copy")
