"""A refusal in FHIR's words: OperationOutcome, its issue type, and the HTTP status that goes with it.

The word of our own stands in `details.coding`, so that a program need not guess; what belongs to it (until when, how
many) in an extension. Issue types: https://hl7.org/fhir/R4/codesystem-issue-type.html.
"""

from __future__ import annotations

from typing import Any

from hospital.fhir.words import NS, extension
from hospital.refusal import Refusal

# word: issue type, HTTP status. IHE Scheduling (ITI-116): a time that is gone is `fatal`, `not-found`.
_ISSUES = {
    "slot_full": ("not-found", 409), "past": ("not-found", 409), "session_stopped": ("not-found", 409),
    "already_booked": ("duplicate", 409), "already_cancelled": ("conflict", 409), "held_elsewhere": ("lock-error", 409),
    "hold_ended": ("conflict", 409), "name_mismatch": ("conflict", 409),
    "daily_limit": ("business-rule", 422), "held_too_often": ("throttled", 429),
    "blacklisted": ("business-rule", 422), "unpaid": ("business-rule", 422),
    "not_cancellable": ("business-rule", 422), "key_reused": ("conflict", 422),
    "in_progress": ("lock-error", 409), "too_many": ("throttled", 429), "channel_away": ("transient", 503),
    "unauthorized": ("login", 401), "forbidden": ("forbidden", 403),
    "not_supported": ("not-supported", 400), "no_method": ("not-supported", 405), "not_acceptable": ("not-supported", 406),
    "unknown_type": ("not-found", 404),
    "bad_json": ("structure", 400), "required": ("required", 400), "value": ("value", 400), "too_long": ("too-long", 413),
}
_GONE = ("slot_full", "past", "session_stopped")


class Misasked(Refusal):
    """The request is not as it must be: `required`, `value`, `not_supported` …, and where."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(code, where=where)


def issue_of(refusal: Refusal) -> tuple[str, int]:
    """The issue type and the HTTP status. Another word of the booking office is one of its rules."""
    if refusal.code in _ISSUES:
        return _ISSUES[refusal.code]
    return ("not-found", 404) if refusal.code.startswith("unknown_") else ("business-rule", 409)


def outcome(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the resource. It repeats nothing that was sent: that may be personal."""
    kind, status = issue_of(refusal)
    issue: dict[str, Any] = {
        "severity": "fatal" if refusal.code in _GONE else "error", "code": kind,
        "details": {"coding": [{"system": f"{NS}/refusal", "code": refusal.code}]}}
    known = [extension(word.replace("_", "-"), valueString=str(value)) for word, value in refusal.data.items()
             if isinstance(value, str | int) and word != "where"]
    if known:
        issue["extension"] = known
    if "where" in refusal.data:
        issue["diagnostics"] = f"{kind}: {refusal.data['where']}"
    return status, {"resourceType": "OperationOutcome", "issue": [issue]}
