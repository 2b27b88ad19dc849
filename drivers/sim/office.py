"""Twin of an A4 laser printer behind CUPS: it takes its time for each sheet, counts them, and says what is wrong.

Source: backend(7), RFC 8011 (printer-state-reasons). On the bench the machine's end is a real print server
(drivers/sim/spool.py); on any other line the twin answers IPP itself.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.sim.ippfront import FrontJob, IppFront
from drivers.sim.line import Line
from drivers.sim.loop import Loop
from drivers.sim.spool import SpoolJob, SpoolLine
from drivers.sim.twin import Twin, verb

SHEET = 3.0                         # seconds: 20 pages a minute
PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
MODEL = "Twin Laser A4"
TRAY = 250                          # sheets


@dataclass(frozen=True)
class Report:
    """What lies in the output tray of one job."""

    number: int
    title: str
    sheets: int
    pages: int                      # of the document, times its copies
    document: bytes

    @property
    def whole(self) -> bool:
        return self.sheets == self.pages


class OfficeTwin(Twin):
    """The printer. `reports` are the jobs that came out, wholly or partly, oldest first."""

    @classmethod
    def cable(cls, loop: Loop, path: Path, port: int | None) -> Line:
        return SpoolLine(loop, port or 0, "a4", MODEL)

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self._front = line if isinstance(line, SpoolLine) else IppFront(line, MODEL)
        self._front.take, self._front.lost = self._take, self._lost
        self.reports: list[Report] = []
        self._waiting: deque[SpoolJob | FrontJob] = deque()
        self._sheets = 0                                    # of the job at the head of the queue
        self._timer: asyncio.TimerHandle | None = None
        self._faults: set[str] = set()
        self._tray = TRAY
        self._pages_per_minute = 60 / SHEET
        self._count = True

    def hear(self, data: bytes) -> None:
        """What the machine says on a line without a print server behind it."""
        if isinstance(self._front, IppFront):
            self._front.hear(data)

    def report(self, number: int = 1, timeout: float = 20.0) -> Report:
        """The report of that number (from 1); waits for it. Raises TimeoutError."""
        self.until(lambda: len(self.reports) >= number, timeout)
        return self.reports[number - 1]

    @property
    def idle(self) -> bool:
        return not self._waiting

    def state(self) -> dict[str, Any]:
        switches = {name: name in self._faults for name in REASONS if name != "paper_out"}
        return {**super().state(), **switches, "paper_out": not self._tray, "paper": self._tray, "idle": self.idle,
                "no_count": not self._count, "reasons": sorted(self._reasons()),
                "reports": [{"title": one.title, "sheets": one.sheets, "pages": one.pages} for one in self.reports]}

    def well(self) -> None:
        self._faults.clear()
        self._tray, self._count, self._pages_per_minute = TRAY, True, 60 / SHEET
        self._news()

    @verb("缺纸", "Paper out", fault=True)
    def paper_out(self, on: bool = True) -> None:
        """Off: the tray is filled."""
        self._tray = 0 if on else TRAY
        self._news()

    @verb("几张后缺纸", "Paper out after sheets", fault=True)
    def paper_out_after(self, sheets: int = 1) -> None:
        self._tray = sheets
        self._news()

    @verb("纸将尽", "Paper low", fault=True)
    def paper_low(self, on: bool = True) -> None:
        self._fault("paper_low", on)

    @verb("卡纸", "Paper jam", fault=True)
    def jam(self, on: bool = True) -> None:
        self._fault("jam", on)

    @verb("墨粉将尽", "Toner low", fault=True)
    def toner_low(self, on: bool = True) -> None:
        self._fault("toner_low", on)

    @verb("墨粉用完", "Toner out", fault=True)
    def toner_out(self, on: bool = True) -> None:
        self._fault("toner_out", on)

    @verb("开盖", "Cover open", fault=True)
    def cover_open(self, on: bool = True) -> None:
        self._fault("cover_open", on)

    @verb("脱机", "Offline", fault=True)
    def offline(self, on: bool = True) -> None:
        self._fault("offline", on)

    @verb("每分钟页数", "Pages a minute", fault=True)
    def pages_per_minute(self, n: int = 4) -> None:
        self._pages_per_minute = max(1, n)

    @verb("不报张数", "Counts no sheets", fault=True)
    def no_count(self, on: bool = True) -> None:
        self._count = not on

    # The mechanism.

    def _fault(self, name: str, on: bool) -> None:
        (self._faults.add if on else self._faults.discard)(name)
        self._news()

    def _reasons(self) -> set[str]:
        found = {REASONS[name] for name in self._faults}
        return found if self._tray else found | {REASONS["paper_out"]}

    def _news(self) -> None:
        self._front.tell(self._reasons())
        self._work()

    def _take(self, job: SpoolJob | FrontJob) -> None:
        self._waiting.append(job)
        self._work()

    def _lost(self, job: SpoolJob | FrontJob) -> None:
        """Taken back, or the server went: what is out is out."""
        if job in self._waiting:
            if job is self._waiting[0]:
                self._finish()
            else:
                self._waiting.remove(job)

    def _work(self) -> None:
        stopped = not self._tray or self._faults & STOPPING
        if self._timer or stopped or not self._waiting:
            return
        if self._sheets == _pages(self._waiting[0]):
            self._waiting[0].done()
            self._finish()
            self._work()
            return
        self._timer = self.line.loop.later(60 / self._pages_per_minute / self.speed, self._sheet)

    def _sheet(self) -> None:
        """One sheet comes out, if nothing stopped it meanwhile."""
        self._timer = None
        if self._tray and not self._faults & STOPPING and self._waiting:
            self._tray -= 1
            self._sheets += 1
            if self._count:
                self._waiting[0].say("PAGE: 1 1")
            self._front.tell(self._reasons())
        self._work()

    def _finish(self) -> None:
        job = self._waiting.popleft()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._sheets:
            self.reports.append(Report(job.number, job.title, self._sheets, _pages(job), job.document))
        self._sheets = 0
        self._work()


def _pages(job: SpoolJob | FrontJob) -> int:
    return job.copies * max(1, len(PAGE.findall(job.document)))


REASONS = {"paper_out": "media-empty-error", "paper_low": "media-low-warning", "jam": "media-jam-error",
           "toner_low": "toner-low-warning", "toner_out": "toner-empty-error", "cover_open": "cover-open-error",
           "offline": "offline-report"}
STOPPING = REASONS.keys() - {"paper_low", "toner_low"}
