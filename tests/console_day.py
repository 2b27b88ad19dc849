"""One morning with something on every page of the console: for tests that look at them all."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from console_fixtures import staff
from exam_rooms import Rooms
from hospital.care.models import Practitioner
from hospital.examining import booking
from hospital.examining.models import ServiceRequest, Station, Test, Turn
from hospital.kiosk import tokens
from hospital.kiosk.models import Fact, Kiosk
from hospital.money.models import MachineObligation
from hospital.outpatient import noshows, rosters, stopping
from hospital.outpatient.models import Change, DepartmentRule, Template
from hospital.queueing import alarms
from hospital.queueing.models import Room
from hospital.registrar.rights import Role
from hospital_fixtures import Clock, Hospital
from queue_fixtures import Area, booked


class Morning:
    """A Friday. The doctor of `hospital` sits in the consulting room, and what staff do on the pages was done once."""

    def __init__(self, hospital: Hospital, time: Clock) -> None:
        self.hospital, self.time = hospital, time
        Rooms(hospital, time)
        hospital.doctor.departments.add(hospital.heart)
        self._roster()
        self._queue()
        self._examinations()
        self._changes()
        self._missed()
        self._kiosks()
        alarms.watch()

    def _roster(self) -> None:
        office, today, heart = staff(Role.OFFICE), self.time.now().date(), self.hospital.heart.pk
        words = {"kind": "expert", "practitioner": self.hospital.doctor.pk, "start": "13:30", "end": "16:30", "minutes": 30,
                 "places": 2, "fee": 50}
        office.post(f"/console/roster/departments/{heart}/add", words | {"weekday": 0})
        one = Template.objects.get()
        office.post(f"/console/roster/{one.pk}/place", {"weekday": 1, "half": "pm", "copy": 1})
        office.post(f"/console/roster/{one.pk}/place", {"weekday": 2, "half": "pm"})
        month = {"month": f"{today:%Y-%m}"}
        office.post(f"/console/month/departments/{heart}/plan", month)
        office.post(f"/console/month/departments/{heart}/add", month | words | {"date": today + dt.timedelta(days=1)})
        office.post(f"/console/month/templates/{one.pk}/omit", month | {"day": today + dt.timedelta(days=5)})
        office.post(f"/console/month/departments/{heart}/holiday",
                    month | {"day": today + dt.timedelta(days=4), "means": 2})
        monday = today + dt.timedelta(days=3)
        office.post(f"/console/month/departments/{heart}/copy",
                    month | {"monday": monday - dt.timedelta(days=7), "to": monday})
        drafts = rosters.drafts(today, today + dt.timedelta(days=20))
        office.post("/console/review/open", {"drafts": drafts[0].pk})
        office.post("/console/review/open", {"drafts": drafts[1].pk, "discard": 1})

    def _queue(self) -> None:
        room = Room.objects.create(code="R0", department=self.hospital.heart, name_zh="3 诊室", name_en="Room 3",
                                   area="2F-B")
        area = Area(self.hospital, practitioner=self.hospital.doctor, kind="expert", fee=5000)
        for _ in range(5):
            area.comes()
        self.doctor = staff(Role.DOCTOR, self.hospital.doctor)
        self._post("sit", room=room.pk, schedule=area.session.pk)
        for verb in ("next", "again", "skip", "next", "pause", "resume"):
            self._post(verb, current=0)
        area.comes()
        self.time.go(minutes=25)

    def _post(self, verb: str, **words: object) -> None:
        self.doctor.post(f"/console/room/{verb}", words)

    def _examinations(self) -> None:
        person = self.hospital.patient()
        order = ServiceRequest.objects.create(patient=person, test=Test.objects.get(code="CBC"),
                                              ordered_at=self.time.now())
        with transaction.atomic():
            plan = next(iter(booking.diary(person.pk, [order.pk]).plans(self.time.now().date())))
            booking.book(person.pk, [order.pk], plan[0].start)
        nurse, turn = staff(Role.NURSE), Turn.objects.get()
        self.station = Station.objects.get(pk=turn.segment.station_id)
        nurse.post(f"/console/desks/turns/{turn.pk}/arrived")
        nurse.post(f"/console/desks/segments/{turn.segment_id}/windows", {"windows": 5})

    def _changes(self) -> None:
        colleague = Practitioner.objects.create(code="D2", name_zh="林试", name_en="Lin Shi", title="chief")
        colleague.departments.add(self.hospital.heart)
        sessions = [self.hospital.session(days=day, practitioner=self.hospital.doctor, kind="expert")
                    for day in (10, 11, 12)]
        for one in sessions:
            booked(self.hospital, one)
        office = staff(Role.OFFICE)
        for one, verb, words in ((sessions[0], "stop", {}), (sessions[1], "substitute", {"doctor": colleague.pk})):
            office.post(f"/console/changes/sessions/{one.pk}/{verb}", {"why": "away", **words})
        stopping.move(sessions[2].pk, self.hospital.session(days=13, practitioner=self.hospital.doctor, kind="expert").pk,
                      "one-office", "away")
        self.session, self.changes = sessions[1], list(Change.objects.order_by("pk"))
        office.post(f"/console/changes/{self.changes[1].pk}/contacts")

    def _missed(self) -> None:
        booked(self.hospital, self.hospital.session(days=-1, start=9))
        DepartmentRule.objects.get_or_create(department=self.hospital.heart, defaults={"check_in": True})
        noshows.count()

    def _kiosks(self) -> None:
        now = self.time.now()
        for name in ("lobby-1", "lobby-2"):
            tokens.register(name)
        Kiosk.objects.filter(name="lobby-1").update(seen_at=now)
        kiosk = Kiosk.objects.get(name="lobby-1")
        for kind, data in (("fails", {"what": "scanner"}), ("refused", {"reason": "paper_out"}),
                           ("visit", {"journey": "register"})):
            Fact.objects.create(kiosk=kiosk, at=now, kind=kind, data=data)
        for kind in ("visit_held", "visit_open", "news", "news_unreadable"):
            MachineObligation.objects.create(kiosk="lobby-1", kind=kind, no="AB12CD34", since=now, what="没有办完", next="等待",
                                             person=kind == "visit_held")
