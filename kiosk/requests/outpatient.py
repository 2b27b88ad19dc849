"""Acts of the outpatient office: children, changes to agree to, doctors like one who is full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kiosk.care import OfferAnswered, Patient, Similar
from kiosk.requests.acts import Do, Manner


@dataclass(frozen=True)
class Dependants(Do[tuple[Patient, ...]]):
    """The children whom this person may book for."""

    patient: int


@dataclass(frozen=True)
class AnswerOffer(Do[OfferAnswered]):
    """Yes or no to a change. Refused: offer_over, already_booked, session_stopped."""

    final: ClassVar[bool] = True
    stake: ClassVar[bool] = True
    manner: ClassVar[Manner] = Manner.ACT
    deadline: ClassVar[float] = 15.0
    saying: ClassVar[str] = "wait.offer"

    offer: str
    accept: bool


@dataclass(frozen=True)
class SimilarDoctors(Do[tuple[Similar, ...]]):
    """At most three doctors like this one who have a place for this patient, best first."""

    saying: ClassVar[str] = "wait.sessions"

    department: int
    practitioner: int
    patient: int
