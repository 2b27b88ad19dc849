"""The service of a device, played against a scripted driver over a real line."""

from __future__ import annotations

import os
import pty
import queue
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from drivers.contract import (
    Cancelled, CardMoved, DeviceError, Gone, Link, NoAnswer, OutOfService, Paper, State, Status, WrongDevice)
from drivers.service import Service
from leftovers import Mark

GOOD = Status(State.ONLINE, Paper.FULL)


class Script:
    """What the device will do next, and what was asked of it."""

    def __init__(self) -> None:
        self.identity: str | Exception = "a scripted device"
        self.state: Status | Exception = GOOD
        self.moments: queue.Queue[Exception] = queue.Queue()     # answered once each, before `state`
        self.connects = 0
        self.misses = 0
        self.polled = threading.Semaphore(0)


class Device:
    script: Script

    def __init__(self, link: Link, mood: str = "good") -> None:
        self.link, self.mood = link, mood

    def identify(self) -> str:
        self.script.connects += 1
        return answer(self.script.identity)

    def status(self) -> Status:
        self.script.polled.release()
        try:
            return answer(self.script.state if self.script.moments.empty() else self.script.moments.get())
        except DeviceError:
            self.script.misses += 1
            raise

    def wait(self, seconds: float) -> bytes:
        return self.link.read(seconds)


def answer(what: Any) -> Any:
    if isinstance(what, Exception):
        raise what
    return what


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    module = ModuleType("drivers.scripted")
    Device.script = Script()
    module.Device = Device                                      # type: ignore[attr-defined]
    module.impersonal = lambda data: False                      # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "drivers.scripted", module)
    return Device.script


@pytest.fixture
def line() -> Iterator[str]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield f"serial://{os.ttyname(slave)}"
    os.close(slave)
    os.close(master)


class Bench:
    """A service with everything it said, in order."""

    def __init__(self, url: str, **options: str) -> None:
        self.reports: queue.Queue[tuple[str, Status, str]] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()
        self.service: Service[Device] = Service(
            "test", "scripted", url, lambda *report: self.reports.put(report), **options)

    def submit(self, work: Callable[[Device], Any]) -> Any:
        return self.service.submit(work, self.answers.put)

    def answer(self) -> Any:
        return self.answers.get(timeout=20)

    def status(self) -> Status:
        return self.reports.get(timeout=20)[1]

    def answered_nothing_more(self) -> bool:
        self.service.close()
        return self.answers.empty()


@pytest.fixture
def bench(script: Script, line: str) -> Iterator[Bench]:
    service = Bench(line, period="0.02")
    yield service
    service.service.close()


def test_connecting_is_line_identity_status_and_one_report(bench: Bench, script: Script) -> None:
    assert bench.reports.get(timeout=20) == ("test", GOOD, "a scripted device")
    for _ in range(5):
        assert script.polled.acquire(timeout=20)
    assert bench.reports.empty()
    assert bench.service.snapshot.identity == "a scripted device"
    assert bench.service.status == GOOD
    assert bench.service.since.tzinfo is not None
    assert bench.service.last_fault == ""


def test_a_change_is_reported_once(bench: Bench, script: Script) -> None:
    assert bench.status() == GOOD
    first = bench.service.since
    script.state = low = Status(State.ONLINE, Paper.LOW)
    assert bench.status() == low
    assert bench.service.since > first
    for _ in range(5):
        assert script.polled.acquire(timeout=20)
    assert bench.reports.empty()


def test_commands_run_one_at_a_time_in_order(bench: Bench) -> None:
    busy = threading.Lock()

    def work(number: int) -> Callable[[Device], int]:
        def run(device: Device) -> int:
            assert busy.acquire(blocking=False)
            device.wait(0.001)
            busy.release()
            return number
        return run

    for number in range(50):
        bench.submit(work(number))
    assert [bench.answer() for _ in range(50)] == list(range(50))


