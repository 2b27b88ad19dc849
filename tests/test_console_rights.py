"""Who may see and do what: every role at every page, every act and every list, as the one table says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, reverse

from console_fixtures import RIGHT, staff
from hospital.care.models import Practitioner
from hospital.console import urls
from hospital.console.menu import MENU
from hospital.registrar import rights
from hospital.registrar.rights import Role
from hospital_fixtures import Clock, Hospital

# What the pages need in their addresses.
WITH: dict[str, dict[str, Any]] = {"room-verb": {"verb": "next"}, "turn": {"turn": 1, "verb": "done"},
                                   "windows": {"segment": 1}, "exam-booking": {"booking": 1},
                                   "exam-change": {"booking": 1, "verb": "cancel"}, "arrivals-check-in": {"appointment": 1},
                                   "arrivals-rejoin": {"ticket": 1}, "template-add": {"department": 1},
                                   "template-place": {"template": 1}, "template-end": {"template": 1},
                                   "month-plan": {"department": 1}, "month-copy": {"department": 1},
                                   "month-add": {"department": 1}, "month-holiday": {"department": 1},
                                   "month-omit": {"template": 1}, "month-restore": {"omission": 1},
                                   "session-do": {"schedule": 1, "verb": "stop"}, "session": {"schedule": 1},
                                   "change": {"change": 1}, "change-contacts": {"change": 1}, "forgive": {"miss": 1},
                                   "offer": {"offer": "00000000-0000-4000-8000-000000000000", "said": "yes"}}
OPEN = {"login", "logout", "language", "board", "board-state"}      # no role is asked for


def client(role: Role) -> Client:
    return staff(role, Practitioner.objects.first() if role == Role.DOCTOR else None)


def guarded() -> dict[str, URLPattern]:
    return {str(one.name): one for one in urls.urlpatterns if one.name not in OPEN}


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", Role)
def test_every_page_and_act_of_the_console(role: Role, hospital: Hospital) -> None:
    inside = client(role)
    for name, pattern in guarded().items():
        right = pattern.callback.right
        url = reverse(f"console:{name}", kwargs=WITH.get(name))
        status = inside.get(url).status_code
        allowed = role in rights.table()[right]
        if status != 405:
            seen = (200, 404) if name in WITH else (200,)       # what it is about may not be there
            assert status in (seen if allowed else (403,)), name
        else:       # an act that says nothing is turned down for what it lacks, but not for who sent it
            status = inside.post(url).status_code
            assert (status != 403) is allowed and status < 500, (name, status)


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", Role)
def test_the_menu_has_what_is_allowed_and_nothing_else(role: Role, hospital: Hospital) -> None:
    shown = client(role).get("/console/").content.decode()
    nav = re.search(r"<nav.*?</nav>", shown, re.DOTALL)
    there = set(re.findall(r'href="([^"]+)"', nav[0])) if nav else set()
    assert there == {reverse(one.url) for one in MENU if role in rights.table()[one.right]}


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", Role)
def test_every_list_of_the_back_office(role: Role, hospital: Hospital) -> None:
    inside = client(role)
    user = rights.User.objects.get()
    lists = {name: cells.get(role, "") for name, cells in rights.table().items() if "." in name}
    for name, cells in lists.items():
        app, model = name.split(".")
        verbs = "".join(letter for letter, verb in (("v", "view"), ("a", "add"), ("c", "change"), ("d", "delete"))
                        if user.has_perm(f"{app}.{verb}_{model}"))
        assert verbs == cells, name
        if apps.get_model(name) not in admin.site._registry:
            continue            # seen inside something else only
        page = f"/admin/{app}/{model}/"
        if not any(lists.values()):
            assert inside.get(page).status_code == 302, "and there is no way in at all"
        else:
            assert inside.get(page).status_code == (200 if "v" in cells else 403), name
            assert inside.get(f"{page}add/").status_code == (200 if "a" in cells else 403), name


def test_the_table_names_every_right_that_is_asked_for_and_no_other() -> None:
    asked = {pattern.callback.right for pattern in guarded().values()}
    assert asked == {name for name in rights.table() if "." not in name}
    assert {one.right for one in MENU} <= asked


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_stranger_is_sent_to_the_door_and_back_to_where_they_wanted(hospital: Hospital) -> None:
    rights.make_staff("wang", RIGHT, Role.OFFICE)
    stranger = Client()
    answer = stranger.get("/console/statistics")
    assert answer.headers["Location"] == "/console/login?next=/console/statistics"
    words = {"username": "wang", "password": RIGHT, "next": "/console/statistics"}
    assert stranger.post("/console/login", words).headers["Location"] == "/console/statistics"
    assert stranger.get("/console/statistics").status_code == 200
    words["next"] = "https://elsewhere.example/console/"
    assert Client().post("/console/login", words).headers["Location"] == "/console/", "but not out of the house"
    assert Client().get("/console/kiosks", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/console/login"


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_wrong_passwords_wait_here_too(hospital: Hospital) -> None:
    rights.make_staff("wang", RIGHT, Role.DOCTOR)
    for _ in range(5):
        assert "alert" in Client().post("/console/login", {"username": "wang", "password": "wrong"}).content.decode()
    barred = Client().post("/console/login", {"username": "wang", "password": RIGHT})
    assert "密码错误次数过多" in barred.content.decode()


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_who_leaves_is_out_and_who_goes_away_is_out_after_half_an_hour(hospital: Hospital, time: Clock) -> None:
    inside = client(Role.OFFICE)
    assert inside.get("/console/kiosks").status_code == 200
    time.go(minutes=29)
    assert inside.get("/console/kiosks").status_code == 200
    time.go(minutes=29)
    assert inside.get("/console/kiosks", headers={"X-By-Itself": "1"}).status_code == 200
    time.go(minutes=2)
    assert inside.get("/console/kiosks").status_code == 302, "what a page asks by itself keeps nobody here"
    inside = client(Role.OFFICE)
    assert inside.post("/console/logout").status_code == 302 and inside.get("/console/kiosks").status_code == 302


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_forged_request_is_refused(hospital: Hospital) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(rights.make_staff("wang", RIGHT, Role.OFFICE))
    for name, pattern in guarded().items():
        url = reverse(f"console:{name}", kwargs=WITH.get(name))
        if strict.get(url).status_code == 405:
            assert strict.post(url).status_code == 403, name
    assert strict.post("/console/logout").status_code == strict.post("/console/language").status_code == 403


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_nothing_stays_in_the_browser_and_nothing_foreign_runs_in_it(hospital: Hospital) -> None:
    answer = client(Role.ADMINISTRATOR).get("/console/trail")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_one_person_may_have_two_roles_and_loses_one_that_is_not_given_again(hospital: Hospital) -> None:
    both = rights.make_staff("wang", RIGHT, Role.TECHNICIAN, Role.FEEDBACK)
    assert rights.may(both, "kiosks") and rights.may(both, "statistics") and not rights.may(both, "trail")
    one = rights.make_staff("wang", RIGHT, Role.FEEDBACK)
    assert not rights.may(one, "kiosks") and rights.may(one, "statistics") and not one.is_staff
    one.is_active = False
    assert not rights.may(type(one).objects.get(pk=one.pk), "kiosks")


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_chinese_first_and_english_by_one_touch(hospital: Hospital) -> None:
    inside = client(Role.OFFICE)
    assert "预约统计" in inside.get("/console/statistics").content.decode()
    inside.post("/console/language", {"language": "en", "next": "/console/statistics"})
    shown = inside.get("/console/statistics").content.decode()
    assert "How booking went" in shown and 'lang="en"' in shown and "预约统计" not in shown
