"""A bank's own program, in lines of JSON."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from conformance.terminal_codepay import agrees
from drivers.contract import DeviceError, Settled, Slip
from drivers.terminal_exec import Decoder, impersonal, slip


def use(twins: Twins, desk: Desk) -> Any:
    """A payment, by a new reference, and what became of it."""
    vendor = twins.devices["vendor"]
    reference = f"KIOSK{len(vendor.book):09d}"
    paid = desk.do(lambda device: device.pay(reference, 1250, 30))
    told = desk.do(lambda device: device.query(reference))
    entry = vendor.book.get(reference)
    for answer in (paid, told):
        if isinstance(answer, Slip) and not agrees(answer, entry):
            # What money hangs on is never wrong, all the same; the bank's numbers may be.
            assert answer.settled is not Settled.APPROVED or entry and entry.state == "approved", "said to be paid"
            assert answer is told or answer.amount in (0, 1250)
            return answer
    return next((answer for answer in (paid, told) if isinstance(answer, DeviceError)), paid == told)


def codec(data: bytes) -> None:
    """Lines, and what is in them."""
    impersonal(data)
    decoder = Decoder()
    for start in range(0, len(data), 7):
        for message in decoder.feed(data[start:start + 7]):
            slip(message)


# A pipe within one machine loses no bits, and its lines have no checks: what is only shown may come out wrong.
SUBJECT = Subject("terminal_exec", "vendor", use, codec, unchecked=frozenset({"use", "identify"}))
