"""The trail: every change with who, when, before and after; nobody's name in it; and it can only grow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from console_fixtures import RIGHT, staff
from hospital.care.models import Department
from hospital.outpatient.models import ReleaseRule
from hospital.registrar import rights, trail
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import Hospital

VIEWS = Path(trail.__file__).parents[1] / "console" / "views"


def change(hospital: Hospital, phone: str = "19900005678", name: str = "测试乙") -> Client:
    """A registrar corrects a file at /admin/."""
    desk, person = staff(Role.REGISTRAR), hospital.patient(name="测试甲", phone="19900001234")
    answer = desk.post(f"/admin/care/patient/{person.pk}/change/", {
        "name": name, "card_kind": person.card_kind, "id_number": person.id_number, "sex": "male", "phone": phone,
        "no_shows": 0, "social_cards-TOTAL_FORMS": 0, "social_cards-INITIAL_FORMS": 0})
    assert answer.status_code == 302
    return desk


def test_what_is_changed_at_admin_is_there_with_before_and_after_masked(hospital: Hospital) -> None:
    change(hospital)
    step = Step.objects.exclude(after={}).get()
    assert (step.who, step.what, step.thing.split()[0]) == ("one-registrar", "修改", "care.patient")
    assert (step.before, step.after) == ({"name": "测**", "phone": "199****1234", "sex": "unknown"},
                                         {"name": "测**", "phone": "199****5678", "sex": "male"})
    assert step.at == hospital.time.now()


def test_rules_made_and_deleted_at_admin_are_there(hospital: Hospital) -> None:
    office = staff(Role.OFFICE)
    office.post("/admin/outpatient/releaserule/add/", {"days": 7, "minute": 420})
    rule = ReleaseRule.objects.get()
    office.post("/admin/outpatient/releaserule/", {"action": "delete_selected", "_selected_action": rule.pk, "post": "yes"})
    assert not ReleaseRule.objects.exists()
    done = [(step.what, step.before.get("days"), step.after.get("days"))
            for step in Step.objects.exclude(before={}, after={}).order_by("pk")]
    assert done == [("新增", None, 7), ("删除", 7, None)]


def test_the_page_shows_nobody_s_name(hospital: Hospital) -> None:
    change(hospital)
    shown = staff(Role.ADMINISTRATOR).get("/console/trail").content.decode()
    assert "199****5678" in shown and "one-registrar" in shown
    assert not [secret for secret in ("测试甲", "测试乙", "19900001234", "19900005678") if secret in shown]
    assert "one-registrar" not in staff(Role.ADMINISTRATOR).get("/console/trail?who=somebody").content.decode().split(
        "<tbody>")[1], "and can be asked for one account"


def test_the_database_refuses_to_change_or_delete_a_step(hospital: Hospital) -> None:
    change(hospital)
    kept = list(Step.objects.values())
    for statement in ("UPDATE registrar_step SET who = 'somebody else'", "DELETE FROM registrar_step"):
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(Step.objects.values()) == kept and kept


def test_a_change_and_its_step_are_there_together_or_not_at_all(hospital: Hospital) -> None:
    class Request:
        user = rights.make_staff("wang", RIGHT, Role.OFFICE)

    with pytest.raises(ZeroDivisionError), trail.act(Request(), "改名", hospital.heart):
        Department.objects.filter(pk=hospital.heart.pk).update(name_zh="心内科")
        raise ZeroDivisionError
    assert Department.objects.get(pk=hospital.heart.pk).name_zh == "心血管内科" and not Step.objects.exists()
    with trail.act(Request(), "改名", hospital.heart):
        Department.objects.filter(pk=hospital.heart.pk).update(name_zh="心内科")
    step = Step.objects.get()
    assert (step.before, step.after) == ({"name_zh": "心血管内科"}, {"name_zh": "心内科"})


def test_what_patients_do_at_machines_is_not_in_the_staffs_trail(hospital: Hospital) -> None:
    hospital.patient()
    hospital.session()
    assert not Step.objects.exists()


def test_no_act_of_the_console_goes_by_the_trail() -> None:
    """Whatever is done on a page, is done within `trail.act`: by itself, or by a function of its module that it calls."""
    looked_up = {"arrivals.find"}       # looks for somebody, changes nothing
    acts, outside = set[str](), set[str]()
    for path in VIEWS.glob("*.py"):
        made = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
        calls = {one.name: {ast.unparse(node.func) for node in ast.walk(one) if isinstance(node, ast.Call)} for one in made}
        kept = {name for name, called in calls.items() if "trail.act" in called}
        while more := {name for name, called in calls.items() if called & kept} - kept:
            kept |= more
        for one in made:
            if any(ast.unparse(mark).startswith("act_for(") for mark in one.decorator_list):
                acts.add(f"{path.stem}.{one.name}")
                outside |= {f"{path.stem}.{one.name}"} - {f"{path.stem}.{name}" for name in kept}
    assert len(acts) > 20 and outside == looked_up
