"""A hospital for every test: on SQLite and on PostgreSQL, with a clock that stands still and a payment channel made
of paper."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_state = tempfile.mkdtemp(prefix="hospital-tests-")
_before = {name: os.environ.get(name) for name in ("HOSPITAL_STATE", "DATABASE_URL", "WECHAT_ACCOUNT", "ALIPAY_ACCOUNT")}
os.environ["HOSPITAL_STATE"] = _state
os.environ.pop("DATABASE_URL", None)
os.environ.pop("WECHAT_ACCOUNT", None)
os.environ.pop("ALIPAY_ACCOUNT", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "hospital.settings"

import django  # noqa: E402  (the settings are read from the environment above)

django.setup()
for _name, _value in _before.items():       # programs that other tests start have an environment of their own
    os.environ.pop(_name, None)
    if _value is not None:
        os.environ[_name] = _value

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402

from hospital import clock  # noqa: E402
from hospital.care import availability, roster  # noqa: E402
from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot  # noqa: E402
from hospital.care.people import check_digit  # noqa: E402
from hospital.kiosk import acquaintance, models, tokens  # noqa: E402
from hospital.money import asking, channels  # noqa: E402
from hospital.settings import database  # noqa: E402
from paper_channel import PaperChannel  # noqa: E402
from postgres import Postgres  # noqa: E402

ZONE = clock.zone()
MORNING = dt.datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)     # a Friday
API = "/api/kiosk/v1"


@pytest.fixture(scope="session")
def django_tests() -> Iterator[None]:
    setup_test_environment()
    yield
    connections.close_all()
    teardown_test_environment()
    shutil.rmtree(_state, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_sqlite(django_tests: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy."""
    folder = tmp_path_factory.mktemp("empty")
    _connect(database("", folder))
    call_command("migrate", verbosity=0)
    connections.close_all()
    return folder / "hospital.sqlite3"


@pytest.fixture(scope="session")
def postgres(django_tests: None) -> Iterator[Postgres]:
    """A server with a migrated database `empty` to copy."""
    server = Postgres()
    try:
        server.sql("CREATE DATABASE empty")
        _connect(database(server.url("empty"), Path(_state)))
        call_command("migrate", verbosity=0)
        connections.close_all()
        yield server
    finally:
        connections.close_all()
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind; its value is which."""
    if request.param == "sqlite":
        empty = request.getfixturevalue("empty_sqlite")
        shutil.copy(empty, tmp_path / "hospital.sqlite3")
        _connect(database("", tmp_path))
        yield request.param
        connections.close_all()
    else:
        server = request.getfixturevalue("postgres")
        name = f"t{uuid.uuid4().hex}"
        server.sql(f"CREATE DATABASE {name} TEMPLATE empty")
        _connect(database(server.url(name), tmp_path))
        yield request.param
        connections.close_all()
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def _connect(words: dict[str, Any]) -> None:
    connections.close_all()
    availability.forget()
    connections.settings["default"] = connections.configure_settings({"default": words})["default"]
    settings.DATABASES["default"] = words
    if hasattr(connections._connections, "default"):
        del connections["default"]


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = MORNING

    def now(self) -> dt.datetime:
        return self.time

    def go(self, **delta: float) -> None:
        """go(seconds=181), go(hours=2)"""
        self.time += dt.timedelta(**delta)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def channel() -> Iterator[PaperChannel]:
    paper = PaperChannel()
    channels.use("wechat", channels.Way(paper, paper.merchant, paper.appid))
    yield paper
    channels.use("wechat", None)


class Answer:
    """Status, body and headers of one answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.text: str = response.content.decode()
        self.headers = response.headers

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.body["code"])

    def __repr__(self) -> str:
        return f"{self.status} {self.text}"


