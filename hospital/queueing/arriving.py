"""Checking in (签到): from a booking to a place in the queue. Inside the caller's transaction, which locks the person first
and the queue second."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from hospital import clock
from hospital.care.booking import lock_person
from hospital.care.models import Appointment, Channel, Department, Patient, Practitioner, Schedule, Slot
from hospital.composed import added, asked, changed
from hospital.outpatient import referral
from hospital.outpatient.models import Offer
from hospital.queueing import queues, rules
from hospital.queueing.models import Event, Queue, Rules, Sitting, Ticket
from hospital.refusal import Refusal

ALIVE = (Ticket.State.WAITING, Ticket.State.CALLED, Ticket.State.MISSED)


@dataclass(frozen=True)
class Arrival:
    """A booking of today that is not checked in yet. `why`: the word by which checking in would be refused now; `opens`:
    from when on it is not too early."""

    appointment: Appointment
    why: str
    opens: dt.datetime


def of_today(patient: int) -> list[Arrival]:
    """Today's bookings that were not checked in, soonest first."""
    found = (Appointment.objects.select_related("slot__schedule__practitioner", "department", "order__payment")
             .filter(patient=patient, day=_today(), state=Appointment.State.BOOKED).order_by("slot__start"))
    return [Arrival(one, _why_not(one), _opens(one, rules.of(one.department_id))) for one in found]


def tickets_of_today(patient: int) -> list[Ticket]:
    """The places of today that still mean something: waiting, called, missed, or to come back to with results."""
    found = (Ticket.objects.select_related("queue", "department", "room", "practitioner", "priority", "patient",
                                           "appointment__slot__schedule__practitioner")
             .filter(patient=patient, day=_today()).order_by("number"))
    return [one for one in found if one.state in ALIVE or one.comes_back]


def check_in(appointment: Appointment) -> Ticket:
    """A place in the queue; the same one when it was given before.

    Raises already_cancelled, wrong_day {day}, changed (they are asked whether they agree to a change, and have not said),
    session_stopped, too_early {opens}, session_over.
    """
    lock_person(appointment.patient_id)
    appointment.state, = _state(appointment.pk)
    before = _given.first(appointment.pk)
    if before is not None:
        return before
    why = _why_not(appointment)
    if why:
        raise Refusal(why, **_reason(appointment, why))
    queue = queues.locked(queues.of_schedule(appointment.slot.schedule).pk)
    made = _join(queue, appointment.patient, _standing(appointment.slot, appointment), appointment)
    _arrived(appointment.pk)
    return made


@asked
def _state(appointment: int) -> QuerySet[Appointment, Any]:
    return Appointment.objects.filter(pk=appointment).order_by().values_list("state", flat=True)


@asked
def _given(appointment: int) -> QuerySet[Ticket]:
    return Ticket.objects.filter(appointment=appointment).order_by()


@changed
def _arrived(appointment: int) -> tuple[QuerySet[Appointment], dict[str, Any]]:
    return Appointment.objects.filter(pk=appointment), {"state": Appointment.State.ARRIVED}


def leave_changed() -> int:
    """Who has checked in, and whose session was stopped, moved or given to another doctor before they were called, waits in
    no line any more: they have a booking as before, and are refunded or asked like all who have. Returns how many."""
    return sum(_leave(*one) for one in _changed().values_list("pk", "patient", "queue"))


def _changed() -> QuerySet[Ticket]:
    schedule = "appointment__slot__schedule"
    off = Q(**{f"{schedule}__state__in": (Schedule.State.STOPPED, Schedule.State.MOVED)})
    another = Q(queue__practitioner__isnull=False) & ~Q(queue__practitioner=F(f"{schedule}__practitioner"))
    return Ticket.objects.filter(off | another, day__gte=_today() - dt.timedelta(days=1),
                                 state__in=(Ticket.State.WAITING, Ticket.State.MISSED),
                                 appointment__state=Appointment.State.ARRIVED)


def _leave(ticket: int, patient: int, queue: int) -> bool:
    with transaction.atomic():
        lock_person(patient)
        line = queues.locked(queue)
        found = _changed().filter(pk=ticket).first()
        if found is None:
            return False            # called in this very moment
        Appointment.objects.filter(pk=found.appointment_id).update(state=Appointment.State.BOOKED)
        found.state, found.appointment = Ticket.State.GONE, None     # who comes to the other time gets another
        found.save(update_fields=["state", "appointment"])
        queues.changed(line, Event.Kind.LEFT, found)
    return True


def queue_today(department: Department, practitioner: Practitioner | None = None) -> Queue:
    """Where somebody is sent to. Raises session_over where nobody sits there today any more."""
    schedule = (Schedule.objects.filter(department=department, practitioner=practitioner, day=_today(),
                                        state=Schedule.State.OPEN, end__gt=clock.now()).order_by("start").first())
    if schedule is None:
        raise Refusal("session_over")
    return queues.of_schedule(schedule)


def refer(patient: Patient, queue: Queue) -> Ticket:
    """A place in a queue, with priority; the one they have there, if they have one. The queue is locked."""
    before = Ticket.objects.filter(queue=queue, patient=patient, state__in=ALIVE).first()
    if before is None:
        return _join(queue, patient, Ticket.Standing.REFERRED)
    if before.state != Ticket.State.CALLED:
        before.standing, before.priority = Ticket.Standing.REFERRED, rules.priority(patient, rules.REFERRED)
        before.state, before.turn, before.after = Ticket.State.WAITING, before.place - _credit(before), 0
        before.save()
        queues.changed(queue, Event.Kind.REJOINED, before)
    return before


