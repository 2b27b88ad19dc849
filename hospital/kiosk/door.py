"""How every request comes in and goes out: the token, the idempotency key, refusals as JSON.

`read` and `act` register a view and put its refusals into the OpenAPI description; `act` also makes it idempotent.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router, Schema
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer
from pydantic import TypeAdapter, create_model

from hospital.care.models import Appointment
from hospital.kiosk import answers, claims, tokens
from hospital.kiosk.models import Kiosk
from hospital.refusal import Away, Refusal

View = Callable[..., Any]
_KEY = {"in": "header", "name": "Idempotency-Key", "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64}}


class Request(HttpRequest):
    """A request that has passed the door: `auth` is the machine."""

    auth: Kiosk


class KioskToken(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Kiosk | None:
        kiosk = tokens.recognise(token, request.headers.get("User-Agent", ""))
        if kiosk is not None:
            request.kiosk_name = kiosk.name     # type: ignore[attr-defined]  # for the log line
        return kiosk


def read(router: Router, path: str, answer: Any, refusals: tuple[str, ...] = (), method: str = "GET",
         ) -> Callable[[View], View]:
    """Register a question: it changes nothing and needs no key. Nor does the whole of something, told again (PUT)."""
    register = router.api_operation([method], path, response=_responses({200: answer}, ("unauthorized", *refusals)))
    words = TypeAdapter(answer)

    def wrap(view: View) -> View:
        @wraps(view)
        def run(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            # Straight to JSON: the models were checked when they were made.
            return _response(200, words.dump_json(view(request, *args, **kwargs), by_alias=True).decode())
        return register(run)
    return wrap


def act(router: Router, path: str, answer: Any, refusals: tuple[str, ...] = (), *, status: tuple[int, ...] = (200,),
        atomic: bool = True, headers: tuple[dict[str, Any], ...] = ()) -> Callable[[View], View]:
    """Register a POST that happens once under its key.

    atomic: the work and its stored answer are one transaction. Work that talks to the payment channel is not; it
    must come to the same end when it is run again under the same key.
    """
    every = ("no_key", "unauthorized", "key_reused", "in_progress", *refusals)
    register = router.api_operation(["POST"], path, response=_responses(dict.fromkeys(status, answer), every),
                                    openapi_extra={"parameters": [_KEY, *headers]})
    return lambda view: register(_once(view, atomic))


def _responses(answers_: dict[int, Any], refusals: tuple[str, ...]) -> dict[int, Any]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for word in refusals:
        by_status[503 if word == Away.code else Refusal(word).status].append(word)
    described = {status: create_model("Refusal_" + "_".join(words), __base__=Schema,
                                      code=(Literal[tuple(words)], ...), data=(dict[str, Any], {}))
                 for status, words in by_status.items()}
    return {**answers_, **described}


def _once(view: View, atomic: bool) -> View:
    @wraps(view)
    def run(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= 64:
            raise Refusal("no_key")
        claim = claims.begin(request.auth.claim_set, key, _fingerprint(request))
        if claim.status is not None:
            return _response(claim.status, claim.answer, replay=True)
        try:
            with transaction.atomic() if atomic else nullcontext():
                status, answer = _encode(view(request, *args, **kwargs))
                claims.finish(claim, status, answer)
        except claims.InProgress:
            raise
        except Refusal as refusal:
            status, answer = refusal.status, _refusal_body(refusal)
            claims.finish(claim, status, answer)
        except Exception:
            claims.abandon(claim)
            raise
        return _response(status, answer)
    return run


def _fingerprint(request: HttpRequest) -> str:
    return hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()


def _encode(result: Any) -> tuple[int, str]:
    status, schema = result if isinstance(result, tuple) else (200, result)
    return status, schema.model_dump_json(by_alias=True)


def _response(status: int, body: str, replay: bool = False) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    if replay:
        response["Idempotent-Replay"] = "true"
    return response


def _refusal_body(refusal: Refusal) -> str:
    data = {word: answers.appointment(value).model_dump(mode="json") if isinstance(value, Appointment) else value
            for word, value in refusal.data.items()}
    return json.dumps({"code": refusal.code, "data": data}, ensure_ascii=False)


def open_door(api: NinjaAPI) -> None:
    """What goes wrong, in the words of the API."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
        response = _response(refusal.status, _refusal_body(refusal))
        if refusal.retry_after:
            response["Retry-After"] = str(refusal.retry_after)
        return response

    @api.exception_handler(Away)
    def away(request: HttpRequest, error: Away) -> HttpResponse:
        response = _response(503, json.dumps({"code": Away.code, "data": {}}))
        response["Retry-After"] = "1"
        return response

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return refused(request, Refusal("unauthorized"))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # Where and what kind, never the value: it may be personal.
        where = [".".join(str(part) for part in one["loc"]) for one in error.errors]
        return refused(request, Refusal("bad_request", where=where))
