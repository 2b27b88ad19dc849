"""How every FHIR request comes in and goes out: token, scope, key, Bundle, OperationOutcome.

Keys are those of the kiosk API (hospital/kiosk/claims.py): a write with an `Idempotency-Key`, or with an Appointment that
has an `identifier`, happens once; a repeat gets the first answer, with `Idempotent-Replay: true`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.csrf import csrf_exempt

from hospital.fhir import capability, operations
from hospital.fhir.callers import Caller, may, recognise
from hospital.fhir.kinds import KINDS, Found, Kind
from hospital.fhir.operations import Parameters
from hospital.fhir.outcome import Misasked, outcome
from hospital.fhir.words import Resource
from hospital.kiosk import claims
from hospital.refusal import Away, Refusal

MEDIA = "application/fhir+json"
PAGE, LARGEST = 50, 200             # entries of a Bundle: unless more are asked for, and at most
_READABLE = ("*/*", "application/*", MEDIA, "application/json", "json")
_ABOUT_THE_ANSWER = ("_count", "_offset", "_format", "_pretty", "_total")
_OPERATIONS: Mapping[str, tuple[str, Callable[[Caller, Parameters], Found]]] = {
    "find": ("Slot.s", operations.find), "hold": ("Appointment.c", operations.hold),
    "book": ("Appointment.u", operations.book)}

View = Callable[..., HttpResponse]


def _answers(view: View) -> View:
    """Whatever is refused is an OperationOutcome; and nobody is asked for a cookie."""
    @csrf_exempt
    @wraps(view)
    def run(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        try:
            _acceptable(request)
            return view(request, *args, **words)
        except Away:
            refusal = Refusal(Away.code)
            refusal.retry_after = 1
        except Refusal as no:
            refusal = no
        except RequestDataTooBig:
            refusal = Misasked("too_long", "body")
        except SuspiciousOperation:
            refusal = Misasked("value", "request")
        status, body = outcome(refusal)
        response = _response(body, status)
        if refusal.retry_after:
            response["Retry-After"] = str(refusal.retry_after)
        if status == 401:
            response["WWW-Authenticate"] = "Bearer"
        return response
    return run


def _acceptable(request: HttpRequest) -> None:
    wanted = request.GET.get("_format") or request.headers.get("Accept") or "*/*"
    if not any(one.split(";")[0].strip().replace(" ", "+") in _READABLE for one in wanted.split(",")):
        raise Misasked("not_acceptable", f"only {MEDIA} is spoken here")


def _caller(request: HttpRequest, scope: str) -> Caller:
    how, _, token = request.headers.get("Authorization", "").partition(" ")
    caller = recognise(token) if how.lower() == "bearer" else None
    if caller is None:
        raise Refusal("unauthorized")
    request.kiosk_name = caller.name        # type: ignore[attr-defined]  # for the log line
    if not may(caller, scope):
        raise Misasked("forbidden", f"this needs the scope system/{scope}")
    return caller


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise Refusal("unknown_type")
    return KINDS[name]


def _methods(request: HttpRequest, *allowed: str) -> None:
    if request.method not in allowed:
        raise Misasked("no_method", f"only {', '.join(allowed)}")


@_answers
def metadata(request: HttpRequest) -> HttpResponse:
    """What this door can do. It needs no token, and tells nothing of anybody."""
    _methods(request, "GET")
    return _response(capability.statement(_base(request)))


@_answers
def read(request: HttpRequest, type: str, id: str) -> HttpResponse:
    kind = _kind(type)
    _methods(request, "GET")
    return _response(kind.read(_caller(request, f"{type}.r"), id))


@_answers
def search(request: HttpRequest, type: str, posted: bool = False) -> HttpResponse:
    """[type]?… and POST [type]/_search. People are looked for by POST only: an address is written down in too many logs."""
    kind = _kind(type)
    _methods(request, "POST" if posted else "GET")
    caller = _caller(request, f"{type}.s")
    if kind.posted and not posted:
        raise Misasked("not_supported", "search people by POST to _search: their numbers do not belong into addresses")
    asked: dict[str, list[str]] = {}
    for given in (request.GET, request.POST if posted else QueryDict()):
        for name, values in given.lists():
            asked.setdefault(name, []).extend(map(str, values))
    if any("\0" in value for values in asked.values() for value in values):
        raise Misasked("value", "a search parameter")      # no database knows such a character
    unknown = asked.keys() - kind.parameters.keys() - set(_ABOUT_THE_ANSWER)
    if unknown and "handling=strict" in request.headers.get("Prefer", "") or any(":" in name for name in unknown):
        raise Misasked("not_supported", "a search parameter, or its modifier")
    first, count = _number(asked, "_offset", 0, 1 << 31), _number(asked, "_count", PAGE, LARGEST)
    found = kind.search(caller, asked, slice(first, first + count))
    used = {name: values for name, values in asked.items() if name in kind.parameters}
    links = [] if posted else _links(_base(request), type, used, first, count, found.total)
    return _response(_bundle(request, found, links))


def _number(asked: Mapping[str, list[str]], name: str, default: int, most: int) -> int:
    text = asked.get(name, [str(default)])[0]
    if not text.isdecimal() or len(text) > 9:
        raise Misasked("value", name)
    return min(int(text), most)


def _links(base: str, type: str, used: Mapping[str, list[str]], first: int, count: int, total: int) -> list[Resource]:
    def link(relation: str, offset: int) -> Resource:
        return {"relation": relation,
                "url": f"{base}/{type}?" + urlencode({**used, "_count": count, "_offset": offset}, doseq=True)}
    return [link("self", first)] + ([link("next", first + count)] if 0 < count and first + count < total else [])


@_answers
def operate(request: HttpRequest, type: str, name: str) -> HttpResponse:
    """POST Appointment/$find, $hold, $book."""
    if name not in _OPERATIONS or name not in _kind(type).operations:
        raise Misasked("not_supported", "no such operation")
    _methods(request, "POST")
    scope, work = _OPERATIONS[name]
    caller = _caller(request, scope)
    asked = _body(request)
    if name == "find":
        return _response(_bundle(request, work(caller, asked)))
    return _once(caller, request, asked, lambda: _bundle(request, work(caller, asked)))


def _body(request: HttpRequest) -> Parameters:
    """Raises Misasked; for halves of characters, too, and for those that no database knows."""
    try:
        body = json.loads(request.body)
        if "\\u0000" in json.dumps(body, ensure_ascii=False).encode().decode():
            raise ValueError
    except (ValueError, RecursionError):
        raise Misasked("bad_json", "body") from None
    return Parameters.read(body)


def _once(caller: Caller, request: HttpRequest, asked: Parameters, work: Callable[[], Resource]) -> HttpResponse:
    """The work and its stored answer are one transaction."""
    whole = hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
    key = _key(request, asked, whole)
    if not key:
        with transaction.atomic():
            return _response(work())
    claim = claims.begin(caller.claims, key, whole)
    if claim.status is not None:
        replay = _response(claim.answer, claim.status)
        replay["Idempotent-Replay"] = "true"
        return replay
    status = 200
    try:
        with transaction.atomic():
            body = _written(work())
            claims.finish(claim, status, body)
    except claims.InProgress:
        raise
    except Refusal as no:
        status, told = outcome(no)
        body = _written(told)
        claims.finish(claim, status, body)
    except Exception:
        claims.abandon(claim)
        raise
    return _response(body, status)


def _key(request: HttpRequest, asked: Parameters, whole: str) -> str:
    """The client's own name of this request: a header; or, where it gave the appointment an identifier, the request itself,
    for the same appointment is held, booked and given back under one name."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 64:
        raise Misasked("value", "Idempotency-Key")
    wanted = asked.one("appointment-resource")
    named = wanted.get("identifier") if isinstance(wanted, dict) and not key else None
    return f"id:{whole[:60]}" if named else key


def _bundle(request: HttpRequest, found: Found, links: list[Resource] | None = None) -> Resource:
    base = _base(request)

    def entry(one: Resource, mode: str) -> Resource:
        return {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": mode}}
    entries = [*(entry(one, "match") for one in found.matches), *(entry(one, "include") for one in found.included)]
    return {"resourceType": "Bundle", "type": "searchset", "total": found.total, **({"link": links} if links else {}),
            **({"entry": entries} if entries else {})}


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir/R4")


def _written(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))


def _response(resource: Resource | str, status: int = 200) -> HttpResponse:
    body = resource if isinstance(resource, str) else _written(resource)
    response = HttpResponse(body, status=status, content_type=f"{MEDIA}; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


@_answers
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    raise Refusal("unknown_type")