@pytest.mark.parametrize("error", [CardMoved(), NoAnswer(), Gone(), OutOfService("head")])
def test_a_driver_s_error_is_the_completion(bench: Bench, error: DeviceError) -> None:
    bench.submit(lambda device: answer(error))
    assert bench.answer() is error
    bench.submit(lambda device: "next")
    assert bench.answer() == "next"


def test_a_bug_in_a_driver_is_a_fault_without_its_words_and_a_new_line(bench: Bench, script: Script) -> None:
    assert bench.status() == GOOD
    bench.submit(lambda device: answer(KeyError("999999199001010016")))
    error = bench.answer()
    assert type(error) is DeviceError and "KeyError" in str(error) and "9999" not in str(error)
    bench.submit(lambda device: "next")
    assert bench.answer() == "next"
    assert script.connects == 2
    assert "KeyError" in bench.service.last_fault


def test_a_listener_that_fails_hurts_nobody(script: Script, line: str) -> None:
    heard = threading.Semaphore(0)

    def fail(*report: Any) -> None:
        heard.release()
        raise RuntimeError

    service: Service[Device] = Service("test", "scripted", line, fail)
    answers: queue.Queue[Any] = queue.Queue()
    service.submit(lambda device: 1, fail)
    service.submit(lambda device: 2, answers.put)
    assert answers.get(timeout=20) == 2
    assert heard.acquire(timeout=20) and heard.acquire(timeout=20)
    service.close()


def test_cancel_ends_the_running_command_at_once(bench: Bench) -> None:
    begun = threading.Event()

    def work(device: Device) -> bytes:
        begun.set()
        return device.wait(30)

    command = bench.submit(work)
    assert begun.wait(20)
    asked = time.monotonic()
    command.cancel()
    assert isinstance(bench.answer(), Cancelled)
    assert time.monotonic() - asked < 10
    command.cancel()
    bench.submit(lambda device: device.wait(0.01))
    assert bench.answer() == b"", "a late cancel does not reach the next command"
    assert bench.answered_nothing_more()


def test_cancel_ends_a_waiting_command_though_the_device_is_busy(bench: Bench) -> None:
    begun, go_on, ran = threading.Event(), threading.Event(), threading.Event()

    def work(device: Device) -> str:
        begun.set()
        assert go_on.wait(20)
        return "first"

    bench.submit(work)
    assert begun.wait(20)
    waiting = bench.submit(lambda device: ran.set())
    waiting.cancel()
    assert isinstance(bench.answer(), Cancelled)
    go_on.set()
    assert bench.answer() == "first"
    assert bench.answered_nothing_more()
    assert not ran.is_set()


def test_cancel_at_any_moment_gives_exactly_one_completion(bench: Bench) -> None:
    for lap in range(200):
        command = bench.submit(lambda device: device.wait(0.002))
        if lap % 3:
            threading.Thread(target=command.cancel).start()
        else:
            command.cancel()
        end = bench.answer()
        assert end == b"" or isinstance(end, Cancelled)
    assert bench.answered_nothing_more()


def test_a_silent_device_is_gone_after_three_misses_not_before(bench: Bench, script: Script) -> None:
    assert bench.status() == GOOD
    script.state = NoAnswer("status")
    asked = time.monotonic()
    assert bench.status() == Status(State.NO_DEVICE, cause="no_answer")
    assert 3 <= script.misses <= 4
    assert time.monotonic() - asked < 20
    assert bench.service.last_fault == "no_answer: status"
    script.state = GOOD
    bench.submit(lambda device: "back")
    assert bench.answer() == "back"
    assert bench.status() == GOOD


def test_a_moment_s_absence_is_no_loss(bench: Bench, script: Script) -> None:
    assert bench.status() == GOOD
    for moment, connects in ((NoAnswer(), 1), (Gone(), 3)):
        script.moments.put(moment)
        script.moments.put(moment)
        while script.misses < 2:
            assert script.polled.acquire(timeout=20)
        script.misses = 0
        for _ in range(4):
            assert script.polled.acquire(timeout=20)
        assert script.connects == connects
    assert bench.reports.empty() and bench.service.status == GOOD


