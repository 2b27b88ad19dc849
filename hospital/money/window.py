"""A fee that was due and was taken at the window (窗口收费): a person's word, for these books see no cash."""

from __future__ import annotations

from django.db import transaction

from hospital import clock
from hospital.care import booking
from hospital.care.models import Appointment
from hospital.money.models import Order


def taken(appointment: Appointment) -> bool:
    """From now on it is paid. False where nothing was due, or somebody is just paying at a machine: then no cash is taken.

    Money that comes by a channel afterwards goes back by itself.
    """
    with transaction.atomic():
        booking.lock_person(appointment.patient_id)
        found = Appointment.objects.select_related("order").get(pk=appointment.pk)
        if not found.due or Order.objects.filter(invoice__hold=found.hold_id, state=Order.State.OPEN).exists():
            return False
        Appointment.objects.filter(pk=found.pk).update(window_paid_at=clock.now())
        return True
