"""Bytes that no device should send: noise, answers damaged in several places, pieces of answers.

For codecs alone, and as storms: a whole driver before its twin, on a line that damages every second answer.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from conformance import Subject
from conformance.faults import Verdict, alarm, judge, use
from conformance.memory import Hang, memory, place
from drivers.contract import DeviceError

BATCH = 1_000       # inputs that certainly take less time than a hang is given
LONG = 200          # bytes; a longer answer is taken whole only now and then: it costs as much as many short ones


def inputs(frames: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end; the same for the same seed. `frames` are answers as the device gives them."""
    chance = random.Random(seed)
    while True:
        if not frames or chance.random() < 0.3:
            yield chance.randbytes(chance.choice((0, 1, 2, 3, 5, 8, 16, 40, 100)))
            continue
        data = bytearray(chance.choice(frames))
        if len(data) > LONG and chance.random() < 0.95:
            start = chance.choice((0, 0, chance.randrange(len(data))))
            data = data[start:start + chance.randrange(LONG)]
        for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
            _damage(data, chance)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data) + 1):]
        if chance.random() < 0.2:
            data += chance.choice(frames)[:LONG]
        yield bytes(data)


def _damage(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(5):
        case 0:
            del data[at:at + chance.randrange(1, 5)]
        case 1:
            data[at:at] = chance.randbytes(chance.randrange(1, 5))
        case 2:
            data[at:at + 1] = bytes((chance.choice((0x00, 0xFF, 0x7F, 0x80, 0x10, 0x30, 0x3A)),))
        case 3:
            data[at:at + 1] = chance.randbytes(1)
        case _:
            data[at:at] = data[max(0, at - 6):at]


def fuzz(subject: Subject, frames: Sequence[bytes], count: int, seed: int) -> Counter[str]:
    """What came of `count` inputs: how many crashes by kind and place, and hangs by the input (hex)."""
    found: Counter[str] = Counter()
    source, left = inputs(frames, seed), count
    while left:
        try:
            with alarm():               # for many at once: it costs as much as a short input
                for data in islice(source, min(left, BATCH)):
                    left -= 1
                    if failure := _fails(subject, data):
                        found[failure] += 1
        except Hang:
            found[f"hang: {data.hex(' ')}"] += 1
    return found


def _fails(subject: Subject, data: bytes) -> str:
    try:
        subject.codec(data)
    except DeviceError:
        pass
    except Exception as error:
        return f"crash: {place(error)}"
    return ""


def storm(subject: Subject, seed: int) -> Verdict:
    """One use with a good part of its answers damaged, and one on a line that is well again.

    A wrong value is no verdict here: no check of one or two bytes sees every damage in many places.
    """
    chance = random.Random(seed)

    def spoil(number: int, answer: bytes) -> bytes:
        data = bytearray(answer)
        if storming and chance.random() < 0.5:
            for _ in range(chance.choice((1, 2, 3, 8))):
                _damage(data, chance)
        return bytes(data)

    storming = True
    with memory(subject) as world:
        world.line.spoil = spoil
        for _ in range(3):
            outcome = use(world)
            if outcome.what in ("crash", "hang"):
                return outcome
        storming = False
        return judge(world)
