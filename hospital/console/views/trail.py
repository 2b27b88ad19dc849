"""The trail, for administrators: who changed what, and when."""

from __future__ import annotations

import datetime as dt

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from hospital import clock
from hospital.console import steps as steps_words
from hospital.console.door import page as page_for, show
from hospital.console.span import Span
from hospital.registrar.models import Step

_ROWS = 50


@page_for("trail")
def page(request: HttpRequest) -> HttpResponse:
    """?first, last (days), who, page"""
    span = Span.of(request, back=7, on=0)
    steps = Step.objects.filter(at__gte=clock.at(span.first, 0), at__lt=clock.at(span.last + dt.timedelta(days=1), 0))
    who = request.GET.get("who", "")
    if who:
        steps = steps.filter(who=who)
    shown = Paginator(steps, _ROWS).get_page(request.GET.get("page"))
    people = Step.objects.order_by("who").values_list("who", flat=True).distinct()
    return show(request, "trail.html", span=span, who=who, people=people, shown=shown,
                rows=[(step, steps_words.what(step), steps_words.fields(step)) for step in shown])
