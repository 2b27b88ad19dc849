"""Thermal printers behind a CUPS raw queue: the ticket's ESC/POS bytes are a job, and nothing comes back from the printer.

Sources: RFC 8011, the CUPS documentation. What is known is the queue's state: a ticket whose job is completed was SENT,
never PRINTED. Where the printer can be asked itself, on a serial, USB or network line, printer_escpos knows more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from drivers.contract import DeviceError, Link, PaperLine, Printed, PrintUnknown, Status
from drivers.escpos_profiles import dialect
from drivers.escpos_raster import Easel
from drivers.escpos_ticket import encode_ticket
from drivers.print_job import finished
from drivers.print_queue import Queue

RAW = "application/vnd.cups-raw"


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
        job, error = finished(self._queue, self._queue.create("ticket"), ticket, RAW, deadline, 0, (DeviceError,))
        if job.completed:
            return Printed.SENT
        if job.over and not job.begun:      # a raw queue cannot tell how much of it the printer has
            raise error
        raise PrintUnknown(error.cause) from error
