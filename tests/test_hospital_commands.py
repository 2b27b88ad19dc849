"""The server as it is started: from nothing, by one command, in a folder of its own."""

from __future__ import annotations

import datetime as dt
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from hospital.seeding.fill import fill
from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot
from hospital.settings import database
from hospital_fixtures import API, Clock, Hospital, Kiosk
from postgres import Postgres

DAY = dt.date(2026, 11, 20)


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    words = {name: value for name, value in os.environ.items() if name not in ("WECHAT_ACCOUNT", "DATABASE_URL")}
    words |= {"HOSPITAL_STATE": str(tmp_path / "state"), "PYTHONDONTWRITEBYTECODE": "1"}
    if request.param == "sqlite":
        yield words
        return
    server: Postgres = request.getfixturevalue("postgres")
    server.sql("CREATE DATABASE commands")
    yield words | {"DATABASE_URL": server.url("commands")}
    server.sql("DROP DATABASE commands WITH (FORCE)")


def run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "hospital", *words], env=environment, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def first_line(process: subprocess.Popen[str], seconds: float) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    assert ready, "the server did not say that it listens"
    return process.stdout.readline()


def test_from_nothing_to_a_booking_by_commands_alone(environment: dict[str, str], tmp_path: Path) -> None:
    token = run(environment, "kiosk", "K1")
    assert "16 departments, 50 doctors, 30 patients" in run(environment, "seed")
    password = run(environment, "admin-user", "wang")
    assert run(environment, "tend") == "nothing to do"
    assert run(environment, "obligations") == "没有待处理的账务"
    process = subprocess.Popen([sys.executable, "-m", "hospital", "--port", "0"], env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=(tmp_path / "log").open("w"))
    try:
        line = first_line(process, 60)
        root = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        headers = {"Authorization": f"Bearer {token}"}
        departments = requests.get(f"{root}{API}/departments", headers=headers, timeout=30).json()
        free = next(one for one in departments if one["fee_from"] == 0)
        sessions = requests.get(f"{root}{API}/departments/{free['id']}/sessions", headers=headers, timeout=30).json()
        session = [one for one in sessions if one["fee"] == 0][-1]
        person = requests.post(f"{root}{API}/patients/find", headers=headers, timeout=30,
                               json={"id_number": "999999199001010016", "name": "测试甲"}).json()
        held = requests.post(f"{root}{API}/holds", headers=headers | {"Idempotency-Key": "1"}, timeout=30,
                             json={"patient": person["id"], "segment": session["segments"][-1]["id"]}).json()
        done = requests.post(f"{root}{API}/holds/{held['id']}/confirm", json={}, timeout=30,
                             headers=headers | {"Idempotency-Key": "2"})
        assert done.status_code == 200
        with requests.Session() as desk:
            assert "登录" in desk.get(f"{root}/admin/login/", timeout=30).text
            desk.post(f"{root}/admin/login/", timeout=30, headers={"Referer": root}, allow_redirects=False, data={
                "username": "wang", "password": password, "csrfmiddlewaretoken": desk.cookies["csrftoken"]})
            assert "待处理账务" in desk.get(f"{root}/admin/", timeout=30).text
        assert requests.get(f"{root}/static/admin/css/base.css", timeout=30).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert not [secret for secret in (token, password, "999999199001010016", "测试甲") if secret in said]


def test_what_is_done_by_command_is_in_the_trail(environment: dict[str, str]) -> None:
    secrets = [run(environment, "kiosk", "K1"), run(environment, "admin-user", "wang", "--role", "office"),
               run(environment, "fhir-client", "his")]
    code = ("import django; django.setup(); from hospital.registrar.models import Step; "
            "print(*[(one.what, one.label, one.who, one.after) for one in Step.objects.order_by('pk')], sep='\\n')")
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
                          env={**environment, "DJANGO_SETTINGS_MODULE": "hospital.settings"}).stdout
    lines = told.splitlines()
    assert [line.split("'")[1] for line in lines] == ["登记自助机", "账号与角色", "登记外部系统"]
    assert "'wang'" in lines[1] and "'office'" in lines[1] and f"server uid {os.getuid()}" in lines[1]
    assert not [secret for secret in secrets if secret in told]


