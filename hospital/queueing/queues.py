"""A queue as the verbs use it: found, locked, read as a line, changed. Inside the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from hospital import clock
from hospital.care import numbers
from hospital.care.models import Appointment, Schedule
from hospital.composed import added, asked
from hospital.composed import changed as updated
from hospital.queueing import rules
from hospital.queueing.line import Place
from hospital.queueing.models import Event, Queue, Room, Ticket
from hospital.refusal import Refusal

HISTORY = 300       # earlier visits that say how long one usually takes
_LEAST = 10         # fewer say nothing


def of_schedule(schedule: Schedule) -> Queue:
    """The line of a session's day; made when the first person asks for it."""
    return find(schedule.department_id, schedule.day, schedule.kind, schedule.practitioner_id)


@asked
def _of_doctor(department: int, day: dt.date, kind: str, practitioner: int) -> QuerySet[Queue]:
    return Queue.objects.filter(department=department, day=day, kind=kind, practitioner=practitioner).order_by()


@asked
def _of_clinic(department: int, day: dt.date, kind: str) -> QuerySet[Queue]:
    return Queue.objects.filter(department=department, day=day, kind=kind, practitioner=None).order_by()


def find(department: int, day: dt.date, kind: str, practitioner: int | None) -> Queue:
    words = {"department_id": department, "day": day, "kind": kind, "practitioner_id": practitioner}
    found = (_of_clinic.first(department, day, kind) if practitioner is None
             else _of_doctor.first(department, day, kind, practitioner))
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Queue.objects.create(**words, usual_seconds=_usual(department, kind, practitioner))
    except IntegrityError:          # another machine was quicker
        return Queue.objects.get(**words)


def _usual(department: int, kind: str, practitioner: int | None) -> int | None:
    """Mean seconds of the latest visits of the same kind here; None where there are too few."""
    known = [(done - called).total_seconds() for called, done in (
        Ticket.objects.filter(queue__department=department, queue__kind=kind, queue__practitioner=practitioner,
                              state=Ticket.State.DONE, called_at__isnull=False)
        .order_by("-id").values_list("called_at", "done_at")[:HISTORY])]
    return round(sum(known) / len(known)) if len(known) >= _LEAST else None


@asked
def _row(queue: int) -> QuerySet[Queue]:
    return Queue.objects.select_for_update(no_key=True).filter(pk=queue).order_by()


def locked(queue: int) -> Queue:
    """The queue's row, held until the transaction ends: what happens in a queue, happens one thing at a time."""
    return _row(queue)[0]


@asked
def _waiting(queue: int) -> QuerySet[Ticket, Any]:
    return (Ticket.objects.filter(Q(appointment=None) | ~Q(appointment__state=Appointment.State.CANCELLED),
                                  queue=queue, state=Ticket.State.WAITING)
            .order_by("number").values_list("id", "number", "place", "turn", "after", "overtaken"))


def lock(queues: Iterable[int]) -> dict[int, Queue]:
    """Several of them, always in the same order: two doctors who send patients to each other do not wait for ever."""
    return {one: locked(one) for one in sorted(set(queues))}


def line(queue: Queue) -> list[Place]:
    """Everybody who waits; those whose booking was cancelled meanwhile do not."""
    return [Place(*row) for row in _waiting(queue.pk)]


def most(queue: Queue) -> int:
    return int(rules.of(queue.department_id).overtaken_at_most)


def changed(queue: Queue, kind: Event.Kind, ticket: Ticket | None = None, room: Room | None = None) -> None:
    """Write down what happened, and that the queue is not as it was."""
    added(Event(queue=queue, kind=kind, at=clock.now(), ticket=ticket, room=room))
    _turn(queue.pk)


@updated
def _turn(queue: int) -> tuple[QuerySet[Queue], dict[str, Any]]:
    return Queue.objects.filter(pk=queue), {"version": F("version") + 1}


def number(queue: Queue) -> int:
    """The next number of the department's day. Taken back with its transaction."""
    return numbers.following(f"Q{queue.department_id}-{queue.day:%y%m%d}")


@asked
def _ticket(pk: int) -> QuerySet[Ticket]:
    return Ticket.objects.select_related("queue", "patient", "priority", "room", "department", "practitioner",
                                         "appointment__slot__schedule__practitioner").filter(pk=pk)


def ticket(pk: int) -> Ticket:
    found = _ticket.first(pk)
    if found is None:
        raise Refusal("unknown_ticket")
    return found


@asked
def _latest(queue: int) -> QuerySet[Ticket, Any]:
    return (Ticket.objects.filter(queue=queue, state=Ticket.State.DONE, called_at__isnull=False)
            .order_by("-done_at").values_list("called_at", "done_at")[:20])


def pace(queue: Queue) -> Sequence[float]:
    """Seconds of the twenty latest visits of today, the newest first: from the call to the next."""
    return [(done - called).total_seconds() for called, done in _latest(queue.pk)]
