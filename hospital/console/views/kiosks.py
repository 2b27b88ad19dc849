"""The kiosks at a glance. The table asks anew every few seconds by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hospital.console.door import page as page_for, show
from hospital.console.machines import machines


@page_for("kiosks")
def page(request: HttpRequest) -> HttpResponse:
    part = "kiosks_part.html" if "X-By-Itself" in request.headers else "kiosks.html"
    every = machines()
    return show(request, part, machines=[one for one in every if not one.retired],
                retired=[one.kiosk.name for one in every if one.retired])
