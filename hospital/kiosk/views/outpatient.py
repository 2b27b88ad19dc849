"""What the outpatient office asks and offers: changes to agree to, doctors like one who is full, children."""

import uuid

from ninja import Router

from hospital.care import availability
from hospital.care.models import Appointment, Channel, Patient
from hospital.kiosk import acquaintance, answers, schemas as wire
from hospital.kiosk import schemas_outpatient as words
from hospital.kiosk.door import Request, act, read
from hospital.kiosk.models import Kiosk
from hospital.outpatient import family, offers, registering
from hospital.outpatient.models import Offer
from hospital.outpatient.similar import similar
from hospital.refusal import Refusal

router = Router(tags=["outpatient"])


@read(router, "/departments/{int:department}/similar/{int:practitioner}", list[words.Similar],
      ("unknown_department", "unknown_practitioner", "unknown_patient"))
def doctors_like(request: Request, department: int, practitioner: int, patient: int | None = None) -> list[words.Similar]:
    """At most three doctors of the same rank in this department who have a place for a kiosk, best first; places kept for
    who was referred count, where `patient` was."""
    if patient is not None:
        acquaintance.here(request.auth, patient)
    found = similar(practitioner, department, registering.shares_of(Channel.KIOSK, patient, department))
    return [_similar(one.session, one.segment) for one in found]


def _similar(session: availability.Session, segment: availability.Segment) -> words.Similar:
    whole = answers.session(session)
    assert whole.practitioner is not None
    part = next(one for one in whole.segments if one.start == segment.start)
    return words.Similar(practitioner=whole.practitioner, session=whole, segment=part)


@read(router, "/patients/{int:patient}/dependants", list[wire.Patient], ("unknown_patient",))
def dependants(request: Request, patient: int) -> list[wire.Patient]:
    """The children that this person may book for. Whose guardian is here, is here."""
    acquaintance.here(request.auth, patient)
    return [answers.patient(child) for child in children_here(request.auth, patient)]


def children_here(kiosk: Kiosk, guardian: int) -> list[Patient]:
    """The children of somebody who is here: they have shown themselves with them."""
    found = family.dependants(guardian)
    for child in found:
        acquaintance.met(kiosk, child.pk)
    return found


@act(router, "/offers/{uuid:offer}/answer", words.Answered,
     ("unknown_offer", "offer_over", "already_booked", "session_stopped"))
def answer(request: Request, offer: uuid.UUID, body: words.Answer) -> words.Answered:
    """Yes or no. A no gives the booking and the fee back."""
    try:
        acquaintance.here(request.auth, offers.get_offer(offer).appointment.patient_id)
    except Refusal:
        raise Refusal("unknown_offer") from None
    done = offers.answer(offer, body.accept, request.auth.name)
    whole = Appointment.objects.select_related("slot__schedule__practitioner", "department", "order__refund",
                                               "order__payment").get(pk=done.offer.appointment_id)
    return words.Answered(accepted=done.offer.state == Offer.State.ACCEPTED, appointment=answers.appointment(whole),
                          refund=answers.refund(done.refund))


def notice(one: Offer) -> wire.Notice:
    """The question, as a notice. It is gone when it was answered."""
    change, slot = one.change, one.slot
    asked = words.Offer(
        id=one.pk, kind=change.kind, appointment=answers.appointment(one.appointment),
        doctor=answers.practitioner(change.after), day=change.to.day if change.to else None,
        start=slot.start if slot else None, end=slot.end if slot else None, until=one.until)
    return wire.Notice(id=f"offer-{one.pk}", kind="offer", at=one.made_at,
                       data={"offer": asked.model_dump(mode="json")})
