"""What stands on the boards of the waiting areas (候诊屏): who is called into which room, and the next few, masked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.db.models import QuerySet

from hospital import clock
from hospital.care.masking import mask_name
from hospital.care.models import Department
from hospital.queueing.models import Alarm, Queue, Room, Sitting, Ticket
from hospital.queueing.waiting import Lines, Wait

NEXT = 4            # so many of a queue are shown before they are called
CORRIDOR = ""       # the place of the board that shows all departments, one line each
_SALT = "queue-board"


@dataclass(frozen=True)
class Called:
    """`times`: a larger number than the board has seen is a call to be spoken again."""

    ticket: int
    number: int
    name: str
    room_zh: str
    room_en: str
    practitioner_zh: str
    practitioner_en: str
    at: dt.datetime
    times: int


@dataclass(frozen=True)
class Next:
    number: int
    name: str


@dataclass(frozen=True)
class Line:
    """One queue: who is inside, the next few, how many wait, how long a newcomer would."""

    queue: int
    department_zh: str
    department_en: str
    kind: str
    practitioner_zh: str
    practitioner_en: str
    called: tuple[Called, ...]
    next: tuple[Next, ...]
    missed: tuple[int, ...]
    waiting: int
    wait: Wait | None
    paused: bool


@dataclass(frozen=True)
class Board:
    """`version` changes with every change of one of its queues."""

    version: str
    lines: tuple[Line, ...]


def board(place: int | str) -> Board:
    """The board of a department (its id) or of a waiting area (its name: the rooms say which area they are in). A queue in
    which nobody sits, waits or is called is not on it."""
    queues = list(_queues(place).select_related("department", "practitioner"))
    return Board(version(queues), tuple(line for line in (_line(queue, place) for queue in queues) if line))


def version(queues: Iterable[Queue]) -> str:
    return ".".join(f"{queue.pk}-{queue.version}" for queue in queues)


def versions() -> dict[int, tuple[int, int]]:
    """Of every queue of today: its department and how often it changed. What boards are compared with; one query."""
    rows = Queue.objects.filter(day=_today()).values_list("id", "department", "version")
    return {queue: (department, count) for queue, department, count in rows}


@dataclass(frozen=True)
class Corridor:
    """A department in one line: the corridor's summary."""

    department: int
    department_zh: str
    department_en: str
    waiting: int
    rooms: int
    alarm: bool


def corridor() -> list[Corridor]:
    """All departments where somebody sits or waits today. Four queries."""
    queues = list(Queue.objects.filter(day=_today()).select_related("department"))
    open_ = {queue.pk: 0 for queue in queues}
    for queue in Sitting.objects.filter(queue__in=open_, ended_at=None).values_list("queue", flat=True):
        open_[queue] += 1
    waits = {queue.pk: 0 for queue in queues}
    for queue in Ticket.objects.filter(queue__in=waits, state=Ticket.State.WAITING).values_list("queue", flat=True):
        waits[queue] += 1
    surge = Alarm.objects.filter(queue__in=open_, over_at=None, kind=Alarm.Kind.SURGE)
    alarmed = set(surge.values_list("queue__department", flat=True))
    departments: dict[int, Department] = {queue.department_id: queue.department for queue in queues}
    summed = [(one, sum(waits[queue.pk] for queue in queues if queue.department_id == one.pk),
               sum(open_[queue.pk] for queue in queues if queue.department_id == one.pk))
              for one in departments.values()]
    return [Corridor(one.pk, one.name_zh, one.name_en, waiting, rooms, one.pk in alarmed)
            for one, waiting, rooms in sorted(summed, key=lambda row: (row[0].rank, row[0].code)) if waiting or rooms]


def key(place: int | str) -> str:
    """What a board's page shows to follow this place: signed, for the screen hangs where no one logs in."""
    return signing.dumps(place, salt=_SALT)


def place_of(key: str) -> int | str | None:
    """The place a key opens; None where it is not one of ours."""
    try:
        place: int | str = signing.loads(key, salt=_SALT)
        return place
    except signing.BadSignature:
        return None


def departments_of(place: int | str) -> set[int]:
    """Whose changes concern the board of a place."""
    return {place} if isinstance(place, int) else set(Room.objects.filter(area=place).values_list("department", flat=True))


def _queues(place: int | str) -> QuerySet[Queue]:
    """Today's, of a department; of an area those that are called from one of its rooms, and those of its departments
    that nobody calls from yet."""
    today = Queue.objects.filter(day=_today()).order_by("department__rank", "department", "kind", "id")
    if isinstance(place, int):
        return today.filter(department=place)
    elsewhere = Sitting.objects.filter(ended_at=None).exclude(room__area=place)
    here = Sitting.objects.filter(ended_at=None, room__area=place)
    return today.filter(department__in=departments_of(place)).exclude(
        id__in=elsewhere.exclude(queue__in=here.values("queue")).values("queue"))


def _line(queue: Queue, place: int | str) -> Line | None:
    lines = Lines(queue)
    order = lines.order()[:NEXT]
    waiting = {one.pk: one for one in Ticket.objects.select_related("patient").filter(pk__in=order)}
    inside = (Ticket.objects.select_related("patient", "room", "practitioner")
              .filter(queue=queue, state=Ticket.State.CALLED).order_by("-called_at"))
    missed = (Ticket.objects.filter(queue=queue, state=Ticket.State.MISSED).order_by("number")
              .values_list("number", flat=True))
    open_ = list(Sitting.objects.filter(queue=queue, ended_at=None).values_list("paused_at", flat=True))
    if not (open_ or order or inside or missed):
        return None
    doctor = queue.practitioner
    return Line(
        queue.pk, queue.department.name_zh, queue.department.name_en, queue.kind, doctor.name_zh if doctor else "",
        doctor.name_en if doctor else "", tuple(_called(one) for one in inside if place in ("", one.room.area)
                                                or isinstance(place, int)),
        tuple(Next(waiting[pk].number, mask_name(waiting[pk].patient.name)) for pk in order if pk in waiting),
        tuple(missed), len(lines.line), lines.wait(len(lines.line)) if order else None, bool(open_) and None not in open_)


def _called(one: Ticket) -> Called:
    doctor = one.practitioner
    return Called(one.pk, one.number, mask_name(one.patient.name), one.room.name_zh, one.room.name_en,
                  doctor.name_zh if doctor else "", doctor.name_en if doctor else "", one.called_at, one.times_called)


def _today() -> dt.date:
    return clock.local(clock.now()).date()
