"""Fill the invented hospital. Running it again adds the days that are missing and changes nothing else."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hospital import clock
from hospital.care import numbers
from hospital.care.models import Department, Patient, Practitioner
from hospital.care.people import check_digit
from hospital.queueing.models import Room
from hospital.seeding import rosters
from hospital.seeding.examining import examinations
from hospital.seeding.hospital_data import DEPARTMENTS, DOCTORS, FAMILY, GIVEN, TITLES, Dept

DAYS = 14
ROOMS = 2       # of each department


def fill(first: dt.date) -> str:
    """Departments, doctors, patients, and DAYS days of sessions from `first`. Returns what there is now."""
    with transaction.atomic():
        departments = {one.code: _department(rank, one) for rank, one in enumerate(DEPARTMENTS)}
        doctors = {code: [_doctor(departments[code], code, place, row) for place, row in enumerate(rows)]
                   for code, rows in DOCTORS.items()}
        for department in departments.values():
            _rooms(department)
        _patients()
        examinations(first, DAYS)
        made = rosters.plan(first, DAYS, departments, doctors)
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


def _rooms(department: Department) -> None:
    for number in range(1, ROOMS + 1):
        Room.objects.get_or_create(code=f"{department.code}-{number}", defaults={
            "department": department, "name_zh": f"{department.name_zh}{number}诊室",
            "name_en": f"{department.name_en}, Room {number}", "area": department.place_zh})


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
