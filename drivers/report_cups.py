"""Printer of A4 reports behind a CUPS queue: laboratory results and imaging reports as PDF.

Sources: RFC 8011, the CUPS documentation. CUPS has the printer's own driver; here are the job's life and its end. A job
is made first and gets its document then, so that every job that may print has an id by which it can be asked about.
A report must not come out for the next person: what is not printed in its time is taken back.
"""

from __future__ import annotations

import time

from drivers.contract import (
    CoverOpen, DeviceError, Link, Pages, PaperJam, PaperOut, Printed, PrintUnknown, Status, TonerOut)
from drivers.ipp import Attribute, Tag
from drivers.print_job import finished
from drivers.print_queue import Job, Queue

PDF = b"%PDF-"
PATIENCE = 4.0              # seconds that paper, cover or jam may be in trouble before the job is taken back
STOPS = (PaperOut, PaperJam, CoverOpen, TonerOut)
SIDES = {"one": "one-sided", "two": "two-sided-long-edge"}


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: titles and documents are in what is sent, and nobody reads IPP from a log."""
    return False


class Device:
    """A report printer. `sides`: one or two. `media`: the paper's name by PWG 5101.1. `believe`: see `Queue`."""

    def __init__(self, link: Link, sides: str = "one", media: str = "iso_a4_210x297mm", believe: str = "300") -> None:
        if sides not in SIDES or not media.isascii() or not media:
            raise ValueError(f"sides is one of {list(SIDES)}, media a name like iso_a4_210x297mm")
        self._queue = Queue(link, believe)
        self._wishes: list[Attribute] = [(Tag.KEYWORD, "sides", SIDES[sides]), (Tag.KEYWORD, "media", media)]
        self._counts = False            # this printer has counted sheets before: its 0 means that none came out

    def identify(self) -> str:
        return f"CUPS queue: {self._queue.identify().model or 'no model told'}"

    def status(self) -> Status:
        return self._queue.look().status

    def print_report(self, pdf: bytes, title: str, timeout: float) -> Pages:
        """Print, and wait until CUPS says that the printer is done. See `ReportPrinter`.

        PRINTED when the printer counts its sheets, SENT when all that is known is that it took them. Raises ValueError for
        what is no PDF.
        """
        if not pdf.startswith(PDF):
            raise ValueError("no PDF")
        deadline = time.monotonic() + timeout
        if error := self._queue.look().trouble:
            raise error
        job = self._queue.create(title, self._wishes)
        return self._end(*finished(self._queue, job, pdf, "application/pdf", deadline, PATIENCE, STOPS))

    def _end(self, job: Job, error: DeviceError) -> Pages:
        self._counts = self._counts or job.sheets is not None
        if job.completed:
            return Pages(Printed.PRINTED if job.sheets else Printed.SENT, job.sheets)
        if job.over and (not job.begun or self._counts and not job.sheets):
            raise error
        raise PrintUnknown(error.cause) from error
