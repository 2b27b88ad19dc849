"""The boards of the waiting areas (候诊屏) and the corridor's summary. A board hangs where nobody logs in: its address has
a signed key, and shows masked names only."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hospital.care.models import Department
from hospital.console.door import page as page_for, sealed, show
from hospital.console.words import Both
from hospital.queueing import boards
from hospital.queueing.models import Room

CORRIDOR = ""       # the place of the board that shows all departments, one line each


@page_for("boards")
def page(request: HttpRequest) -> HttpResponse:
    """Every board with its address, to be opened on its screen once."""
    areas = Room.objects.exclude(area="").order_by("area").values_list("area", flat=True).distinct()
    there = Department.objects.filter(rooms__isnull=False).distinct()
    places = [(Both("走廊汇总", "Corridor"), boards.key(CORRIDOR))]
    places += [(Both(area, area), boards.key(area)) for area in areas]
    places += [(Both(one.name_zh, one.name_en), boards.key(one.pk)) for one in there]
    return show(request, "boards.html", places=places)


@require_safe
def board(request: HttpRequest, key: str) -> HttpResponse:
    """The page of the screen. 404 for a key that is not ours."""
    return sealed(show(request, "board.html", key=key, **_place(key)))


@require_safe
def state(request: HttpRequest, key: str) -> HttpResponse:
    """What stands on it, if that is not what the screen has already (?version): 204, which is one query."""
    place = _known(key)
    version = _version(place)
    if request.GET.get("version") == version:
        return sealed(HttpResponse(status=204))
    if place == CORRIDOR:
        response = show(request, "corridor_part.html", rows=boards.corridor())
    else:
        response = show(request, "board_part.html", board=boards.board(place))
    response["X-Version"] = version
    return sealed(response)


def _known(key: str) -> int | str:
    place = boards.place_of(key)
    if place is None:
        raise Http404
    return place


def _place(key: str) -> dict[str, object]:
    place = _known(key)
    if place == CORRIDOR:
        title = Both("各科候诊", "Waiting now")
    elif isinstance(place, int):
        one = Department.objects.filter(pk=place).first()
        title = Both(one.name_zh, one.name_en) if one else Both("", "")
    else:
        title = Both(place, place)
    return {"title": title, "corridor": place == CORRIDOR}


def _version(place: int | str) -> str:
    all_of_today = boards.versions()
    of = boards.departments_of(place) if place != CORRIDOR else None
    return ".".join(f"{queue}-{count}" for queue, (department, count) in sorted(all_of_today.items())
                    if of is None or department in of) or "-"
