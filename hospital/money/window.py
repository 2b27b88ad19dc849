"""A fee that was due and was taken at the window (窗口收费), and goes back there: a person's word, for these books see no
cash."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

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


def owed() -> QuerySet[Appointment]:
    """Given back, by whomever, while its fee still lies at the window."""
    return Appointment.objects.filter(state=Appointment.State.CANCELLED, window_paid_at__isnull=False,
                                      window_back_at__isnull=True)


def given_back(appointment: Appointment) -> bool:
    """Its person has the fee again. False where none lies there."""
    return bool(owed().filter(pk=appointment.pk).update(window_back_at=clock.now()))
