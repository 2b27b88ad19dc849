"""The board of relays and inputs."""

from __future__ import annotations

from typing import Any

from conformance import Desk, Subject, Twins
from drivers.board_modbus import Terminal, answer, frame, impersonal
from drivers.contract import Flash


def use(twins: Twins, desk: Desk) -> Any:
    """A light is switched on and others off; a door is opened, and seen when it was read twice."""
    board = twins.devices["board"]
    opened = not board.inputs[0]
    board.input(0, not opened)                  # reversed: no current, the door is open
    board.input(2, True)
    end = desk.do(lambda device: device.shine({"scanner": Flash.STEADY}))
    if end is not None:
        return end
    inputs = desk.do(lambda device: [device.sense() for _ in range(2)][-1])
    if not isinstance(inputs, dict):
        return inputs
    return board.relays[:2] == [False, True] and inputs == {"door": opened, "mains": True}


def codec(data: bytes) -> None:
    """What may come after each kind of request, with and without an echo of it."""
    impersonal(data)
    for function, second in ((1, 8), (2, 1), (2, 16), (5, 0xFF00)):
        request = frame(1, function, 0, second)
        for echo in (False, True):
            answer(request, data, echo)
            answer(request, request * echo + data, echo)
    try:
        Terminal.read("door", data.decode("latin-1"))
    except ValueError:
        pass


SUBJECT = Subject("board_modbus", "board", use, codec, {"idcard": "0", "scanner": "1", "door": "!i0", "mains": "i2"})
