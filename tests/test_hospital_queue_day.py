"""A seeded day, from the booking to the room: everything is as it must be, and the waits people were told held."""

from __future__ import annotations

import pytest

from hospital.figures._outpatients import Day
from hospital.queueing.models import Ticket

HOLDS = 0.8


@pytest.mark.parametrize("seed", [7])
def test_a_day_keeps_its_rules_and_its_word(books: str, seed: int) -> None:
    day = Day(seed, visits=60, departments=1)
    day.live()
    assert day.broken() == [] and Ticket.objects.count() > 45
    told = [(one.wait, one.actual) for one in day.told.values() if one.wait is not None and one.actual is not None]
    held = sum(wait.low <= actual <= wait.high for wait, actual in told)
    assert len(told) > 45 and held >= HOLDS * len(told)
