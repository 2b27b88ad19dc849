"""The printer of A4 reports."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import Pages, Printed
from drivers.ipp import decode
from drivers.report_cups import impersonal

PDF = b"%PDF-1.4\n1 0 obj <</Type/Page>> endobj 2 0 obj <</Type /Page>> endobj 3 0 obj <</Type/Pages/Count 2>> endobj\n%%EOF"


def use(twins: Twins, desk: Desk) -> Any:
    """A report of two pages is printed, and counted in the tray."""
    printer = twins.devices["a4"]
    printer.pages_per_minute(600)               # fewer questions what became of it, so fewer answers to spoil
    before = len(printer.reports)
    result = desk.do(lambda device: device.print_report(PDF, "report", 15))
    if not isinstance(result, Pages):
        return result
    report = printer.report(before + 1)
    return result == Pages(Printed.PRINTED, 2) and report.whole and report.document == PDF


def codec(data: bytes) -> None:
    impersonal(data)
    decode(data)
    decode(b"\2\0\0\0\0\0\0\1\1" + data)


# IPP has no check of its own, the line below it has (TCP): a wrong byte in the printer's model, its state or its reasons is
# another model, state or reason to anybody. What became of a job is asked twice.
SUBJECT = Subject("report_cups", "a4", use, codec, tells=lambda twin: twin.cover_open(),
                  unchecked=frozenset({"identify", "status"}))