class Kiosk:
    """A machine that speaks to the server; every POST gets a key of its own unless one is given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.token = tokens.register(name)
        self._client = Client(headers={"Authorization": f"Bearer {self.token}"}, raise_request_exception=False)

    def get(self, path: str) -> Answer:
        """Of an order: look, let the channel be asked, and look again, as a machine that waits for a payment does."""
        if path.startswith("/orders/"):
            self._client.get(API + path)
            asking.ask_all()
        return Answer(self._client.get(API + path))

    def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Answer:
        return Answer(self._client.post(API + path, body or {}, content_type="application/json",
                                        headers={"Idempotency-Key": key or uuid.uuid4().hex}))

    def meet(self, patient: Patient) -> None:
        """The person has shown themselves here, just now."""
        acquaintance.met(models.Kiosk.objects.get(name=self.name), patient.pk)

    def hold(self, patient: Patient, segment: str, key: str | None = None) -> Answer:
        self.meet(patient)
        return self.post("/holds", {"patient": patient.pk, "segment": segment}, key)

    def order(self, hold: str, key: str | None = None) -> Answer:
        return self.post("/orders", {"hold": hold, "channel": "wechat"}, key)

    def confirm(self, hold: str, key: str | None = None) -> Answer:
        return self.post(f"/holds/{hold}/confirm", {}, key)

    def cancel(self, appointment: int, key: str | None = None) -> Answer:
        self.meet(Patient.objects.get(appointments=appointment))
        return self.post(f"/appointments/{appointment}/cancel", {}, key)

    def notices(self, patient: Patient) -> list[dict[str, Any]]:
        self.meet(patient)
        found: list[dict[str, Any]] = self.get(f"/patients/{patient.pk}/notices").body
        return found


class Hospital:
    """Two departments, one doctor, and what a test needs to make more."""

    def __init__(self, time: Clock) -> None:
        self.time = time
        self.heart = self.department("CARD", "心血管内科", key=True)
        self.skin = self.department("DERM", "皮肤科")
        self.doctor = Practitioner.objects.create(code="D1", name_zh="陈试", name_en="Chen Shi", title="chief",
                                                  speciality_zh="冠心病", speciality_en="coronary disease")
        self._made = 0

    def department(self, code: str, name: str, key: bool = False) -> Department:
        return Department.objects.create(code=code, name_zh=name, name_en=code.title(), place_zh="门诊楼2层",
                                         place_en="2F", key=key)

    def patient(self, **words: Any) -> Patient:
        self._made += 1
        stem = f"99999919900101{self._made:03d}"
        words = {"name": f"测试{self._made}", "id_number": stem + check_digit(stem), "phone": "19900001234",
                 "record_no": f"{90000000 + self._made}", "made_at": self.time.now(), **words}
        return Patient.objects.create(**words)

    def session(self, department: Department | None = None, days: int = 0, start: int = 14, hours: int = 1,
                places: int = 2, fee: int = 0, minutes: int = 30, **words: Any) -> Schedule:
        """A session `days` from today, from `start` o'clock."""
        day = self.time.now().date() + dt.timedelta(days=days)
        schedule = Schedule.objects.create(**{
            "department": department or self.heart, "kind": "general", "day": day, "half": "am" if start < 12 else "pm",
            "start": clock.at(day, start * 60), "end": clock.at(day, (start + hours) * 60), "fee": fee,
            "state": "open", "released_at": self.time.now() - dt.timedelta(days=30), **words})
        Slot.objects.bulk_create(roster.cut(schedule, minutes, places))
        return schedule


def segment(schedule: Schedule, place: int = 0) -> str:
    """The kiosk's name of a session's first (second, …) segment."""
    starts = sorted(set(schedule.slots.values_list("start", flat=True)))
    return schedule.slots.filter(start=starts[place]).first().segment


@pytest.fixture
def hospital(books: str, time: Clock) -> Hospital:
    return Hospital(time)


@pytest.fixture
def kiosk(hospital: Hospital) -> Kiosk:
    return Kiosk("K1")