def rejoin(ticket: Ticket) -> Ticket:
    """Back into the line: after a missed call behind some others, with results at once and with priority.

    Who waits or is called already simply is. Raises session_over: they were seen, or nobody sits there any more.
    """
    lock_person(ticket.patient_id)
    queue = queues.locked(ticket.queue_id)
    ticket.refresh_from_db()
    now = clock.now()
    if ticket.state in (Ticket.State.WAITING, Ticket.State.CALLED):
        return ticket
    seen = ticket.state not in ALIVE and not ticket.comes_back
    if seen or ticket.day != _today() or _over(queue, now):
        raise Refusal("session_over")
    if ticket.state == Ticket.State.MISSED:
        ticket.after = queue.calls + rules.of(queue.department_id).missed_after
    else:
        ticket.standing, ticket.comes_back, ticket.overtaken, ticket.after = Ticket.Standing.RESULTS, False, 0, 0
        ticket.priority = rules.priority(ticket.patient, rules.RESULTS, *_sent(queue, ticket.patient, ticket.appointment))
        ticket.place = now
        ticket.turn = now - _credit(ticket)
    ticket.state, ticket.room, ticket.joined_at = Ticket.State.WAITING, None, now
    ticket.save()
    queues.changed(queue, Event.Kind.REJOINED, ticket)
    return ticket


def _join(queue: Queue, patient: Patient, standing: tuple[str, dt.datetime] | str,
          appointment: Appointment | None = None) -> Ticket:
    now = clock.now()
    kind, place = standing if isinstance(standing, tuple) else (standing, now)
    ticket = Ticket(queue=queue, department_id=queue.department_id, day=queue.day, patient=patient, standing=kind,
                    appointment=appointment, place=place, arrived_at=now, joined_at=now,
                    priority=rules.priority(patient, kind, *_sent(queue, patient, appointment)))
    ticket.turn = place - _credit(ticket)
    ticket.number = queues.number(queue)
    added(ticket)
    queues.changed(queue, Event.Kind.ARRIVED, ticket)
    return ticket


def _sent(queue: Queue, patient: Patient, appointment: Appointment | None) -> tuple[str, ...]:
    """双向转诊: were they sent here by a family doctor or a community clinic, or booked by one?"""
    booked = appointment is not None and appointment.channel == Channel.COMMUNITY
    sent = booked or referral.priority_of(patient.pk, queue.department_id, queue.day)
    return (rules.REFERRED,) if sent else ()


def _credit(ticket: Ticket) -> dt.timedelta:
    return dt.timedelta(minutes=ticket.priority.credit if ticket.priority else 0)


def _standing(slot: Slot, appointment: Appointment) -> tuple[str, dt.datetime]:
    """How somebody comes, and since when they rightfully wait."""
    now = clock.now()
    if now >= slot.end:
        return Ticket.Standing.LATE, now
    if clock.local(appointment.booked_at).date() < appointment.day:
        return Ticket.Standing.BOOKED, slot.start
    behind = dt.timedelta(minutes=rules.of(appointment.department_id).walk_in_minutes)
    return Ticket.Standing.WALK_IN, max(slot.start, now) + behind


def _why_not(appointment: Appointment) -> str:
    """The word by which checking in is refused now; "" when nothing is in its way."""
    now, schedule = clock.now(), appointment.slot.schedule
    if appointment.state == Appointment.State.CANCELLED:
        return "already_cancelled"
    if appointment.day != _today():
        return "wrong_day"
    if _offered(appointment.pk):
        return "changed"
    if schedule.state != Schedule.State.OPEN:
        return "session_stopped"
    if now < _opens(appointment, rules.of(appointment.department_id)):
        return "too_early"
    return "session_over" if _over(schedule, now) else ""


@asked
def _offered(appointment: int) -> QuerySet[Offer]:
    return Offer.objects.filter(appointment=appointment, state=Offer.State.PENDING).order_by()


def _over(line: Schedule | Queue, now: dt.datetime) -> bool:
    """Does nobody of this line sit any more today, and nobody come?"""
    same = Schedule.objects.filter(department=line.department_id, practitioner=line.practitioner_id,
                                   kind=line.kind, day=line.day, state=Schedule.State.OPEN, end__gt=now)
    return not same.exists() and not Sitting.objects.filter(
        queue__department=line.department_id, queue__practitioner=line.practitioner_id,
        queue__kind=line.kind, queue__day=line.day, ended_at=None).exists()


def _opens(appointment: Appointment, rule: Rules) -> dt.datetime:
    return appointment.slot.start - dt.timedelta(minutes=rule.early_minutes)


def _reason(appointment: Appointment, why: str) -> dict[str, str]:
    """What somebody who is refused needs to hear."""
    if why == "too_early":
        return {"opens": clock.local(_opens(appointment, rules.of(appointment.department_id))).isoformat()}
    return {"day": appointment.day.isoformat()} if why == "wrong_day" else {}


def _today() -> dt.date:
    return clock.local(clock.now()).date()
