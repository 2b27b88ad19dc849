"""The boards of the waiting areas (候诊屏) and the corridor's summary. A board hangs where nobody logs in: its address has
a signed key, and shows masked names only. It listens on the line of `feed`, and asks here for itself where it cannot."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from hospital.care.models import Department
from hospital.console.door import page as page_for, sealed, show
from hospital.console.words import Both, language
from hospital.queueing import boards, feed
from hospital.queueing.boards import CORRIDOR
from hospital.queueing.models import Room


@page_for("boards")
def page(request: HttpRequest) -> HttpResponse:
    """Every board with its address, to be opened on its screen once."""
    areas = Room.objects.exclude(area="").order_by("area").values_list("area", flat=True).distinct()
    there = Department.objects.filter(rooms__isnull=False).distinct()
    groups = [
        (Both("走廊", "Corridor"), [(Both("各科汇总", "All departments"), boards.key(CORRIDOR))]),
        (Both("候诊区", "Waiting areas"), [(Both(area, area), boards.key(area)) for area in areas]),
        (Both("科室", "Departments"), [(Both(one.name_zh, one.name_en), boards.key(one.pk)) for one in there])]
    return show(request, "boards.html", groups=[one for one in groups if one[1]])


@require_safe
def board(request: HttpRequest, key: str) -> HttpResponse:
    """The page of the screen. 404 for a key that is not ours."""
    line = _line(request, key)
    return sealed(show(request, "board.html", key=key, line=line, **_place(key)), line)


@require_safe
def state(request: HttpRequest, key: str) -> HttpResponse:
    """What stands on it, if that is not what the screen has already (?version): 204, which is one query."""
    place = _known(key)
    version = _version(place)
    if request.GET.get("version") == version:
        return sealed(HttpResponse(status=204))
    response = HttpResponse(written(place, language(request)))
    response["X-Version"] = version
    return sealed(response)


def written(place: int | str, language: str) -> str:
    """What stands on the board of a place, as HTML."""
    if place == CORRIDOR:
        return render_to_string("console/corridor_part.html", {"language": language, "rows": boards.corridor()})
    return render_to_string("console/board_part.html", {"language": language, "board": boards.board(place)})


def _line(request: HttpRequest, key: str) -> str:
    """Where the page listens; empty where there is no line. A proxy that speaks https leads to it at this address."""
    if not (port := feed.port()):
        return ""
    here = urlsplit(request.build_absolute_uri("/"))
    host = f"[{here.hostname}]" if ":" in (here.hostname or "") else here.hostname
    root = f"https://{here.netloc}" if request.is_secure() else f"http://{host}:{port}"
    return f"{root}/board/{key}?language={language(request)}"


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
