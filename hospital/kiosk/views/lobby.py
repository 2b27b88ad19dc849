"""Before anybody is known: the time, what can be booked, and the machine's own news."""

from typing import Annotated

from django.conf import settings
from ninja import Query, Router

from hospital import clock
from hospital.care import availability, roster
from hospital.care.models import Channel
from hospital.kiosk import acquaintance, answers, schemas as wire
from hospital.kiosk.door import Request, act, read
from hospital.kiosk.models import Fact
from hospital.money import channels
from hospital.outpatient import registering
from hospital.version import VERSION

router = Router(tags=["lobby"])


@read(router, "/hello", wire.Hello)
def hello(request: Request) -> wire.Hello:
    """The server's time, version, name and zone."""
    return wire.Hello(time=clock.now(), version=VERSION, hospital=wire.Name(**settings.HOSPITAL_NAME),
                      zone=settings.TIME_ZONE, channels=channels.names())


@read(router, "/departments", list[wire.Department])
def departments(request: Request) -> list[wire.Department]:
    """In the hospital's order, key departments first, with what is left for kiosks today."""
    return [answers.department(*one) for one in roster.departments(registering.shares_of(Channel.KIOSK))]


@read(router, "/departments/{int:department}/sessions", list[wire.Session], ("unknown_department", "unknown_patient"))
def sessions(request: Request, department: int, days: Annotated[int, Query(ge=1, le=31)] = 14,
             patient: int | None = None) -> list[wire.Session]:
    """Released sessions from now on; segments that are over are left out. Places left are those that a kiosk may give,
    and those kept for who was referred, where `patient` was."""
    if patient is not None:
        acquaintance.here(request.auth, patient)
    shares = registering.shares_of(Channel.KIOSK, patient, department)
    return [answers.session(one) for one in availability.sessions(department, days, shares)]


@act(router, "/facts", wire.Empty)
def facts(request: Request, body: wire.Facts) -> wire.Empty:
    """The kiosk's news for the staff. What it has told before (the same id and time) is passed over."""
    Fact.objects.bulk_create((Fact(kiosk=request.auth, number=one.id, at=one.at, kind=one.kind, data=one.data)
                              for one in body.facts), ignore_conflicts=True)
    return wire.Empty()
