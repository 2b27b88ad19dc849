"""Checking in, and where somebody stands in the queue. All of it of today: a typed number may ask for no more."""

from __future__ import annotations

from ninja import Router

from hospital.care.models import Appointment
from hospital.kiosk import acquaintance, answers, schemas_queue as wire
from hospital.kiosk.door import Request, act, read
from hospital.kiosk.schemas import Name
from hospital.queueing import arriving, queues, waiting
from hospital.queueing.models import Room, Ticket
from hospital.refusal import Refusal

router = Router(tags=["queue"])


@read(router, "/patients/{int:patient}/queue", wire.Today, ("unknown_patient",))
def today(request: Request, patient: int) -> wire.Today:
    """What can be checked in (or why not), and the places that are already taken."""
    acquaintance.here(request.auth, patient)
    return wire.Today(
        arrivals=[wire.Arrival(appointment=answers.appointment(one.appointment), why=one.why, opens=one.opens)
                  for one in arriving.of_today(patient)],
        places=[_place(one) for one in arriving.tickets_of_today(patient)])


@act(router, "/appointments/{int:appointment}/checkin", wire.Place,
     ("unknown_appointment", "too_early", "wrong_day", "already_cancelled", "changed", "session_stopped", "session_over"))
def check_in(request: Request, appointment: int) -> wire.Place:
    """A place in the queue; the one there is, if it was checked in before."""
    found = Appointment.objects.select_related("slot__schedule", "patient").filter(pk=appointment).first()
    if found is None:
        raise Refusal("unknown_appointment")
    acquaintance.booked_here(request.auth, found)
    return _place(queues.ticket(arriving.check_in(found).pk))


@act(router, "/tickets/{int:ticket}/rejoin", wire.Place, ("unknown_ticket", "session_over"))
def rejoin(request: Request, ticket: int) -> wire.Place:
    """Back into the line, after a missed call or with results."""
    found = queues.ticket(ticket)
    try:
        acquaintance.here(request.auth, found.patient_id)
    except Refusal:
        raise Refusal("unknown_ticket") from None
    return _place(queues.ticket(arriving.rejoin(found).pk))


def _place(one: Ticket) -> wire.Place:
    waits = one.state == Ticket.State.WAITING
    told = waiting.of(one) if waits else waiting.Outlook(0, None)
    if one.state == Ticket.State.CALLED:
        rooms = [one.room]
    else:
        rooms = list(Room.objects.filter(sittings__queue=one.queue_id, sittings__ended_at=None).order_by("code"))
    priority = one.priority
    return wire.Place(
        id=one.pk, number=one.number, code=one.appointment.code if one.appointment else "", state=one.state,
        department=answers.department_lite(one.department),
        practitioner=answers.practitioner(one.practitioner if one.state == Ticket.State.CALLED
                                          else one.queue.practitioner),
        rooms=[Name(zh=room.name_zh, en=room.name_en) for room in rooms], ahead=told.ahead,
        wait=wire.Wait(low=told.wait.low, high=told.wait.high) if told.wait else None,
        behind=max(0, one.after - one.queue.calls) if waits else 0,
        priority=Name(zh=priority.name_zh, en=priority.name_en) if priority else None,
        late=one.standing == Ticket.Standing.LATE)
