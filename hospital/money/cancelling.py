"""A booking undone: the number is free, the money is owed back, both or neither."""

from __future__ import annotations

import logging

from django.db import transaction

from hospital.bell import wake
from hospital.care import booking, notices
from hospital.care.models import Appointment, Notice, Schedule
from hospital.money import refunding
from hospital.money.models import Order, Refund
from hospital.refusal import Refusal

log = logging.getLogger(__name__)


def cancel(appointment: Appointment, *, by_staff: bool = False) -> Refund | None:
    """Cancel with a full refund. The person may until CANCEL_MINUTES before; the staff may always.

    Raises not_cancellable {until}, already_cancelled.
    """
    with transaction.atomic():
        booking.lock_person(appointment.patient_id)
        appointment = Appointment.objects.select_related("slot").get(pk=appointment.pk)
        if not by_staff:
            booking.may_cancel(appointment)
        booking.cancel(appointment)
        order = Order.objects.filter(appointment=appointment, state=Order.State.PAID).first()
        return refunding.request(order, "退号退款") if order else None


def stop(schedule: Schedule) -> None:
    """A session that does not take place (停诊): no more bookings; who has booked is told and gets the money back.

    Those are worked through in the background, one by one; a booking that slips in just now is found there, too.
    """
    Schedule.objects.filter(pk=schedule.pk).update(state=Schedule.State.STOPPED)
    wake()


def clear_stopped() -> int:
    """Cancel what is still booked in stopped sessions. Returns how many.

    Whatever their day: a session stopped shortly before midnight is worked through after it.
    """
    stranded = Appointment.objects.filter(state=Appointment.State.BOOKED,
                                          slot__schedule__state=Schedule.State.STOPPED).order_by("patient")
    count = 0
    for appointment in stranded:
        try:
            with transaction.atomic():
                refund = cancel(appointment, by_staff=True)
                money = {"refund": refund.no, "amount": refund.amount} if refund else {}
                notices.leave(appointment.patient_id, Notice.Kind.SESSION_STOPPED, appointment, **money)
        except Refusal:     # cancelled by its owner in this very moment
            continue
        count += 1
    return count
