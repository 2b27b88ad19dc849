"""Twin of a ticket printer behind a CUPS raw queue: the bytes arrive, nothing comes back, and the backend says what it sees.

Source: backend(7); usblp tells "no paper" and "error", and CUPS makes state reasons of them. On the bench the queue is
a real one; on any other line the twin answers IPP itself.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from drivers.sim.ippfront import FrontJob, IppFront
from drivers.sim.line import Line
from drivers.sim.loop import Loop
from drivers.sim.printer import PrinterTwin
from drivers.sim.spool import SpoolJob, SpoolLine

MODEL = "Twin Raw Ticket Printer"


class SpooledPrinterTwin(PrinterTwin):
    """The printer. A job is done when the printer has taken its bytes, as with any printer on a cable."""

    @classmethod
    def cable(cls, loop: Loop, path: Path, port: int | None) -> Line:
        return SpoolLine(loop, port or 0, "ticket", MODEL)

    def __init__(self, line: Line, speed: float) -> None:
        self._front = line if isinstance(line, SpoolLine) else IppFront(line, MODEL)
        super().__init__(line, speed)
        self._front.take, self._front.lost = self._take, self._lost
        self._jobs: deque[SpoolJob | FrontJob] = deque()

    def hear(self, data: bytes) -> None:
        """What the machine says on a line without a print server behind it."""
        if isinstance(self._front, IppFront):
            self._front.hear(data)

    def _take(self, job: SpoolJob | FrontJob) -> None:
        self._jobs.append(job)
        self._pass_on()

    def _lost(self, job: SpoolJob | FrontJob) -> None:
        if job in self._jobs:
            self._jobs.remove(job)

    def _pass_on(self) -> None:
        """An offline printer takes no bytes: the backend waits."""
        while self._jobs and not (self.health.offline or self._off):
            job = self._jobs.popleft()
            super().hear(job.document)
            job.done()

    def _tell(self) -> None:
        """Its condition may have changed. A printer that is off is offline; how its paper is, nobody knows then."""
        health = self.health
        reasons = {"offline-report": self._off, "media-empty-error": health.paper_end, "cover-open-error": health.cover_open,
                   "media-jam-error": health.jam, "media-low-warning": health.near_end,
                   "other-error": health.cutter_error or health.broken or health.head_hot}
        self._front.tell({"offline-report"} if self._off else {reason for reason, on in reasons.items() if on})
        self._pass_on()
