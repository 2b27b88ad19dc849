"""English in the console is complete: no word of ours is Chinese on an English page, neither in the templates nor on any
page that a role may see."""

from __future__ import annotations

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

import hospital
from console_day import Morning
from console_fixtures import RIGHT, staff
from hospital.care.masking import mask_name
from hospital.care.models import Patient, Schedule
from hospital.console import choices, steps
from hospital.console.views import changes, desks, room
from hospital.console.words import LANGUAGE
from hospital.queueing import boards
from hospital.registrar import rights
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import Clock, Hospital
from test_console_rights import guarded

CONSOLE = Path(hospital.__file__).parent / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.*"))
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]+")
NOTHING = "Nobody is affected|Nothing waits|No open session|>Nobody\\.|No alarm|No kiosk"     # what an empty page says
OURS = re.compile(r"""{%\s*t\s+("[^"]*"|'[^']*')\s+("[^"]*"|'[^']*')""")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_everything_in_both_languages(template: Path) -> None:
    source = template.read_text()
    for zh, en in OURS.findall(source):
        assert not CHINESE.search(en), en
        assert set(re.findall(r"{\w+}", zh)) == set(re.findall(r"{\w+}", en)), "and fills in the same"
    switch = 'lang="zh-Hans">中文<'           # the button to Chinese is in Chinese
    assert CHINESE.findall(re.sub(r"{[%{].*?[%}]}", "", source).replace(switch, "")) == []


def test_the_pages_programs_say_everything_in_both_languages() -> None:
    seen = 0
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Both" and len(node.args) == 2:
                words = [one.value for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)]
                assert not CHINESE.search(" ".join(map(str, words))), (path.name, words)
                seen += 1
    assert seen > 100


def test_every_act_on_a_page_has_its_english_name() -> None:
    """What stands in the trail is what the pages call it when they write it."""
    named = {what for view in (room, desks, changes) for what, _ in view._VERBS.values()}
    for path in (CONSOLE / "views").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("trail.act", "_do"):
                words = (str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant))
                named |= {one.partition("：")[0] for one in words if CHINESE.match(one)}
    named.discard("")       # of an f"{what}：{why}"
    assert len(named) > 25 and named <= steps.ACTS.keys()


def test_every_choice_that_is_shown_has_its_english_name() -> None:
    from django.apps import apps
    for name, english in choices.ENGLISH.items():
        model, _, field = name.rpartition(".")
        assert english.keys() == {value for value, _ in apps.get_model(model)._meta.get_field(field).flatchoices}, name
    shown = {name for template in TEMPLATES for name in re.findall(r'{% chosen [\w.]+ "(\w+)" %}', template.read_text())}
    assert shown == {name.rpartition(".")[2] for name in choices.ENGLISH} - {"half", "weekday", "works_as"}
    assert {choices.role_words(role).en for role in Role} and len(choices._ROLES) == len(Role)


@pytest.fixture
def morning(hospital: Hospital, time: Clock) -> Morning:
    return Morning(hospital, time)


def english(client: Client, url: str) -> str:
    client.cookies[LANGUAGE] = "en"
    answer = client.get(url)
    assert answer.status_code == 200, url
    return unescape(answer.content.decode())


def ours(page: str) -> list[str]:
    """The Chinese on it that is not the hospital's own data: the trail's labels, which are marked as Chinese, and the
    names of people, masked or, to the doctor who has called them, whole."""
    page = re.sub(r'<(\w+)[^>]* lang="zh-Hans"[^>]*>.*?</\1>', "", page)
    for name in Patient.objects.values_list("name", flat=True):
        page = page.replace(mask_name(name), "").replace(name, "")
    return CHINESE.findall(page)


