"""The desks of the examination rooms and the blood draw: today by segment, who came, who is done; how many windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.words import Both
from hospital.examining import desk, opening
from hospital.examining.models import Segment, Station, Turn
from hospital.refusal import Refusal
from hospital.registrar import trail

_VERBS: dict[str, tuple[str, Callable[[int], Turn]]] = {
    "arrived": ("已到", desk.arrived), "done": ("完成", desk.done), "missed": ("未来", desk.missed)}
VERBS = tuple(_VERBS)
_MOST = 40      # windows side by side


@page_for("desks")
def page(request: HttpRequest) -> HttpResponse:
    """?station; the first where none is asked for."""
    asked = request.GET.get("station", "")
    stations = list(Station.objects.all())
    station = next((one for one in stations if str(one.pk) == asked), stations[0] if stations else None)
    if station is None:
        return show(request, "desk.html", stations=[], station=None)
    return _page(request, station, stations=stations)


@act_for("desks")
def turn(request: HttpRequest, turn: int, verb: str) -> HttpResponse:
    """POST: arrived, done, missed."""
    found = get_object_or_404(Turn.objects.select_related("segment__station"), pk=turn)
    what, run = _VERBS[verb]
    return _do(request, found.segment.station, what, lambda: run(turn), found)


@act_for("desks")
def windows(request: HttpRequest, segment: int) -> HttpResponse:
    """POST windows: so many in this segment from now on."""
    found = get_object_or_404(Segment.objects.select_related("station"), pk=segment)
    asked = request.POST.get("windows", "")
    if not (asked.isascii() and asked.isdigit() and int(asked) <= _MOST):
        return _page(request, found.station, Both(f"窗口数为 0 至 {_MOST}。", f"0 to {_MOST} windows."), status=422)
    return _do(request, found.station, "窗口数",
               lambda: opening.set_windows(found.station_id, found.start, found.end, int(asked)), found)


def _do(request: HttpRequest, station: Station, what: str, run: Callable[[], Any], thing: Turn | Segment) -> HttpResponse:
    try:
        with trail.act(request, what, thing):
            run()
    except Refusal as no:
        return _page(request, station, words(no), status=409)
    if "HX-Request" in request.headers:
        return _page(request, station)
    answer = redirect("console:desks")
    answer["Location"] += f"?station={station.pk}"
    return answer


def _page(request: HttpRequest, station: Station, trouble: Both | None = None, status: int = 200,
          stations: list[Station] | None = None) -> HttpResponse:
    part = "HX-Request" in request.headers
    now = clock.now()
    stretches = desk.day_list(station.pk)
    return show(request, "desk_part.html" if part else "desk.html", status=status, station=station, trouble=trouble,
                stations=stations if stations is not None else list(Station.objects.all()), stretches=stretches,
                current=next((one.segment.pk for one in stretches if one.segment.start <= now < one.segment.end), None))
