"""A bank's own program, in lines of JSON."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from conformance.terminal_codepay import agrees
from drivers.contract import DeviceError, Settled, Slip
from drivers.terminal_exec import Decoder, impersonal, slip


def use(twins: Twins, desk: Desk) -> Any:
    """A payment, by a new reference, and what became of it; and a part of it back."""
    vendor = twins.devices["vendor"]
    number = len(vendor.book)
    reference, back = f"KIOSK{number:09d}", f"BACK{number:09d}"
    paid = desk.do(lambda device: device.pay(reference, 1250, 30))
    told = desk.do(lambda device: device.query(reference))
    answers = [(paid, reference, 1250), (told, reference, 0)]
    if isinstance(told, Slip) and told.settled is Settled.APPROVED:
        answers.append((desk.do(lambda device: device.refund(back, told, 250, 30)), back, 250))
    for answer, asked, amount in answers:
        entry = vendor.book.get(asked)
        if isinstance(answer, Slip) and not agrees(answer, entry):
            # What money hangs on is never wrong, all the same; the bank's numbers may be.
            assert answer.settled is not Settled.APPROVED or entry and entry.state == "approved", "said to be paid"
            assert answer is told or answer.amount in (0, amount)
            return answer
    ended = (answer for answer, _, _ in answers if isinstance(answer, DeviceError))
    return next(ended, paid == told and len(answers) == 3)


def codec(data: bytes) -> None:
    """Lines, and what is in them."""
    impersonal(data)
    decoder = Decoder()
    for start in range(0, len(data), 7):
        for message in decoder.feed(data[start:start + 7]):
            slip(message)


# A pipe within one machine loses no bits, and its lines have no checks: what is only shown may come out wrong.
SUBJECT = Subject("terminal_exec", "vendor", use, codec, unchecked=frozenset({"use", "identify"}))
