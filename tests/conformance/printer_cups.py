"""The ticket printer behind a print queue."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from conformance.printer_escpos import TICKET
from conformance.report_cups import codec
from drivers.contract import Printed


def use(twins: Twins, desk: Desk) -> Any:
    """A ticket is sent, and looked at on its paper."""
    printer = twins.devices["spooled"]
    printed = len(printer.tickets)
    result = desk.do(lambda device: device.print_ticket(TICKET, 3))
    if result is not Printed.SENT:
        return result
    ticket = printer.ticket(printed + 1)
    return "￥12.50" in ticket.text and not ticket.unknown


SUBJECT = Subject("printer_cups", "spooled", use, codec, tells=lambda twin: twin.cover_open(),
                  unchecked=frozenset({"identify", "status"}))      # as with report_cups: IPP has no check
