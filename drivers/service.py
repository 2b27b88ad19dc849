"""One thread per device, in XFS4IoT's manner: a queue, one command at a time, one completion for each.

A device that is not there is the ordinary case, not an accident: reconnecting *is* connecting (open the line,
ask who it is, ask how it is), tried again with growing pauses, and at once when
somebody wants something.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Generic, TypeVar

from drivers.contract import (
    Action, Cancelled, DeviceError, Driver, Gone, Link, NoAnswer, NothingPresented, State, Status)
from drivers.links import Spy, open_link

D = TypeVar("D", bound=Driver)
T = TypeVar("T")

MISSES = 3                  # a moment's absence is not a loss
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)            # seconds between attempts to connect
MISS_PAUSE = 0.5            # seconds before a silent device is asked again

log = logging.getLogger(__name__)
wire = logging.getLogger("drivers.wire")        # at DEBUG: what passes on the lines, without persons


@dataclass(frozen=True)
class Snapshot:
    """What is known of a device at one moment. `since` is when `status` last changed, aware, UTC."""

    status: Status
    since: dt.datetime
    identity: str = ""
    last_fault: str = ""


class Command:
    """A piece of work handed to a device. It ends exactly once; anyone may `cancel` at any time."""

    def __init__(self, work: Callable[[Any], Any], done: Callable[[Any], None],
                 take_back: Callable[[Command], None]) -> None:
        self.work, self._done, self._take_back = work, done, take_back

    def cancel(self) -> None:
        """Ask for the end. It comes as Cancelled, or as the command's own end when that was quicker."""
        self._take_back(self)

    def end(self, answer: Any) -> None:
        try:
            self._done(answer)
        except Exception as error:
            log.error("completion failed: %s", _where(error))


def known(driver: str, options: Mapping[str, str]) -> ModuleType:
    """The module of a driver that takes these options. Raises ImportError, TypeError."""
    if not driver.isidentifier():
        raise ImportError(f"no such driver: {driver}")
    module = importlib.import_module(f"drivers.{driver}")
    if not hasattr(module, "Device"):
        raise ImportError(f"drivers/{driver}.py is no driver")
    inspect.signature(module.Device).bind(None, **{name: value for name, value in options.items() if name != "period"})
    return module


