"""Smart bank terminals of the published ECR protocol."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.contract import DeviceError, Settled, Slip
from drivers.sim.bank import Entry
from drivers.terminal_codepay import NAMES, Decoder, fen, fields, impersonal, slip


def agrees(told: Slip, entry: Entry | None) -> bool:
    """Does the slip say what stands in the twin's book?"""
    if entry is None:
        return told.settled is Settled.NEVER
    return (told.settled.value, told.amount, told.trace, told.card) == (entry.state, entry.amount, entry.trace, entry.card)


def use_of(device: str) -> Any:
    """A payment, by a new reference, and what became of it; and a part of it back."""

    def use(twins: Twins, desk: Desk) -> Any:
        terminal = twins.devices[device]
        number = len(terminal.book)
        reference, back = f"KIOSK{number:09d}", f"BACK{number:09d}"
        paid = desk.do(lambda device: device.pay(reference, 1250, 30))
        told = desk.do(lambda device: device.query(reference))
        answers = [(paid, reference), (told, reference)]
        if isinstance(told, Slip) and told.settled is Settled.APPROVED:
            answers.append((desk.do(lambda device: device.refund(back, told, 250, 30)), back))
        for answer, asked in answers:
            if isinstance(answer, Slip) and not agrees(answer, terminal.book.get(asked)):
                return answer, asked, terminal.book.get(asked)
        ended = (answer for answer, _ in answers if isinstance(answer, DeviceError))
        return next(ended, paid == told and len(answers) == 3)

    return use


def codec(data: bytes) -> None:
    """A line, its silence, and what is in a frame."""
    impersonal(data)
    decoder = Decoder()
    for start in range(0, len(data), 7):
        decoder.feed(data[start:start + 7])
    while decoder.begun:
        decoder.gave_up()
    slip(fields(data), NAMES)
    fen(data.decode("latin-1"))


# A payment waits for a person, but its end is never Gone, whatever happens: tests/test_driver_terminal.py.
SUBJECT = Subject("terminal_codepay", "terminal", use_of("terminal"), codec)
