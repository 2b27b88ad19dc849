"""What the office must look at (告警): a queue that grows too long, people waiting where nobody calls. An alarm is raised
once, and over by itself when its cause is."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from hospital import clock
from hospital.care.models import Schedule
from hospital.queueing import rules
from hospital.queueing.models import Alarm, Queue, Ticket
from hospital.queueing.waiting import Lines


def watch() -> int:
    """Look at every queue of today; returns how many alarms were raised or are over. Any number of servers may watch.

    With its day an alarm is over.
    """
    today = clock.local(clock.now()).date()
    over = Alarm.objects.filter(over_at=None, queue__day__lt=today).update(over_at=clock.now())
    waiting = Count("tickets", filter=Q(tickets__state=Ticket.State.WAITING))
    queues = Queue.objects.filter(day=today).annotate(waiting=waiting)
    return over + sum(_set(queue, kind, queue.waiting, minutes) for queue in queues for kind, minutes in _causes(queue))


def open_alarms() -> list[Alarm]:
    """What the office must look at now, the latest first."""
    return list(Alarm.objects.select_related("queue__department", "queue__practitioner").filter(over_at=None))


def _causes(queue: Queue) -> Iterator[tuple[str, int | None]]:
    """Each kind, with its minutes where there is cause now."""
    waiting: int = queue.waiting        # type: ignore[attr-defined]  # annotated
    rule = rules.of(queue.department_id)
    wait = Lines(queue).wait(waiting) if waiting else None
    yield Alarm.Kind.SURGE, wait.low if wait and wait.low >= rule.surge_minutes else None
    silent = _silent(queue) if waiting else 0
    yield Alarm.Kind.SILENT, silent if silent >= rule.silent_minutes else None


def _silent(queue: Queue) -> int:
    """Minutes in which somebody should have been called and nobody was. A full room is not silent before its time."""
    now = clock.now()
    starts = Schedule.objects.filter(department=queue.department_id, practitioner=queue.practitioner_id, kind=queue.kind,
                                     day=queue.day, start__lte=now).order_by("-start").values_list("start", flat=True)
    longest = (Ticket.objects.filter(queue=queue, state=Ticket.State.WAITING).order_by("joined_at")
               .values_list("joined_at", flat=True).first())
    known = [moment for moment in (queue.called_at, starts.first(), longest) if moment is not None]
    return int((now - max(known)).total_seconds() // 60) if starts.exists() else 0


def _set(queue: Queue, kind: str, waiting: int, minutes: int | None) -> bool:
    """Raise it, or let it be over; True when that changed something."""
    standing = Alarm.objects.filter(queue=queue, kind=kind, over_at=None)
    if minutes is None:
        return bool(standing.update(over_at=clock.now()))
    if standing.update(waiting=waiting, minutes=minutes):
        return False
    try:
        with transaction.atomic():
            Alarm.objects.create(queue=queue, kind=kind, raised_at=clock.now(), waiting=waiting, minutes=minutes)
    except IntegrityError:          # another server was quicker
        return False
    return True
