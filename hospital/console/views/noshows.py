"""Missed visits (爽约): who is on the list, until when, and what is forgiven."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.words import Both
from hospital.outpatient import noshows
from hospital.outpatient.models import Miss, Withdrawal
from hospital.registrar import rights, trail

_ROWS = 50


@page_for("noshows")
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@act_for("noshows-forgive")
def forgive(request: HttpRequest, miss: int) -> HttpResponse:
    """POST why."""
    found = get_object_or_404(Miss, pk=miss)
    why = request.POST.get("why", "").strip()
    if not why:
        return _page(request, Both("请填写免计原因。", "Please say why it is forgiven."), status=422)
    with trail.act(request, f"免计爽约：{why}", found):
        noshows.forgive(found, request.user.get_username(), why)
    return redirect("console:noshows")


def _page(request: HttpRequest, trouble: Both | None = None, status: int = 200) -> HttpResponse:
    misses = Miss.objects.filter(counts=True).select_related("patient", "appointment__department").order_by("-at")
    shown = Paginator(misses, _ROWS).get_page(request.GET.get("page"))
    withdrawn = dict(Withdrawal.objects.filter(patient__in=[one.patient_id for one in shown], until__gt=clock.now())
                     .values_list("patient", "until"))
    return show(request, "noshows.html", status=status, trouble=trouble, shown=shown, limit=settings.NO_SHOWS,
                rows=[(one, withdrawn.get(one.patient_id)) for one in shown],
                may_forgive=rights.may(request.user, "noshows-forgive"))
