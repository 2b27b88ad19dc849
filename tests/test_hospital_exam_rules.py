"""The rules of the blood draw, one test each."""

from __future__ import annotations

import datetime as dt

import pytest

from hospital.examining import rules
from hospital.examining.desk import windows_needed

SUMMER, WINTER = dt.date(2026, 7, 1), dt.date(2026, 12, 1)


@pytest.mark.parametrize(("day", "opens"), [
    (dt.date(2026, 4, 9), 450), (dt.date(2026, 4, 10), 420), (dt.date(2026, 9, 15), 420), (dt.date(2026, 9, 16), 450),
    (dt.date(2026, 1, 1), 450), (dt.date(2026, 12, 31), 450)])
def test_windows_open_at_seven_from_10_april_and_half_past_from_16_september(day: dt.date, opens: int) -> None:
    assert rules.opens(day) == opens


def test_four_windows_before_eight_and_six_until_ten() -> None:
    assert [rules.windows(minute) for minute in (420, 479, 480, 599, 600, 719, 720)] == [4, 4, 6, 6, 2, 2, 0]
    assert rules.segments(SUMMER)[0] == (420, 4) and rules.segments(WINTER)[0] == (450, 4)
    assert len(rules.segments(SUMMER)) == 20 and len(rules.segments(WINTER)) == 18


def test_one_nurse_draws_30_to_40_people_an_hour() -> None:
    assert 30 <= 3600 / rules.DRAW <= 40
    an_hour = sum(rules.capacity(count) for minute, count in rules.segments(SUMMER) if minute < 480) // rules.DRAW
    assert 4 * 30 <= an_hour <= 4 * 40


@pytest.mark.parametrize(("born", "old"), [
    (dt.date(1961, 12, 1), True), (dt.date(1961, 12, 2), False), (dt.date(1990, 1, 1), False), (None, False)])
def test_elderly_is_65_on_the_day(born: dt.date | None, old: bool) -> None:
    assert rules.elderly(born, WINTER) is old


def test_the_first_half_hour_is_for_65_and_over() -> None:
    last = rules.CLOSES
    assert [rules.may_begin(minute, WINTER, False, last) for minute in (450, 465, 480)] == [False, False, True]
    assert rules.may_begin(450, WINTER, True, last)
    assert rules.preferred([450, 465, 480, 495], WINTER, True) == [450, 465]
    assert rules.preferred([480, 495], WINTER, True) == [480, 495], "full: the rest of the day is open to them"
    assert rules.preferred([480, 495], WINTER, False) == [480, 495]


def test_fasting_tests_are_early() -> None:
    assert rules.latest([(True, None)]) == 9 * 60 + 30
    assert rules.latest([(True, 510)]) == 510
    assert rules.latest([(False, None)]) == rules.CLOSES
    assert rules.latest([(False, None), (True, None)]) == 9 * 60 + 30, "drawn together, the strictest decides"
    assert not rules.may_begin(585, WINTER, False, 570) and rules.may_begin(570, WINTER, False, 570)


def test_windows_are_planned_from_the_bookings() -> None:
    quarter = 900
    assert windows_needed([(0, quarter), (1, quarter), (31 * rules.DRAW, quarter)]) == [0, 1, 5]
