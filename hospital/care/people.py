"""Finding a person's file, and opening one."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from hospital import clock
from hospital.care import numbers
from hospital.care.models import Patient
from hospital.refusal import Refusal

_PHONE = re.compile(r"1[3-9]\d{9}")
_EIGHTEEN = re.compile(r"\d{17}[\dX]")
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}\d{12}")


def valid_id_number(number: str) -> bool:
    """GB 11643: 18 places with a date and a check digit (ISO 7064 MOD 11-2); or the 15 places of the 2017 permit."""
    if _FOREIGNER_2017.fullmatch(number):
        return True
    if not _EIGHTEEN.fullmatch(number):
        return False
    try:
        dt.datetime.strptime(number[6:14], "%Y%m%d")
    except ValueError:
        return False
    return number[17] == check_digit(number[:17])


def check_digit(stem: str) -> str:
    """The eighteenth place of an ID number (GB 11643, ISO 7064 MOD 11-2) for its first seventeen."""
    weighed = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(stem))
    return "10X98765432"[weighed % 11]


def _plain(name: str) -> str:
    """A name as it is compared: widths, dots and blanks differ from card to card."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s·•.]", "", folded)


def same_name(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def find(id_number: str = "", name: str = "", visit_card: str = "") -> Patient:
    """The file of an ID number or a visit card. A name that is given must be the file's. One query."""
    if visit_card:
        found = Patient.objects.filter(visit_card=visit_card.strip())
    else:
        found = Patient.objects.filter(id_number=id_number.strip().upper())
    patient = found.first()
    if patient is None:
        raise Refusal("unknown_patient")
    if name and not (same_name(name, patient.name) or same_name(name, patient.english_name)):
        raise Refusal("name_mismatch")
    return patient


@dataclass(frozen=True)
class Person:
    """What a document says of a person. Personal: `repr` shows nothing."""

    id_number: str
    card_kind: str
    name: str
    english_name: str
    sex: str
    born: dt.date | None
    nation: str
    address: str
    phone: str

    def __repr__(self) -> str:
        return "<Person>"


def enrol(person: Person) -> tuple[Patient, bool]:
    """Open a file (True), or find the one that exists and note the new telephone (False)."""
    number = person.id_number.strip().upper()
    if not valid_id_number(number):
        raise Refusal("bad_id_number")
    if not _PHONE.fullmatch(person.phone):
        raise Refusal("bad_phone")
    known = Patient.objects.filter(id_number=number).first()
    if known is None:
        try:
            with transaction.atomic():
                return _open_file(person, number), True
        except IntegrityError:      # another machine was quicker
            known = Patient.objects.get(id_number=number)
    if not same_name(person.name, known.name):
        raise Refusal("name_mismatch")
    known.phone = person.phone
    known.save(update_fields=["phone"])
    return known, False


def _open_file(person: Person, number: str) -> Patient:
    return Patient.objects.create(
        record_no=numbers.record_no(), name=person.name, english_name=person.english_name,
        card_kind=person.card_kind, id_number=number, sex=person.sex, born=person.born, nation=person.nation,
        address=person.address, phone=person.phone, made_at=clock.now())
