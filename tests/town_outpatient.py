"""The outpatient office of a town: children and guardians, doctors who are full, sessions that change."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kiosk import care
from kiosk.requests import Refused
from kiosk.words import Name
from town_books import Booked, Place
from townsfolk import PEOPLE, patient

if TYPE_CHECKING:
    from town import Town


class TownOffice:
    """What the office does, and what it asks people."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.children: dict[int, list[int]] = {}
        self.answers: dict[str, bool] = {}
        self.over = False

    # What other people do.

    def links(self, guardian: str, child: str) -> None:
        town, file = self._town, max(self._town.patients) + 1
        town.patients[file] = patient(file, PEOPLE[child], PEOPLE[guardian].phone)
        whose = next(one for one in town.patients.values() if one.name == guardian)
        town.patients[whose.id] = replace(whose, dependants=whose.dependants + 1)
        self.children.setdefault(whose.id, []).append(file)

    def fills(self, doctor: str) -> None:
        for place in self._town.places:
            if place.session.practitioner and place.session.practitioner.name.zh == doctor:
                place.booked, place.hold = True, "another"

    def hires(self, name: str) -> None:
        """Another chief of the first department, who works tomorrow at four."""
        town = self._town
        like = next(one for one in town.sessions.values() if one.practitioner)
        assert like.practitioner is not None
        doctor = replace(like.practitioner, id=2, name=Name(name, "Li Shi"), speciality=Name("冠心病", "coronary disease"))
        start = like.segments[0].start + dt.timedelta(days=1, hours=2)
        number = max(town.sessions) + 1
        segment = care.Segment(f"{number}-{start:%H%M}", start, start + dt.timedelta(minutes=30), 2)
        session = replace(like, id=number, day=start.date(), practitioner=doctor, segments=(segment,), left=2)
        town.sessions[number] = session
        town.segments[segment.id] = [Place(at, segment, session) for at in (1, 2)]
        town.places += town.segments[segment.id]

    def changes(self, kind: str) -> None:
        """Everybody who has booked is asked: another doctor, or the same time tomorrow."""
        for booked in list(self._town.bookings.values()):
            one = booked.appointment
            if one.state == "booked":
                later = one.start + dt.timedelta(days=1)
                offer = care.Offer(
                    self._town.next("offer-{}"), kind, one,
                    care.Practitioner(2, Name("李试", "Li Shi"), "chief", Name("冠心病", "coronary disease"))
                    if kind == "substitute" else None, *((later.date(), later, later + dt.timedelta(minutes=30))
                                                         if kind == "move" else (None, None, None)), until=one.start)
                self._town.leave_notice(one.patient, "offer", offer=offer)

    def answered(self, offer: str, accept: bool) -> care.OfferAnswered:
        town = self._town
        notice = next(one for _, one in town.notices if one.data.offer and one.data.offer.id == offer)
        asked = notice.data.offer
        assert asked is not None
        town.seen.add(notice.id)
        booked = town.bookings[asked.appointment.id]
        if self.over or booked.appointment.state != "booked":
            raise Refused("offer_over")
        if accept:
            booked.appointment = replace(booked.appointment, practitioner=asked.doctor or booked.appointment.practitioner,
                                         day=asked.day or booked.appointment.day,
                                         start=asked.start or booked.appointment.start,
                                         end=asked.end or booked.appointment.end)
            return care.OfferAnswered(True, booked.appointment, None)
        return care.OfferAnswered(False, self._back(booked), booked.refund)

    def stops(self, why: str | None = None) -> None:
        """The visits do not take place (`why` not: their people never said whether they agree to the change)."""
        town = self._town
        town.seen |= {one.id for _, one in town.notices if one.data.offer}
        for booked in list(town.bookings.values()):
            if booked.appointment.state == "booked":
                one = self._back(booked)
                town.leave_notice(one.patient, "session_stopped", appointment=one, why=why,
                                  amount=booked.refund.amount if booked.refund else None)

    def _back(self, booked: Booked) -> care.Appointment:
        """Booking and fee."""
        booked.appointment = replace(booked.appointment, state="cancelled", due=None)
        if booked.appointment.order is not None:
            paid = self._town.orders[booked.appointment.order]
            paid.back = paid.came
            booked.refund = care.Refund(f"{paid.order.no}R1", paid.came, "processing")
        return booked.appointment


class OfficeDesk:
    """The hospital's methods for it; a part of TownHospital."""

    _town: Town

    def similar(self, department: int, doctor: int, patient: int) -> tuple[care.Similar, ...]:
        hospital: Any = self
        with hospital._asked():
            found = []
            for session in self._town.sessions.values():
                seen, other = hospital._open(session), session.practitioner
                if session.department == department and other is not None and other.id != doctor and seen.left:
                    found.append(care.Similar(other, seen, next(one for one in seen.segments if one.left)))
            return tuple(found[:3])

    def dependants(self, patient: int) -> tuple[care.Patient, ...]:
        hospital: Any = self
        with hospital._asked():
            return tuple(self._town.patients[child] for child in self._town.office.children.get(patient, []))

    def answer_offer(self, offer: str, accept: bool, key: str) -> care.OfferAnswered:
        hospital: Any = self
        answer: care.OfferAnswered = hospital._did(key, ("offer", offer, accept),
                                                   lambda: self._town.office.answered(offer, accept))
        return answer
