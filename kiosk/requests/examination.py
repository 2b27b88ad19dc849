"""Acts in the world that are about examinations and blood draws."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from kiosk.care import Session
from kiosk.exam_care import ExamBooked, ExamBooking, Worklist
from kiosk.requests.acts import Do, Manner


@dataclass(frozen=True)
class Examinations(Do[Worklist]):
    """What a doctor has ordered for this person and what is booked; kind: exam or blood."""

    saying: ClassVar[str] = "wait.worklist"

    patient: int
    kind: str


@dataclass(frozen=True)
class ExamTimes(Do[tuple[Session, ...]]):
    """When these orders can be done together. `booking`: the one that is to be moved.

    Refused: unknown_service_request, too_young, first_other, exam_booked.
    """

    saying: ClassVar[str] = "wait.examtimes"

    patient: int
    orders: tuple[int, ...]
    booking: int | None = None


@dataclass(frozen=True)
class BookExam(Do[ExamBooked]):
    """Refused: slot_full, past, fasting_apart, other_booking, first_other, too_young, exam_booked."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.bookexam"

    patient: int
    orders: tuple[int, ...]
    start: dt.datetime


@dataclass(frozen=True)
class MoveExam(Do[ExamBooked]):
    """Refused: as BookExam, and exam_fixed, already_cancelled."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.bookexam"

    booking: int
    start: dt.datetime


@dataclass(frozen=True)
class CancelExam(Do[ExamBooking]):
    """Refused: exam_fixed, already_cancelled."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.cancelexam"

    booking: int


@dataclass(frozen=True)
class IssueExamSlip(Do[int]):
    """The number of the next slip of a booking: every one after the first is a copy."""

    final: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.paper"

    booking: int