def test_without_a_device_each_command_ends_after_one_attempt(script: Script) -> None:
    bench = Bench("serial:///dev/no-such-port")
    assert bench.status() == Status(State.NO_DEVICE, cause="gone")
    asked = time.monotonic()
    for _ in range(40):
        bench.submit(lambda device: "never")
        assert isinstance(bench.answer(), Gone)
    assert time.monotonic() - asked < 10, "it did not wait for the pauses between attempts: half a second and more, each"
    assert bench.reports.empty()
    bench.service.close()


@pytest.mark.parametrize(("identity", "ends", "status"), [
    (WrongDevice("a scale"), WrongDevice, Status(State.FAULT, cause="wrong_device")),
    (OutOfService("self-test"), OutOfService, Status(State.FAULT, cause="out_of_service")),
    (NoAnswer(), Gone, Status(State.NO_DEVICE, cause="no_answer")),
    (ZeroDivisionError(), DeviceError, Status(State.FAULT, cause="fault")),
])
def test_what_stands_in_the_way_of_connecting_is_told(
        script: Script, line: str, identity: Exception, ends: type, status: Status) -> None:
    script.identity = identity
    bench = Bench(line)
    assert bench.status() == status
    bench.submit(lambda device: "never")
    assert type(bench.answer()) is ends
    script.identity = "well again"
    bench.submit(lambda device: "now")
    assert bench.answer() == "now"
    assert bench.reports.get(timeout=20) == ("test", GOOD, "well again")
    bench.service.close()


def test_a_line_that_comes_back_is_found_by_itself(script: Script, tmp_path: Any) -> None:
    name = tmp_path / "device"
    bench = Bench(f"serial://{name}")
    assert bench.status().state is State.NO_DEVICE
    master, slave = pty.openpty()
    tty.setraw(slave)
    name.symlink_to(os.ttyname(slave))
    assert bench.status() == GOOD
    bench.service.close()
    os.close(slave)
    os.close(master)


def test_close_ends_what_runs_and_what_waits(bench: Bench) -> None:
    begun = threading.Event()

    def work(device: Device) -> bytes:
        begun.set()
        return device.wait(30)

    bench.submit(work)
    bench.submit(lambda device: "never")
    assert begun.wait(20)
    asked = time.monotonic()
    bench.service.close()
    assert time.monotonic() - asked < 10
    assert [type(bench.answer()) for _ in range(2)] == [Cancelled, Cancelled]
    bench.submit(lambda device: "too late")
    assert isinstance(bench.answer(), Cancelled)
    bench.service.close()


def test_a_completion_may_close_its_service(bench: Bench) -> None:
    closed = threading.Event()

    def close(result: object) -> None:
        bench.service.close()
        closed.set()

    bench.service.submit(lambda device: 1, close)
    assert closed.wait(20)


def test_two_hundred_services_leave_neither_thread_nor_descriptor(script: Script, line: str) -> None:
    Bench(line).service.close()
    mark = Mark()
    for lap in range(200):
        bench = Bench(line if lap % 4 else "serial:///dev/no-such-port")
        if lap % 2:
            bench.submit(lambda device: 1)
            assert bench.answer() == 1
        bench.service.close()
    assert mark.left() == []


@pytest.mark.parametrize(("driver", "options", "error"), [
    ("no_such_driver", {}, ImportError),
    ("../scripted", {}, ImportError),
    ("scripted", {"colour": "red"}, TypeError),
    ("scripted", {"period": "soon"}, ValueError),
])
def test_settings_that_fit_no_driver_are_refused_at_once(
        script: Script, driver: str, options: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        Service("test", driver, "serial:///dev/null", lambda *report: None, **options)


def test_drivers_cost_nothing_until_they_are_used() -> None:
    """The layout library takes half a second to load: not while the kiosk starts."""
    program = "import sys, drivers.printer_escpos, drivers.idcard_sdt, drivers.scanner_line; print('escpos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
