"""退号: give a booking back, and the money with it."""

from __future__ import annotations

from kiosk.care import Appointment, PaperKind, Patient
from kiosk.journeys.identify import CARDS, identify
from kiosk.journeys.paper import hand_over
from kiosk.journeys.tile import Tile
from kiosk.requests import (Appointments, CancelBooking, ChooseFrom, Confirm, Declined, Done, IssuePaper, Option, Row)
from kiosk.tickets import doctor, when
from kiosk.words import say

TILE = Tile(order=10, icon="cancel")


async def cancel() -> None:
    await cancel_for(await identify(CARDS))


async def cancel_for(patient: Patient) -> None:
    bookings = await Appointments(patient.id)
    if not bookings:
        await Done(title=say("cancel.none"), remark=say("cancel.none_text"), picture="none")
        return
    booking = await ChooseFrom(title=say("cancel.title"), options=tuple(_option(booking) for booking in bookings))
    agreed = await Confirm(title=say("cancel.confirm"), yes=say("cancel.yes"), no=say("cancel.no"), danger=True, rows=(
        Row(say("row.department"), booking.department.name),
        Row(say("row.doctor"), doctor(booking)),
        Row(say("row.time"), when(booking)),
        Row(say("row.refund"), say("sum", fee=booking.fee if booking.order else 0), strong=True)))
    if not agreed:
        raise Declined
    cancelled = await CancelBooking(booking.id)
    copy = await IssuePaper(booking.id, PaperKind.REFUND)
    printed = await hand_over(patient, PaperKind.REFUND, cancelled.appointment, copy, cancelled.refund)
    refund = cancelled.refund
    await Done(title=say("cancel.done"), picture="refund" if printed else "none",
               remark=say("cancel.done_text" if refund else "cancel.done_free"),
               rows=(Row(say("row.refund"), say("sum", fee=refund.amount), strong=True),
                     Row(say("row.refund_no"), refund.no)) if refund else ())


def _option(booking: Appointment) -> Option[Appointment]:
    return Option(booking, booking.department.name, note=say("cancel.option", doctor=doctor(booking), when=when(booking)),
                  badge=say("cancel.badge", number=booking.number), icon="booking", enabled=booking.cancellable,
                  why=say("cancel.too_late"))
