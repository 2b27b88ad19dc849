"""The hospital by FHIR R4 and IHE Scheduling, as far as these reach: people, departments, times, holding, booking.

FHIR's booking knows no payment orders, no papers, no notices, no letting go of a hold without knowing whether it is booked
by now, and nothing of machines: all that goes to the kiosk API of the same hospital, under the numbers that this FHIR server
tells its kiosks (identifiers of the system kiosk-number). A hospital whose FHIR server stands alone can be booked at, but
not paid at, by this class. Segments without a place left are not among FHIR's proposals: a session that is full is not
listed. See docs/interfaces.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from kiosk.care import (Appointment, CancelledBooking, Clinic, Confirmed, Department, Document, Half, Hold, Kind, PaperKind,
                        Patient, Practitioner, Refund, Segment, Session)
from kiosk.hospital import Hospital, Unknown
from kiosk.requests import Refused, VisitCard
from kiosk.words import Name

T = TypeVar("T")
Resource = Mapping[str, Any]

NS = "https://hospital-kiosk.example/fhir"
NUMBER = f"{NS}/kiosk-number"
MEDIA = "application/fhir+json"
HALVES = {"am": Half.AM, "pm": Half.PM}


class FhirHospital(Hospital):
    """`url`: the hospital's kiosk API; `fhir`: the root of its FHIR server. `today`: the day where the hospital is."""

    def __init__(self, url: str, fhir: str, token: str, today: Callable[[], dt.date] = dt.date.today) -> None:
        super().__init__(url, token)
        self._fhir, self._today = fhir.rstrip("/"), today
        self._codes: dict[int, str] = {}        # of departments, by their numbers

    def departments(self) -> tuple[Department, ...]:
        found = self._asked("GET", "HealthcareService?active=true&_count=200", _departments)
        self._codes = {one.id: one.code for one in found}
        return found

    def sessions(self, department: int, days: int = 14, patient: int | None = None) -> tuple[Session, ...]:
        if department not in self._codes:
            self.departments()
        if department not in self._codes:
            raise Refused("unknown_department")
        code = {"coding": [{"system": f"{NS}/department", "code": self._codes[department]}]}
        first = self._today()
        asked = _parameters(start=("valueDateTime", first.isoformat()),
                            end=("valueDateTime", (first + dt.timedelta(days=days - 1)).isoformat()),
                            specialty=("valueCodeableConcept", code))
        return self._asked("POST", "Appointment/$find", lambda bundle: _sessions(bundle, department), json=asked)

    def find_patient(self, shown: Any) -> Patient:
        match shown:
            case Document():
                asked = {"identifier": f"{NS}/id-number|{shown.number}", "name": shown.name}
            case VisitCard(number):
                asked = {"identifier": f"{NS}/visit-card|{number}"}
            case str():
                asked = {"identifier": f"{NS}/id-number|{shown}"}
            case _:
                return super().find_patient(shown)
        found = self._asked("POST", "Patient/_search", lambda bundle: list(map(_patient, _matches(bundle))), data=asked)
        if not found:
            raise Refused("unknown_patient")
        return found[0]

    def appointments(self, patient: int) -> tuple[Appointment, ...]:
        whose = quote(f"{NUMBER}|{patient}", safe="")
        return self._asked("GET", f"Appointment?patient:identifier={whose}&status=booked&date=ge{self._today()}&_count=200",
                           lambda bundle: tuple(_appointment(one, _around(bundle)) for one in _matches(bundle)))

    def hold(self, patient: int, segment: str, key: str) -> Hold:
        asked = _parameters(
            **{"appointment-reference": ("valueReference", {"reference": f"Appointment/{segment}"}),
               "patient-reference": ("valueReference", {"identifier": {"system": NUMBER, "value": str(patient)}})})
        return self._operate("$hold", asked, key, lambda one, around: _hold(one, around, segment))

    def confirm(self, hold: str, key: str) -> Confirmed:
        """Two calls, each with a key of its own: the booking, and the number of its paper."""
        asked = _parameters(**{"appointment-reference": ("valueReference", {"reference": f"Appointment/{hold}"})})
        booked = self._operate("$book", asked, key, _appointment)
        return Confirmed(booked, self.issue_paper(booked.id, PaperKind.REGISTRATION, f"{key}-p"))

    def cancel(self, appointment: int, key: str) -> CancelledBooking:
        # By its number, so that the same call can be made after a crash, when nothing is remembered but the number.
        undone = {"resourceType": "Appointment", "status": "cancelled", "participant": [{"status": "declined", "type": [
            {"text": "patient"}]}], "identifier": [{"system": NUMBER, "value": str(appointment)}]}
        asked = _parameters(**{"appointment-resource": ("resource", undone)})
        return self._operate("$book", asked, key,
                             lambda one, around: CancelledBooking(_appointment(one, around), _refund(one)))

    def _operate(self, name: str, asked: Resource, key: str, read: Callable[[Resource, Resource], T]) -> T:
        return self._asked("POST", f"Appointment/{name}", lambda bundle: read(_matches(bundle)[0], _around(bundle)),
                           {"Idempotency-Key": key}, json=asked)

    def _asked(self, method: str, path: str, read: Callable[[Any], T], headers: Mapping[str, str] = {}, **content: Any) -> T:
        form = {} if "json" not in content else {"Content-Type": MEDIA}
        bundle = self._ask(method, f"{self._fhir}/{path}", {"Accept": MEDIA, **form, **headers}, _refusal, **content)
        try:
            return read(bundle)
        except (LookupError, TypeError, ValueError, AttributeError, StopIteration):
            raise Unknown("misfit") from None


