"""The town with a real hospital in it: the server's own books, served over HTTP, on the town's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.db.models import Q
from waitress.server import create_server

from ending import ask_to_end
from hospital import clock
from hospital.care.models import Appointment, Department, Hold, Patient, Practitioner, Schedule, Slot
from hospital.kiosk import tokens
from hospital.money import cancelling, settling
from hospital.money.models import Order
from hospital.payments.channel import TradeState
from kiosk.hospital import Hospital, Unknown
from paper_channel import PaperChannel
from townsfolk import PEOPLE, roster
from virtual import Clock, Fuse

ACTS = {"enroll", "seen_notice", "hold", "release", "confirm", "open_payment", "charge", "close_payment", "cancel",
        "issue_paper", "report_paper"}


class Served:
    """The hospital over HTTP, in this process, with the database and the clock of the test."""

    def __init__(self) -> None:
        def closing(environ: Any, start: Any) -> Any:
            try:
                return list(application(environ, start))
            finally:
                connections.close_all()         # its threads end with the test, and so do their files
        application = get_wsgi_application()
        self._server = create_server(closing, host="127.0.0.1", port=0, threads=4)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.effective_port}"

    def stop(self) -> None:
        def close() -> None:
            for channel in list(self._server.active_channels.values()):     # a kiosk keeps its line open
                channel.handle_close()
            self._server.close()
        ask_to_end(self._server, close)
        self._server.task_dispatcher.shutdown()
        self._thread.join(30)
        assert not self._thread.is_alive()


class Line:
    """A kiosk's way to the hospital, which may be cut, or lose an answer after the act was done."""

    def __init__(self, town: ServedTown, hospital: Hospital) -> None:
        self._town, self._hospital = town, hospital

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            if self._town.away:
                raise Unknown("ConnectTimeout")
            answer = getattr(self._hospital, name)(*words, **more)
            if name in ACTS and self._town.lose > 0:
                self._town.lose -= 1
                raise Unknown("ReadTimeout")
            return answer
        return call


@dataclass
class Paid:
    came: int
    back: int


@dataclass
class Booked:
    appointment: Appointment


class ServedTown:
    """As much of tests/town.py as a table needs, on the hospital's own books."""

    hospital: Any

    def __init__(self, channel: PaperChannel, time: Clock, url: str) -> None:
        self.clock, self.fuse, self.channel, self._url = time, Fuse(), channel, url
        self.away, self.lose = False, 0
        # What no table played here touches.
        self.queue, self.exams = SimpleNamespace(places={}), SimpleNamespace(live=tuple)
        _fill(self.clock)

    def open(self, make: Callable[[str, str, Callable[[], Any]], Hospital]) -> None:
        """A kiosk is set up; `make` gives its hospital for an address, a token and the day."""
        self.hospital = Line(self, make(self._url, tokens.register("K1"), lambda: self.clock.wall().date()))

    @property
    def bookings(self) -> dict[int, Booked]:
        return {one.pk: Booked(one) for one in Appointment.objects.all()}

    @property
    def orders(self) -> dict[str, Paid]:
        found = Order.objects.select_related("payment", "refund")
        return {one.no: Paid(one.received.amount if one.received else 0,
                             one.refund.amount if getattr(one, "refund", None) else 0) for one in found}

    def pay(self, amount: int | None = None) -> bool:
        no = Order.objects.latest("made_at").no
        if self.channel.orders[no].state != TradeState.NOTPAY:
            return False
        self.channel.pay(no, amount)
        settling.learn(no, self.channel.query(no))
        return True

    def take(self, what: str) -> None:
        wanted = {"the place": lambda: Q(start=_newest().start, schedule=_newest().schedule),
                  "every place today": lambda: Q(schedule__day=self.clock.wall().date())}
        first = Slot.objects.order_by("pk")[0]
        which = wanted.get(what, lambda: Q(start=first.start, schedule=first.schedule))()
        free = Q(held_until__isnull=True) | Q(held_until__lte=clock.now())
        Slot.objects.filter(which & free, booked=False).update(booked=True, hold=None)

    def stop(self, department: str) -> None:
        for one in Schedule.objects.filter(department__name_zh=department, day=self.clock.wall().date()):
            cancelling.stop(one)


def _newest() -> Slot:
    return Hold.objects.latest("made_at").slot


def _fill(time: Clock) -> None:
    """What the town offers (tests/townsfolk.py), in the hospital's books."""
    departments, sessions = roster(time.wall().date())
    for rank, one in enumerate(departments):
        Department.objects.create(pk=one.id, code=one.code, name_zh=one.name.zh, name_en=one.name.en, place_zh=one.place.zh,
                                  place_en=one.place.en, key=one.key, rank=rank)
    for one in sessions:
        doctor = one.practitioner and Practitioner.objects.get_or_create(pk=one.practitioner.id, defaults={
            "code": "D1", "name_zh": one.practitioner.name.zh, "name_en": one.practitioner.name.en,
            "title": one.practitioner.title, "speciality_zh": one.practitioner.speciality.zh,
            "speciality_en": one.practitioner.speciality.en})[0]
        schedule = Schedule.objects.create(
            pk=one.id, department_id=one.department, practitioner=doctor, kind=one.kind, day=one.day, half=one.half,
            start=one.segments[0].start, end=one.segments[-1].end, fee=one.fee, state="open", released_at=time.wall())
        Slot.objects.bulk_create(Slot(schedule=schedule, number=number, start=part.start, end=part.end)
                                 for number, part in enumerate((part for part in one.segments for _ in range(part.left)), 1))
    for person in PEOPLE.values():
        if person.file:
            Patient.objects.create(pk=person.file, record_no=f"9000{person.file:04d}", name=person.name, sex="male",
                                   id_number=person.number, born=person.born, phone=person.phone,
                                   visit_card=person.visit_card or None, made_at=time.wall())
