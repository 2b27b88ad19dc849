"""What this server writes about itself: what happened, how long it took, and nobody's name.

Numbers that could be an identity document or a telephone are masked even in tracebacks, and the DETAIL lines of
PostgreSQL, which quote whole rows, are left out.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|[A-Za-z]{3}\d{12}|1\d{10}|\d{15})(?![0-9A-Za-z])")
_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)

log = logging.getLogger("hospital.requests")


class Discreet(logging.Formatter):
    """A formatter that lets no personal number through, wherever the line came from."""

    def format(self, record: logging.LogRecord) -> str:
        return _DETAIL.sub("DETAIL: (left out)", _PERSONAL.sub("(masked)", super().format(record)))


class RequestLog:
    """One line per request: method, route (not the address, which may hold numbers), status, time, kiosk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        log.info("%s %s %s %.1f ms %s", request.method, match.route if match else "-", response.status_code,
                 (time.perf_counter() - began) * 1000, getattr(request, "kiosk_name", "-"))
        return response
