"""The hospital's clock: the one place that asks what time it is, in the hospital's own zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings


def now() -> dt.datetime:
    """This moment, aware, in the hospital's zone. Tests put another function in its place."""
    return dt.datetime.now(zone())


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment on the hospital's wall clock (databases answer in UTC)."""
    return moment.astimezone(zone())


def at(day: dt.date, minutes: int) -> dt.datetime:
    """`minutes` after the start of `day` in the hospital's zone; 1440 is the midnight that ends it."""
    midnight = dt.datetime.combine(day, dt.time.min)
    return (midnight + dt.timedelta(minutes=minutes)).replace(tzinfo=zone())
