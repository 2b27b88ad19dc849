"""Somebody who speaks FHIR with the hospital, and believes nothing: every answer is read by models that others wrote, and
its codes are held against HL7's own lists."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.test import Client
from fhir.resources.R4B import get_fhir_model_class

from hospital.care.models import Patient
from hospital.fhir import callers
from hospital.fhir.resources import LETTERS
from hospital.fhir import ids
from hospital_fixtures import Kiosk

FHIR = "/fhir/R4"
BOOKING = f"{callers.ROSTER} system/Patient.rs system/Appointment.crus"

# Required bindings of R4 that the models do not look at.
CODES = {
    "Appointment": ("status", {"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
                               "entered-in-error", "checked-in", "waitlist"}),
    "Slot": ("status", {"busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"}),
    "Patient": ("gender", {"male", "female", "other", "unknown"}),
    "Location": ("status", {"active", "suspended", "inactive"}),
    "CapabilityStatement": ("status", {"draft", "active", "retired", "unknown"}),
}
PARTICIPATION = {"accepted", "declined", "tentative", "needs-action"}
SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUES = {"invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
          "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
          "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
          "exception", "timeout", "incomplete", "throttled", "informational"}


def valid(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource, as FHIR says one must be: structure by the models, codes and invariants by what stands here."""
    kind = resource["resourceType"]
    get_fhir_model_class(kind).model_validate_json(json.dumps(resource))
    if kind in CODES:
        word, codes = CODES[kind]
        assert resource[word] in codes, f"{kind}.{word} {resource[word]}"
    if kind == "Bundle":
        for entry in resource.get("entry", ()):
            valid(entry["resource"])
            assert entry["fullUrl"].endswith(f"/{entry['resource']['resourceType']}/{entry['resource']['id']}")
    if kind == "OperationOutcome":
        assert all(one["severity"] in SEVERITIES and one["code"] in ISSUES for one in resource["issue"])
    if kind == "Appointment":
        assert ("start" in resource) == ("end" in resource), "app-2"
        assert "start" in resource or resource["status"] in ("proposed", "cancelled", "waitlist"), "app-3"
        assert all(one["status"] in PARTICIPATION for one in resource["participant"])
        assert all("type" in one or "actor" in one for one in resource["participant"]), "app-1"
    return resource


class Answer:
    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
        self.body: dict[str, Any] = valid(json.loads(response.content))

    @property
    def matches(self) -> list[dict[str, Any]]:
        return [one["resource"] for one in self.body.get("entry", ()) if one["search"]["mode"] == "match"]

    @property
    def only(self) -> dict[str, Any]:
        assert self.status == 200 and len(self.matches) == 1, self
        return self.matches[0]

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Status, issue type, and our own word."""
        issue = self.body["issue"][0]
        return self.status, issue["code"], issue["details"]["coding"][0]["code"]

    def __repr__(self) -> str:
        return f"{self.status} {self.body}"


class Speaker:
    """A system called `name`, or a kiosk, by its token."""

    def __init__(self, token: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)

    @classmethod
    def system(cls, name: str = "web", scopes: str = BOOKING) -> Speaker:
        return cls(callers.register(name, scopes))

    @classmethod
    def kiosk(cls, kiosk: Kiosk) -> Speaker:
        return cls(kiosk.token)

    def get(self, path: str, **headers: str) -> Answer:
        return Answer(self._client.get(f"{FHIR}/{path}", headers=headers))

    def look_for(self, kind: str, **asked: str) -> Answer:
        return Answer(self._client.post(f"{FHIR}/{kind}/_search", asked))

    def operate(self, name: str, key: str | None = None, **parameters: Any) -> Answer:
        """$name with these parameters (_ for -): texts are references, unless they are times."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return Answer(self._client.post(f"{FHIR}/Appointment/${name}", json.dumps(_written(parameters)),
                                        content_type="application/fhir+json", headers=headers))

    def post(self, path: str, body: str) -> Answer:
        return Answer(self._client.post(f"{FHIR}/{path}", body, content_type="application/fhir+json"))

    def find(self, **parameters: Any) -> Answer:
        return self.operate("find", **{"start": "2026-11-20", "end": "2026-11-20", **parameters})

    def hold(self, proposal: dict[str, Any], person: Patient, key: str | None = None) -> Answer:
        return self.operate("hold", key or uuid.uuid4().hex, appointment_reference=f"Appointment/{proposal['id']}",
                            patient_reference=ref(person))

    def book(self, held: dict[str, Any], key: str | None = None) -> Answer:
        return self.operate("book", key or uuid.uuid4().hex, appointment_reference=f"Appointment/{held['id']}")

    def cancel(self, one: dict[str, Any], key: str | None = None) -> Answer:
        return self.operate("book", key or uuid.uuid4().hex, appointment_resource={
            "resourceType": "Appointment", "id": one["id"], "status": "cancelled", "participant": one["participant"]})


def _written(parameters: dict[str, Any]) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    for word, values in parameters.items():
        for value in values if isinstance(values, list) else [values]:
            name = word.replace("_", "-")
            if isinstance(value, dict):
                key = "resource" if "resourceType" in value else "valueCodeableConcept"
                told.append({"name": name, key: value})
            elif name in ("start", "end"):
                told.append({"name": name, "valueDateTime": value})
            else:
                told.append({"name": name, "valueReference": {"reference": value}})
    return valid({"resourceType": "Parameters", "parameter": told})


def ref(one: Any) -> str:
    kind = type(one).__name__
    return f"{kind}/{ids.seal(LETTERS[kind], one.pk)}"


def said(resource: dict[str, Any], name: str) -> Any:
    """The value of one of our extensions."""
    found = [one for one in resource.get("extension", ()) if one["url"].endswith(f"/{name}")]
    assert len(found) == 1, f"{name} in {resource}"
    return next(value for word, value in found[0].items() if word.startswith("value") or word == "extension")
