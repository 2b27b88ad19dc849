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


def use(twins: Twins, desk: Desk) -> Any:
    """A payment, by a new reference, and what became of it."""
    terminal = twins.devices["terminal"]
    reference = f"KIOSK{len(terminal.book):09d}"
    paid = desk.do(lambda device: device.pay(reference, 1250, 30))
    if isinstance(paid, Slip) and not agrees(paid, terminal.book.get(reference)):
        return paid
    told = desk.do(lambda device: device.query(reference))
    if isinstance(told, Slip) and not agrees(told, terminal.book.get(reference)):
        return told
    return next((answer for answer in (paid, told) if isinstance(answer, DeviceError)), paid == told)


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
SUBJECT = Subject("terminal_codepay", "terminal", use, codec)
