"""The words on the wire about changes of sessions, doctors like one who is full, and children."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from ninja import Schema

from hospital.kiosk import schemas as wire


class Offer(Schema):
    """A change that the person is asked to agree to. `doctor`: who stands in; `day` to `end`: when it would be instead."""

    id: uuid.UUID
    kind: Literal["substitute", "move"]
    appointment: wire.Appointment
    doctor: wire.Practitioner | None
    day: dt.date | None
    start: wire.Moment | None
    end: wire.Moment | None
    until: wire.Moment


class Answer(Schema):
    accept: bool


class Answered(Schema):
    accepted: bool
    appointment: wire.Appointment
    refund: wire.Refund | None


class Similar(Schema):
    """A doctor like one who is full, and their next session that has a place."""

    practitioner: wire.Practitioner
    session: wire.Session
    segment: wire.Segment
