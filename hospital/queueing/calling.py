"""What a doctor does in the consulting room (叫号). Every verb is one transaction and takes who sits where.

One room has one call at a time, by a constraint of the database; one queue may be called from many rooms, one call
after the other, by the lock of its row. A verb of somebody who does not sit there is refused: not_sitting.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from hospital import clock
from hospital.care.models import Appointment, Department, Practitioner, Schedule
from hospital.composed import asked, changed
from hospital.queueing import arriving, queues, rules
from hospital.queueing.line import Place, first
from hospital.queueing.models import Event, Queue, Room, Sitting, Ticket
from hospital.refusal import Refusal

NIGHT = dt.timedelta(hours=4)       # after midnight nobody calls from a line of the day before any longer


@transaction.atomic
def sit(practitioner: Practitioner, room: Room, schedule: Schedule) -> Sitting:
    """Begin to call from a session's queue (开诊). The same again changes nothing; another place is left first.

    The order of locks is: the doctor, the room, then all queues that this concerns. Raises room_taken, session_stopped.
    """
    Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
    Room.objects.select_for_update(no_key=True).get(pk=room.pk)
    if not Schedule.objects.filter(pk=schedule.pk, state=Schedule.State.OPEN).exists():
        raise Refusal("session_stopped")
    queue = queues.of_schedule(schedule)
    theirs = Sitting.objects.filter(Q(room=room) | Q(practitioner=practitioner), ended_at=None)
    lines = queues.lock([queue.pk, *theirs.values_list("queue", flat=True)])
    for other in theirs.select_related("room"):
        if (other.practitioner_id, other.room_id, other.queue_id) == (practitioner.pk, room.pk, queue.pk):
            return other
        if other.practitioner_id != practitioner.pk:
            raise Refusal("room_taken")
        other.queue = lines[other.queue_id]
        _rise(other)
    made = Sitting.objects.create(room=room, practitioner=practitioner, queue=queue, began_at=clock.now())
    queues.changed(queue, Event.Kind.SAT, room=room)
    return made


@transaction.atomic
def rise(practitioner: Practitioner, room: Room) -> None:
    """End it; whoever is in the room has been seen."""
    _rise(_sitting(practitioner, room))


def rise_of_yesterday() -> int:
    """Who forgot to end it: a line of the day before is over at NIGHT, and its room free for whoever comes then. Returns how
    many were."""
    today = clock.local(clock.now() - NIGHT).date()
    left = Sitting.objects.filter(ended_at=None, queue__day__lt=today).select_related("practitioner", "room")
    for one in left:
        try:
            rise(one.practitioner, one.room)
        except Refusal:         # another server was quicker
            continue
    return len(left)


@transaction.atomic
def call_next(practitioner: Practitioner, room: Room, current: int | None = None) -> Ticket | None:
    """The next one, please; None when nobody waits. Whoever was in the room has been seen.

    current: the ticket (its id, 0 for none) the doctor saw when they touched the button: two touches are one call.
    Raises not_sitting, paused, moved_on.
    """
    sitting = _sitting(practitioner, room)
    queue = sitting.queue
    inside = _inside(room)
    if current is not None and current != (inside.pk if inside else 0):
        raise Refusal("moved_on")
    if sitting.paused_at is not None:
        raise Refusal("paused")
    if inside is not None:
        _finish(queue, inside)
    line, most = queues.line(queue), queues.most(queue)
    called = first(line, queue.calls, most)
    return None if called is None else _call(sitting, called)


@transaction.atomic
def call_again(practitioner: Practitioner, room: Room) -> Ticket:
    """The same once more, for boards and loudspeakers. Raises nobody_called."""
    sitting = _sitting(practitioner, room)
    ticket = _must_be_inside(room)
    Ticket.objects.filter(pk=ticket.pk).update(times_called=F("times_called") + 1)
    queues.changed(sitting.queue, Event.Kind.AGAIN, ticket, room)
    return queues.ticket(ticket.pk)


@transaction.atomic
def skip(practitioner: Practitioner, room: Room) -> Ticket:
    """Nobody came (过号). The first time they come back by themselves after some others; then they must ask for it.

    Raises nobody_called.
    """
    sitting = _sitting(practitioner, room)
    queue, ticket = sitting.queue, _must_be_inside(room)
    rule = rules.of(queue.department_id)
    ticket.misses += 1
    comes_back = ticket.misses <= rule.missed_returns
    ticket.state = Ticket.State.WAITING if comes_back else Ticket.State.MISSED
    ticket.after = queue.calls + rule.missed_after
    ticket.room = ticket.called_at = None
    ticket.save()
    queues.changed(queue, Event.Kind.MISSED, ticket, room)
    return ticket


@transaction.atomic
def recall(practitioner: Practitioner, room: Room, ticket: int) -> Ticket:
    """Call one who missed their call, or waits to come back after it, now (召回). Raises not_missed, paused."""
    sitting = _sitting(practitioner, room)
    found = Ticket.objects.filter(pk=ticket, queue=sitting.queue, misses__gt=0,
                                  state__in=(Ticket.State.MISSED, Ticket.State.WAITING)).first()
    if found is None:
        raise Refusal("not_missed")
    if sitting.paused_at is not None:
        raise Refusal("paused")
    inside = _inside(room)
    if inside is not None:
        _finish(sitting.queue, inside)
    return _call(sitting, Place(found.pk, found.number, found.place, found.turn), overtakes=False)


@transaction.atomic
def done(practitioner: Practitioner, room: Room, comes_back: bool = False) -> Ticket:
    """Seen. comes_back: with results, later today; then they check in again, with priority. Raises nobody_called."""
    sitting = _sitting(practitioner, room)
    ticket = _must_be_inside(room)
    _finish(sitting.queue, ticket, comes_back)
    return ticket


@transaction.atomic
def refer(practitioner: Practitioner, room: Room, department: Department, to: Practitioner | None = None) -> Ticket:
    """Seen here, and sent on to another queue of today with priority; its ticket. Raises nobody_called, session_over."""
    there = arriving.queue_today(department, to)
    sitting = _sitting(practitioner, room, there.pk)
    ticket = _must_be_inside(room)
    _finish(sitting.queue, ticket)
    queues.changed(sitting.queue, Event.Kind.REFERRED, ticket, room)
    return arriving.refer(ticket.patient, there)


@transaction.atomic
def pause(practitioner: Practitioner, room: Room) -> None:
    """Nobody is called until `resume`."""
    _set_pause(_sitting(practitioner, room), paused=True)


@transaction.atomic
def resume(practitioner: Practitioner, room: Room) -> None:
    _set_pause(_sitting(practitioner, room), paused=False)


def inside(room: Room) -> Ticket | None:
    """Who was called into the room."""
    return _inside(room)


def missed(practitioner: Practitioner, room: Room) -> list[Ticket]:
    """Who may be recalled here."""
    sitting = Sitting.objects.filter(practitioner=practitioner, room=room, ended_at=None).first()
    if sitting is None:
        return []
    return list(Ticket.objects.select_related("patient").filter(
        queue=sitting.queue_id, misses__gt=0, state__in=(Ticket.State.MISSED, Ticket.State.WAITING)).order_by("number"))


def _sitting(practitioner: Practitioner, room: Room, *also: int) -> Sitting:
    """Who sits where, its queue locked, and these besides."""
    seen = _sits.first(practitioner.pk, room.pk)
    if seen is not None:
        lines = queues.lock([seen.queue_id, *also])
        found = _sits.first(practitioner.pk, room.pk)
        if found is not None and found == seen:
            found.queue = lines[found.queue_id]
            return found
    raise Refusal("not_sitting")


@asked
def _sits(practitioner: int, room: int) -> QuerySet[Sitting]:
    return Sitting.objects.select_related("room").filter(practitioner=practitioner, room=room, ended_at=None).order_by()


@asked
def _called_into(room: int) -> QuerySet[Ticket]:
    return Ticket.objects.select_related("patient", "room").filter(room=room, state=Ticket.State.CALLED)


def _inside(room: Room) -> Ticket | None:
    return _called_into.first(room.pk)


def _must_be_inside(room: Room) -> Ticket:
    found = _inside(room)
    if found is None:
        raise Refusal("nobody_called")
    return found


def _call(sitting: Sitting, called: Place, overtakes: bool = True) -> Ticket:
    queue, now = sitting.queue, clock.now()
    if overtakes:
        _overtake(queue.pk, queue.calls, called.place, called.number)
    _into(called.ticket, sitting.room_id, sitting.practitioner_id, now)
    _count(queue.pk, now)
    ticket = queues.ticket(called.ticket)
    queues.changed(queue, Event.Kind.CALLED, ticket, sitting.room)
    return ticket


@changed
def _overtake(queue: int, calls: int, place: dt.datetime, number: int) -> tuple[QuerySet[Ticket], dict[str, Any]]:
    earlier = Q(place__lt=place) | Q(place=place, number__lt=number)
    return (Ticket.objects.filter(earlier, queue=queue, state=Ticket.State.WAITING, after__lte=calls),
            {"overtaken": F("overtaken") + 1})


@changed
def _into(ticket: int, room: int, practitioner: int, now: dt.datetime) -> tuple[QuerySet[Ticket], dict[str, Any]]:
    return Ticket.objects.filter(pk=ticket), {
        "state": Ticket.State.CALLED, "room": room, "practitioner": practitioner, "called_at": now,
        "times_called": F("times_called") + 1}


@changed
def _count(queue: int, now: dt.datetime) -> tuple[QuerySet[Queue], dict[str, Any]]:
    return Queue.objects.filter(pk=queue), {"calls": F("calls") + 1, "called_at": now}


@changed
def _fulfil(appointment: int) -> tuple[QuerySet[Appointment], dict[str, Any]]:
    return (Appointment.objects.filter(pk=appointment, state=Appointment.State.ARRIVED),
            {"state": Appointment.State.FULFILLED})


def _finish(queue: Queue, ticket: Ticket, comes_back: bool = False) -> None:
    ticket.state, ticket.done_at, ticket.comes_back = Ticket.State.DONE, clock.now(), comes_back
    ticket.save(update_fields=["state", "done_at", "comes_back"])
    if ticket.appointment_id is not None:
        _fulfil(ticket.appointment_id)
    queues.changed(queue, Event.Kind.DONE, ticket, ticket.room)


def _rise(sitting: Sitting) -> None:
    ticket = _inside(sitting.room)
    if ticket is not None:
        _finish(sitting.queue, ticket)
    Sitting.objects.filter(pk=sitting.pk).update(ended_at=clock.now())
    queues.changed(sitting.queue, Event.Kind.ROSE, room=sitting.room)


def _set_pause(sitting: Sitting, paused: bool) -> None:
    if (sitting.paused_at is not None) == paused:
        return
    Sitting.objects.filter(pk=sitting.pk).update(paused_at=clock.now() if paused else None)
    queues.changed(sitting.queue, Event.Kind.PAUSED if paused else Event.Kind.RESUMED, room=sitting.room)
