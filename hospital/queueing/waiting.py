"""How long somebody will wait, as honestly as it can be said: a rounded range, or nothing at all.

One visit takes what the latest visits of today took, and until there are enough of them, what earlier days say. With n
people ahead and c rooms the wait is about n visits one after another, c at a time; its spread is that of a sum, and of
not knowing the mean itself. Priorities that arrive later push in: the range's upper end has their share of the line, but
never more of them than the line lets past (see `line`). The range is widened to whole five minutes, beyond an hour to ten.

Shown ranges hold for at least 80 % of the waits of simulated days (`python -m hospital.figures waiting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

from django.db.models import Count, QuerySet

from hospital import clock
from hospital.care.models import Schedule
from hospital.composed import asked
from hospital.queueing import line, queues, rules
from hospital.queueing.models import Queue, Sitting, Ticket

PRIOR = 5           # the word of earlier days weighs as much as so many visits of today
SPREAD = 0.7        # standard deviation of one visit, as a part of its mean, until today says otherwise
WIDTH = 1.3         # standard deviations to each side


@dataclass(frozen=True)
class Wait:
    """Minutes, from and to."""

    low: int
    high: int


@dataclass(frozen=True)
class Outlook:
    """`ahead`: who will be called before, as it is now. `wait`: None when nobody can say."""

    ahead: int
    wait: Wait | None


def of(ticket: Ticket) -> Outlook:
    """What somebody who waits may be told."""
    return Lines(ticket.queue).outlook(ticket.pk)


class Lines:
    """One queue, read once, for as many outlooks as are asked for."""

    def __init__(self, queue: Queue) -> None:
        queue, = _now(queue.pk)
        self.queue = queue
        rule = rules.of(queue.department_id)
        self._most = int(rule.overtaken_at_most)
        self.line = queues.line(queue)
        self._rooms = len(_calling(queue.pk))
        self._mean, self._deviation = _pace(queue, float(queue.usual_seconds or rule.usual_seconds))
        self._priority = _priority_share(queue)

    def order(self) -> list[int]:
        """The tickets, in the order they will be called."""
        return [one.ticket for one in line.order(self.line, self.queue.calls, self._most)]

    def outlook(self, ticket: int) -> Outlook:
        if all(one.ticket != ticket for one in self.line):
            return Outlook(0, None)
        ahead = line.ahead(self.line, ticket, self.queue.calls, self._most)
        return Outlook(ahead, self.wait(ahead))

    def wait(self, ahead: int) -> Wait | None:
        """What n people ahead mean, from now. None when nobody calls, or no beginning is known."""
        begins, rooms = self._begins(), self._rooms
        if begins is None:
            return None
        rooms = max(1, rooms)
        # Who is inside is half-way through, on the average; with c rooms the first is free after a c-th of that.
        visits = ahead / rooms + (0.5 / rooms if self._rooms else 0)
        pushing = min(self._most, ahead * self._priority) / rooms
        middle = begins + visits * self._mean
        # The visits' own spread, and that the mean is known from a few visits only.
        spread = sqrt(max(visits, 0.3) * self._deviation ** 2 / rooms + (visits * self._mean * 0.15) ** 2)
        low, high = middle - WIDTH * spread, middle + WIDTH * spread + pushing * self._mean
        return rounded(low / 60, high / 60)

    def _begins(self) -> float | None:
        """Seconds until somebody calls: 0 while somebody does; None when nobody knows."""
        if self._rooms:
            return 0.0
        if Sitting.objects.filter(queue=self.queue, ended_at=None).exists():
            return None                                     # paused
        now = clock.now()
        starts = Schedule.objects.filter(
            department=self.queue.department_id, practitioner=self.queue.practitioner_id, kind=self.queue.kind,
            day=self.queue.day, state=Schedule.State.OPEN, start__gt=now).order_by("start").values_list("start", flat=True)
        first = starts.first()
        return (first - now).total_seconds() if first else None


def rounded(low: float, high: float) -> Wait:
    """Outwards to whole fives, and tens above an hour: nobody knows it better."""
    step = 10 if high > 60 else 5
    low_, high_ = max(0, floor(low / step) * step), max(step, ceil(high / step) * step)
    return Wait(low_, high_ if high_ > low_ else low_ + step)


def _pace(queue: Queue, usual: float) -> tuple[float, float]:
    """Mean and deviation of one visit, in seconds."""
    today = queues.pace(queue)
    mean = (PRIOR * usual + sum(today)) / (PRIOR + len(today))
    squares = PRIOR * (SPREAD * mean) ** 2 + sum((one - mean) ** 2 for one in today)
    return mean, sqrt(squares / (PRIOR + len(today)))


def _priority_share(queue: Queue) -> float:
    """Which part of those who came today have a priority."""
    return sum(first / came for came, first in _came(queue.pk))     # one row, or none


@asked
def _now(queue: int) -> QuerySet[Queue]:
    return Queue.objects.filter(pk=queue).order_by()


@asked
def _calling(queue: int) -> QuerySet[Sitting, Any]:
    return Sitting.objects.filter(queue=queue, ended_at=None, paused_at=None).order_by().values_list("id")


@asked
def _came(queue: int) -> QuerySet[Ticket, Any]:
    return (Ticket.objects.filter(queue=queue).order_by().values("queue")
            .annotate(came=Count("id"), first=Count("priority")).values_list("came", "first"))
