"""Thermal printers behind a CUPS raw queue: the ticket's ESC/POS bytes are a job, and nothing comes back from the printer.

Sources: RFC 8011, the CUPS documentation. What is known is the queue's state: a ticket whose job is completed was SENT,
never PRINTED. Where the printer can be asked itself, on a serial, USB or network line, printer_escpos knows more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from drivers.contract import Cancelled, DeviceError, Gone, Link, NoAnswer, PaperLine, Printed, PrintUnknown, Status
from drivers.escpos_profiles import dialect
from drivers.escpos_raster import Easel
from drivers.escpos_ticket import encode_ticket
from drivers.print_queue import Queue

RAW = "application/vnd.cups-raw"
LOOK = 0.1                  # seconds between two questions what became of a job
TAKE_BACK = 0.8             # seconds: a cancel ends within one


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: the tickets are in what is sent."""
    return False


class Device:
    """A raw queue. Options are those of printer_escpos, but for what is asked of the printer: there is no way back."""

    def __init__(self, link: Link, profile: str = "plain", width: str = "", double: str = "", charset: str = "",
                 cut: str = "", raster: str = "", believe: str = "300") -> None:
        self._dialect = dialect(profile, {
            "width": width, "double": double, "charset": charset, "cut": cut, "raster": raster})
        self._queue = Queue(link, believe)

    def identify(self) -> str:
        return f"CUPS raw queue, {self._dialect.width} mm: {self._queue.identify().model or 'no model told'}"

    def status(self) -> Status:
        return self._queue.look().status

    def print_ticket(self, lines: Sequence[PaperLine], timeout: float) -> Printed:
        """Print; see `Printer`. What is not taken in time is taken back, so that it is nobody else's ticket later."""
        deadline = time.monotonic() + timeout
        ticket = encode_ticket(lines, self._dialect, easel=Easel.of(self._dialect))
        if error := self._queue.look().trouble:
            raise error
        job = self._queue.create("ticket")
        try:
            try:
                self._queue.send(job, ticket, RAW)
            except (Gone, NoAnswer):
                pass                    # taken or not: the job itself is asked
            return self._follow(job, deadline)
        except Cancelled as error:
            return self._take_back(job, error)

    def _follow(self, job: int, deadline: float) -> Printed:
        cause: DeviceError = NoAnswer("not printed in time")
        while time.monotonic() < deadline:
            try:
                now = self._queue.job(job)
                if now.over and now == self._queue.job(job):        # IPP carries no check of its own: it is told twice
                    break
                if error := self._queue.look().trouble:
                    return self._take_back(job, error)
            except (Gone, NoAnswer) as error:
                cause = error
            self._queue.pause(LOOK)
        else:
            return self._take_back(job, cause)
        if now.completed:
            return Printed.SENT
        raise PrintUnknown("the job was stopped")

    def _take_back(self, job: int, error: DeviceError) -> Printed:
        """Cancel the job. A raw queue cannot tell how much of it the printer has: only what never began is certain."""
        try:
            self._queue.cancel(job, TAKE_BACK / 2)
            now = self._queue.job(job, TAKE_BACK / 2)
        except DeviceError:
            raise PrintUnknown(error.cause) from error
        if now.completed:
            return Printed.SENT
        if now.over and not now.begun:
            raise error
        raise PrintUnknown(error.cause) from error