def test_boards_that_listen_hold_none_of_the_threads_that_serve(environment: dict[str, str], tmp_path: Path) -> None:
    password = run(environment, "admin-user", "nurse", "--role", "nurse")
    process = subprocess.Popen([sys.executable, "-m", "hospital", "--port", "0", "--threads", "8"], env=environment,
                               text=True, stdout=subprocess.PIPE, stderr=(tmp_path / "log").open("w"))
    lines: list[requests.Response] = []
    try:
        said = first_line(process, 30)
        root, port = re.search(r"(http://127\.0\.0\.1:\d+).*boards: (\d+)", said).groups()
        with requests.Session() as desk:
            desk.get(f"{root}/console/login", timeout=10)
            desk.post(f"{root}/console/login", timeout=10, headers={"Referer": root}, data={
                "username": "nurse", "password": password, "csrfmiddlewaretoken": desk.cookies["csrftoken"]})
            board = re.search(rf'{root}/console/board/[^"<]+', desk.get(f"{root}/console/boards", timeout=10).text)[0]
        page = requests.get(board, timeout=10)
        line = unescape(re.search('data-line="([^"]+)"', page.text)[1])
        assert line.startswith(f"http://127.0.0.1:{port}/board/")
        assert page.headers["Content-Security-Policy"].endswith(f"; connect-src 'self' http://127.0.0.1:{port}")
        lines = [requests.get(line, timeout=10, stream=True) for _ in range(40)]
        assert {next(one.iter_lines(1)).partition(b":")[0] for one in lines} == {b"data"}
        assert requests.get(f"{board}/state", timeout=10).status_code == 200, "with forty that stay"
        english = requests.get(line.replace("=zh", "=en"), timeout=10, stream=True)
        lines.append(english)
        assert "Nobody is waiting" in next(english.iter_lines(1)).decode()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        for one in lines:
            one.close()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_port_for_boards_that_is_taken_is_told_and_everything_else_served(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"HOSPITAL_STATE": str(tmp_path / "state")}
    with socket.create_server(("127.0.0.1", 0)) as taken, (tmp_path / "log").open("w") as log:
        port = str(taken.getsockname()[1])
        process = subprocess.Popen([sys.executable, "-m", "hospital", "--port", "0", "--boards-port", port], env=environment,
                                   text=True, stdout=subprocess.PIPE, stderr=log)
        try:
            said = first_line(process, 30)
            assert "boards: none" in said
            root = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
            assert requests.get(f"{root}/console/login", timeout=10).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
    assert f"--boards-port {port} cannot be had" in (tmp_path / "log").read_text()


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"HOSPITAL_STATE": str(tmp_path / "state")}
    run(environment, "tend")
    key = tmp_path / "state" / "secret.key"
    kept = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600 and len(kept) >= 60
    run(environment, "tend")
    assert key.read_text() == kept
    assert sorted(path.name for path in key.parent.iterdir() if "sqlite" not in path.name) == ["secret.key"]


@pytest.mark.parametrize("words", [[], ["serve"], ["seed"], ["kiosk"], ["admin-user"], ["tend"],
                                   ["obligations"], ["reconcile"]])
def test_every_command_explains_itself(words: list[str], tmp_path: Path) -> None:
    said = run(dict(os.environ) | {"HOSPITAL_STATE": str(tmp_path)}, *words, "--help")
    assert said.startswith("usage: python -m hospital")


def test_what_the_environment_says_about_the_database() -> None:
    words = database("postgres://some%40one:p%2Fw@db.example:5433/books?sslmode=require", Path())
    assert (words["USER"], words["PASSWORD"], words["HOST"], words["PORT"], words["NAME"], words["OPTIONS"]) == (
        "some@one", "p/w", "db.example", "5433", "books",
        {"server_side_binding": True, "prepare_threshold": 5, "sslmode": "require"})
    with pytest.raises(ValueError, match="postgres://"):
        database("mysql://x/y", Path())
    assert database("", Path("/x"))["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_invented_hospital(hospital: Hospital, time: Clock) -> None:
    Department.objects.all().delete()
    Practitioner.objects.all().delete()
    fill(DAY)
    assert Department.objects.count() >= 14 and Practitioner.objects.count() >= 45
    assert Department.objects.filter(name_en="").count() == Practitioner.objects.filter(name_en="").count() == 0
    kinds = set(Schedule.objects.values_list("day", "kind"))
    for offset in range(14):
        day = DAY + dt.timedelta(days=offset)
        assert {(day, "general"), (day, "special"), (day, "expert")} <= kinds, day
    person = Patient.objects.get(id_number="999999199001010016")
    assert (person.name, person.sex, person.born, person.visit_card) == (
        "测试甲", "male", dt.date(1990, 1, 1), "V000000000001")
    assert not Patient.objects.filter(id_number__in=["81000019000101000X", "999999199202020018"]).exists()
    counts = Schedule.objects.count(), Slot.objects.count(), Patient.objects.count()
    assert " 0 new sessions" in fill(DAY)
    assert counts == (Schedule.objects.count(), Slot.objects.count(), Patient.objects.count())
    fill(DAY + dt.timedelta(days=1))
    assert Schedule.objects.filter(day=DAY + dt.timedelta(days=14)).exists()


def test_there_is_a_number_today_at_any_time_of_day(hospital: Hospital, time: Clock) -> None:
    fill(DAY)
    kiosk = Kiosk("K1")
    for hour, minute in ((0, 0), (7, 59), (12, 10), (17, 45), (21, 30), (23, 50), (23, 59)):
        time.time = time.time.replace(hour=hour, minute=minute)
        open_ = [one for one in kiosk.get("/departments").body if one["general_left_today"]]
        assert len(open_) >= 2 and any(one["fee_from"] == 0 for one in open_), (hour, minute)
        assert any(one["fee_from"] > 0 for one in open_)
