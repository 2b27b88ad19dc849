"""What the choices of a field are called in English. In Chinese the models say it themselves."""

from __future__ import annotations

from typing import Any

from hospital.console.words import Both

ENGLISH = {
    "care.schedule.kind": {"general": "General clinic", "special": "Special clinic", "expert": "Expert clinic"},
    "care.schedule.half": {"am": "Morning", "pm": "Afternoon"},
    "care.schedule.state": {"draft": "For review", "open": "Open", "stopped": "Stopped", "moved": "Moved"},
    "care.appointment.state": {"booked": "Booked", "arrived": "Arrived", "fulfilled": "Seen", "cancelled": "Given back",
                               "noshow": "Missed"},
    "care.patient.sex": {"male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"},
    "outpatient.change.kind": {"stop": "Stop", "substitute": "Substitute", "move": "Move"},
    "outpatient.offer.state": {"pending": "Not answered yet", "accepted": "Yes", "declined": "No",
                               "expired": "Never answered", "void": "Void"},
    "queueing.ticket.standing": {"booked": "Booked, on time", "walk_in": "On the day", "late": "Late",
                                 "referred": "Referred", "results": "With results"},
    "examining.turn.state": {"planned": "Not here", "arrived": "Here", "done": "Done", "missed": "Missed"},
}


def chosen(thing: Any, field: str) -> Both:
    """What stands in this field of a record; the value itself where there is no word for it."""
    value = getattr(thing, field)
    return Both(str(getattr(thing, f"get_{field}_display")()),
                ENGLISH[f"{thing._meta.label_lower}.{field}"].get(value, str(value)))
