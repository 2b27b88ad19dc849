"""Holding a number, booking it, giving it back. Every function here runs inside its caller's transaction.

The order of locks is: the person, then the slot. Two machines serving one person wait for each other; two persons
never do, for a slot somebody else is just taking is passed over, not waited for.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.models import Q

from hospital import clock
from hospital.care import numbers
from hospital.care.models import Appointment, Channel, Hold, Patient, Schedule, Slot
from hospital.refusal import Refusal

_SEGMENT = re.compile(r"(\d{1,12})-([01]\d|2[0-3])([0-5]\d)")
_ACTIVE = (Appointment.State.BOOKED, Appointment.State.ARRIVED, Appointment.State.FULFILLED)


def lock_person(patient: int) -> Patient:
    """The person's row, held until the transaction ends: what one person does, happens one thing at a time."""
    found = Patient.objects.select_for_update().filter(pk=patient).first()
    if found is None:
        raise Refusal("unknown_patient")
    return found


def get_hold(hold: uuid.UUID) -> Hold:
    found = (Hold.objects.select_related("slot__schedule__department", "slot__schedule__practitioner")
             .filter(pk=hold).first())
    if found is None:
        raise Refusal("unknown_hold")
    return found


def locked_hold(hold: uuid.UUID) -> Hold:
    """The hold as it is now and stays, for its person is locked."""
    lock_person(get_hold(hold).patient_id)
    return get_hold(hold)


def standing(hold: Hold) -> bool:
    """Is the slot still this hold's own? True also a little after its end, until somebody else takes the slot."""
    return hold.slot.hold_id == hold.pk and not hold.slot.booked


def live(hold: Hold) -> bool:
    """Does the hold still run?"""
    return standing(hold) and hold.until > clock.now()


Rules = Callable[[Patient, Schedule, dt.datetime], frozenset[str]]
"""What the hospital has to say of a person who wants a session: whose places they may take besides everybody's
(`Slot.share`). Raises Refusal. The person is locked."""


def hold(patient: int, segment: str, kiosk: str, channel: str = Channel.KIOSK, rules: Rules | None = None) -> Hold:
    """Keep the first free number of a segment for a person, for HOLD_SECONDS, at the price of this moment."""
    person = lock_person(patient)
    schedule, start = _find_segment(segment)
    now = clock.now()
    _let_go_of_older(person, schedule, kiosk, now)
    _may_book(person, schedule, now)
    shares = rules(person, schedule, now) if rules else frozenset({str(channel)})
    made = Hold(patient=person, kiosk=kiosk, channel=channel, fee=schedule.fee, made_at=now,
                until=now + dt.timedelta(seconds=settings.HOLD_SECONDS))
    taken = _take_slot(schedule.pk, start, made, shares)
    if taken is None:
        raise Refusal("slot_full")
    made.slot_id = taken
    made.save(force_insert=True)
    return get_hold(made.pk)


def _find_segment(segment: str) -> tuple[Schedule, dt.datetime]:
    match = _SEGMENT.fullmatch(segment)
    schedule = match and Schedule.objects.select_related("department").filter(pk=int(match[1])).first()
    if not match or not schedule or schedule.state == Schedule.State.DRAFT or schedule.released_at > clock.now():
        raise Refusal("unknown_segment")
    start = clock.at(schedule.day, int(match[2]) * 60 + int(match[3]))
    slot = Slot.objects.filter(schedule=schedule, start=start).first()
    if slot is None:
        raise Refusal("unknown_segment")
    if schedule.state != Schedule.State.OPEN:
        raise Refusal("session_stopped")
    if slot.end <= clock.now():
        raise Refusal("past")
    return schedule, start


def _let_go_of_older(person: Patient, schedule: Schedule, kiosk: str, now: dt.datetime) -> None:
    """A person holds one number a half day and department: the older one goes, unless another machine has it."""
    older = Slot.objects.filter(hold__patient=person, booked=False, schedule__department=schedule.department_id,
                                schedule__day=schedule.day, schedule__half=schedule.half)
    holds = Hold.objects.filter(holding__in=older)
    elsewhere = holds.filter(until__gt=now).exclude(kiosk=kiosk).first()
    if elsewhere is not None:
        raise Refusal("held_elsewhere", until=clock.local(elsewhere.until).isoformat())
    for hold in holds:
        _free(hold, now)


def _may_book(person: Patient, schedule: Schedule, now: dt.datetime) -> None:
    booked = Appointment.objects.filter(patient=person, day=schedule.day, state__in=_ACTIVE)
    same = booked.filter(department=schedule.department_id, half=schedule.half).first()
    if same is not None:
        raise Refusal("already_booked", appointment=same)
    holding = Slot.objects.filter(hold__patient=person, booked=False, held_until__gt=now, schedule__day=schedule.day)
    if booked.count() + holding.count() >= settings.PER_DAY:
        raise Refusal("daily_limit", limit=settings.PER_DAY)
    if person.no_shows >= settings.NO_SHOWS and schedule.day > clock.local(now).date():
        raise Refusal("blacklisted")


