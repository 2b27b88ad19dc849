"""A queue as the verbs use it: found, locked, read as a line, changed. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from hospital import clock
from hospital.care import numbers
from hospital.care.models import Appointment, Schedule
from hospital.queueing import rules
from hospital.queueing.line import Place
from hospital.queueing.models import Event, Queue, Room, Ticket
from hospital.refusal import Refusal

HISTORY = 300       # earlier visits that say how long one usually takes
_LEAST = 10         # fewer say nothing


def of_schedule(schedule: Schedule) -> Queue:
    """The line of a session's day; made when the first person asks for it."""
    return find(schedule.department_id, schedule.day, schedule.kind, schedule.practitioner_id)


def find(department: int, day: object, kind: str, practitioner: int | None) -> Queue:
    words = {"department_id": department, "day": day, "kind": kind, "practitioner_id": practitioner}
    found = Queue.objects.filter(**words).first()
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


def locked(queue: int) -> Queue:
    """The queue's row, held until the transaction ends: what happens in a queue, happens one thing at a time."""
    return Queue.objects.select_for_update(no_key=True).get(pk=queue)


def line(queue: Queue) -> list[Place]:
    """Everybody who waits; those whose booking was cancelled meanwhile do not."""
    rows = (Ticket.objects.filter(Q(appointment=None) | ~Q(appointment__state=Appointment.State.CANCELLED),
                                  queue=queue, state=Ticket.State.WAITING)
            .values_list("id", "number", "place", "turn", "after", "overtaken"))
    return [Place(*row) for row in rows]


def most(queue: Queue) -> int:
    return int(rules.of(queue.department_id).overtaken_at_most)


def changed(queue: Queue, kind: Event.Kind, ticket: Ticket | None = None, room: Room | None = None) -> None:
    """Write down what happened, and that the queue is not as it was."""
    Event.objects.create(queue=queue, kind=kind, at=clock.now(), ticket=ticket, room=room)
    Queue.objects.filter(pk=queue.pk).update(version=F("version") + 1)


def number(queue: Queue) -> int:
    """The next number of the department's day. Taken back with its transaction."""
    return numbers.following(f"Q{queue.department_id}-{queue.day:%y%m%d}")


def ticket(pk: int) -> Ticket:
    found = (Ticket.objects.select_related("queue", "patient", "priority", "room", "department", "practitioner",
                                           "appointment__slot__schedule__practitioner")
             .filter(pk=pk).first())
    if found is None:
        raise Refusal("unknown_ticket")
    return found


def pace(queue: Queue, latest: int = 20) -> Sequence[float]:
    """Seconds of the latest visits of today, the newest first: from the call to the next."""
    rows = (Ticket.objects.filter(queue=queue, state=Ticket.State.DONE, called_at__isnull=False)
            .order_by("-done_at").values_list("called_at", "done_at")[:latest])
    return [(done - called).total_seconds() for called, done in rows]
