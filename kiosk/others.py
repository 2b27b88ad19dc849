"""What other people do while somebody is at the machine: they book on their phones, wait in the same line, call from a
room, change a session. All through the doors that they have: FHIR, another machine's token, the staff's pages.

Nothing of it depends on the time of day: the clinic they go to is free and open day and night, and what is changed is
tomorrow's.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import requests as http

from kiosk.bring_up import House
from kiosk.care import Document, Kind, Session
from kiosk.hospital import Hospital
from kiosk.hospital_fhir import NS
from kiosk.requests import VisitCard

HERE = "V000000000001"                          # the visit card of whom the robot plays, of the invented hospital
PHONE = "19900000001"                           # and their telephone
NEIGHBOURS = ("V000000000002", "V000000000003", "V000000000004")
CHILD = Document("resident", "99999920190909001X", "测试童", sex="1", born=dt.date(2019, 9, 9))
CLINIC, DOCTOR = "GP", "GP03"                   # free, day and night; who calls there
MOVED = "CARD"                                  # the department whose chief cannot come tomorrow
LASTS = dt.timedelta(minutes=2)                 # a segment that ends sooner is left to others

SYSTEM = ("--scope", "system/Slot.s system/Patient.s system/Appointment.cu", "--channel", "app")


class App:
    """A hospital's app on somebody's phone: another system, that books by FHIR and prints nothing."""

    def __init__(self, house: House) -> None:
        self._root = f"{house.addresses.hospital_url}/fhir/R4"
        self._token = house.ask_hospital("fhir-client", "app", *SYSTEM).split()[-1]

    def book(self, card: str, now: dt.datetime) -> str:
        """A place in the free clinic, today and as soon as can be; its code."""
        person = self._post("Patient/_search", data={"identifier": f"{NS}/visit-card|{card}"})[0]["id"]
        whom = {"name": "patient-reference", "valueReference": {"reference": f"Patient/{person}"}}
        day = now.date().isoformat()
        asked = [_coded("specialty", "department", CLINIC), _coded("visit-type", "clinic", "general")]
        asked += [{"name": name, "valueDateTime": day} for name in ("start", "end")]
        times = sorted(self._operate("$find", whom, *asked), key=lambda one: str(one["start"]))
        lasting = [one for one in times if dt.datetime.fromisoformat(one["end"]) - now > LASTS]
        held = self._operate("$hold", whom, _meant((lasting or times)[0]))[0]
        booked = self._operate("$book", _meant(held))[0]
        return next(str(one["value"]) for one in booked["identifier"] if one["system"] == f"{NS}/appointment-code")

    def _operate(self, name: str, *given: dict[str, Any]) -> list[dict[str, Any]]:
        return self._post(f"Appointment/{name}", json={"resourceType": "Parameters", "parameter": list(given)})

    def _post(self, path: str, **content: Any) -> list[dict[str, Any]]:
        form = {"Content-Type": "application/fhir+json"} if "json" in content else {}
        answer = http.post(f"{self._root}/{path}", headers={"Authorization": f"Bearer {self._token}", **form}, timeout=20,
                           **content)
        answer.raise_for_status()
        return [one["resource"] for one in answer.json()["entry"] if one["search"]["mode"] == "match"]


def _coded(name: str, system: str, code: str) -> dict[str, Any]:
    return {"name": name, "valueCodeableConcept": {"coding": [{"system": f"{NS}/{system}", "code": code}]}}


def _meant(appointment: dict[str, Any]) -> dict[str, Any]:
    return {"name": "appointment-reference", "valueReference": {"reference": f"Appointment/{appointment['id']}"}}


class Staff:
    """Somebody of the staff at the console's pages. Every act is the form that a browser would send."""

    def __init__(self, house: House, role: str, *words: str) -> None:
        self._root = f"{house.addresses.hospital_url}/console"
        self._browser = http.Session()
        password = house.ask_hospital("admin-user", role, "--role", role, *words).split()[-1]
        self.read("login")
        self.post("login", username=role, password=password)

    def read(self, page: str) -> str:
        answer = self._browser.get(f"{self._root}/{page}", timeout=20)
        answer.raise_for_status()
        return answer.text

    def post(self, page: str, **form: object) -> None:
        token = {"csrfmiddlewaretoken": self._browser.cookies["csrftoken"]}
        answer = self._browser.post(f"{self._root}/{page}", data={**form, **token}, timeout=20)
        answer.raise_for_status()       # a refusal is one, too: 409

    def chosen(self, page: str, name: str) -> str:
        """The first value that a page offers under a name."""
        found = re.search(rf'name="{name}"[^>]*?(?:value="|>\s*<option value=")([^"]+)"', self.read(page))
        if found is None:
            raise LookupError(f"{page} has no {name}")
        return found[1]


