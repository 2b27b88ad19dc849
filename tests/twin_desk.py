"""A device's service before its twin: what drivers are asked in earnest, and what came of it."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from conformance import Subject, idcard_sdt, printer_escpos, scanner_line
from drivers.contract import Link, PaperLine, State, Status, Text
from drivers.service import Command, Service
from drivers.sim.bench import Bench
from far_end import Watched

LONG: list[PaperLine] = printer_escpos.TICKET + [Text(f"第{n}行 请妥善保管") for n in range(30)]
USUAL: dict[str, Subject] = {
    "idcard": idcard_sdt.SUBJECT, "scanner": scanner_line.SUBJECT, "printer": printer_escpos.SUBJECT}


class Watching(Service[Any]):
    """A service whose line is watched."""

    line: Watched

    def _open(self) -> Link:
        self.line = Watched(super()._open())
        return self.line


class Desk:
    """A device's service, with what it reported and what its commands ended in."""

    def __init__(self, bench: Bench, device: str, driver: str = "", **options: str) -> None:
        self.reports: queue.Queue[Status] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()
        self.service = Watching(
            device, driver or USUAL[device].driver, bench.urls[device],
            lambda name, status, detail: self.reports.put(status), period="0.05", **options)

    def begin(self, work: Callable[[Any], Any]) -> Command:
        return self.service.submit(work, self.answers.put)

    def end(self) -> Any:
        return self.answers.get(timeout=20)

    def do(self, work: Callable[[Any], Any], once_it_waits: Callable[[], object] | None = None) -> Any:
        """What `work(device)` gave, or its DeviceError; `once_it_waits` is called when it waits on its line."""

        def watched(device: Any) -> Any:
            line = self.service.line
            line.once = once_it_waits
            try:
                return work(device)
            finally:
                line.once = None

        self.begin(watched)
        return self.end()

    def until(self, wanted: Callable[[Status], bool]) -> Status:
        """The next report that is wanted; the present status, if it already is."""
        status = self.service.status
        deadline = time.monotonic() + 20
        while not wanted(status):
            status = self.reports.get(timeout=max(0.0, deadline - time.monotonic()))
        return status

    def online(self) -> None:
        self.until(lambda status: status.state is State.ONLINE)
