"""The boards' own line: what a screen that stays connected is sent, and to whom the door is shut."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError

from hospital.care.models import Department
from hospital.queueing import boards, feed
from hospital.queueing.feed import Feed
from hospital_fixtures import Hospital
from queue_fixtures import Area


@pytest.fixture
def area(hospital: Hospital) -> Area:
    return Area(hospital)


def as_json(place: int | str, language: str) -> str:
    """What stands there, and in which language it was asked for."""
    state = boards.corridor() if place == boards.CORRIDOR else boards.board(place).lines
    return json.dumps({"language": language, "lines": list(map(asdict, state))}, cls=DjangoJSONEncoder, indent=1)


@contextmanager
def running() -> Iterator[int]:
    """A feed's port; the feed is stopped."""
    stop, door = threading.Event(), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=Feed(as_json).run_until, args=(stop, door))
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def port(area: Area) -> Iterator[int]:
    with running() as number:
        yield number


class Board:
    def __init__(self, port: int, key: str, query: str = "") -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._line.request("GET", f"/board/{key}{query}")
        self.answer = self._line.getresponse()

    def next(self) -> Any:
        """The next state it is sent, which is more than a line."""
        lines: list[bytes] = []
        while (line := self.answer.readline()) != b"\n" or not lines:
            assert line, "the line ended"
            if line.startswith(b"data: "):
                lines.append(line[6:])
        return json.loads(b"".join(lines))

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
        assert corridor.next()["lines"][0]["waiting"] == 1
        doctor.next()
        for board in (department, place):
            while not (state := board.next())["lines"][0]["called"]:
                pass
            [called] = state["lines"][0]["called"]
            assert (called["number"], called["name"], called["room_zh"]) == (1, "测**", "1 诊室")
        while corridor.next()["lines"][0]["waiting"]:
            pass
    finally:
        for board in (department, place, corridor, elsewhere):
            board.close()


def test_without_a_key_of_ours_there_is_nothing(area: Area, port: int) -> None:
    for key in ("2F-B", boards.key(1) + "x", ""):
        board = Board(port, key)
        assert board.answer.status == 404
        board.close()


def test_a_board_is_written_in_its_language(area: Area, port: int) -> None:
    for query, language in (("", "zh"), ("?language=en", "en"), ("?language=fr", "zh")):
        board = Board(port, boards.key("2F-B"), query)
        assert board.next()["language"] == language
        board.close()


def test_what_changes_without_a_call_is_told_too(area: Area, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "ANEW", 0.0)
    area.comes()
    board = Board(port, boards.key(area.session.department_id))
    assert board.next()["lines"][0]["department_zh"] == "心血管内科"
    Department.objects.update(name_zh="心内科")
    assert board.next()["lines"][0]["department_zh"] == "心内科", "and what stayed the same is not sent again"
    board.close()


def test_a_silent_line_breathes_and_a_look_that_fails_is_made_again(area: Area, port: int, monkeypatch: pytest.MonkeyPatch,
                                                                    ) -> None:
    monkeypatch.setattr(feed, "BREATH", 0.05)
    monkeypatch.setattr(feed, "REST", 0.0)
    area.comes()
    board = Board(port, boards.key(area.session.department_id))
    assert board.next()["lines"][0]["waiting"] == 1
    whole, failed = boards.versions, threading.Event()

    def failing() -> dict[int, tuple[int, int]]:
        monkeypatch.setattr(boards, "versions", whole)
        failed.set()
        raise DatabaseError("gone")
    monkeypatch.setattr(boards, "versions", failing)
    assert failed.wait(20)
    while board.answer.readline() != b"event: breath\n":
        pass
    area.comes()
    assert board.next()["lines"][0]["waiting"] == 2
    board.close()


def test_the_process_knows_where_its_line_is_as_long_as_it_has_one(area: Area) -> None:
    with running() as number:
        Board(number, "nobodys").close()
        assert feed.port() == number
    assert feed.port() == 0
