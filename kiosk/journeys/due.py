"""补缴挂号费: what the doctor booked in the consulting room is paid for here, before its ticket or its place in a line."""

from __future__ import annotations

from dataclasses import replace

from kiosk.care import Appointment, PaperKind, Patient
from kiosk.journeys.paper import hand_over
from kiosk.journeys.settle import settle, what
from kiosk.requests import Confirm, Done, IssuePaper, Refused, Row
from kiosk.tickets import doctor, when
from kiosk.words import say

GONE = {"hold_ended": "not_due", "unknown_hold": "not_due", "paid_too_late": "paid_in_vain", "unknown_paper": "paid_in_vain"}
"""Paid elsewhere, or given back, while they stood here."""


async def pay(patient: Patient, booking: Appointment) -> tuple[Appointment, bool] | None:
    """The fee of a booking that is `due`, and its ticket (True: on paper). None: they would rather pay at the window, and
    were told what happens there. Raises as `settle`."""
    assert booking.due is not None
    fee = Row(say("row.fee"), say("sum", fee=booking.fee), strong=True)
    agreed = await Confirm(title=say("due.title"), remark=say("due.text"), yes=say("fee.pay"), no=say("due.window"), rows=(
        Row(say("row.name"), say("person", who=patient.name)),
        Row(say("row.department"), booking.department.name),
        Row(say("row.doctor"), doctor(booking)),
        Row(say("row.time"), when(booking)),
        Row(say("row.place"), booking.department.place), fee))
    if not agreed:
        await Done(title=say("due.at_window"), remark=say("due.at_window.text"), picture="none",
                   rows=(fee, *what(booking)))
        return None
    try:
        order = await settle(booking.due, booking.fee, what(booking))
        copy = await IssuePaper(booking.id, PaperKind.REGISTRATION)
    except Refused as no:
        raise Refused(GONE[no.reason]) if no.reason in GONE else no from None
    paid = replace(booking, due=None, order=order.no if order else None)
    return paid, await hand_over(patient, PaperKind.REGISTRATION, paid, copy)
