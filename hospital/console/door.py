"""How everybody comes in: who they are, whether they may, how long they stay, and what a browser is allowed to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hospital import clock
from hospital.console.choices import role_words
from hospital.console.words import language
from hospital.registrar import rights

View = Callable[..., HttpResponse]
_SEEN = "seen_at"
# Everything comes from this server; no page stands in another's frame.
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


def page(right: str) -> Callable[[View], View]:
    """A page to look at: GET only, for those whose role has the right."""
    return _guarded(right, ["GET", "HEAD"])


def act(right: str) -> Callable[[View], View]:
    """Something that is done: POST only, with the browser's token against forged requests."""
    return _guarded(right, ["POST"])


def _guarded(right: str, methods: list[str]) -> Callable[[View], View]:
    rights.table()[right]       # a right that is not in the table is found when the module is loaded

    def wrap(view: View) -> View:
        @wraps(view)
        @require_http_methods(methods)
        def run(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
            if not _still_here(request):
                return sealed(_to_the_door(request))
            if not rights.may(request.user, right):
                return sealed(show(request, "refused.html", status=403))
            return sealed(view(request, *args, **words))
        run.right = right       # type: ignore[attr-defined]  # for the test of the whole table
        return run
    return wrap


def sealed(response: HttpResponse, line: str = "") -> HttpResponse:
    """Nothing of a page stays in the browser, and nothing foreign runs in it. `line`: an address that its scripts may listen
    to besides this server."""
    where = urlsplit(line)
    listens = f"; connect-src 'self' {where.scheme}://{where.netloc}" if line else ""
    response["Content-Security-Policy"] = _POLICY + listens
    response["Cache-Control"] = "no-store"
    return response


def show(request: HttpRequest, template: str, status: int = 200, **words: Any) -> HttpResponse:
    """A template with what every page needs."""
    from hospital.console.menu import entries     # the menu knows the pages, and they know this door

    return render(request, f"console/{template}", {
        "language": language(request), "menu": entries(request.user), "hospital": settings.HOSPITAL_NAME[language(request)],
        "now": clock.now(), "user_roles": [role_words(role) for role in rights.Role if role in rights.roles(request.user)],
        **words}, status=status)


def _still_here(request: HttpRequest) -> bool:
    """Logged in, and not idle for too long. What a page asks by itself keeps nobody here."""
    if not request.user.is_authenticated:
        return False
    now = clock.now()
    seen = dt.datetime.fromisoformat(request.session.get(_SEEN, now.isoformat()))
    if now - seen > dt.timedelta(minutes=settings.STAFF_IDLE_MINUTES):
        logout(request)
        return False
    by_itself = "X-By-Itself" in request.headers
    if _SEEN not in request.session or (not by_itself and now - seen > dt.timedelta(minutes=1)):
        request.session[_SEEN] = now.isoformat()
    return True


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """The log-in page; and back to this one where that is a page to look at."""
    door = reverse("console:login")
    if "HX-Request" in request.headers:
        response = HttpResponse(status=401)
        response["HX-Redirect"] = door
        return response
    return redirect(f"{door}?next={request.path}" if request.method == "GET" else door)
