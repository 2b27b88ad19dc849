"""Sessions that do not take place as planned (停诊、替诊、换诊): who is affected, what they answered, and how they are reached."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.care.models import Appointment, Department, Practitioner, Schedule
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.span import Span
from hospital.console.views.roster import only
from hospital.console.words import Both
from hospital.outpatient import offers, stopping
from hospital.outpatient.models import Change, Offer
from hospital.refusal import Refusal
from hospital.registrar import rights, trail

_LATEST = 50
_WHY = Both("请填写原因。", "Please say why.")


@page_for("changes")
def page(request: HttpRequest) -> HttpResponse:
    """?first, last, department: the open sessions of these days, and the latest changes."""
    span, department = Span.of(request, back=0, on=6), only(request)
    booked = Count("slots", filter=Q(slots__booked=True))
    sessions = (Schedule.objects.filter(day__range=(span.first, span.last), state=Schedule.State.OPEN, end__gt=clock.now())
                .select_related("department", "practitioner").annotate(places=Count("slots"), booked=booked)
                .order_by("day", "department__rank", "start"))
    changes = Change.objects.select_related("schedule__department", "before", "after", "to")
    if department is not None:
        sessions, changes = sessions.filter(department=department), changes.filter(schedule__department=department)
    return show(request, "changes.html", span=span, sessions=sessions, changes=changes[:_LATEST], department=department,
                departments=Department.objects.all())


@page_for("changes")
def session(request: HttpRequest, schedule: int) -> HttpResponse:
    """One session: who has booked it, and what can be done with it."""
    return _session(request, schedule)


def _stop(request: HttpRequest, schedule: Schedule, why: str) -> Change:
    return stopping.stop(schedule.pk, request.user.get_username(), why)


def _substitute(request: HttpRequest, schedule: Schedule, why: str) -> Change:
    doctor = get_object_or_404(Practitioner, pk=_number(request, "doctor"))
    return stopping.substitute(schedule.pk, doctor, request.user.get_username(), why)


def _move(request: HttpRequest, schedule: Schedule, why: str) -> Change:
    return stopping.move(schedule.pk, _number(request, "to"), request.user.get_username(), why)


_VERBS: dict[str, tuple[str, Callable[[HttpRequest, Schedule, str], Change]]] = {
    "stop": ("停诊", _stop), "substitute": ("替诊", _substitute), "move": ("换诊", _move)}
VERBS = tuple(_VERBS)


@act_for("changes-make")
def do(request: HttpRequest, schedule: int, verb: str) -> HttpResponse:
    """POST why, and doctor or to."""
    found = get_object_or_404(Schedule, pk=schedule)
    why = request.POST.get("why", "").strip()
    if not why:
        return _session(request, schedule, _WHY, status=422)
    what, run = _VERBS[verb]
    try:
        with trail.act(request, f"{what}：{why}", found):
            change = run(request, found, why)
    except Refusal as no:
        return _session(request, schedule, words(no), status=409)
    return redirect("console:change", change.pk)


@page_for("changes")
def change(request: HttpRequest, change: int) -> HttpResponse:
    """Everybody it concerns, and what they answered."""
    return _change(request, _known(change))


@act_for("changes-contacts")
def contacts(request: HttpRequest, change: int) -> HttpResponse:
    """The same with whole names and numbers, to call them; that it was looked at is in the trail."""
    found = _known(change)
    with trail.act(request, "查看受影响患者的联系方式", found):
        pass
    return _change(request, found, whole=True)


@act_for("changes-make")
def answer(request: HttpRequest, offer: uuid.UUID, said: str) -> HttpResponse:
    """What somebody said on the telephone: yes or no."""
    found = get_object_or_404(Offer.objects.select_related("change"), pk=offer)
    what = "电话答复：同意" if said == "yes" else "电话答复：不同意"
    try:
        with trail.act(request, what, found):
            offers.answer(offer, said == "yes", request.user.get_username())
    except Refusal as no:
        return _change(request, _known(found.change_id), words(no), status=409)
    return redirect("console:change", found.change_id)


def _session(request: HttpRequest, schedule: int, trouble: Both | None = None, status: int = 200) -> HttpResponse:
    found = get_object_or_404(Schedule.objects.select_related("department", "practitioner"), pk=schedule)
    booked = (Appointment.objects.filter(slot__schedule=found).exclude(state=Appointment.State.CANCELLED)
              .select_related("patient", "slot").order_by("slot__number"))
    later = (Schedule.objects.filter(practitioner=found.practitioner_id, department=found.department_id,
                                     state=Schedule.State.OPEN, start__gt=found.start).exclude(practitioner=None)
             .annotate(left=Count("slots", filter=Q(slots__booked=False))).order_by("start")[:20])
    return show(request, "session.html", status=status, session=found, booked=booked, trouble=trouble,
                stand_ins=stopping.stand_ins(found), later=later, is_open=found.state == Schedule.State.OPEN,
                may_make=rights.may(request.user, "changes-make"))


def _change(request: HttpRequest, found: Change, trouble: Both | None = None, status: int = 200,
            whole: bool = False) -> HttpResponse:
    return show(request, "change.html", status=status, change=found, trouble=trouble, whole=whole,
                affected=stopping.affected(found, unmasked=whole), may_make=rights.may(request.user, "changes-make"),
                may_call=rights.may(request.user, "changes-contacts"))


def _known(change: int) -> Change:
    return get_object_or_404(Change.objects.select_related("schedule__department", "before", "after", "to"), pk=change)


def _number(request: HttpRequest, name: str) -> Any:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
