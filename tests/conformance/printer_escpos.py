"""The ticket printer."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import Align, Barcode, Pair, PaperLine, Printed, Qr, Rule, Text
from drivers.escpos_status import Decoder, automatic, impersonal, judge, real_time

TICKET: list[PaperLine] = [
    Text("虚构市第一医院", Align.CENTRE, 2, True), Text("挂号凭条", Align.CENTRE), Rule(), Pair("姓名", "测*甲"),
    Pair("金额", "¥12.50", bold=True), Text("A001 号", Align.RIGHT, 2), Qr("KIOSK-TEST-0001"), Barcode("202611210001")]


def use(twins: Twins, desk: Desk) -> Any:
    """A ticket is printed, and looked at on its paper."""
    printer = twins.devices["printer"]
    printed = len(printer.tickets)
    result = desk.do(lambda device: device.print_ticket(TICKET, 3))
    if result is not Printed.PRINTED:
        return result
    ticket = printer.ticket(printed + 1)
    return "￥12.50" in ticket.text and not ticket.unknown


def codec(data: bytes) -> None:
    """A line, while buffered status is awaited and while not; every answer's bits."""
    impersonal(data)
    for due in (False, True):
        decoder = Decoder()
        for start in range(0, len(data), 3):
            decoder.buffered_due = due
            decoder.feed(data[start:start + 3])
    for question, bits in enumerate(data[:4], 1):
        judge(real_time(question, bits))
    judge(automatic(data[:4].ljust(4, b"\0")))


SUBJECT = Subject("printer_escpos", "printer", use, codec, tells=lambda twin: twin.cover_open(),
                  unchecked=frozenset({"status"}))   # a bare byte of bits for each answer
