"""What the outpatient office must look at now: a queue that grows, a room where nobody calls (排队告警)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hospital.console.door import page as page_for, show
from hospital.queueing import alarms


@page_for("alarms")
def page(request: HttpRequest) -> HttpResponse:
    part = "alarms_part.html" if "X-By-Itself" in request.headers else "alarms.html"
    return show(request, part, alarms=alarms.open_alarms())
