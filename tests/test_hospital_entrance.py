"""The door of the back office: wrong passwords wait, longer each time; cookies stay on TLS where there is TLS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from hospital.registrar import rights
from hospital.registrar.models import Attempts
from hospital_fixtures import API, Clock, Hospital

RIGHT = "a long password"


@pytest.fixture
def staff(hospital: Hospital) -> None:
    for name in ("wang", "li"):
        rights.make_registrar(name, RIGHT)


def enter(password: str, name: str = "wang", address: str = "10.0.0.1") -> str:
    """"in", "wrong" or "barred"."""
    answer = Client(REMOTE_ADDR=address).post("/admin/login/", {"username": name, "password": password})
    if answer.status_code == 302:
        return "in"
    return "barred" if "密码错误次数过多" in answer.content.decode() else "wrong"


def test_after_five_wrong_passwords_even_the_right_one_waits(staff: None, time: Clock) -> None:
    assert [enter("wrong") for _ in range(6)] == ["wrong"] * 5 + ["barred"]
    assert enter(RIGHT) == "barred"
    time.go(seconds=30)
    assert enter(RIGHT) == "in" and not Attempts.objects.exists()


def test_the_wait_doubles_up_to_an_hour(staff: None, time: Clock) -> None:
    for _ in range(5):
        enter("wrong")
    waits = []
    for _ in range(9):
        seconds = 0
        while enter("wrong") == "barred":
            time.go(seconds=30)
            seconds += 30
        waits.append(seconds)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_many_places_for_one_name_wait_and_so_do_many_names_from_one_place(staff: None) -> None:
    assert [enter("wrong", address=f"10.0.1.{at}") for at in range(6)] == ["wrong"] * 5 + ["barred"]
    assert enter(RIGHT, "li", "10.0.2.1") == "in", "somebody else elsewhere does not"
    assert [enter("wrong", f"guess{at}", "10.0.3.1") for at in range(6)] == ["wrong"] * 5 + ["barred"]
    assert enter(RIGHT, "li", "10.0.3.1") == "barred" and enter(RIGHT, "li", "10.0.2.1") == "in"


def test_names_are_not_kept_in_clear_and_capitals_are_no_second_try(staff: None) -> None:
    for name in ("wang", "Wang", "WANG", "wAng", "waNg"):
        enter("wrong", name)
    assert enter(RIGHT) == "barred"
    assert not Attempts.objects.filter(who_sha256__icontains="wang").exists() and Attempts.objects.count() == 2


def test_after_a_day_wrong_passwords_are_forgotten(staff: None, time: Clock) -> None:
    for _ in range(4):
        enter("wrong")
    time.go(hours=25)
    assert [enter("wrong") for _ in range(5)] == ["wrong"] * 5


@pytest.mark.parametrize("https, secure", [("0", False), ("1", True)])
def test_cookies_are_secure_where_there_is_tls(tmp_path: Path, https: str, secure: bool) -> None:
    asked = "import hospital.settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=300,
                          env=os.environ | {"HOSPITAL_STATE": str(tmp_path), "HOSPITAL_HTTPS": https}).stdout
    assert said.split() == [str(secure)] * 2


def test_the_description_of_the_api_is_public_and_all_else_is_not(hospital: Hospital) -> None:
    assert Client().get(f"{API}/openapi.json").status_code == 200
    assert Client().get(f"{API}/hello").status_code == 401
