"""Printer of A4 reports behind a CUPS queue: laboratory results and imaging reports as PDF.

Sources: RFC 8011, the CUPS documentation. CUPS has the printer's own driver; here are the job's life and its end. A job
is made first and gets its document then, so that every job that may print has an id by which it can be asked about.
A report must not come out for the next person: what is not printed in its time is taken back.
"""

from __future__ import annotations

import time

from drivers.contract import (
    Cancelled, CoverOpen, DeviceError, Gone, Link, NoAnswer, OutOfService, Pages, PaperJam, PaperOut, Printed,
    PrintUnknown, Status, TonerOut)
from drivers.ipp import Attribute, Tag
from drivers.print_queue import Job, Queue

PDF = b"%PDF-"
LOOK = 0.2                  # seconds between two questions what became of a job
PATIENCE = 4.0              # seconds that paper, cover or jam may be in trouble before the job is taken back
TAKE_BACK = 0.8             # seconds for that: a cancel ends within one
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
        try:
            self._hand_over(job, pdf)
            return self._follow(job, deadline)
        except Cancelled as error:
            return self._take_back(job, error)

    def _hand_over(self, job: int, pdf: bytes) -> None:
        try:
            self._queue.send(job, pdf, "application/pdf")
        except (Gone, NoAnswer):
            pass                        # taken or not: the job itself is asked

    def _follow(self, job: int, deadline: float) -> Pages:
        since, last = time.monotonic(), "no_answer"
        while time.monotonic() < deadline:
            try:
                now = self._queue.job(job)
                if now.over and now == self._queue.job(job):        # IPP carries no check of its own: it is told twice
                    return self._end(now, OutOfService("the job was stopped"))
                error = self._queue.look().trouble
            except (Gone, NoAnswer) as away:
                last = away.cause
            else:
                last = error.cause if error else ""
                if not isinstance(error, STOPS):
                    since = time.monotonic()
                elif time.monotonic() - since > PATIENCE:
                    return self._take_back(job, error)
            self._queue.pause(LOOK)
        return self._take_back(job, NoAnswer(last or "not printed in time"))

    def _take_back(self, job: int, error: DeviceError) -> Pages:
        """Cancel the job and see what it was before: printed after all, partly perhaps, or certainly not."""
        deadline = time.monotonic() + TAKE_BACK
        try:
            self._queue.cancel(job, TAKE_BACK / 2)
            now = self._queue.job(job, deadline - time.monotonic())
            while not now.over and (left := deadline - time.monotonic()) > LOOK:
                self._queue.pause(LOOK / 2)
                now = self._queue.job(job, left - LOOK / 2)
        except DeviceError:
            raise PrintUnknown(error.cause) from error
        return self._end(now, error)

    def _end(self, job: Job, error: DeviceError) -> Pages:
        self._counts = self._counts or job.sheets is not None
        if job.completed:
            return Pages(Printed.PRINTED if job.sheets else Printed.SENT, job.sheets)
        if job.over and (not job.begun or self._counts and not job.sheets):
            raise error
        raise PrintUnknown(error.cause) from error
