"""Which papers were handed over: one original, any number of copies, nothing lost and nothing twice.

A paper's number is taken when the kiosk is told to print, and free again only when the kiosk says that surely nothing
came out. Numbers are given under the person's lock, and guarded by a unique constraint besides.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from hospital import clock
from hospital.care.booking import lock_person
from hospital.care.models import Appointment, Paper
from hospital.refusal import Refusal

DELIVERED = (Paper.Outcome.PRINTED, Paper.Outcome.SENT)
_OPEN = (Paper.Outcome.ISSUED, Paper.Outcome.UNKNOWN)


def kind_of(appointment: Appointment) -> Paper.Kind:
    """The paper that belongs to an appointment as it stands now."""
    cancelled = appointment.state == Appointment.State.CANCELLED
    return Paper.Kind.REFUND if cancelled else Paper.Kind.REGISTRATION


def issue(appointment: Appointment, kind: str, kiosk: str) -> int:
    """Take the lowest free number of this paper: 1 is the original. Inside the caller's transaction.

    Raises unknown_paper for a ticket of a cancelled appointment, or a refund slip of a live one; unpaid while the fee of
    a visit that a doctor booked is due.
    """
    lock_person(appointment.patient_id)
    appointment = Appointment.objects.select_related("order").get(pk=appointment.pk)
    if kind != kind_of(appointment):
        raise Refusal("unknown_paper")
    if appointment.due:
        raise Refusal("unpaid")
    taken = set(appointment.papers.filter(kind=kind).exclude(outcome=Paper.Outcome.NONE)
                .values_list("copy", flat=True))
    copy = next(number for number in range(1, len(taken) + 2) if number not in taken)
    Paper.objects.create(appointment=appointment, kind=kind, copy=copy, issued_at=clock.now(), kiosk=kiosk)
    return copy


def outcome(appointment: Appointment, kind: str, copy: int, result: str) -> None:
    """What became of a paper. A definite outcome stays; an unknown one may still become definite."""
    lock_person(appointment.patient_id)
    papers = appointment.papers.filter(kind=kind, copy=copy)
    if not papers.exists():
        raise Refusal("unknown_paper")
    papers.filter(outcome__in=_OPEN).update(outcome=result)


@dataclass(frozen=True)
class PaperState:
    appointment: Appointment
    kind: str
    copies: int         # on paper, perhaps on paper, or just being printed
    delivered: bool


def _with_papers() -> QuerySet[Appointment]:
    return (Appointment.objects
            .select_related("slot__schedule__practitioner", "department", "order__refund", "order__payment")
            .prefetch_related(Prefetch("papers", Paper.objects.exclude(outcome=Paper.Outcome.NONE))))


def _state(appointment: Appointment) -> PaperState:
    kind = kind_of(appointment)
    papers = [paper for paper in appointment.papers.all() if paper.kind == kind]
    return PaperState(appointment, kind, len(papers), any(paper.outcome in DELIVERED for paper in papers))


def _refunded(appointment: Appointment) -> bool:
    """Was there money to give back? Only then there is a slip. (`order` is money's own relation, read backwards.)"""
    order = getattr(appointment, "order", None)
    return order is not None and getattr(order, "refund", None) is not None


def of_today(patient: int) -> list[PaperState]:
    """Tickets made today or for a visit today, and slips of what was cancelled today; soonest visit first."""
    today = clock.now().date()
    midnight = clock.at(today, 0)
    tickets = Q(state=Appointment.State.BOOKED) & (Q(day=today) | Q(booked_at__gte=midnight))
    slips = Q(state=Appointment.State.CANCELLED, cancelled_at__gte=midnight)
    found = _with_papers().filter(tickets | slips, patient=patient).order_by("slot__start")
    return [_state(one) for one in found if one.state == Appointment.State.BOOKED or _refunded(one)]


def owed(patient: int) -> list[PaperState]:
    """Papers of visits still to come, and of refunds of the last day, that never reached their owner's hands. The ticket
    of a visit whose fee is due is nobody's yet."""
    now = clock.now()
    tickets = Q(state=Appointment.State.BOOKED, slot__end__gt=now)
    slips = Q(state=Appointment.State.CANCELLED, cancelled_at__gte=clock.at(now.date(), 0))
    found = _with_papers().filter(tickets | slips, patient=patient).order_by("booked_at")
    states = [_state(one) for one in found if one.state == Appointment.State.BOOKED or _refunded(one)]
    return [one for one in states if not one.delivered and not one.appointment.due]
