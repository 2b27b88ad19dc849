"""Acts in the world that are about queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kiosk.queue_care import Place, QueueToday
from kiosk.requests.acts import Do, Manner


@dataclass(frozen=True)
class MyQueue(Do[QueueToday]):
    """What this person can check in today, and where they stand already."""

    saying: ClassVar[str] = "wait.queue"

    patient: int


@dataclass(frozen=True)
class CheckIn(Do[Place]):
    """签到. Refused: too_early, wrong_day, already_cancelled, changed, session_stopped, session_over."""

    final: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.checkin"

    appointment: int


@dataclass(frozen=True)
class Rejoin(Do[Place]):
    """Back into the line, after a missed call or with results. Refused: session_over."""

    final: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    saying: ClassVar[str] = "wait.checkin"

    ticket: int
