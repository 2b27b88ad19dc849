"""The kiosk at a real hospital, by the kiosk API and by FHIR: the same tables on the same core, with the same end."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import Core
from hospital import clock
from hospital.care.models import Appointment, Paper
from kiosk.care import Document
from kiosk.hospital import Hospital, Unknown
from kiosk.hospital_fhir import FhirHospital
from kiosk.hospital_port import Booking
from kiosk.machine import hospital as by_settings
from kiosk.requests import Refused, VisitCard
from kiosk.settings import read
from paper_channel import PaperChannel
from served_town import Served, ServedTown
from tables import Player, Table, tables
from townsfolk import PEOPLE
from virtual import Clock

PLAYED = ("register: known ID card, general clinic, today, paid", "register: free clinic, only one kind of place",
          "register: a doctor, today", "register: a place for tomorrow", "register: by visit card", "register: in English",
          "register: a stranger; the file is made on the way",
          "register: two bookings of one person, the third in the same half day is refused",
          "register: one step back from the payment, and on again", "the place is taken meanwhile",
          "the clinic is cancelled meanwhile", "the place is lost while thinking",
          "the server is away while a place is held", "the server is away after the payment",
          "cancel: the money goes back, with a slip",
          "cancel: a free place")
TABLES = {table.title: table for table in tables() if table.title in PLAYED}
Make = Callable[[str, str, Callable[[], dt.date]], Hospital]
INTERFACES: dict[str, Make] = {
    "kiosk": lambda url, token, today: Hospital(url, token),
    "fhir": lambda url, token, today: FhirHospital(url, f"{url}/fhir/R4", token, today)}


@pytest.fixture
def town(books: str, channel: PaperChannel, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedTown]:
    time = Clock()
    monkeypatch.setattr(clock, "now", lambda: time.wall().astimezone(clock.zone()))
    served = Served()
    try:
        yield ServedTown(channel, time, served.url)
    finally:
        served.stop()


on_sqlite = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_a_table_at_the_real_hospital(town: ServedTown, table: Table, interface: str, disk: Path) -> None:
    town.open(INTERFACES[interface])
    Player(Core(town, disk)).play(table)        # type: ignore[arg-type]  # as much of a town as a table needs


def test_every_table_that_is_named_is_there() -> None:
    assert set(TABLES) == set(PLAYED)


@on_sqlite
def test_both_interfaces_tell_the_same(town: ServedTown) -> None:
    """People, departments, times, what is held, booked and given back: record by record."""
    card = PEOPLE["测试乙"].card
    document = Document(kind="resident", number=card.number, name=card.name)
    told: dict[str, list[Any]] = {}
    for name, make in INTERFACES.items():
        town.open(make)
        one = town.hospital
        patient = one.find_patient(document)
        assert patient == one.find_patient(VisitCard("V000000000002")) == one.find_patient(card.number)
        departments = one.departments()
        sessions = {department.code: one.sessions(department.id) for department in departments}
        offered = [session for session in sessions["GP"] if session.day == town.clock.wall().date()]
        held = one.hold(patient.id, offered[0].segments[0].id, f"{name}-1")
        again = one.hold(patient.id, offered[0].segments[0].id, f"{name}-1")
        assert held == again
        booked = one.confirm(held.id, f"{name}-2")
        assert booked == one.confirm(held.id, f"{name}-2") and one.appointments(patient.id) == (booked.appointment,)
        given_back = one.cancel(booked.appointment.id, f"{name}-3")
        assert given_back == one.cancel(booked.appointment.id, f"{name}-3") and one.appointments(patient.id) == ()
        told[name] = [patient, departments, sessions, held, booked, given_back]
        Appointment.objects.update(fee=0)
    assert [_same(one) for one in told["kiosk"]] == [_same(one) for one in told["fhir"]]


def _same(record: Any) -> str:
    """A record without what is another's each time: ids of segments and sessions, of holds, codes and the time."""
    passing = r"\bid='[^']*'|(Session|Appointment)\(id=\d+|segment='[^']*'|code='A\d+'"
    return re.sub(passing, "", repr(record))


@on_sqlite
def test_refusals_come_with_what_belongs_to_them(town: ServedTown) -> None:
    town.open(INTERFACES["fhir"])
    one = town.hospital
    with pytest.raises(Refused) as no:
        one.find_patient("999999199001010024")
    assert no.value.reason == "unknown_patient"
    with pytest.raises(Refused) as no:
        one.find_patient(Document(kind="resident", number=PEOPLE["测试甲"].number, name="别人"))
    assert no.value.reason == "name_mismatch"
    with pytest.raises(Refused) as no:
        one.sessions(99)
    assert no.value.reason == "unknown_department"
    patient = one.find_patient(PEOPLE["测试甲"].number)
    segment = next(iter(one.sessions(2))).segments[0].id
    booked = one.confirm(one.hold(patient.id, segment, "k1").id, "k2").appointment
    with pytest.raises(Refused) as no:
        one.hold(patient.id, segment, "k3")
    assert no.value.reason == "already_booked"
    town.clock.seconds += 100 * 60
    one.find_patient(PEOPLE["测试甲"].number)
    with pytest.raises(Refused) as no:
        one.cancel(booked.id, "k4")
    assert no.value.reason == "not_cancellable" and no.value.data["until"] == booked.cancellable_until.isoformat()


@on_sqlite
def test_a_confirmation_that_got_lost_is_the_same_paper(town: ServedTown) -> None:
    town.open(INTERFACES["fhir"])
    one = town.hospital
    patient = one.find_patient(PEOPLE["测试甲"].number)
    held = one.hold(patient.id, one.sessions(2)[0].segments[0].id, "k1")
    town.lose = 1
    with pytest.raises(Unknown):
        one.confirm(held.id, "k2")
    assert one.confirm(held.id, "k2").copy == 1 and Paper.objects.count() == 1


@on_sqlite
def test_who_has_no_token_learns_that_nothing_is_known(town: ServedTown) -> None:
    """Not a no: a token that is being changed must not end a visit as refused."""
    town.open(lambda url, token, today: FhirHospital(url, f"{url}/fhir/R4", "guess", today))
    with pytest.raises(Unknown):
        town.hospital.departments()


def test_fhir_takes_over_the_booking_office_and_nothing_else() -> None:
    office = {name for name in vars(Booking) if not name.startswith("_")}
    taken = {name for name in vars(FhirHospital) if not name.startswith("_")}
    assert taken == office
    for name in office:
        wanted = list(inspect.signature(getattr(Booking, name)).parameters)
        for one in (Hospital, FhirHospital):
            assert list(inspect.signature(getattr(one, name)).parameters)[:len(wanted)] == wanted, name


@pytest.mark.parametrize(("given", "kind", "root"), [
    ({}, Hospital, ""), ({"hospital_interface": "fhir"}, FhirHospital, "http://127.0.0.1:8200/fhir/R4"),
    ({"hospital_interface": "fhir", "hospital_fhir": "https://fhir.hospital.example/r4/"}, FhirHospital,
     "https://fhir.hospital.example/r4")])
def test_the_interface_is_a_setting(given: dict[str, str], kind: type[Hospital], root: str) -> None:
    made = by_settings(read(given), "token", dt.date.today)
    assert type(made) is kind and getattr(made, "_fhir", "") == root
