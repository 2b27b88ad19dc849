"""The hospital's books of one day, without names: what was booked, paid, given back and printed. For comparing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hospital import clock
from hospital.care.models import Appointment, Paper
from hospital.examining.models import Booking
from hospital.money.models import Invoice, Order, Refund
from hospital.outpatient.models import Offer
from hospital.queueing.models import Ticket


def of_day(day: dt.date) -> dict[str, list[dict[str, Any]]]:
    """Appointments, invoices and orders made on `day` (the hospital's date), their refunds and papers; examinations
    booked on it; places in its queues. `changed`: its person agreed to another time or doctor. Money in fen."""
    start = dt.datetime.combine(day, dt.time.min, tzinfo=clock.now().tzinfo)
    made = (start, start + dt.timedelta(days=1))
    appointments = (Appointment.objects.filter(booked_at__range=made)
                    .select_related("slot__schedule", "department", "patient", "order"))
    agreed = set(Offer.objects.filter(state=Offer.State.ACCEPTED, appointment__in=appointments)
                 .values_list("appointment", flat=True))
    orders = Order.objects.filter(made_at__range=made).select_related("appointment", "payment")
    invoices = Invoice.objects.filter(made_at__range=made).select_related("hold").prefetch_related("lines", "orders")
    refunds = Refund.objects.filter(order__made_at__range=made).select_related("order")
    examinations = Booking.objects.filter(booked_at__range=made).select_related("patient")
    papers = Paper.objects.filter(issued_at__range=made).select_related("appointment")
    places = Ticket.objects.filter(day=day).select_related("appointment", "patient", "department")
    return {
        "appointments": [{"code": one.code, "record_no": one.patient.record_no, "department": one.department.code,
                          "number": one.slot.number, "start": one.slot.start.isoformat(), "state": one.state, "fee": one.fee,
                          "channel": one.channel, "changed": one.pk in agreed, "due": one.due}
                         for one in appointments.order_by("pk")],
        "invoices": [{"no": one.no, "status": one.status, "total": one.total,
                      "lines": [{"code": line.code, "amount": line.amount} for line in one.lines.all()],
                      "orders": [order.no for order in one.orders.all()]} for one in invoices.order_by("pk")],
        "orders": [{"no": one.no, "state": one.state, "amount": one.amount,
                    "transaction": one.received.transaction if one.received else "",
                    "received": one.received.amount if one.received else 0,
                    "appointment": one.appointment.code if one.appointment else None} for one in orders.order_by("pk")],
        "refunds": [{"no": one.no, "order": one.order.no, "amount": one.amount, "state": one.state}
                    for one in refunds.order_by("pk")],
        "examinations": [{"code": one.code, "record_no": one.patient.record_no, "start": one.start.isoformat(),
                          "state": one.state, "slips": one.slips} for one in examinations.order_by("pk")],
        "papers": [{"appointment": one.appointment.code, "kind": one.kind, "copy": one.copy, "outcome": one.outcome}
                   for one in papers.order_by("pk")],
        "places": [{"appointment": one.appointment.code if one.appointment else None, "record_no": one.patient.record_no,
                    "department": one.department.code, "number": one.number, "state": one.state}
                   for one in places.order_by("pk")],
    }