class Others:
    """Everybody but the patient."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._numbers = itertools.count(1)
        self.bookings: list[str] = []           # codes of what is booked for others than the patient

    def do(self, deed: str) -> None:
        """One of DEEDS."""
        DEEDS[deed](self)

    # On the phone.

    def _patient_books(self) -> None:
        self._books_by_app(HERE)

    @cached_property
    def _app(self) -> App:
        return App(self._house)

    def _books_by_app(self, card: str) -> str:
        return self._app.book(card, self._lobby.hello().time)

    # At another machine.

    @cached_property
    def _lobby(self) -> Hospital:
        """Another kiosk of the lobby."""
        token = self._house.ask_hospital("kiosk", "lobby-2").split()[-1]
        return Hospital(self._house.addresses.hospital_url, token)

    def _neighbours_wait(self) -> None:
        for card in NEIGHBOURS:
            self.bookings.append(self._books_by_app(card))
            patient = self._lobby.find_patient(VisitCard(card))
            for arrival in self._lobby.my_queue(patient.id).arrivals:
                self._lobby.check_in(arrival.appointment.id, self._key())

    def _child(self) -> None:
        """Their guardian is whose telephone was given."""
        self._lobby.enroll(CHILD, PHONE, self._key())

    # In the consulting room.

    @cached_property
    def _doctor(self) -> Staff:
        return Staff(self._house, "doctor", "--doctor", DOCTOR)

    def _doctor_sits(self) -> None:
        session = next(one for one in self._clinic(self._lobby, CLINIC)
                       if one.day == self._today() and one.kind is Kind.GENERAL)
        self._doctor.post("room/sit", room=self._doctor.chosen("room", "room"), schedule=session.id)

    def _doctor_calls(self) -> None:
        self._doctor.post("room/next", current=self._doctor.chosen("room", "current"))

    def _doctor_calls_all(self) -> None:
        """The three neighbours, and who came after them."""
        for _ in (*NEIGHBOURS, HERE):
            self._doctor_calls()

    def _doctor_skips(self) -> None:
        self._doctor.post("room/skip")

    # In the outpatient office.

    @cached_property
    def _office(self) -> Staff:
        return Staff(self._house, "office")

    def _office_moves(self) -> None:
        """Tomorrow's session of the chief, to the next one that they have."""
        mine = [one for one in self._clinic(self._lobby, MOVED) if one.day > self._today()
                and one.practitioner is not None and one.practitioner.title == "chief"]
        first, then = sorted(mine, key=lambda one: one.segments[0].start)[:2]
        self._office.post(f"changes/sessions/{first.id}/move", why="会诊", to=then.id)

    # The invented hospital.

    def _today(self) -> dt.date:
        """The hospital's."""
        return self._lobby.hello().time.date()

    @staticmethod
    def _clinic(hospital: Hospital, code: str) -> tuple[Session, ...]:
        department = next(one for one in hospital.departments() if one.code == code)
        return hospital.sessions(department.id)

    def _key(self) -> str:
        return f"others-{next(self._numbers)}"


DEEDS: Mapping[str, Callable[[Others], None]] = {
    "the patient books by app": Others._patient_books,
    "three neighbours wait": Others._neighbours_wait,
    "a doctor sits": Others._doctor_sits,
    "the doctor calls": Others._doctor_calls,
    "the doctor calls them all": Others._doctor_calls_all,
    "the doctor skips": Others._doctor_skips,
    "the child has a file": Others._child,
    "the office moves tomorrow": Others._office_moves,
}
"""What others can do, by the names that plays have for it."""