def pages(morning: Morning) -> dict[str, list[str]]:
    """The name of every page to look at, with the addresses where there is something on it."""
    day, heart = f"{morning.time.now():%Y-%m}", morning.hospital.heart.pk
    with_things = {"desks": [f"?station={morning.station.pk}"], "month": [f"?department={heart}&month={day}"],
                   "roster": [f"?department={heart}"], "statistics": [f"?by={by}" for by in (
                       "hospital", "day", "department", "doctor", "channel")],
                   "review": ["", f"?department={heart}"]}
    found = {name: [reverse(f"console:{name}") + query for query in with_things.get(name, [""])]
             for name, pattern in guarded().items() if not pattern.pattern.converters}
    return found | {"session": [reverse("console:session", args=[morning.session.pk])],
                    "change": [reverse("console:change", args=[one.pk]) for one in morning.changes]}


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_no_page_is_partly_chinese_for_anybody_who_may_see_it(morning: Morning) -> None:
    seen, nothing = set(), []
    for role in Role:
        client = staff(role, morning.hospital.doctor if role == Role.DOCTOR else None)
        for name, urls in pages(morning).items():
            pattern = guarded()[name]
            for url in urls:
                if role not in rights.table()[pattern.callback.right] or client.get(url).status_code == 405:
                    continue        # not theirs, or an act
                page = english(client, url)
                assert ours(page) == [], (role, url)
                assert 'lang="en"' in page or name == "statistics-csv", url
                seen.add(name)
                if re.search(NOTHING, page):
                    nothing.append(url)
    assert seen == {name for name, urls in pages(morning).items() if name != "change-contacts"
                    and Client().get(urls[0]).status_code != 405}
    assert not nothing, "there was something on each of them"


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_the_doors_and_the_screens_are_english_too(morning: Morning) -> None:
    stranger = Client()
    stranger.cookies[LANGUAGE] = "en"
    assert ours(english(stranger, "/console/login")) == []
    for _ in range(7):
        answer = stranger.post("/console/login", {"username": "chen", "password": "wrong"}).content.decode()
        assert ours(answer) == [] and "alert" in answer
    assert "Too many wrong passwords" in answer
    for place in (boards.CORRIDOR, morning.hospital.heart.pk, "2F-B"):
        page = f"/console/board/{boards.key(place)}"
        assert ours(english(stranger, page)) == [] and ours(english(stranger, f"{page}/state")) == []
    nurse = staff(Role.NURSE)
    nurse.cookies[LANGUAGE] = "en"
    assert ours(nurse.get("/console/statistics").content.decode()) == [], "a page that is refused"


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_what_an_act_answers_is_english(morning: Morning) -> None:
    """Refused, wrongly filled in, and done."""
    office, heart = staff(Role.OFFICE), morning.hospital.heart.pk
    office.cookies[LANGUAGE] = "en"
    month = {"month": f"{morning.time.now():%Y-%m}"}
    monday = Schedule.objects.filter(state="draft").order_by("day").first()
    for path, words in ((f"month/departments/{heart}/plan", month), (f"month/departments/{heart}/add", month),
                        (f"month/departments/{heart}/holiday", month | {"day": monday.day, "means": "holiday"}),
                        (f"roster/departments/{heart}/add", {}),
                        (f"changes/sessions/{morning.session.pk}/stop", {"why": ""}),
                        (f"changes/sessions/{morning.session.pk}/substitute", {"why": "x", "doctor": 0})):
        answer = office.post(f"/console/{path}", words, headers={"HX-Request": "true"})
        assert answer.status_code in (200, 404, 409, 422), path
        assert answer.status_code == 404 or ours(answer.content.decode()) == [], path


def test_the_trail_reads_in_both_languages(hospital: Hospital) -> None:
    office = staff(Role.OFFICE)
    words = {"kind": "general", "weekday": 4, "start": "13:30", "end": "16:30", "minutes": 30, "fee": 5}
    office.post(f"/console/roster/departments/{hospital.heart.pk}/add", words)
    step = Step.objects.get()
    read = {name.en: (name.zh, after) for name, _, after in steps.fields(step)}
    assert steps.what(step) == ("新增排班", "Weekly session added")
    assert read["weekday"] == ("星期", ("周五", "Fri")) and read["kind"][1].zh == "普通门诊"
    assert read["active"][1] == ("是", "yes") and read["half"] == ("午别", ("下午", "Afternoon"))
    rights.make_staff("wang", RIGHT, Role.ADMINISTRATOR)
    step = Step(what="停诊：away", thing="gone.thing 1", before={"x": 1}, after={})
    assert steps.what(step).en == "Stopped: away" and steps.fields(step) == [(("x", "x"), ("1", "1"), ("—", "—"))]
    assert steps.what(Step(what="已修改状态。")).en == "Changed"
