"""Examination rooms, tests, open orders, and two weeks of segments for the invented hospital."""

from __future__ import annotations

import datetime as dt

from hospital import clock
from hospital.care.models import Patient
from hospital.examining.models import Sequence, ServiceRequest, Station, Test
from hospital.examining.opening import open_ahead
from hospital.seeding.examining_data import ORDERS, SEQUENCES, STATIONS, TESTS


def examinations(first: dt.date, days: int) -> int:
    """All of it; what is there stays. Returns how many segments are new."""
    stations = {one["code"]: Station.objects.get_or_create(code=one["code"], defaults=one)[0] for one in STATIONS}
    tests = {one["code"]: Test.objects.get_or_create(
        code=one["code"], defaults=one | {"station": stations[one["station"]]})[0] for one in TESTS}
    for before, after, wait in SEQUENCES:
        Sequence.objects.get_or_create(first=tests[before], then=tests[after], defaults={"days": wait})
    if not ServiceRequest.objects.exists():
        patients = list(Patient.objects.order_by("pk"))
        ServiceRequest.objects.bulk_create(
            ServiceRequest(patient=patients[place], test=tests[code], ordered_at=clock.now()) for place, code in ORDERS)
    return open_ahead(first, days)
