"""Every driver on its real kind of line and behind its service: plugs, cancels, reports, and what stays open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from conformance import Subject, subjects
from drivers.contract import DeviceError, Gone, NothingPresented, State, Status
from drivers.links import open_link
from drivers.sim.bench import Bench
from leftovers import Mark
from twin_desk import Desk

SUBJECTS = subjects()
WAITING = [name for name, one in SUBJECTS.items() if one.waits]
TELLING = [name for name, one in SUBJECTS.items() if one.tells]
OPENED = 1_000          # times a line is opened and closed
PROMPT = 10.0           # s of real time on a busy machine, half of what it would wait; in memory it is held to 1 s
SERVED = 3              # times a service is started and ended, with all that a connection takes


class Counter:
    """A bench with one device, its twin and its desk."""

    def __init__(self, subject: Subject, bench: Bench) -> None:
        self.subject, self.bench = subject, bench
        self.twin: Any = bench.devices[subject.device]
        subject.prepare(self.twin)
        self.desk = Desk(bench, subject.device, subject.driver, **subject.options)

    def use(self) -> Any:
        return self.subject.use(self.bench, self.desk)


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=20, devices=(SUBJECTS[request.param].device,)) as twins:
        yield twins


@pytest.fixture
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counter]:
    subject = SUBJECTS[request.param]
    with Bench(tmp_path, speed=20, devices=(subject.device,)) as twins:
        one = Counter(subject, twins)
        yield one
        one.desk.service.close()


@pytest.mark.parametrize("counter", SUBJECTS, indirect=True)
def test_unplugged_and_plugged_in_again(counter: Counter) -> None:
    desk, twin = counter.desk, counter.twin
    desk.online()
    assert counter.use() is True
    assert desk.service.last_fault == ""
    twin.unplug()
    lost = desk.until(lambda status: status.state is State.NO_DEVICE)
    assert lost == Status(State.NO_DEVICE, cause="gone"), "and nothing of paper, cards or toner"
    assert isinstance(desk.do(lambda device: device.status()), Gone)
    twin.plug()
    assert counter.use() is True, "a command wakes the service from its pause"


@pytest.mark.parametrize("counter", WAITING, indirect=True)
@pytest.mark.parametrize("end", ["cancel", "unplug"])
def test_waiting_ends_when_it_must_and_the_device_is_usable_afterwards(counter: Counter, end: str) -> None:
    desk, waits = counter.desk, threading.Event()
    desk.online()

    def work(device: Any) -> Any:
        desk.service.line.once = waits.set
        assert counter.subject.waits
        return counter.subject.waits(device)

    command = desk.begin(work)
    assert waits.wait(20)
    asked = time.monotonic()
    if end == "cancel":
        command.cancel()
    else:
        counter.twin.unplug()
    ended = desk.end()
    assert time.monotonic() - asked < PROMPT
    assert isinstance(ended, DeviceError if end == "cancel" else Gone) and not isinstance(ended, NothingPresented)
    counter.twin.heal()
    desk.online()
    assert counter.use() is True


@pytest.mark.parametrize("counter", TELLING, indirect=True)
def test_a_change_is_reported_once(counter: Counter) -> None:
    desk = counter.desk
    desk.online()
    well = desk.service.status
    assert counter.subject.tells
    counter.subject.tells(counter.twin)
    ill = desk.until(lambda status: status != well)
    counter.twin.heal()
    assert desk.until(lambda status: status != ill) == well
    for _ in range(3):              # after each the service looks by itself, too
        desk.do(lambda device: device.status())
    assert desk.reports.empty()


@pytest.mark.parametrize("bench", SUBJECTS, indirect=True)
def test_nothing_stays_open(bench: Bench, request: pytest.FixtureRequest) -> None:
    subject = SUBJECTS[request.node.callspec.params["bench"]]
    url = bench.urls[subject.device]
    for _ in range(SERVED):
        Desk(bench, subject.device, subject.driver, **subject.options).service.close()
    mark = Mark()
    for _ in range(SERVED):
        desk = Desk(bench, subject.device, subject.driver, **subject.options)
        desk.online()
        desk.service.close()
    opened = 0
    for _ in range(OPENED):
        with suppress(Gone):            # a print server refuses for a moment when callers come so fast
            link = open_link(url)
            subject.module.Device(link, **subject.options)
            link.close()
            opened += 1
    assert opened > OPENED * 0.9
    assert mark.left() == []
