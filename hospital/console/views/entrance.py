"""In and out, the first page, and the switch of languages."""

from __future__ import annotations

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from hospital.console.door import page, sealed, show
from hospital.console.words import LANGUAGE, Both
from hospital.registrar.entrance import ConsoleEntrance


@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    form = ConsoleEntrance(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        auth.login(request, form.get_user())     # a new session: one planted before is worth nothing
        return sealed(redirect(_inside(request)))
    return sealed(show(request, "login.html", trouble=_trouble(form), next=request.GET.get("next", "")))


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return sealed(redirect("console:login"))


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    response = redirect(_inside(request))
    response.set_cookie(LANGUAGE, "en" if request.POST.get("language") == "en" else "zh", max_age=365 * 86400,
                        samesite="Lax", httponly=True)
    return sealed(response)


@page("home")
def home(request: HttpRequest) -> HttpResponse:
    return show(request, "home.html")


def _trouble(form: ConsoleEntrance) -> Both | None:
    """Why they are not in."""
    if not form.errors:
        return None
    barred = next((one for one in form.non_field_errors().as_data() if one.code == "barred"), None)
    if barred:
        minutes = barred.params["minutes"]
        return Both(f"密码错误次数过多，请在 {minutes} 分钟后再试。", f"Too many wrong passwords; please try again in {minutes} min.")
    return Both("账号或密码不对（密码区分大小写）。", "User name or password is not right (a password has small and large letters).")


def _inside(request: HttpRequest) -> str:
    """Where they wanted to go, if that is in this house."""
    wanted = request.POST.get("next", "")
    inside = wanted.startswith("/console/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if inside else "console:home"
