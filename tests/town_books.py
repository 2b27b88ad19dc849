"""The rows of a town's ledgers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from kiosk import care


@dataclass
class Place:
    """One number of one segment."""

    number: int
    segment: care.Segment
    session: care.Session
    hold: str = ""
    until: dt.datetime | None = None
    booked: bool = False


@dataclass
class Held:
    hold: care.Hold
    patient: int
    place: Place
    made_at: dt.datetime
    released: bool = False


@dataclass
class Paid:
    """One order, at the hospital and at the payment office: what it asked, what came, what went back."""

    order: care.Order
    came: int = 0
    back: int = 0
    shut: bool = False       # the payment office takes no more money for it
    known: bool = True       # what came is in the hospital's books


@dataclass
class Paper:
    copy: int
    outcome: str = "issued"


@dataclass
class Booked:
    appointment: care.Appointment
    hold: str
    papers: dict[care.PaperKind, list[Paper]] = field(default_factory=dict)
    refund: care.Refund | None = None