def _refusal(status: int, data: Any) -> Exception:
    """An OperationOutcome is no more than the kiosk API's refusal in other words."""
    try:
        issue = data["issue"][0]
        known = {"code": issue["details"]["coding"][0]["code"], "data": {
            one["url"].rpartition("/")[2].replace("-", "_"): one["valueString"] for one in issue.get("extension", ())}}
    except (LookupError, TypeError, AttributeError):
        known = {}
    return Hospital._refusal(status, known)


def _parameters(**given: tuple[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters",
            "parameter": [{"name": name, kind: value} for name, (kind, value) in given.items()]}


# From FHIR to the kiosk's own records.


def _matches(bundle: Any) -> list[Any]:
    return [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == "match"]


def _around(bundle: Any) -> dict[str, Any]:
    """Everything in the answer, by its reference."""
    return {f"{one['resource']['resourceType']}/{one['resource']['id']}": one["resource"] for one in bundle.get("entry", ())}


def _name(said: Resource, word: str = "name") -> Name:
    """A string in Chinese, with its translation beside it."""
    zh = said.get(word, "")
    for one in said.get(f"_{word}", {}).get("extension", ()):
        told = {part["url"]: part for part in one.get("extension", ())}
        if one["url"].endswith("/translation") and told["lang"]["valueCode"] == "en":
            return Name(zh, told["content"]["valueString"])
    return Name(zh, zh)


def _said(resource: Resource, name: str, default: Any = None) -> Any:
    """The value of one of our extensions."""
    for one in resource.get("extension", ()):
        if one["url"] in (f"{NS}/{name}", name):
            return next(value for word, value in one.items() if word != "url")
    return default


def _parts(resource: Resource, name: str) -> dict[str, Any] | None:
    """The values inside an extension that is made of several."""
    found = _said(resource, name)
    if found is None:
        return None
    return {one["url"]: next(value for word, value in one.items() if word != "url") for one in found}


def _fen(money: Resource | None) -> int:
    return round(money["value"] * 100) if money else 0


def _number(resource: Resource) -> int:
    return int(_identifier(resource, NUMBER))


def _identifier(resource: Resource, system: str) -> str:
    return next(str(one["value"]) for one in resource["identifier"] if one["system"] == system)


def _code(concept: Resource, system: str) -> str:
    return next(str(one["code"]) for one in concept["coding"] if one["system"] == f"{NS}/{system}")


def _moment(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found


def _clinic(service: Resource, around: Resource) -> Clinic:
    place = around.get(service["location"][0]["reference"], {})
    return Clinic(_number(service), _identifier(service, f"{NS}/department"), _name(service), _name(place))


def _departments(bundle: Any) -> tuple[Department, ...]:
    around = _around(bundle)
    return tuple(_department(one, _clinic(one, around)) for one in _matches(bundle))


def _department(service: Resource, clinic: Clinic) -> Department:
    """A server that does not count says nothing of today: then none are left, and the times will tell."""
    today = _parts(service, "today") or {}
    return Department(clinic.id, clinic.code, clinic.name, clinic.place, key=_said(service, "key-department", False),
                      general_left_today=today.get("general", 0), expert_left_today=today.get("named", 0),
                      fee_from=_fen(today.get("fee-from")), open_today=today.get("open", False))


def _patient(one: Resource) -> Patient:
    identifiers = {given["system"]: given for given in one["identifier"]}
    card, phones, born = identifiers.get(f"{NS}/id-number", {}), one.get("telecom") or [{}], one.get("birthDate")
    return Patient(_number(one), identifiers[f"{NS}/record-no"]["value"], one["name"][0]["text"],
                   one.get("gender", "unknown"), dt.date.fromisoformat(born) if born else None, _shown(card)[-4:],
                   _shown(phones[0]),
                   identifiers.get(f"{NS}/visit-card", {}).get("value"))


def _shown(said: Resource) -> str:
    """A value, or what may be shown of it."""
    for one in said.get("_value", {}).get("extension", ()):
        if one["url"].endswith("/rendered-value"):
            return str(one["valueString"])
    return str(said.get("value", ""))


def _actors(one: Resource, around: Resource) -> Iterator[tuple[str, Resource]]:
    for part in one["participant"]:
        given = part["actor"]
        yield given["reference"].partition("/")[0], {**given, **around.get(given["reference"], {})}


def _doctor(one: Resource, around: Resource) -> Practitioner | None:
    found = next((actor for kind, actor in _actors(one, around) if kind == "Practitioner"), None)
    if found is None:
        return None
    title, *more = (skill["code"] for skill in found["qualification"])
    return Practitioner(_number(found), _name(found["name"][0], "text"), _code(title, "title"),
                        _name(more[0], "text") if more else Name("", ""))


def _place(one: Resource, around: Resource) -> Clinic:
    return _clinic(next(actor for kind, actor in _actors(one, around) if kind == "HealthcareService"), around)


def _sessions(bundle: Any, department: int) -> tuple[Session, ...]:
    """Proposals of one Schedule are one session. Its number is made of its id: nobody asks by it."""
    around, found = _around(bundle), dict[str, Session]()
    for one in _matches(bundle):
        start, left = _moment(one["start"]), _said(one, "places-left", 1)
        roster = one["supportingInformation"][0]["reference"]
        session = found.get(roster) or Session(
            int(roster.rpartition("/")[2].replace("-", "")[:12], 16), department, start.date(),
            HALVES[_said(one, "half-day")], Kind(_code(one["serviceType"][0], "clinic")), _doctor(one, around),
            _fen(_said(one, "fee")), 0, ())
        found[roster] = replace(session, left=session.left + left, segments=(
            *session.segments, Segment(one["id"], start, _moment(one["end"]), left)))
    return tuple(found.values())


def _hold(one: Resource, around: Resource, segment: str) -> Hold:
    start = _moment(one["start"])
    return Hold(one["id"], segment, _said(one, "queue-number"), start.date(), HALVES[_said(one, "half-day")],
                Kind(_code(one["serviceType"][0], "clinic")), start, _moment(one["end"]), _fen(_said(one, "fee")),
                _moment(_said(one, "held-until")), _place(one, around), _doctor(one, around))


def _appointment(one: Resource, around: Resource) -> Appointment:
    start, paid = _moment(one["start"]), _parts(one, "payment") or {}
    person = next(actor for kind, actor in _actors(one, around) if kind == "Patient")
    return Appointment(
        id=_number(one), code=_identifier(one, f"{NS}/appointment-code"), state=one["status"],
        number=_said(one, "queue-number"), day=start.date(), half=HALVES[_said(one, "half-day")],
        kind=Kind(_code(one["serviceType"][0], "clinic")), start=start, end=_moment(one["end"]),
        arrive_by=_moment(_said(one, "arrive-by")), department=_place(one, around), practitioner=_doctor(one, around),
        fee=_fen(_said(one, "fee")), order=paid.get("order"), transaction=paid.get("transaction"),
        cancellable_until=_moment(_said(one, "cancellable-until")), booked_at=_moment(one["created"]),
        patient=int(person["identifier"]["value"]), cancellable=_said(one, "cancellable"))


def _refund(one: Resource) -> Refund | None:
    back = _parts(one, "refund")
    return Refund(back["number"], _fen(back["amount"]), back["state"]) if back else None
