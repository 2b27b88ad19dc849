"""Holding a number, booking it, giving it back. Every function here runs inside its caller's transaction.

The order of locks is: the person, then the slot. Two machines serving one person wait for each other; two persons
never do, for a slot somebody else is just taking is passed over, not waited for.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from hospital import clock
from hospital.care import numbers
from hospital.composed import added, asked, changed
from hospital.care.models import Appointment, Channel, Hold, Patient, Schedule, Slot
from hospital.refusal import Refusal

_SEGMENT = re.compile(r"(\d{1,12})-([01]\d|2[0-3])([0-5]\d)")
_HOUR = dt.timedelta(hours=1)
_ACTIVE = (Appointment.State.BOOKED, Appointment.State.ARRIVED, Appointment.State.FULFILLED)


@asked
def _locked_person(patient: int) -> QuerySet[Patient]:
    return Patient.objects.select_for_update(no_key=True).filter(pk=patient)


@asked
def _locked_holder(hold: uuid.UUID) -> QuerySet[Patient]:
    return Patient.objects.select_for_update(no_key=True, of=("self",)).filter(holds=hold)


@asked
def _held(hold: uuid.UUID) -> QuerySet[Hold]:
    return Hold.objects.select_related(
        "slot__schedule__department", "slot__schedule__practitioner", "appointment").filter(pk=hold)


def lock_person(patient: int) -> Patient:
    """The person's row, held until the transaction ends: what one person does, happens one thing at a time."""
    found = _locked_person.first(patient)
    if found is None:
        raise Refusal("unknown_patient")
    return found


def get_hold(hold: uuid.UUID) -> Hold:
    found = _held.first(hold)
    if found is None:
        raise Refusal("unknown_hold")
    return found


def locked_hold(hold: uuid.UUID) -> Hold:
    """The hold as it is now and stays, for its person is locked."""
    person = _locked_holder.first(hold)
    found = get_hold(hold)
    found.patient = person
    return found


def standing(hold: Hold) -> bool:
    """Is the slot still this hold's own? True also a little after its end, until somebody else takes the slot."""
    return hold.slot.hold_id == hold.pk and not hold.slot.booked


def live(hold: Hold) -> bool:
    """Does the hold still run?"""
    return standing(hold) and hold.until > clock.now()


Limit = Callable[[Patient, Schedule, dt.datetime, int], None]
"""What else the hospital asks before a person gets a session: when it is held, and again when it is booked, for between
the two much may have been booked. The last argument is the slot that is in hand already (0: none). Raises Refusal."""

_limits: list[Limit] = []


def keep(limit: Limit) -> None:
    """From now on this is asked, too. For applications that build on this one, when they start."""
    _limits.append(limit)


Rules = Callable[[Patient, Schedule, dt.datetime], frozenset[str]]
"""What the hospital has to say of a person who wants a session: whose places they may take besides everybody's
(`Slot.share`). Raises Refusal. The person is locked."""


def hold(patient: int, segment: str, kiosk: str, channel: str = Channel.KIOSK, rules: Rules | None = None) -> Hold:
    """Keep the first free number of a segment for a person, for HOLD_SECONDS, at the price of this moment."""
    person = lock_person(patient)
    slot, now = _find_segment(segment), clock.now()
    schedule = slot.schedule
    holds = _unbooked(patient, schedule.day)
    kept = _let_go_of_older([one for one in holds if standing(one)], schedule, kiosk, now)
    _may_book(person, kept, schedule, now)
    _make_sure_not_hoarding(holds, schedule, now)
    shares = rules(person, schedule, now) if rules else frozenset({str(channel)})
    made = Hold(patient=person, kiosk=kiosk, channel=channel, fee=schedule.fee, made_at=now,
                until=now + dt.timedelta(seconds=settings.HOLD_SECONDS))
    taken = _take_slot(slot, made, shares)
    if taken is None:
        raise Refusal("slot_full")
    made.slot = taken
    return added(made)


@asked
def _schedule(pk: int) -> QuerySet[Schedule]:
    return Schedule.objects.select_related("department", "practitioner").filter(pk=pk)


@asked
def _first_of(schedule: int, start: dt.datetime) -> QuerySet[Slot]:
    return Slot.objects.filter(schedule=schedule, start=start).order_by("number")[:1]


@asked
def _unbooked(patient: int, day: dt.date) -> QuerySet[Hold]:
    """What a person has held for a day and not booked. Of those that stand, the number is held, or was and nobody has taken
    it since."""
    return Hold.objects.select_related("slot__schedule").filter(
        patient=patient, slot__schedule__day=day, appointment__isnull=True).order_by("made_at")


@asked
def _booked_on(patient: int, day: dt.date) -> QuerySet[Appointment]:
    return Appointment.objects.filter(patient=patient, day=day, state__in=_ACTIVE).order_by("id")


