"""What of a hospital another system may do in the server's place: knowing people, offering times, booking them."""

from __future__ import annotations

from typing import Any, Protocol

from kiosk.care import Appointment, CancelledBooking, Confirmed, Department, Hold, Patient, Session


class Booking(Protocol):
    """The office at which a number is booked.

    Every method has the three ends of kiosk/hospital.py: an answer, `Refused`, or `Unknown`; and one that takes a `key` does
    its work once under that key, however often it is called. kiosk/hospital.py is one such office, by the kiosk API;
    kiosk/hospital_fhir.py another, by FHIR. Numbers of people, departments and appointments are the kiosk API's in both:
    they stand in the journal, and what an office does not do (payments, papers, notices) goes on under them.
    """

    def departments(self) -> tuple[Department, ...]:
        """In the hospital's order."""

    def sessions(self, department: int, days: int = 14, patient: int | None = None) -> tuple[Session, ...]:
        """The released sessions of a department, from now on; with the places kept for this patient, where the office
        tells them. Refused: unknown_department."""

    def find_patient(self, shown: Any) -> Patient:
        """The file of a document, a card, or a number that was typed. Refused: unknown_patient, name_mismatch."""

    def appointments(self, patient: int) -> tuple[Appointment, ...]:
        """Booked, from today on, soonest first. Refused: unknown_patient."""

    def hold(self, patient: int, segment: str, key: str) -> Hold:
        """Keep a number for a person. Refused: slot_full, already_booked, daily_limit, session_stopped, past …"""

    def confirm(self, hold: str, key: str) -> Confirmed:
        """Book what was held (and paid). Refused: unpaid, hold_ended, already_cancelled."""

    def cancel(self, appointment: int, key: str) -> CancelledBooking:
        """Give it back, and the money. Refused: not_cancellable, already_cancelled."""
