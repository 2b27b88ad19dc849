"""爽约: a booked visit to which nobody came, counted when its day is over: until then who is late may come.

At NO_SHOWS a person registers on the day only (care.booking asks); above it, nothing is booked from afar for WITHDRAWN_DAYS.
Both end by themselves: a miss counts for NO_SHOW_DAYS, a withdrawal has its date. A miss that is forgiven was none.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction

from hospital import clock
from hospital.care import booking
from hospital.care.models import Appointment, Patient, Schedule
from hospital.outpatient.models import Miss, Withdrawal
from hospital.refusal import Refusal


def count() -> int:
    """Every booked visit of a day that is over, of a department that checks people in, and to which nobody came. Returns
    how many there were. Stopped and moved sessions have none."""
    late = Appointment.objects.filter(
        state=Appointment.State.BOOKED, day__lt=clock.now().date(),
        slot__schedule__state=Schedule.State.OPEN, department__rule__check_in=True)
    return sum(_missed(one) for one in late.order_by("patient", "pk"))


def _missed(appointment: Appointment) -> bool:
    with transaction.atomic():
        person = booking.lock_person(appointment.patient_id)
        mine = Appointment.objects.filter(pk=appointment.pk, state=Appointment.State.BOOKED)
        if not mine.update(state=Appointment.State.NOSHOW):
            return False            # somebody came, or gave it back, in this very moment
        now = clock.now()
        Miss.objects.create(appointment=appointment, patient=person, at=now)
        if _add(person, 1) > settings.NO_SHOWS:
            Withdrawal.objects.create(patient=person, since=now,
                                      until=now + dt.timedelta(days=settings.WITHDRAWN_DAYS))
        return True


def _add(person: Patient, misses: int) -> int:
    """The person's count from now on. The person is locked."""
    person.no_shows = max(person.no_shows + misses, 0)
    person.save(update_fields=["no_shows"])
    return person.no_shows


def forget_old() -> int:
    """Misses of long ago are taken off their persons' counts. Returns how many."""
    old = Miss.objects.filter(counts=True, at__lte=clock.now() - dt.timedelta(days=settings.NO_SHOW_DAYS))
    return sum(_uncount(miss) for miss in old)


def _uncount(miss: Miss, **words: Any) -> bool:
    with transaction.atomic():
        person = booking.lock_person(miss.patient_id)
        if not Miss.objects.filter(pk=miss.pk, counts=True).update(counts=False, **words):
            return False
        _add(person, -1)
        return True


def forgive(miss: Miss, by: str, why: str) -> bool:
    """It was none, and somebody says why. A withdrawal that it led to ends. False where it counts no more already."""
    now = clock.now()
    with transaction.atomic():
        if not _uncount(miss, forgiven_at=now, forgiven_by=by[:80], why=why[:200]):
            return False
        if booking.lock_person(miss.patient_id).no_shows <= settings.NO_SHOWS:
            Withdrawal.objects.filter(patient=miss.patient_id, until__gt=now).update(until=now, ended_by=by[:80])
    return True


def withdrawn_until(patient: int, now: dt.datetime) -> dt.datetime | None:
    """Until when this person books nothing from afar; None: they may."""
    return (Withdrawal.objects.filter(patient=patient, since__lte=now, until__gt=now).order_by("-until")
            .values_list("until", flat=True).first())


def make_sure_not_withdrawn(person: Patient, now: dt.datetime) -> None:
    """Raises remote_withdrawn {until}."""
    until = withdrawn_until(person.pk, now)
    if until is not None:
        raise Refusal("remote_withdrawn", until=clock.local(until).isoformat())
