"""The desks of the examination rooms and the blood draw: a day by segment, who came, who is done; how many windows; and a
booking that is given another time, or given back, when its person may not do it at a machine any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.span import day_of
from hospital.console.words import Both
from hospital.examining import booking as book, desk, opening
from hospital.examining.models import Booking, Segment, Station, Turn
from hospital.refusal import Refusal
from hospital.registrar import trail

_VERBS: dict[str, tuple[str, Callable[[int], Turn]]] = {
    "arrived": ("已到", desk.arrived), "done": ("完成", desk.done), "missed": ("未来", desk.missed)}
VERBS = tuple(_VERBS)
CHANGES = {"move": "检查改期", "cancel": "取消检查"}
_MOST = 40      # windows side by side


@page_for("desks")
def page(request: HttpRequest) -> HttpResponse:
    """?station, day; the first where none is asked for, and today."""
    asked = request.GET.get("station", "")
    stations = list(Station.objects.all())
    station = next((one for one in stations if str(one.pk) == asked), stations[0] if stations else None)
    if station is None:
        return show(request, "desk.html", stations=[], station=None)
    return _page(request, station, _day(request), stations=stations)


@act_for("desks")
def turn(request: HttpRequest, turn: int, verb: str) -> HttpResponse:
    """POST: arrived, done, missed."""
    found = get_object_or_404(Turn.objects.select_related("segment__station"), pk=turn)
    what, run = _VERBS[verb]
    return _do(request, found.segment, what, lambda: run(turn), found)


@act_for("desks")
def windows(request: HttpRequest, segment: int) -> HttpResponse:
    """POST windows: so many in this segment from now on."""
    found = get_object_or_404(Segment.objects.select_related("station"), pk=segment)
    asked = request.POST.get("windows", "")
    if not (asked.isascii() and asked.isdigit() and int(asked) <= _MOST):
        return _page(request, found.station, _of(found), Both(f"窗口数为 0 至 {_MOST}。", f"0 to {_MOST} windows."),
                     status=422)
    return _do(request, found, "窗口数",
               lambda: opening.set_windows(found.station_id, found.start, found.end, int(asked)), found)


@page_for("desks")
def booking(request: HttpRequest, booking: int) -> HttpResponse:
    """?day: one booking, and when else on that day it could be."""
    return _booking(request, booking)


@act_for("desks")
def change(request: HttpRequest, booking: int, verb: str) -> HttpResponse:
    """POST: cancel; or move, and start (YYYY-MM-DDTHH:MM)."""
    found = get_object_or_404(Booking, pk=booking)
    try:
        with trail.act(request, CHANGES[verb], found):
            if verb == "cancel":
                book.cancel(found, by_desk=True)
            else:
                book.move(found, _start(request), by_desk=True)
    except Refusal as no:
        return _booking(request, booking, words(no), status=409)
    return redirect("console:exam-booking", booking)


def _booking(request: HttpRequest, pk: int, trouble: Both | None = None, status: int = 200) -> HttpResponse:
    get_object_or_404(Booking, pk=pk)
    found = book.get(pk)
    turns, asked = list(found.turns.all()), request.GET.get("day")
    day = _day(request) if asked else max(clock.local(found.start).date(), clock.now().date())
    free = found.state == Booking.State.BOOKED and all(one.state == Turn.State.PLANNED for one in turns)
    starts: list[dt.datetime] = []
    if free:
        try:
            orders = list(found.served.filter(live=True).values_list("order", flat=True))
            starts = [plan[0].start for plan in book.diary(found.patient_id, orders, found).plans(day)]
        except Refusal as no:
            trouble = trouble or words(no)
    return show(request, "exam_booking.html", status=status, booking=found, turns=turns, free=free, day=day, trouble=trouble,
                starts=[one for one in starts if one != found.start])


def _start(request: HttpRequest) -> dt.datetime:
    try:
        return dt.datetime.strptime(request.POST.get("start", ""), "%Y-%m-%dT%H:%M").replace(tzinfo=clock.zone())
    except ValueError:
        raise Refusal("unknown_segment") from None


def _day(request: HttpRequest) -> dt.date:
    """The one that is asked for, or today."""
    return day_of(request.GET.get("day", ""), clock.now().date())


def _of(segment: Segment) -> dt.date:
    return clock.local(segment.start).date()


def _do(request: HttpRequest, segment: Segment, what: str, run: Callable[[], Any], thing: Turn | Segment) -> HttpResponse:
    station, day = segment.station, _of(segment)
    try:
        with trail.act(request, what, thing):
            run()
    except Refusal as no:
        return _page(request, station, day, words(no), status=409)
    if "HX-Request" in request.headers:
        return _page(request, station, day)
    answer = redirect("console:desks")
    answer["Location"] += f"?station={station.pk}&day={day}"
    return answer


def _page(request: HttpRequest, station: Station, day: dt.date, trouble: Both | None = None, status: int = 200,
          stations: list[Station] | None = None) -> HttpResponse:
    part = "HX-Request" in request.headers
    now = clock.now()
    stretches = desk.day_list(station.pk, day)
    return show(request, "desk_part.html" if part else "desk.html", status=status, station=station, trouble=trouble,
                day=day, today=day == now.date(),
                stations=stations if stations is not None else list(Station.objects.all()), stretches=stretches,
                current=next((one.segment.pk for one in stretches if one.segment.start <= now < one.segment.end), None))
