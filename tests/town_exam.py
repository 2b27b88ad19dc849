"""The examination rooms and the blood draw of a town: what is ordered for whom, when there is room, what is booked."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kiosk import care
from kiosk.exam_care import Bundle, ExamBooked, ExamBooking, ExamTurn, Worklist
from kiosk.requests import Refused
from kiosk.words import Name

if TYPE_CHECKING:
    from town import Town

ROOM = 2                                # places of a segment
STEP = dt.timedelta(minutes=30)
CHANGE = dt.timedelta(minutes=30)
ROOMS, DRAW = Name("检查室", "Examination room"), Name("采血处", "Blood draw")
PLACE = Name("医技楼2层", "Diagnostic Building, 2F")


@dataclass(frozen=True)
class Test:
    name: Name
    kind: str
    fasting: bool = False
    draws: tuple[int, ...] = (0,)
    tube: Name = Name("", "")
    before: Name = Name("", "")
    grown: bool = False                 # not for children
    after: str = ""                     # comes after this one


TESTS = {test.name.zh: test for test in (
    Test(Name("胃镜", "Gastroscopy"), "exam", True, grown=True,
         before=Name("前一晚10点后不吃东西。", "Nothing to eat after 10 pm.")),
    Test(Name("心脏彩超", "Echocardiography"), "exam"),
    Test(Name("增强CT", "Contrast CT"), "exam", before=Name("检查前4小时不吃东西。", "No food for 4 hours before.")),
    Test(Name("钡餐", "Barium meal"), "exam", after="增强CT"),
    Test(Name("糖耐量", "Glucose tolerance"), "blood", True, (0, 60, 120), Name("灰管3支", "3 grey tubes"),
         Name("抽血3次，共2小时。", "Three draws in 2 hours.")),
    Test(Name("血常规", "Blood count"), "blood", tube=Name("紫管1支", "1 purple tube")),
    Test(Name("生化", "Biochemistry"), "blood", True, tube=Name("黄管1支", "1 yellow tube")),
)}

ORDERS = {1: (1, "胃镜"), 2: (1, "心脏彩超"), 3: (1, "糖耐量"), 4: (1, "血常规"), 5: (2, "生化"), 6: (8, "增强CT"), 7: (8, "钡餐")}


class ExamBooks:
    """Orders, bookings, and how much of each half hour is taken."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.bookings: dict[int, ExamBooking] = {}
        self.owners: dict[int, int] = {}
        self.cancelled: list[int] = []
        self.taken: Counter[tuple[str, dt.datetime]] = Counter()
        self.slips: Counter[int] = Counter()
        self.asked: tuple[str, dt.datetime] | None = None
        self.numbers = itertools.count(1)
        self.late = False

    def live(self) -> list[ExamBooking]:
        return [one for one in self.bookings.values() if one.state == "booked"]

    def overbooked(self) -> list[str]:
        mine: Counter[tuple[str, dt.datetime]] = Counter(
            (one.kind, turn.start) for one in self.live() for turn in one.turns)
        return [str(slot) for slot, count in mine.items() if count > ROOM]

    # What other people do.

    def take_newest(self) -> None:
        """The first time that was offered last is gone."""
        assert self.asked is not None
        self.taken[self.asked] = ROOM

    def grow_late(self) -> None:
        """Nobody begins a fasting test today any more."""
        self.late = True

    def take_early(self) -> None:
        for day in range(3):
            self.taken["blood", self._at(day, 7, 30)] = ROOM

    # The rules.

    def open(self, patient: int, kind: str, but: ExamBooking | None = None) -> list[int]:
        served = {order for one in self.live() if one != but for order in one.bundle.orders}
        return [order for order, (whose, test) in ORDERS.items()
                if whose == patient and TESTS[test].kind == kind and order not in served]

    def bundle(self, orders: tuple[int, ...], waiting: list[int]) -> Bundle:
        tests = [TESTS[ORDERS[order][1]] for order in orders]
        names = {ORDERS[order][1] for order in waiting}
        return Bundle(orders, _joined([test.name for test in tests], "、", ", "), PLACE,
                      tuple(test.before for test in tests if test.before.zh), any(test.fasting for test in tests), False,
                      "first_other" if any(test.after in names for test in tests) else "")

    def times(self, patient: int, bundle: Bundle, kind: str) -> Iterator[tuple[dt.datetime, int]]:
        """Starts in the next days, and what is left of each."""
        old = self._town.patients[patient].born or dt.date.max
        for day, minutes in itertools.product(range(3), range(0, 300, 30)):
            start = self._at(day, 7, 30 + minutes)
            early = minutes < 30
            elderly = old.replace(year=old.year + 65) <= start.date()
            if start <= self._town.clock.wall() or early and not (kind == "blood" and elderly) \
                    or bundle.fasting and (minutes > 120 or self.late and day == 0):
                continue
            if kind == "blood" and elderly and not early and self._left(kind, self._at(day, 7, 30), bundle) \
                    and self._at(day, 7, 30) > self._town.clock.wall():
                continue
            if left := self._left(kind, start, bundle):
                yield start, left

    def turns(self, kind: str, start: dt.datetime, bundle: Bundle) -> list[dt.datetime]:
        tests = [TESTS[ORDERS[order][1]] for order in bundle.orders]
        if kind == "exam":
            return [start + STEP * at for at in range(len(tests))]
        return [start + dt.timedelta(minutes=minute) for minute in sorted({at for test in tests for at in test.draws})]

    def take(self, number: int, patient: int, bundle: Bundle, kind: str, start: dt.datetime) -> ExamBooking:
        if start not in dict(self.times(patient, bundle, kind)):
            raise Refused("slot_full")
        tests = [TESTS[ORDERS[order][1]] for order in bundle.orders]
        starts = self.turns(kind, start, bundle)
        self.taken.update((kind, at) for at in starts)
        names = [test.name for test in tests] if kind == "exam" else [bundle.name] * len(starts)
        booking = ExamBooking(
            number, f"{'B' if kind == 'blood' else 'E'}261123{number:04d}", kind, "booked", start.date(), start, bundle,
            _joined([test.tube for test in tests], "、", ", "),
            tuple(ExamTurn(DRAW if kind == "blood" else ROOMS, PLACE, name, at, at + STEP)
                  for at, name in zip(starts, names, strict=True)))
        self.bookings[number], self.owners[number] = booking, patient
        return booking

    def give_back(self, booking: ExamBooking) -> None:
        self.taken.subtract((booking.kind, turn.start) for turn in booking.turns)

    def seen(self, booking: ExamBooking) -> ExamBooking:
        return replace(booking, changeable=self._town.clock.wall() <= booking.start - CHANGE)

    def _left(self, kind: str, start: dt.datetime, bundle: Bundle) -> int:
        return min(ROOM - self.taken[kind, at] for at in self.turns(kind, start, bundle))

    def _at(self, days: int, hour: int, minutes: int) -> dt.datetime:
        today = self._town.clock.wall().replace(hour=hour, minute=0, second=0, microsecond=0)
        return today + dt.timedelta(days=days, minutes=minutes)


