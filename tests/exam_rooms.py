"""Examination rooms for tests of the hospital's examinations: the seeded stations and tests, two weeks of segments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hospital import clock
from hospital.care.models import Patient
from hospital.examining import booking, models as m
from hospital.seeding.examining import examinations
from hospital_fixtures import Clock, Hospital

TOMORROW = dt.date(2026, 11, 21)        # a Saturday


class Rooms:
    """One patient with orders, and the segments that are there for them."""

    def __init__(self, hospital: Hospital, time: Clock) -> None:
        self.hospital, self.time = hospital, time
        for _ in range(9):
            hospital.patient()
        examinations(time.now().date(), 3)
        m.ServiceRequest.objects.all().delete()

    def patient(self, born: dt.date = dt.date(1990, 1, 1), **words: Any) -> Patient:
        return self.hospital.patient(born=born, **words)

    def order(self, patient: Patient, *codes: str) -> list[int]:
        made = [m.ServiceRequest.objects.create(patient=patient, test=m.Test.objects.get(code=code),
                                                ordered_at=self.time.now()) for code in codes]
        return [one.pk for one in made]

    def times(self, patient: Patient, orders: list[int], day: dt.date = TOMORROW,
              moving: m.Booking | None = None) -> list[str]:
        """When these can begin on a day: "07:30", …"""
        return [f"{clock.local(plan[0].start):%H:%M}"
                for plan in booking.diary(patient.pk, orders, moving).plans(day)]

    def fill(self, station: str, *times: str, day: dt.date = TOMORROW) -> None:
        """Other people take all that is left then."""
        for one in m.Segment.objects.filter(station__code=station):
            if clock.local(one.start).date() == day and f"{clock.local(one.start):%H:%M}" in times:
                m.Segment.objects.filter(pk=one.pk).update(taken=one.capacity)


def at(time: str, day: dt.date = TOMORROW) -> dt.datetime:
    hour, minute = map(int, time.split(":"))
    return clock.at(day, hour * 60 + minute)
