"""Fill the invented hospital. Running it again adds the days that are missing and changes nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from hospital import clock
from hospital.care import numbers, roster
from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot
from hospital.care.people import check_digit
from hospital.seeding.examining import examinations
from hospital.seeding.hospital_data import DEPARTMENTS, DOCTORS, FAMILY, GIVEN, TITLES, Dept

DAYS = 14
_RELEASE_HOUR = 7       # numbers are released at seven in the morning, DAYS days ahead
_FEES = {"chief": 5000, "associate_chief": 3000, "attending": 2000, "resident": 1500}
_NOON = 12 * 60
_HOURS = {      # of the general clinic, in minutes of the day
    "day": ((480, 720), (810, 1050)),
    "evening": ((480, 720), (810, 1050), (1050, 1260)),
    "night": ((480, 720), (810, 1050), (1050, 1440)),
    "always": ((0, 720), (720, 1440)),
}


def fill(first: dt.date) -> str:
    """Departments, doctors, patients, and DAYS days of sessions from `first`. Returns what there is now."""
    with transaction.atomic():
        departments = {one.code: _department(rank, one) for rank, one in enumerate(DEPARTMENTS)}
        doctors = {code: [_doctor(departments[code], code, place, row) for place, row in enumerate(rows)]
                   for code, rows in DOCTORS.items()}
        _patients()
        examinations(first, DAYS)
        planned = [plan for day in range(DAYS) for one in DEPARTMENTS
                   for plan in _plans(first + dt.timedelta(days=day), one, departments[one.code], doctors[one.code])]
        made = _open_sessions(planned)
    return (f"{len(departments)} departments, {Practitioner.objects.count()} doctors, "
            f"{Patient.objects.count()} patients, {made} new sessions from {first}")


def _department(rank: int, one: Dept) -> Department:
    return Department.objects.get_or_create(code=one.code, defaults={
        "name_zh": one.zh, "name_en": one.en, "place_zh": one.place_zh, "place_en": one.place_en, "key": one.key,
        "rank": rank})[0]


def _doctor(department: Department, code: str, place: int, row: tuple[str, str, str, str]) -> Practitioner:
    zh, en, speciality_zh, speciality_en = row
    doctor, new = Practitioner.objects.get_or_create(code=f"{code}{place + 1:02d}", defaults={
        "name_zh": zh, "name_en": en, "title": TITLES[place], "speciality_zh": speciality_zh,
        "speciality_en": speciality_en})
    if new:
        doctor.departments.add(department)
    return doctor


@dataclass(frozen=True)
class Plan:
    """One session to be, with how it is cut."""

    schedule: Schedule
    minutes: int
    places: int


def _plans(day: dt.date, dept: Dept, department: Department, doctors: list[Practitioner]) -> Iterator[Plan]:
    for start, end in _HOURS[dept.hours]:
        yield Plan(_schedule(day, department, None, "general", start, end, dept.fee), 30, 5)
    weekday = day.weekday()
    for place, doctor in enumerate(doctors):
        morning = (weekday + place) % 2 == 0
        start, end = (480, 720) if morning else (810, 1050)
        if weekday >= 5 and place not in (0, 2):
            continue        # at weekends one expert and one special clinic of each department
        kind = "expert" if place < 2 else "special"
        yield Plan(_schedule(day, department, doctor, kind, start, end, _FEES[doctor.title]), 30, 2 + place)


def _schedule(day: dt.date, department: Department, doctor: Practitioner | None, kind: str, start: int, end: int,
              fee: int) -> Schedule:
    return Schedule(department=department, practitioner=doctor, kind=kind, day=day,
                    half="am" if start < _NOON else "pm", start=clock.at(day, start), end=clock.at(day, end), fee=fee,
                    state=Schedule.State.OPEN,
                    released_at=clock.at(day - dt.timedelta(days=DAYS), _RELEASE_HOUR * 60))


def _open_sessions(planned: list[Plan]) -> int:
    days = {plan.schedule.day for plan in planned}
    known = set(Schedule.objects.filter(day__in=days).values_list("department", "practitioner", "kind", "start"))
    fresh = [plan for plan in planned if (plan.schedule.department_id, plan.schedule.practitioner_id,
                                          plan.schedule.kind, plan.schedule.start) not in known]
    Schedule.objects.bulk_create([plan.schedule for plan in fresh], batch_size=500)
    slots = [slot for plan in fresh for slot in roster.cut(plan.schedule, plan.minutes, plan.places)]
    Slot.objects.bulk_create(slots, batch_size=2000)
    return len(fresh)


def _patients() -> None:
    _patient("测试甲", "999999199001010016", "male", dt.date(1990, 1, 1), "V000000000001", "19900000001")
    for place, family in enumerate(FAMILY[1:], start=2):
        born = dt.date(1938 + place * 2, 1 + place % 12, 1 + place % 28)
        male = place % 2 == 1
        number = _id_number(born, 100 + 2 * place + (1 if male else 0))
        _patient(family + GIVEN[place % len(GIVEN)], number, "male" if male else "female", born,
                 f"V{place:012d}", f"199{place:08d}")


def _patient(name: str, number: str, sex: str, born: dt.date, card: str, phone: str) -> None:
    if Patient.objects.filter(id_number=number).exists():
        return
    Patient.objects.create(record_no=numbers.record_no(), name=name, id_number=number, sex=sex, born=born,
                           nation="汉", address="青禾县模拟路1号", phone=phone, visit_card=card, made_at=clock.now())


def _id_number(born: dt.date, serial: int) -> str:
    """An ID number of nobody: area 999999."""
    stem = f"999999{born:%Y%m%d}{serial:03d}"
    return stem + check_digit(stem)
