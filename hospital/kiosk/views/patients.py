"""Who stands here, and what is theirs: the file, bookings, papers, notices."""

from ninja import Router

from hospital import clock
from hospital.care import notices, papers, people
from hospital.care.models import Appointment
from hospital.kiosk import acquaintance, answers, schemas as wire, socialcards
from hospital.kiosk.door import Request, act, read
from hospital.kiosk.views import outpatient
from hospital.outpatient import family, offers
from hospital.refusal import Refusal

router = Router(tags=["patients"])


@read(router, "/patients/find", wire.Patient, ("unknown_patient", "name_mismatch", "too_many"), method="POST")
def find(request: Request, body: wire.FindPatient) -> wire.Patient:
    """By ID number (and name), by visit card, or by social security card. A POST, so that no number stands in an address."""
    if not (body.id_number or body.visit_card or body.social):
        raise Refusal("unknown_patient")
    acquaintance.count_find(request.auth)
    found = (socialcards.holder(**body.social.dict()) if body.social else
             people.find(body.id_number, body.name, body.visit_card))
    acquaintance.met(request.auth, found.pk)
    shown = bool(body.name or body.visit_card or body.social)      # a number alone is known to others
    return answers.patient(found, len(family.dependants(found.pk)) if shown else 0)


@act(router, "/patients", wire.Patient, ("name_mismatch", "bad_id_number", "bad_phone"), status=(200, 201))
def enrol(request: Request, body: wire.NewPatient) -> tuple[int, wire.Patient]:
    """Open a file (201), or find the existing one and note the new telephone (200)."""
    patient, new = people.enrol(people.Person(**body.dict()))
    if new:
        family.link_by_phone(patient, request.auth.name)
    acquaintance.met(request.auth, patient.pk)
    return 201 if new else 200, answers.patient(patient)


@read(router, "/patients/{int:patient}/appointments", list[wire.Appointment], ("unknown_patient",))
def appointments(request: Request, patient: int) -> list[wire.Appointment]:
    """Booked, from today on, soonest first."""
    acquaintance.here(request.auth, patient)
    found = (Appointment.objects.select_related("slot__schedule__practitioner", "department", "order__payment")
             .filter(patient=patient, state=Appointment.State.BOOKED, day__gte=clock.now().date())
             .order_by("slot__start"))
    return [answers.appointment(one) for one in found]


@read(router, "/patients/{int:patient}/papers", list[wire.PaperState], ("unknown_patient",))
def papers_of_today(request: Request, patient: int) -> list[wire.PaperState]:
    """Tickets and slips made today, or for a visit today."""
    acquaintance.here(request.auth, patient)
    return [answers.paper_state(one) for one in papers.of_today(patient)]


@read(router, "/patients/{int:patient}/notices", list[wire.Notice], ("unknown_patient",))
def unseen_notices(request: Request, patient: int) -> list[wire.Notice]:
    """What this person must still be told, for their children, too, oldest first. Papers never handed over are among it,
    and changes that they are asked to agree to."""
    acquaintance.here(request.auth, patient)
    whose = [patient, *(child.pk for child in outpatient.children_here(request.auth, patient))]
    told = [answers.notice(one) for person in whose for one in notices.unseen(person)]
    told += [outpatient.notice(one) for person in whose for one in offers.pending(person)]
    owed = [answers.paper_owed(one) for one in papers.owed(patient)]
    return sorted(told + owed, key=lambda one: one.at)


@act(router, "/notices/{notice}/seen", wire.Empty, ("unknown_notice",))
def seen(request: Request, notice: str) -> wire.Empty:
    """The person has read it. A paper that is owed stays owed until it is handed over."""
    if not notice.startswith(answers.OWED):
        acquaintance.told_here(request.auth, notice)
        notices.seen(notice)
    return wire.Empty()