class Service(Generic[D]):
    """Owns one device: its line, its thread, its queue, its status.

    `driver` is a module of this package, `options` go to its `Device` (except `period`, the seconds between
    two questions for the status of an idle device, default 3). `report(name, status, detail)` is called from
    the device's thread, once for each change of status; `happened(name, what)` for what a driver has to tell besides
    (`CardMover.happened`), before the command ends by which it came. Raises ImportError, TypeError for settings that
    fit no driver.
    """

    def __init__(self, name: str, driver: str, url: str, report: Callable[[str, Status, str], None],
                 happened: Callable[[str, str], None] = lambda name, what: None, **options: str) -> None:
        self.name = name
        self.tap: Callable[[str], None] | None = None
        """Gets what passes on the line, as drivers/links.Spy tells it, on the device's thread."""
        self._period = float(options.pop("period", "3"))
        self._module = known(driver, options)
        self._url, self._options, self._report, self._happened = url, options, report, happened
        self._turn = threading.Condition()      # guards the five below
        self._queue: deque[Command] = deque()
        self._running: Command | None = None
        self._link: Link | None = None
        self._closed = False
        self._snapshot = Snapshot(Status(State.UNKNOWN), _now())
        # Only the device's thread touches these.
        self._device: D | None = None
        self._misses = 0
        self._attempts = 0
        self._due = time.monotonic()
        self._thread = threading.Thread(target=self._live, name=f"device-{name}", daemon=True)
        self._thread.start()

    # Any thread.

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def status(self) -> Status:
        return self._snapshot.status

    @property
    def since(self) -> dt.datetime:
        return self._snapshot.since

    @property
    def last_fault(self) -> str:
        """The last thing that went wrong, for the technician: "no_answer: status", or ""."""
        return self._snapshot.last_fault

    def submit(self, command: Callable[[D], T], done: Callable[[T | DeviceError], None]) -> Command:
        """Queue `command`; it is called on the device's thread, and its result or DeviceError goes to `done`.

        `done` is called exactly once, from the device's thread (or from the thread that cancels a command
        which has not begun, or submits to a closed service). Without a device it gets Gone, WrongDevice or
        OutOfService after one attempt to connect.
        """
        accepted = Command(command, done, self._take_back)
        with self._turn:
            if not self._closed:
                self._queue.append(accepted)
                self._turn.notify()
                return accepted
        accepted.end(Cancelled("closed"))
        return accepted

    def close(self) -> None:
        """End the thread and release the line; what was still to do ends with Cancelled."""
        with self._turn:
            self._closed = True
            self._turn.notify()
            if self._link:
                self._link.cancel()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _take_back(self, command: Command) -> None:
        with self._turn:
            if command is self._running:
                if self._link:
                    self._link.cancel()
                return
            try:
                self._queue.remove(command)
            except ValueError:
                return                          # has ended already
        command.end(Cancelled())

    # The device's thread.

    def _live(self) -> None:
        while self._wait():
            if not self._device:
                self._connect()
            elif command := self._begin():
                self._perform(self._device, command)
            else:
                self._ask(self._device)
        self._hang_up()
        self._end_all(Cancelled("closed"))

    def _wait(self) -> bool:
        """Until there is something to do; False when that is to end."""
        with self._turn:
            self._turn.wait_for(lambda: self._closed or bool(self._queue),
                                max(0.0, self._due - time.monotonic()))
            return not self._closed

    def _begin(self) -> Command | None:
        with self._turn:
            if self._link and not self._closed:
                self._link.rearm()
            self._running = self._queue.popleft() if self._queue else None
            return self._running

    def _perform(self, device: D, command: Command) -> None:
        try:
            answer = command.work(device)
            self._misses = 0
        except DeviceError as error:
            answer = error
        except Exception as error:      # a bug in the driver must not take the device's thread with it
            answer = DeviceError(_where(error))
            log.error("%s: %s", self.name, answer)
        with self._turn:
            self._running = None
        self._hear(device)
        command.end(answer)
        if isinstance(answer, DeviceError):
            self._failed(answer)
        self._due = min(self._due, time.monotonic())    # a command changes paper, doors, cards: look

    def _connect(self) -> None:
        try:
            link = self._open()
            with self._turn:
                self._link = link
                if self._closed:
                    return
            device: D = self._module.Device(link, **self._options)
            try:
                identity = device.identify()
                status = device.status()
            finally:
                self._hear(device)
        except Exception as error:
            self._refuse(error if isinstance(error, DeviceError) else DeviceError(_where(error)))
            return
        self._device, self._misses, self._attempts = device, 0, 0
        self._snapshot = replace(self._snapshot, identity=identity)
        self._show(status, identity)
        self._due = time.monotonic() + self._period

    def _open(self) -> Link:
        spy = Spy(self._heard, self._module.impersonal, self._overheard)
        return open_link(self._url, spy)

    def _overheard(self) -> bool:
        return self.tap is not None or wire.isEnabledFor(logging.DEBUG)

    def _heard(self, line: str) -> None:
        wire.debug("%s %s", self.name, line)
        if (tap := self.tap) is not None:
            tap(line)

    def _refuse(self, error: DeviceError) -> None:
        """Nobody to talk to: the next attempt comes later, and whoever waits is told now."""
        self._hang_up()
        self._due = time.monotonic() + PAUSES[min(self._attempts, len(PAUSES) - 1)]
        self._attempts += 1
        self._note(error)
        if isinstance(error, (Gone, NoAnswer)):
            self._miss(error)
        elif not isinstance(error, Cancelled):
            self._show(Status(State.FAULT, cause=error.cause), str(error))
        if isinstance(error, NoAnswer):
            error = Gone(str(error))
        self._end_all(error)

    def _ask(self, device: D) -> None:
        try:
            status = device.status()
        except DeviceError as error:
            self._due = time.monotonic() + min(self._period, MISS_PAUSE)
            self._failed(error)
        except Exception as error:
            self._failed(DeviceError(_where(error)))
        else:
            self._misses = 0
            self._due = time.monotonic() + self._period
            self._show(status, self._snapshot.identity)

    def _failed(self, error: DeviceError) -> None:
        """Decide what a failure says of the line: lost, one more miss, or nothing."""
        if isinstance(error, Gone) or type(error) is DeviceError:
            self._hang_up()
            self._due = time.monotonic()
        if isinstance(error, (Gone, NoAnswer)):
            self._miss(error)
        if error.action is not Action.PERSON and not isinstance(error, (Cancelled, NothingPresented)):
            self._note(error)

    def _miss(self, error: DeviceError) -> None:
        self._misses += 1
        if self._misses >= MISSES:
            self._hang_up()
            self._show(Status(State.NO_DEVICE, cause=error.cause), str(error))

    def _hear(self, device: D) -> None:
        happened: deque[str] | None = getattr(device, "happened", None)
        while happened:
            what = happened.popleft()
            try:
                self._happened(self.name, what)
            except Exception as error:
                log.error("what happened is not told: %s", _where(error))

    def _show(self, status: Status, detail: str) -> None:
        if status == self._snapshot.status:
            return
        self._snapshot = replace(self._snapshot, status=status, since=_now())
        try:
            self._report(self.name, status, detail)
        except Exception as error:
            log.error("report failed: %s", _where(error))

    def _note(self, error: DeviceError) -> None:
        detail = str(error)
        fault = error.cause if detail == error.cause else f"{error.cause}: {detail}"
        self._snapshot = replace(self._snapshot, last_fault=fault)

    def _hang_up(self) -> None:
        with self._turn:
            link, self._link, self._device = self._link, None, None
        if link:
            link.close()

    def _end_all(self, error: DeviceError) -> None:
        with self._turn:
            waiting, self._queue = self._queue, deque()
        for command in waiting:
            command.end(error)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _where(error: BaseException) -> str:
    """The kind and place of a bug; never its message, which may quote a person's data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place
