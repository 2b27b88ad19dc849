"""The consulting room: whom a doctor sees, and whom they call (叫号). The verbs are those of hospital.queueing.calling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.care import availability
from hospital.care.models import Channel, Department, Practitioner, Schedule, segment_id
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.words import Both
from hospital.outpatient import registering
from hospital.queueing import calling
from hospital.queueing.models import Room, Sitting, Ticket
from hospital.queueing.waiting import Lines
from hospital.refusal import Refusal
from hospital.registrar import trail
from hospital.registrar.models import Doctor

_RETURN_DAYS = 28
_SHOWN = 8      # of the line, and no more names on the page than that


@page_for("room")
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@act_for("room")
def sit(request: HttpRequest) -> HttpResponse:
    """POST room, schedule: begin to call from a session's queue."""
    doctor = _doctor(request)
    room = get_object_or_404(Room, pk=_number(request, "room"))
    schedule = get_object_or_404(_sessions(doctor), pk=_number(request, "schedule"))

    def begin(also: list[Any]) -> None:
        also.append(calling.sit(doctor, room, schedule))
    return _do(request, "开诊", begin)


@act_for("room")
def do(request: HttpRequest, verb: str) -> HttpResponse:
    """POST, by the name of the verb: next, again, skip, done, results, recall, refer, pause, resume, rise."""
    doctor = _doctor(request)
    sitting = _sitting(doctor)
    if sitting is None:
        return _page(request, words(Refusal("not_sitting")), status=409)
    what, run = _VERBS[verb]
    return _do(request, what, lambda also: run(request, sitting, also), sitting)


def _next(request: HttpRequest, sitting: Sitting, also: list[Any]) -> None:
    called = calling.call_next(sitting.practitioner, sitting.room, _number(request, "current"))
    also += [called] if called else []


def _recall(request: HttpRequest, sitting: Sitting, also: list[Any]) -> None:
    also.append(calling.recall(sitting.practitioner, sitting.room, _number(request, "ticket")))


def _refer(request: HttpRequest, sitting: Sitting, also: list[Any]) -> None:
    department = get_object_or_404(Department, pk=_number(request, "department"))
    also.append(calling.refer(sitting.practitioner, sitting.room, department))


def _plain(verb: Callable[..., Any], **more: Any) -> Callable[[HttpRequest, Sitting, list[Any]], None]:
    def run(request: HttpRequest, sitting: Sitting, also: list[Any]) -> None:
        verb(sitting.practitioner, sitting.room, **more)
    return run


_VERBS: dict[str, tuple[str, Callable[[HttpRequest, Sitting, list[Any]], None]]] = {
    "next": ("叫下一位", _next), "again": ("重叫", _plain(calling.call_again)), "skip": ("过号", _plain(calling.skip)),
    "done": ("看完", _plain(calling.done)), "results": ("看完，待回诊", _plain(calling.done, comes_back=True)),
    "recall": ("召回", _recall), "refer": ("转诊", _refer), "pause": ("暂停叫号", _plain(calling.pause)),
    "resume": ("继续叫号", _plain(calling.resume)), "rise": ("结束坐诊", _plain(calling.rise))}
VERBS = tuple(_VERBS)


@act_for("room")
def return_visit(request: HttpRequest) -> HttpResponse:
    """POST segment: the next visit of whoever is in the room (诊间预约)."""
    sitting = _sitting(_doctor(request))
    inside = calling.inside(sitting.room) if sitting else None
    if sitting is None or inside is None:
        return _page(request, words(Refusal("nobody_called" if sitting else "not_sitting")), status=409)
    patient, by = inside.patient_id, f"room {sitting.room.code}"[:40]

    def book(also: list[Any]) -> None:
        also.append(registering.return_visit(patient, request.POST.get("segment", ""), by))
    return _do(request, "诊间预约", book)


def _do(request: HttpRequest, what: str, run: Callable[[list[Any]], None], sitting: Sitting | None = None) -> HttpResponse:
    inside = calling.inside(sitting.room) if sitting else None
    try:
        with trail.act(request, what, *filter(None, (inside, sitting))) as also:
            run(also)
    except Refusal as no:
        return _page(request, words(no), status=409)
    return _page(request) if "HX-Request" in request.headers else redirect("console:room")


def _page(request: HttpRequest, trouble: Both | None = None, status: int = 200) -> HttpResponse:
    doctor = _doctor(request)
    sitting = _sitting(doctor)
    part = "HX-Request" in request.headers
    told: dict[str, Any] = {"doctor": doctor, "sitting": sitting, "trouble": trouble}
    if sitting is None:
        departments = doctor.departments.all()
        told |= {"sessions": _sessions(doctor), "rooms": Room.objects.filter(department__in=departments)}
    else:
        inside = calling.inside(sitting.room)
        told |= _line(sitting) | {"inside": inside, "departments": Department.objects.all(),
                                  "missed": calling.missed(doctor, sitting.room),
                                  "ahead": _ahead(sitting, inside) if inside else []}
    return show(request, "room_part.html" if part else "room.html", status=status, **told)


def _line(sitting: Sitting) -> dict[str, Any]:
    lines = Lines(sitting.queue)
    order = lines.order()
    tickets = {one.pk: one for one in Ticket.objects.select_related("patient", "priority").filter(pk__in=order[:_SHOWN])}
    return {"line": [tickets[pk] for pk in order[:_SHOWN] if pk in tickets], "waiting": len(order),
            "wait": lines.wait(len(order))}


def _ahead(sitting: Sitting, inside: Ticket) -> list[tuple[availability.Session, list[tuple[str, availability.Segment]]]]:
    """Where a return visit can be booked: this doctor's sessions first, each with its segments and their names."""
    department = sitting.queue.department_id
    shares = registering.shares_of(Channel.CONSULTING, inside.patient_id, department)
    found = [one for one in availability.sessions(department, _RETURN_DAYS, shares)
             if any(part.left for part in one.segments)]
    found.sort(key=lambda one: one.schedule.practitioner_id != sitting.practitioner_id)
    return [(one, [(segment_id(one.schedule.pk, part.start), part) for part in one.segments if part.left])
            for one in found]


def _doctor(request: HttpRequest) -> Practitioner:
    """Which doctor this account is; a doctor's role alone calls nobody."""
    found = Doctor.objects.select_related("practitioner").filter(user=request.user).first()
    if found is None:
        raise Http404("this account is no doctor's")
    return found.practitioner


def _sitting(doctor: Practitioner) -> Sitting | None:
    return (Sitting.objects.select_related("room", "practitioner", "queue__department")
            .filter(practitioner=doctor, ended_at=None).first())


def _sessions(doctor: Practitioner) -> Any:
    """What they may call from today: their own sessions, and the general clinics of their departments."""
    own = Q(practitioner=doctor) | Q(practitioner=None, department__in=doctor.departments.all())
    return (Schedule.objects.filter(own, day=clock.now().date(), state=Schedule.State.OPEN)
            .select_related("department", "practitioner").order_by("start"))


def _number(request: HttpRequest, name: str) -> int:
    """0 where it is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
