"""The background pass: what it finds, however late, and what cannot stop it."""

from __future__ import annotations

from hospital.care.models import Appointment
from hospital.money import cancelling
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Payer:
    """A person with a held number that costs 10 yuan, and an open order for it."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, **session: int) -> None:
        self.kiosk, self.person = kiosk, hospital.patient()
        self.session = hospital.session(**{"fee": 1000, **session})
        self.hold = kiosk.hold(self.person, segment(self.session)).body["id"]
        self.no: str = kiosk.order(self.hold).body["no"]

    def state(self) -> str:
        return str(self.kiosk.get(f"/orders/{self.no}").body["state"])

    def close(self) -> str:
        return str(self.kiosk.post(f"/orders/{self.no}/close").body["state"])


def test_who_booked_a_session_stopped_shortly_before_midnight_gets_the_money_back(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    time.go(hours=14, minutes=30)
    payer = Payer(hospital, kiosk, start=23, minutes=60)
    channel.pay(payer.no)
    assert payer.state() == "paid"
    cancelling.stop(payer.session)
    time.go(hours=1)
    assert tend().bookings_cleared == 1
    assert Appointment.objects.get().state == "cancelled" and payer.state() == "refunding"
