"""The boards' own line: what a screen that stays connected is sent, and to whom the door is shut."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hospital.queueing import boards
from hospital.queueing.feed import Feed
from hospital_fixtures import Hospital
from queue_fixtures import Area


@pytest.fixture
def area(hospital: Hospital) -> Area:
    return Area(hospital)


@pytest.fixture
def port(area: Area) -> Iterator[int]:
    """A feed that runs, and is stopped."""
    stop, ready, found = threading.Event(), threading.Event(), []

    def opened(number: int) -> None:
        found.append(number)
        ready.set()
    thread = threading.Thread(target=Feed().run_until, args=(stop, "127.0.0.1", 0, opened))
    thread.start()
    assert ready.wait(20)
    yield found[0]
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


class Board:
    def __init__(self, port: int, key: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._line.request("GET", f"/board/{key}")
        self.answer = self._line.getresponse()

    def next(self) -> Any:
        """The next state it is sent."""
        while not (line := self.answer.readline()).startswith(b"data: "):
            assert line, "the line ended"
        return json.loads(line[6:])

    def close(self) -> None:
        self._line.close()
        self.answer.close()


def test_a_board_is_sent_its_state_and_every_change(area: Area, port: int) -> None:
    area.comes()
    doctor = area.opens()
    department, place, corridor = (Board(port, boards.key(one)) for one in (area.session.department_id, "2F-B", ""))
    elsewhere = Board(port, boards.key("another area"))
    try:
        assert elsewhere.next()["lines"] == []
        for board in (department, place):
            assert board.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert [one["number"] for one in board.next()["lines"][0]["next"]] == [1]
        assert corridor.next()[0]["waiting"] == 1
        doctor.next()
        for board in (department, place):
            while not (state := board.next())["lines"][0]["called"]:
                pass
            [called] = state["lines"][0]["called"]
            assert (called["number"], called["name"], called["room_zh"]) == (1, "测**", "1 诊室")
        while corridor.next()[0]["waiting"]:
            pass
    finally:
        for board in (department, place, corridor, elsewhere):
            board.close()


def test_without_a_key_of_ours_there_is_nothing(area: Area, port: int) -> None:
    for key in ("2F-B", boards.key(1) + "x", ""):
        board = Board(port, key)
        assert board.answer.status == 404
        board.close()