def _find_segment(segment: str) -> Slot:
    """The first number of a segment that can be booked now."""
    match = _SEGMENT.fullmatch(segment)
    schedule, now = _schedule.first(int(match[1])) if match else None, clock.now()
    if not match or not schedule or schedule.state == Schedule.State.DRAFT or schedule.released_at > now:
        raise Refusal("unknown_segment")
    slot = _first_of.first(schedule.pk, clock.at(schedule.day, int(match[2]) * 60 + int(match[3])))
    if slot is None:
        raise Refusal("unknown_segment")
    if schedule.state != Schedule.State.OPEN:
        raise Refusal("session_stopped")
    if slot.end <= now:
        raise Refusal("past")
    slot.schedule = schedule
    return slot


def _let_go_of_older(kept: list[Hold], schedule: Schedule, kiosk: str, now: dt.datetime) -> list[Hold]:
    """A person holds one number a half day and department: the older one goes, unless another machine has it. What of the
    day's numbers the person keeps."""
    same = [one for one in kept if _same(one.slot.schedule, schedule)]
    for hold in same:
        if hold.until > now and hold.kiosk != kiosk:
            raise Refusal("held_elsewhere", until=clock.local(hold.until).isoformat())
    for hold in same:
        _free(hold, now)
    return [one for one in kept if one not in same]


def _make_sure_not_hoarding(holds: list[Hold], schedule: Schedule, now: dt.datetime) -> None:
    """Who holds a number again and again and books none, keeps it from others. Raises held_too_often {until}."""
    lately = [one.made_at for one in holds
              if one.made_at > now - _HOUR and one.slot.schedule.department_id == schedule.department_id]
    if len(lately) >= settings.HOLDS_AN_HOUR:
        raise Refusal("held_too_often", until=clock.local(lately[-settings.HOLDS_AN_HOUR] + _HOUR).isoformat())


def _same(one: Schedule | Appointment, schedule: Schedule) -> bool:
    """In the same department on the same half day?"""
    return (one.department_id, one.day, one.half) == (schedule.department_id, schedule.day, schedule.half)


def _may_book(person: Patient, kept: list[Hold], schedule: Schedule, now: dt.datetime) -> None:
    booked = _booked_on(person.pk, schedule.day)
    for one in booked:
        if _same(one, schedule):
            raise Refusal("already_booked", appointment=one)
    holding = [one for one in kept if one.slot.held_until and one.slot.held_until > now]
    if len(booked) + len(holding) >= settings.PER_DAY:
        raise Refusal("daily_limit", limit=settings.PER_DAY)
    if person.no_shows >= settings.NO_SHOWS and schedule.day > clock.local(now).date():
        raise Refusal("blacklisted")
    for limit in _limits:
        limit(person, schedule, now, 0)


def _take_slot(first: Slot, hold: Hold, shares: frozenset[str]) -> Slot | None:
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
            " ORDER BY CASE WHEN share = '' THEN 1 ELSE 0 END, number LIMIT 1 " + skip + ") RETURNING id, number",
            [key, moment(hold.until), first.schedule_id, moment(first.start), moment(hold.made_at), *mine,
             moment(hold.made_at)])
        row = cursor.fetchone()
    return row and Slot(id=row[0], number=row[1], schedule=first.schedule, start=first.start, end=first.end, hold=hold,
                        held_until=hold.until)


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


@changed
def _book_slot(slot: int, hold: uuid.UUID) -> tuple[QuerySet[Slot], dict[str, Any]]:
    opened = Schedule.objects.filter(pk=OuterRef("schedule"), state=Schedule.State.OPEN)
    return Slot.objects.filter(Exists(opened), pk=slot, hold=hold, booked=False), {"booked": True, "held_until": None}


def book(hold: Hold) -> Appointment | None:
    """Turn a standing hold into an appointment; None where that cannot be any more.

    The slot may be booked a little after the hold's end as long as nobody else took it and it is not over itself.
    """
    lock_person(hold.patient_id)
    return _book(hold)


def _book(hold: Hold) -> Appointment | None:
    schedule, now = hold.slot.schedule, clock.now()
    if hold.slot.end <= now:
        return None
    booked = _booked_on(hold.patient_id, schedule.day)
    if len(booked) >= settings.PER_DAY or any(_same(one, schedule) for one in booked):
        return None
    try:
        for limit in _limits:
            limit(hold.patient, schedule, now, hold.slot_id)
    except Refusal:
        return None
    if not _book_slot(hold.slot_id, hold.pk):
        return None
    return added(Appointment(
        code=numbers.appointment_code(schedule.day), patient=hold.patient, slot=hold.slot, hold=hold,
        department=schedule.department, day=schedule.day, half=schedule.half, fee=hold.fee, channel=hold.channel,
        booked_at=now))


def owing(hold: Hold) -> Appointment | None:
    """The booking that this hold has become without being paid for, where its fee is due still."""
    booked = Appointment.objects.select_related("order").filter(hold=hold).first()
    return booked if booked is not None and booked.due else None


def confirm(hold: Hold) -> Appointment:
    """The appointment of a held number: booked already where it was paid for, booked now where it costs nothing.

    The hold was read under the person's lock. Raises unpaid, hold_ended, already_cancelled.
    """
    booked: Appointment | None = getattr(hold, "appointment", None)
    if booked is None:
        if hold.fee and live(hold):
            raise Refusal("unpaid")
        booked = _book(hold) if live(hold) else None
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
