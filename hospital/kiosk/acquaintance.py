"""Whose affairs a machine may see and touch: those of people who are there, and what it has begun itself.

* Somebody found or enrolled at this machine in the last ACQUAINTED_MINUTES: bookings, papers and notices are told, numbers
  held, bookings given back. Anybody else is `unknown_patient`, their bookings are `unknown_appointment`. Whoever goes on
  at a second machine shows themselves there, and is known to both.
* What this machine began is its own for ever, for it must be able to end it after any crash, however long it lay dark:
  its holds (release, confirm, pay), its orders (look, close), its papers (outcome). What a doctor booked for somebody who
  is there, is paid for at any machine.
* Number of a further paper, and that a notice was read: of anybody it met at all, as long as that is remembered
  (CLAIM_KEEP_HOURS): what was done before a crash is finished after it, and neither tells anything of anybody.

So a stolen token opens nothing of people who never were at that machine, and one machine cannot leaf through the town:
it may ask for FINDS_A_MINUTE people.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db.models import F

from hospital import clock
from hospital.care import booking
from hospital.care.models import Appointment, Hold, Notice, Paper
from hospital.kiosk.models import Acquaintance, Kiosk
from hospital.money import settling
from hospital.money.models import Order
from hospital.refusal import Refusal


class TooMany(Refusal):
    """Nothing was looked up: ask again when the minute is over."""

    retry_after = 60

    def __init__(self) -> None:
        super().__init__("too_many")


def count_find(kiosk: Kiosk) -> None:
    """One more person looked for at this machine. Raises TooMany; who is turned away is not counted."""
    now = clock.now()
    mine = Kiosk.objects.filter(pk=kiosk.pk)
    over = now - dt.timedelta(minutes=1)
    if (not mine.filter(finds_since__gt=over).exists() and mine.exclude(finds_since__gt=over)
            .update(finds_since=now, finds=1)):
        return
    if not mine.filter(finds__lt=settings.FINDS_A_MINUTE).update(finds=F("finds") + 1):
        raise TooMany


def met(kiosk: Kiosk, patient: int) -> None:
    """Somebody has shown at this machine who they are."""
    Acquaintance.objects.update_or_create(kiosk=kiosk, patient_id=patient, defaults={"met_at": clock.now()})


def here(kiosk: Kiosk, patient: int) -> None:
    """Raises unknown_patient unless they have shown themselves at this machine of late."""
    since = clock.now() - dt.timedelta(minutes=settings.ACQUAINTED_MINUTES)
    if not Acquaintance.objects.filter(kiosk=kiosk, patient=patient, met_at__gt=since).exists():
        raise Refusal("unknown_patient")


def booked_here(kiosk: Kiosk, appointment: Appointment) -> None:
    """Raises unknown_appointment unless its owner is `here`."""
    try:
        here(kiosk, appointment.patient_id)
    except Refusal:
        raise Refusal("unknown_appointment") from None


def remembered(kiosk: Kiosk, appointment: Appointment) -> None:
    """Raises unknown_appointment unless this machine remembers its owner."""
    if not Acquaintance.objects.filter(kiosk=kiosk, patient=appointment.patient_id).exists():
        raise Refusal("unknown_appointment")


def told_here(kiosk: Kiosk, notice: str) -> None:
    """Raises unknown_notice unless this machine remembers whom the notice is for."""
    try:
        found = Notice.objects.filter(pk=uuid.UUID(notice), patient__acquaintances__kiosk=kiosk)
    except ValueError:
        raise Refusal("unknown_notice") from None
    if not found.exists():
        raise Refusal("unknown_notice")


def own_hold(kiosk: Kiosk, hold: uuid.UUID) -> Hold:
    """A hold this machine took. Raises unknown_hold."""
    found = booking.get_hold(hold)
    if found.kiosk != kiosk.name:
        raise Refusal("unknown_hold")
    return found


def payable(kiosk: Kiosk, hold: uuid.UUID, key: str) -> Hold:
    """A hold this machine took; or one that is booked, whose owner is `here`, or that this machine began to be paid for by
    that very key. Raises unknown_hold."""
    found = booking.get_hold(hold)
    if found.kiosk == kiosk.name or Order.objects.filter(invoice__hold=found, kiosk=kiosk.name, key=key).exists():
        return found
    booked = Appointment.objects.filter(hold=found).first()
    try:
        if booked is None:
            raise Refusal("unknown_hold")
        here(kiosk, booked.patient_id)
    except Refusal:
        raise Refusal("unknown_hold") from None
    return found


def own_order(kiosk: Kiosk, no: str) -> Order:
    """An order this machine began. Raises unknown_order."""
    found = settling.get_order(no)
    if found.kiosk != kiosk.name:
        raise Refusal("unknown_order")
    return found


def own_paper(kiosk: Kiosk, appointment: Appointment, kind: str, copy: int) -> None:
    """Raises unknown_paper unless this machine was given that number."""
    if not Paper.objects.filter(kiosk=kiosk.name, appointment=appointment, kind=kind, copy=copy).exists():
        raise Refusal("unknown_paper")


def forget_old() -> int:
    """Who was where is forgotten with what was answered. Returns how many were."""
    old = clock.now() - dt.timedelta(hours=settings.CLAIM_KEEP_HOURS)
    return Acquaintance.objects.filter(met_at__lt=old).delete()[0]
