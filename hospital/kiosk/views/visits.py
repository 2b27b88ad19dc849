"""A number held, booked, given back; and its papers."""

import uuid

from ninja import Router

from hospital.care import booking, papers
from hospital.care.models import Appointment, Paper
from hospital.kiosk import acquaintance, answers, schemas as wire
from hospital.kiosk.door import Request, act
from hospital.money import cancelling
from hospital.outpatient import messages, registering
from hospital.refusal import Refusal

router = Router(tags=["visits"])


def _appointment(pk: int) -> Appointment:
    found = (Appointment.objects
             .select_related("slot__schedule__practitioner", "department", "patient", "order__refund",
                             "order__payment")
             .filter(pk=pk).first())
    if found is None:
        raise Refusal("unknown_appointment")
    return found


@act(router, "/holds", wire.Hold, ("slot_full", "already_booked", "daily_limit", "session_stopped", "past",
                                   "unknown_segment", "unknown_patient", "blacklisted", "held_elsewhere",
                                   "booking_limit", "held_too_often"))
def hold(request: Request, body: wire.NewHold) -> wire.Hold:
    """Keep the first free number of a segment for a few minutes."""
    acquaintance.here(request.auth, body.patient)
    return answers.hold(registering.hold(body.patient, body.segment, request.auth.name))


@act(router, "/holds/{uuid:hold}/release", wire.Released, ("unknown_hold",))
def release(request: Request, hold: uuid.UUID) -> wire.Released:
    """Give the number back. Never an error: it may be over, or booked already."""
    acquaintance.own_hold(request.auth, hold)
    return wire.Released(state=booking.release(booking.locked_hold(hold)))


@act(router, "/holds/{uuid:hold}/confirm", wire.Confirmed,
     ("unknown_hold", "unpaid", "hold_ended", "already_cancelled"))
def confirm(request: Request, hold: uuid.UUID) -> wire.Confirmed:
    """Free numbers are booked here; paid ones were when the money came. Issues the registration paper."""
    acquaintance.own_hold(request.auth, hold)
    booked = booking.confirm(booking.locked_hold(hold))
    copy = papers.issue(booked, papers.kind_of(booked), request.auth.name)
    return wire.Confirmed(appointment=answers.appointment(_appointment(booked.pk)), copy_=copy)


@act(router, "/appointments/{int:appointment}/cancel", wire.Cancelled,
     ("unknown_appointment", "not_cancellable", "already_cancelled"))
def cancel(request: Request, appointment: int) -> wire.Cancelled:
    """Give the number back and the money, too."""
    found = _appointment(appointment)
    acquaintance.booked_here(request.auth, found)
    cancelling.cancel(found)
    done = _appointment(appointment)
    return wire.Cancelled(appointment=answers.appointment(done), refund=answers.refund_of(done))


@act(router, "/papers", wire.Copy, ("unknown_appointment", "unknown_paper", "unpaid"))
def issue(request: Request, body: wire.NewPaper) -> wire.Copy:
    """Take the number of a paper that is about to be printed: 1 is the original."""
    found = _appointment(body.appointment)
    acquaintance.remembered(request.auth, found)
    return wire.Copy(copy_=papers.issue(found, body.kind, request.auth.name))


@act(router, "/papers/outcome", wire.Empty, ("unknown_appointment", "unknown_paper"))
def outcome(request: Request, body: wire.PaperOutcome) -> wire.Empty:
    """What became of it. "none", surely not on paper, makes its number free again; what it said comes by message."""
    found = _appointment(body.appointment)
    acquaintance.own_paper(request.auth, found, body.kind, body.copy_)
    papers.outcome(found, body.kind, body.copy_, body.outcome)
    if (body.kind, body.outcome) == (Paper.Kind.REGISTRATION, Paper.Outcome.NONE):
        messages.instead_of_paper(found)
    return wire.Empty()
