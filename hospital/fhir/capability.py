"""The CapabilityStatement: what this door can do, made of what it does."""

from __future__ import annotations

from hospital.fhir.kinds import KINDS, Kind
from hospital.fhir.words import Resource
from hospital.version import VERSION

_RELEASED = "2026-11-22"


def statement(base: str) -> Resource:
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": _RELEASED, "kind": "instance",
        "software": {"name": "hospital-kiosk", "version": VERSION},
        "implementation": {"description": "Rosters, free times and booking of an outpatient office", "url": base},
        "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
        "instantiates": ["https://profiles.ihe.net/ITI/Scheduling/CapabilityStatement/IHE.Scheduling.server"],
        "rest": [{
            "mode": "server",
            "security": {"cors": False, "description":
                         "Authorization: Bearer, with a kiosk's token or a system's own (python -m hospital fhir-client)."},
            "resource": [_resource(name, kind) for name, kind in KINDS.items()]}]}


def _resource(name: str, kind: Kind) -> Resource:
    told: Resource = {
        "type": name, "interaction": [{"code": "read"}, {"code": "search-type"}], "versioning": "no-version",
        "searchParam": [{"name": word, "type": how} for word, how in kind.parameters.items()
                        if ":" not in word]}
    if kind.posted:
        told["documentation"] = "Searched by POST to _search only, by one identifier."
    if kind.operations:
        told["operation"] = [{"name": word, "definition": where} for word, where in kind.operations.items()]
    return told
