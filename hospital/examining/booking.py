"""Booking examinations and draws, moving and cancelling them. Every function runs inside its caller's transaction.

The order of locks is: the person, the booking, then segments in the order of time. Room is taken by one guarded
statement a segment, so of all who ask at once nobody gets what is not there; a plan that loses any of its segments is
taken back whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, Prefetch, QuerySet

from hospital import clock
from hospital.care import numbers
from hospital.care.booking import lock_person
from hospital.examining import models as m, planning, rules
from hospital.refusal import Refusal

State = m.ServiceRequest.State


def open_orders(patient: int, kind: str) -> list[m.ServiceRequest]:
    """Ordered, not done, not booked; the oldest first."""
    found = (m.ServiceRequest.objects.filter(patient=patient, state=State.ACTIVE, test__station__kind=kind)
             .exclude(served__live=True).select_related("test__station"))
    return list(found)


def bookings(patient: int, kind: str) -> QuerySet[m.Booking]:
    """Still to come, the soonest first."""
    return (full(m.Booking.objects.filter(patient=patient, kind=kind, state=m.Booking.State.BOOKED,
                                          start__gte=clock.at(clock.now().date(), 0))))


def full(found: QuerySet[m.Booking]) -> QuerySet[m.Booking]:
    """With all that a slip says."""
    turns = m.Turn.objects.select_related("segment__station").prefetch_related("tests").order_by("start")
    return found.prefetch_related(Prefetch("turns", turns), "served__order__test__station").order_by("start")


def why_not(order: m.ServiceRequest, others: Sequence[m.ServiceRequest]) -> str:
    """Why this order cannot be booked at a kiosk now: too_young, first_other (another order comes first); or ""."""
    years = rules.age(order.patient.born, clock.now().date())
    if order.test.youngest and (years is None or years < order.test.youngest):
        return "too_young"
    waiting = {other.test_id for other in others if other.pk != order.pk}
    if m.Sequence.objects.filter(then=order.test, first__in=waiting).exists():
        return "first_other"
    return ""


def bundles(patient: int, kind: str) -> list[tuple[list[m.ServiceRequest], str]]:
    """What can be chosen: blood all in one draw; examinations one by one, and together where they may be; each with why
    it cannot be booked, or ""."""
    orders = open_orders(patient, kind)
    reasons = {order.pk: why_not(order, orders) for order in orders}
    free = [order for order in orders if not reasons[order.pk]]
    together = [(free, "")] if len(free) > 1 else []
    if kind == m.Kind.BLOOD:
        barred = [([order], reasons[order.pk]) for order in orders if reasons[order.pk]]
        return (together or [([order], "") for order in free]) + barred
    return together + [([order], reasons[order.pk]) for order in orders]


def wanted(patient: int, orders: Sequence[int], moving: m.Booking | None = None) -> list[m.ServiceRequest]:
    """These orders of this person, of one kind, bookable now. Raises unknown_service_request, too_young, first_other,
    exam_booked."""
    found = list(m.ServiceRequest.objects.filter(pk__in=orders, patient=patient, state=State.ACTIVE)
                 .select_related("test__station", "patient"))
    if len(found) != len(set(orders)) or not found or len({one.test.station.kind for one in found}) > 1:
        raise Refusal("unknown_service_request")
    if m.Served.objects.filter(order__in=found, live=True).exclude(booking=moving).exists():
        raise Refusal("exam_booked")
    waiting = open_orders(patient, found[0].test.station.kind)
    others = [one for one in waiting if one.pk not in set(orders)]
    for one in found:
        if reason := why_not(one, others):
            raise Refusal(reason)
    return found


def diary(patient: int, orders: Sequence[int], moving: m.Booking | None = None) -> planning.Diary:
    found = wanted(patient, orders, moving)
    return planning.Diary(found[0].patient, [one.test for one in found], moving)


def book(patient: int, orders: Sequence[int], start: dt.datetime) -> m.Booking:
    """Book what begins then. Raises slot_full, past, fasting_apart, and what `wanted` raises."""
    person = lock_person(patient)
    plan = _plan(diary(patient, orders), start)
    kind = plan[0].step.station.kind
    made = m.Booking.objects.create(code=_code(kind, clock.local(start).date()), kind=kind, patient=person, start=start,
                                    booked_at=clock.now())
    m.Served.objects.bulk_create(m.Served(booking=made, order_id=order) for order in sorted(set(orders)))
    _take(made, plan)
    return get(made.pk)


def move(booking: m.Booking, start: dt.datetime, by_desk: bool = False) -> m.Booking:
    """The same orders at another time; the old place is free at once. Raises exam_fixed, slot_full, …"""
    booking = _changeable(booking, by_desk)
    orders = list(booking.served.filter(live=True).values_list("order", flat=True))
    plan = _plan(diary(booking.patient_id, orders, booking), start)
    _give_back(booking)
    booking.turns.all().delete()
    _take(booking, plan)
    booking.start = start
    booking.save(update_fields=["start"])
    return get(booking.pk)


def cancel(booking: m.Booking, by_desk: bool = False) -> m.Booking:
    """The orders can be booked again. Raises exam_fixed, already_cancelled."""
    booking = _changeable(booking, by_desk)
    _give_back(booking)
    booking.served.update(live=False)
    booking.state, booking.cancelled_at = m.Booking.State.CANCELLED, clock.now()
    booking.save(update_fields=["state", "cancelled_at"])
    return get(booking.pk)


def get(booking: int) -> m.Booking:
    found = full(m.Booking.objects.filter(pk=booking)).first()
    if found is None:
        raise Refusal("unknown_booking")
    return found


def issue_slip(booking: int) -> int:
    """The number of the slip that is about to be printed: 1 is the original. A number is never given twice."""
    if not m.Booking.objects.filter(pk=booking).update(slips=F("slips") + 1):
        raise Refusal("unknown_booking")
    return int(m.Booking.objects.values_list("slips", flat=True).get(pk=booking))


def _changeable(booking: m.Booking, by_desk: bool) -> m.Booking:
    lock_person(booking.patient_id)
    list(m.Booking.objects.select_for_update().filter(pk=booking.pk))       # nor does the desk change it meanwhile
    booking = get(booking.pk)
    if booking.state == m.Booking.State.CANCELLED:
        raise Refusal("already_cancelled")
    begun = any(turn.state != m.Turn.State.PLANNED for turn in booking.turns.all())
    if booking.state != m.Booking.State.BOOKED or begun or not (by_desk or booking.changeable):
        raise Refusal("exam_fixed")
    return booking


def _plan(found: planning.Diary, start: dt.datetime) -> planning.Plan:
    if start < clock.now():
        raise Refusal("past")
    plan = found.at(start)
    if plan is None:
        raise Refusal(_why(found, start))
    return plan


def _why(found: planning.Diary, start: dt.datetime) -> str:
    """The word for a time that is not on offer: what is booked already stands against it, or it is full."""
    turns, found.turns = found.turns, []
    plan = found.at(start)
    word = planning.clash(plan, turns, found.sequences) if plan else ""
    return {"overlap": "other_booking", "fasting_apart": "fasting_apart", "sequence": "first_other"}.get(word, "slot_full")


def _take(booking: m.Booking, plan: planning.Plan) -> None:
    for leg in sorted(plan, key=lambda leg: (leg.segment.start, leg.segment.pk)):
        free = m.Segment.objects.filter(pk=leg.segment.pk, taken__lte=F("capacity") - leg.step.seconds)
        if not free.update(taken=F("taken") + leg.step.seconds):
            raise Refusal("slot_full")
    for leg in plan:
        turn = m.Turn.objects.create(booking=booking, segment=leg.segment, start=leg.start, end=leg.end,
                                     seconds=leg.step.seconds)
        turn.tests.set(leg.step.tests)


def _give_back(booking: m.Booking) -> None:
    for turn in booking.turns.order_by("segment__start", "segment"):
        m.Segment.objects.filter(pk=turn.segment_id).update(taken=F("taken") - turn.seconds)


def _code(kind: str, day: dt.date) -> str:
    """Printed as a bar code: E (examination) or B (blood), the day, a number of that day."""
    series = f"{'B' if kind == m.Kind.BLOOD else 'E'}{day:%y%m%d}"
    return f"{series}{numbers.following(series):04d}"
