"""The desk of a waiting area (签到台): whoever cannot use a machine is checked in here, or put back into the line. What is
typed or scanned goes by POST, and nobody is listed who was not asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from hospital.care.models import Appointment, Patient
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.words import Both
from hospital.queueing import arriving, waiting
from hospital.queueing.models import Ticket
from hospital.refusal import Refusal
from hospital.registrar import trail

_NOBODY = Both("没有找到。请核对预约号、病案号、就诊卡号或证件号码。",
               "Nobody was found. Please check the booking, file, card or ID number.")


@page_for("arrivals")
def page(request: HttpRequest) -> HttpResponse:
    return _show(request, None)


@act_for("arrivals")
def find(request: HttpRequest) -> HttpResponse:
    """POST said: the number of a booking, a file, a visit card or a document, typed or scanned."""
    said = request.POST.get("said", "").strip().replace("\0", "")
    found = Patient.objects.filter(Q(record_no=said) | Q(visit_card=said) | Q(id_number=said.upper())
                                   | Q(appointments__code=said.upper())).distinct() if said else Patient.objects.none()
    patient = found.first() if len(found[:2]) == 1 else None
    return _show(request, patient) if patient else _show(request, None, _NOBODY, status=422)


@act_for("arrivals")
def check_in(request: HttpRequest, appointment: int) -> HttpResponse:
    """A place in the queue, as a machine gives it."""
    found = get_object_or_404(Appointment.objects.select_related("slot__schedule", "patient", "order"), pk=appointment)

    def run() -> Ticket:
        if found.due:
            raise Refusal("unpaid")
        return arriving.check_in(found)
    return _do(request, found.patient, "签到", run, found)


@act_for("arrivals")
def rejoin(request: HttpRequest, ticket: int) -> HttpResponse:
    """Back into the line, after a missed call or with results."""
    found = get_object_or_404(Ticket.objects.select_related("patient"), pk=ticket)
    return _do(request, found.patient, "重新排队", lambda: arriving.rejoin(found), found)


def _do(request: HttpRequest, patient: Patient, what: str, run: Callable[[], Ticket],
        thing: Appointment | Ticket) -> HttpResponse:
    try:
        with trail.act(request, what, thing):
            ticket = run()
    except Refusal as no:
        return _show(request, patient, words(no), status=409)
    return _show(request, patient, given=ticket)


def _show(request: HttpRequest, patient: Patient | None, trouble: Both | None = None, status: int = 200,
          given: Ticket | None = None) -> HttpResponse:
    part = "HX-Request" in request.headers
    arrivals = [(one.appointment, words(Refusal(why)) if (why := one.why or "unpaid" * one.appointment.due) else None,
                 one.opens) for one in arriving.of_today(patient.pk)] if patient else []
    places = [(one, waiting.of(one) if one.state == Ticket.State.WAITING else None)
              for one in arriving.tickets_of_today(patient.pk)] if patient else []
    return show(request, "arrivals_part.html" if part else "arrivals.html", status=status, patient=patient, trouble=trouble,
                arrivals=arrivals, places=places, given=given)
