"""What the choices of a field are called in English. In Chinese the models say it themselves."""

from __future__ import annotations

from typing import Any

from hospital.console.words import Both
from hospital.registrar.rights import Role

_DAYS = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))
_KINDS = {"general": "General clinic", "special": "Special clinic", "expert": "Expert clinic"}
_HALVES = {"am": "Morning", "pm": "Afternoon"}
ENGLISH: dict[str, dict[Any, str]] = {
    "care.schedule.kind": _KINDS,
    "care.schedule.half": _HALVES,
    "care.schedule.state": {"draft": "For review", "open": "Open", "stopped": "Stopped", "moved": "Moved"},
    "care.appointment.state": {"booked": "Booked", "arrived": "Arrived", "fulfilled": "Seen", "cancelled": "Given back",
                               "noshow": "Missed"},
    "care.patient.sex": {"male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"},
    "outpatient.template.kind": _KINDS,
    "outpatient.template.half": _HALVES,
    "outpatient.template.weekday": _DAYS,
    "outpatient.holiday.works_as": _DAYS,
    "outpatient.change.kind": {"stop": "Stop", "substitute": "Substitute", "move": "Move"},
    "outpatient.offer.state": {"pending": "Not answered yet", "accepted": "Yes", "declined": "No",
                               "expired": "Never answered", "void": "Void"},
    "queueing.ticket.state": {"waiting": "Waiting", "called": "Called", "missed": "Missed", "done": "Seen", "gone": "Left"},
    "queueing.ticket.standing": {"booked": "Booked, on time", "walk_in": "On the day", "late": "Late",
                                 "referred": "Referred", "results": "With results"},
    "examining.turn.state": {"planned": "Not here", "arrived": "Here", "done": "Done", "missed": "Missed"},
}


_ROLES = {Role.REGISTRAR: "Registrar", Role.DOCTOR: "Doctor", Role.NURSE: "Nurse", Role.OFFICE: "Outpatient office",
          Role.FEEDBACK: "Office of feedback", Role.TECHNICIAN: "Technician", Role.ADMINISTRATOR: "Administrator"}


def role_words(role: Role) -> Both:
    return Both(str(role.label), _ROLES[role])


def chosen(thing: Any, field: str) -> Both:
    """What stands in this field of a record; the value itself where there is no word for it."""
    value = getattr(thing, field)
    return Both(str(getattr(thing, f"get_{field}_display")()),
                ENGLISH[f"{thing._meta.label_lower}.{field}"].get(value, str(value)))
