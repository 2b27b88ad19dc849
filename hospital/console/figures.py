"""How booking went: per day, month, hour of the day, department, doctor, channel, or for the whole hospital.

Every figure is about visits on the days asked for, whenever they were booked.

    wanted    booked + lost
    booked    appointments made, those given back later too
    lost      somebody held a number of a department for that day, and neither then nor later booked there
    success   booked / wanted
    due       appointments of which it is known whether somebody came: checked in, seen, or counted as missed when their
              day was over (hospital.outpatient.noshows; only departments that check people in count)
    missed    of those: nobody came, and nobody has forgiven it     (爽约)
    places    numbers of sessions that were not stopped
    left      of those: neither booked nor over, now
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, Expression, F, OuterRef, Q
from django.db.models.functions import ExtractHour, TruncMonth

from hospital import clock
from hospital.care.models import Appointment, Channel, Department, Hold, Practitioner, Schedule, Slot
from hospital.console.words import Both

HOSPITAL, DAY, MONTH, HOUR, DEPARTMENT, DOCTOR, CHANNEL = (
    "hospital", "day", "month", "hour", "department", "doctor", "channel")
BY = {HOSPITAL: Both("全院", "Hospital"), DAY: Both("日期", "Day"), MONTH: Both("月份", "Month"),
      HOUR: Both("时段", "Hour"), DEPARTMENT: Both("科室", "Department"),
      DOCTOR: Both("医生", "Doctor"), CHANNEL: Both("渠道", "Channel")}
_GENERAL = Both("普通门诊", "General clinic")
# Where the key of a row stands, seen from an appointment, a hold and a slot. A free slot belongs to no channel.
_Path = str | Callable[[], Expression] | None


def _month(day: str) -> _Path:
    return lambda: TruncMonth(day)


def _hour(start: str) -> _Path:
    return lambda: ExtractHour(start, tzinfo=clock.zone())


_PATHS: dict[str, tuple[_Path, _Path, _Path]] = {
    HOSPITAL: (None, None, None),
    DAY: ("day", "slot__schedule__day", "schedule__day"),
    MONTH: (_month("day"), _month("slot__schedule__day"), _month("schedule__day")),
    HOUR: (_hour("slot__start"), _hour("slot__start"), _hour("start")),
    DEPARTMENT: ("department", "slot__schedule__department", "schedule__department"),
    DOCTOR: ("slot__schedule__practitioner", "slot__schedule__practitioner", "schedule__practitioner"),
    CHANNEL: ("channel", "channel", ""),
}


@dataclass
class Row:
    label: Both
    booked: int = 0
    lost: int = 0
    cancelled: int = 0
    due: int = 0
    missed: int = 0
    places: int | None = None
    left: int | None = None
    key: Any = field(default=None, repr=False)

    @property
    def wanted(self) -> int:
        return self.booked + self.lost

    @property
    def success(self) -> float | None:
        """Percent; None where nobody wanted anything."""
        return _percent(self.booked, self.wanted)

    @property
    def failure(self) -> float | None:
        return _percent(self.lost, self.wanted)

    @property
    def no_show(self) -> float | None:
        return _percent(self.missed, self.due)


def rows(first: dt.date, last: dt.date, by: str) -> list[Row]:
    """One row a key of `by` (one of BY) that has any figure, in the order people expect. Four or five queries."""
    of_appointment, of_hold, of_slot = _PATHS[by]
    found: dict[Any, Row] = defaultdict(lambda: Row(Both("", "")))
    now = clock.now()
    appointments = Appointment.objects.filter(day__range=(first, last))
    for key, count in _grouped(appointments, of_appointment, _appointments()):
        row = found[key]
        row.booked, row.cancelled, row.due, row.missed = (count[name] for name in ("booked", "cancelled", "due", "missed"))
    for key, count in _grouped(_lost(first, last, now), of_hold, {"lost": Count("patient", distinct=True)},
                               "slot__schedule__day", "slot__schedule__department"):
        found[key].lost += count["lost"]
    if of_slot != "":
        slots = Slot.objects.filter(schedule__day__range=(first, last)).exclude(
            schedule__state__in=(Schedule.State.STOPPED, Schedule.State.DRAFT))
        free = Q(booked=False, end__gt=now) & (Q(held_until__isnull=True) | Q(held_until__lte=now))
        for key, count in _grouped(slots, of_slot, {"places": Count("pk"), "left": Count("pk", filter=free)}):
            found[key].places, found[key].left = count["places"], count["left"]
    return _labelled(found, by)


def _appointments() -> dict[str, Count]:
    state = Appointment.State
    return {"booked": Count("pk"), "cancelled": Count("pk", filter=Q(state=state.CANCELLED)),
            "due": Count("pk", filter=Q(state__in=(state.ARRIVED, state.FULFILLED, state.NOSHOW))),
            "missed": Count("pk", filter=Q(state=state.NOSHOW, miss__forgiven_at__isnull=True))}


def _lost(first: dt.date, last: dt.date, now: dt.datetime) -> Any:
    """Holds that came to nothing, of people who did not book there for that day in any other way."""
    after_all = Appointment.objects.filter(patient=OuterRef("patient"), department=OuterRef("slot__schedule__department"),
                                           day=OuterRef("slot__schedule__day"))
    return (Hold.objects.filter(slot__schedule__day__range=(first, last), appointment__isnull=True)
            .filter(Q(until__lte=now) | Q(released_at__isnull=False)).filter(~Exists(after_all)))


def _grouped(things: Any, path: _Path, counts: dict[str, Any], *finer: str) -> Iterator[tuple[Any, dict[str, int]]]:
    """(key, counts), counted within `finer` groups where a person may stand in several."""
    keyed = things.order_by().annotate(row_key=path() if callable(path) else F(path)) if path else things.order_by()
    names = (*(("row_key",) if path else ()), *finer)
    if not names:
        yield None, things.order_by().aggregate(**counts)
        return
    for one in keyed.values(*names).annotate(**counts):
        yield one.get("row_key"), one


def _labelled(found: dict[Any, Row], by: str) -> list[Row]:
    for key, row in found.items():
        row.key = key
    if by == HOSPITAL:
        names = {None: BY[HOSPITAL]}
    elif by == DEPARTMENT:
        names = {one.pk: Both(one.name_zh, one.name_en) for one in Department.objects.all()}
    elif by == DOCTOR:
        names = {one.pk: Both(one.name_zh, one.name_en) for one in Practitioner.objects.all()} | {None: _GENERAL}
    elif by == CHANNEL:
        names = {str(one): Both(one.label, one.name.capitalize()) for one in Channel}
    elif by == MONTH:
        names = {key: Both(f"{key:%Y-%m}", f"{key:%Y-%m}") for key in sorted(found)}
    elif by == HOUR:
        names = {key: Both(f"{key:02d}:00", f"{key:02d}:00") for key in sorted(found)}
    else:
        names = {key: Both(str(key), str(key)) for key in sorted(found, key=str)}
    for key in names:
        if key in found:
            found[key].label = names[key]
    return [found[key] for key in names if key in found]


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
