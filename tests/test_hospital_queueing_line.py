"""The order of a line: nobody is overtaken more than the hospital allows, whoever comes and in whatever order."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings, strategies as st

from hospital.queueing.line import Place, ahead, first, order, overtakes

NINE = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def waits(ticket: int, place: float, credit: float = 0, after: int = 0) -> Place:
    return Place(ticket, ticket, NINE + minutes(place), NINE + minutes(place - credit), after)


comers = st.lists(st.tuples(st.integers(0, 60), st.sampled_from((0, 0, 0, 15, 20, 30, 500))), min_size=1, max_size=60)
calls = st.lists(st.booleans(), min_size=1, max_size=200)


@given(comers, calls, st.integers(1, 6))
@settings(max_examples=300)
def test_nobody_is_overtaken_more_than_allowed(comers: list[tuple[int, int]], calls: list[bool], most: int) -> None:
    """People come and are called in any order, with any priorities; `most` holds for each of them, and all are called."""
    line: list[Place] = []
    coming = [waits(number, place, credit) for number, (place, credit) in enumerate(comers)]
    passed: Counter[int] = Counter()
    done = 0
    for call in [*calls, *[False] * len(coming), *[True] * len(coming)]:
        if not call and coming:
            line.append(coming.pop(0))
        elif call and (called := first(line, done, most)) is not None:
            passed.update(one.ticket for one in line if overtakes(called, one, done))
            line = [replace(one, overtaken=one.overtaken + overtakes(called, one, done))
                    for one in line if one.ticket != called.ticket]
            done += 1
    assert done == len(comers) and not line
    assert max(passed.values(), default=0) <= most


def test_who_is_on_time_is_called_in_the_order_of_the_bookings_not_of_coming() -> None:
    line = [waits(1, 30), waits(2, 0), waits(3, 15)]
    assert [one.ticket for one in order(line, 0, 5)] == [2, 3, 1]


def test_priorities_are_interleaved_not_all_first() -> None:
    ordinary = [waits(number, 5 * number) for number in range(8)]
    old = [waits(100 + number, 5 * number, credit=15) for number in range(8)]
    called = [one.ticket for one in order(ordinary + old, 0, 5)]
    assert called[:4] == [100, 101, 102, 0] or called.index(0) <= 5
    assert called.index(0) < called.index(107) and called.index(107) < called.index(7)


def test_a_missed_call_comes_back_after_so_many_others() -> None:
    line = [waits(1, 0, after=7), *(waits(number, number) for number in range(2, 8))]
    assert [one.ticket for one in order(line, 4, 5)] == [2, 3, 4, 1, 5, 6, 7]


def test_a_missed_call_does_not_wait_for_an_empty_room() -> None:
    assert first([waits(1, 0, after=99)], 0, 5) == waits(1, 0, after=99)
    assert first([], 0, 5) is None


def test_ahead_is_what_will_be_called_before() -> None:
    line = [waits(1, 0), waits(2, 10), waits(3, 20, credit=15)]
    assert [ahead(line, ticket, 0, 5) for ticket in (1, 2, 3)] == [0, 2, 1]