def _take_slot(schedule: int, start: dt.datetime, hold: Hold, shares: frozenset[str]) -> int | None:
    """One guarded statement: of all who ask at once, each gets another slot or none; places of their own share first."""
    skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value
    key = Hold._meta.pk.get_db_prep_value(hold.pk, connection)
    mine = sorted(shares | {""})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE care_slot SET hold_id = %s, held_until = %s WHERE id = ("
            " SELECT id FROM care_slot WHERE schedule_id = %s AND start = %s AND NOT booked"
            " AND (held_until IS NULL OR held_until <= %s)"
            " AND (share IN (" + ", ".join(["%s"] * len(mine)) + ") OR share_until <= %s)"
            " ORDER BY CASE WHEN share = '' THEN 1 ELSE 0 END, number LIMIT 1 " + skip + ") RETURNING id",
            [key, moment(hold.until), schedule, moment(start), moment(hold.made_at), *mine, moment(hold.made_at)])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def prolong(hold: Hold, until: dt.datetime) -> bool:
    """Keep the slot until then, if it is still this hold's own."""
    kept = Slot.objects.filter(pk=hold.slot_id, hold=hold, booked=False, held_until__gt=clock.now())
    if not kept.update(held_until=until):
        return False
    Hold.objects.filter(pk=hold.pk).update(until=until)
    hold.until = until
    return True


def release(hold: Hold) -> str:
    """Give the number back: "released", "ended" (it was over already) or "booked" (too late). Never an error.

    The person is locked.
    """
    now = clock.now()
    if Appointment.objects.filter(hold=hold).exists():
        return "booked"
    over = not live(hold)
    _free(hold, now)
    return "ended" if over else "released"


def _free(hold: Hold, now: dt.datetime) -> None:
    Slot.objects.filter(hold=hold, booked=False).update(hold=None, held_until=None)
    Hold.objects.filter(pk=hold.pk, released_at__isnull=True).update(released_at=now)


def book(hold: Hold) -> Appointment | None:
    """Turn a standing hold into an appointment; None where that cannot be any more.

    The slot may be booked a little after the hold's end as long as nobody else took it and it is not over itself.
    """
    person = lock_person(hold.patient_id)
    schedule, now = hold.slot.schedule, clock.now()
    if hold.slot.end <= now:
        return None
    booked = Appointment.objects.filter(patient=person, day=schedule.day, state__in=_ACTIVE)
    same = Q(department=schedule.department_id, half=schedule.half)
    if booked.filter(same).exists() or booked.count() >= settings.PER_DAY:
        return None
    if not Schedule.objects.filter(pk=schedule.pk, state=Schedule.State.OPEN).exists():
        return None
    if not Slot.objects.filter(pk=hold.slot_id, hold=hold, booked=False).update(booked=True, held_until=None):
        return None
    return Appointment.objects.create(
        code=numbers.appointment_code(schedule.day), patient=person, slot=hold.slot, hold=hold,
        department=schedule.department, day=schedule.day, half=schedule.half, fee=hold.fee, channel=hold.channel,
        booked_at=now)


def confirm(hold: Hold) -> Appointment:
    """The appointment of a held number: booked already where it was paid for, booked now where it costs nothing.

    The hold was read under the person's lock. Raises unpaid, hold_ended, already_cancelled.
    """
    booked = Appointment.objects.filter(hold=hold).first()
    if booked is None:
        if hold.fee and live(hold):
            raise Refusal("unpaid")
        booked = book(hold) if live(hold) else None
    if booked is None:
        raise Refusal("hold_ended")
    if booked.state == Appointment.State.CANCELLED:
        raise Refusal("already_cancelled")
    return booked


def cancel(appointment: Appointment) -> None:
    """Undo a booking; its slot is free again at once. The person is locked, and the rules have been looked at."""
    changed = (Appointment.objects.filter(pk=appointment.pk, state=Appointment.State.BOOKED)
               .update(state=Appointment.State.CANCELLED, cancelled_at=clock.now()))
    if not changed:
        raise Refusal("already_cancelled")
    Slot.objects.filter(pk=appointment.slot_id).update(booked=False, hold=None, held_until=None)
    appointment.refresh_from_db()


def may_cancel(appointment: Appointment) -> None:
    """The person's own rule: until CANCEL_MINUTES before the segment. Raises not_cancellable, already_cancelled."""
    if appointment.state == Appointment.State.CANCELLED:
        raise Refusal("already_cancelled")
    if not appointment.cancellable:
        raise Refusal("not_cancellable", until=clock.local(appointment.cancellable_until).isoformat())