def _joined(names: list[Name], zh: str, en: str) -> Name:
    return Name(zh.join(name.zh for name in names if name.zh), en.join(name.en for name in names if name.en))


class ExamRooms:
    """That part of the hospital's server; over `_town`, with the line of town_hospital.py."""

    _town: Town
    _asked: Any
    _did: Any

    def examinations(self, patient: int, kind: str) -> Worklist:
        with self._asked():
            books = self._town.exams
            waiting = books.open(patient, kind)
            single = [books.bundle((order,), waiting) for order in waiting]
            free = tuple(one.orders[0] for one in single if not one.why)
            together = [books.bundle(free, [])] if len(free) > 1 else []
            mine = [books.seen(one) for one in books.live() if books.owners[one.id] == patient and one.kind == kind]
            return Worklist(self._town.clock.wall().date(),
                            tuple(together if kind == "blood" and together else together + single), tuple(mine))

    def exam_times(self, patient: int, orders: tuple[int, ...], booking: int | None) -> tuple[care.Session, ...]:
        with self._asked():
            books, kind = self._town.exams, TESTS[ORDERS[orders[0]][1]].kind
            found = list(books.times(patient, books.bundle(orders, []), kind))
            if found:
                books.asked = kind, found[0][0]
            days = sorted({start.date() for start, _ in found})
            return tuple(_session(day, [one for one in found if one[0].date() == day]) for day in days)

    def book_exam(self, patient: int, orders: tuple[int, ...], start: dt.datetime, key: str) -> ExamBooked:
        def work() -> ExamBooked:
            books, kind = self._town.exams, TESTS[ORDERS[orders[0]][1]].kind
            if not set(orders) <= set(books.open(patient, kind)):
                raise Refused("exam_booked")
            return self._with_slip(books.take(next(books.numbers), patient, books.bundle(orders, []), kind, start))
        booked: ExamBooked = self._did(key, ("book exam", patient, orders, start), work)
        return booked

    def move_exam(self, booking: int, start: dt.datetime, key: str) -> ExamBooked:
        def work() -> ExamBooked:
            books, was = self._town.exams, self._changeable(booking)
            books.give_back(was)
            try:
                return self._with_slip(books.take(booking, books.owners[booking], was.bundle, was.kind, start))
            except Refused:
                books.taken.update((was.kind, turn.start) for turn in was.turns)
                raise
        booked: ExamBooked = self._did(key, ("move exam", booking, start), work)
        return booked

    def cancel_exam(self, booking: int, key: str) -> ExamBooking:
        def work() -> ExamBooking:
            books, was = self._town.exams, self._changeable(booking)
            books.give_back(was)
            books.bookings[booking] = replace(was, state="cancelled")
            books.cancelled.append(booking)
            return books.bookings[booking]
        cancelled: ExamBooking = self._did(key, ("cancel exam", booking), work)
        return cancelled

    def issue_exam_slip(self, booking: int, key: str) -> int:
        number: int = self._did(key, ("exam slip", booking),
                                lambda: self._with_slip(self._town.exams.bookings[booking]).copy)
        return number

    def _with_slip(self, booking: ExamBooking) -> ExamBooked:
        self._town.exams.slips[booking.id] += 1
        return ExamBooked(booking, self._town.exams.slips[booking.id])

    def _changeable(self, booking: int) -> ExamBooking:
        was = self._town.exams.seen(self._town.exams.bookings[booking])
        if was.state != "booked":
            raise Refused("already_cancelled")
        if not was.changeable:
            raise Refused("exam_fixed")
        return was


def _session(day: dt.date, found: list[tuple[dt.datetime, int]]) -> care.Session:
    segments = tuple(care.Segment(f"{start:%Y%m%d%H%M}", start, start + STEP, left) for start, left in found)
    return care.Session(int(f"{day:%y%m%d}0"), 0, day, care.Half.AM, care.Kind.EXAM, None, 0,
                        sum(left for _, left in found), segments)
