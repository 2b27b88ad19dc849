"""What a person may book in all holds when a number is held, and again when it is booked."""

from __future__ import annotations

from django.db import transaction

from hospital.care import booking
from hospital.care.models import Appointment, Patient, Schedule
from hospital.money.models import Refund
from hospital.outpatient import registering
from hospital.outpatient.models import Limit
from hospital.refusal import Refusal
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


def book(patient: Patient, session: Schedule, channel: str = "kiosk") -> str:
    """Holds and confirms a free number; the word of the refusal, or "booked"."""
    try:
        with transaction.atomic():
            booking.confirm(registering.hold(patient.pk, segment(session), "K1", channel))
    except Refusal as no:
        return no.code
    return "booked"


def test_a_limit_holds_for_who_pays_late_too(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    Limit.objects.create(most=1, days=7)
    person = hospital.patient()
    held = kiosk.hold(person, segment(hospital.session(days=1, fee=100))).body
    no = kiosk.order(held["id"]).body["no"]
    time.go(seconds=500)
    assert book(person, hospital.session(days=2)) == "booked"
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    assert Appointment.objects.filter(state="booked").count() == 1 and Refund.objects.count() == 1


def test_who_pays_in_time_is_not_in_the_way_of_their_own_limit(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    Limit.objects.create(most=1, days=7)
    held = kiosk.hold(hospital.patient(), segment(hospital.session(days=1, fee=100))).body
    no = kiosk.order(held["id"]).body["no"]
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    assert Appointment.objects.filter(state="booked").count() == 1 and not Refund.objects.exists()
