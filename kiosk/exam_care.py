"""What the hospital speaks of when it examines and draws blood: the records of its kiosk API. Plain frozen data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kiosk.words import Name


@dataclass(frozen=True)
class Bundle:
    """Orders of a doctor that are booked together, what to do before (a sentence each), and why they cannot be booked here,
    or ""."""

    orders: tuple[int, ...]
    name: Name
    place: Name
    before: tuple[Name, ...]
    fasting: bool
    escort: bool
    why: str


@dataclass(frozen=True)
class ExamTurn:
    """Once in a room or at a window: a draw of several, or one examination of several."""

    station: Name
    place: Name
    tests: Name
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class ExamBooking:
    """One visit to the rooms. `kind`: exam or blood; `tubes`: of a draw, empty otherwise."""

    id: int
    code: str
    kind: str
    state: str
    day: dt.date
    start: dt.datetime
    bundle: Bundle
    tubes: Name
    turns: tuple[ExamTurn, ...]
    changeable: bool = True     # as the hospital saw it when it answered


@dataclass(frozen=True)
class Worklist:
    """What is ordered and open, what is booked, and which day it is at the hospital."""

    today: dt.date
    bundles: tuple[Bundle, ...]
    bookings: tuple[ExamBooking, ...]


@dataclass(frozen=True)
class ExamBooked:
    """The booking, and the number of the slip that was issued with it (1: the original)."""

    booking: ExamBooking
    copy: int
