"""The UPS: a report without a check, and what it takes to believe it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.contract import NoAnswer, OutOfService, Power, State, WrongDevice
from drivers.links import open_link
from drivers.sim.bench import Bench
from drivers.sim.ups import UpsTwin
from drivers.ups_megatec import ASK, Device, report, shutdown
from far_end import Answering
from vectors import vectors

VECTORS = vectors("ups")
ON_MAINS, ON_BATTERY = VECTORS["7.31"], VECTORS["7.33"]


# The codec.


def test_published_reports_are_read() -> None:
    assert ASK == VECTORS["7.30"]
    good, bad = report(ON_MAINS), report(ON_BATTERY)
    assert good and good.power == Power(mains=True) and bad and bad.power == Power(mains=False, low=True)
    both = report(ON_MAINS + ON_BATTERY)
    assert both == bad, "the later one counts"


@pytest.mark.parametrize("flags, power", [("10000000", Power(False)), ("01000000", Power(True, low=True)),
                                          ("00010000", Power(True, fault=True)), ("00101101", Power(True))])
def test_every_flag_that_matters(flags: str, power: Power) -> None:
    said = report(b"(220.0 220.0 220.0 015 50.0 27.5 --.- " + flags.encode() + b"\r")
    assert said and said.power == power


def test_what_is_no_report_is_none() -> None:
    for bad in (ON_MAINS[:-1], ON_MAINS[1:], ON_MAINS.replace(b"00000000", b"0000000"), ON_MAINS.replace(b".", b""), b""):
        assert report(bad) is None
    chance = random.Random(7)
    assert all(report(chance.randbytes(60)) is None for _ in range(2000))


@pytest.mark.parametrize("after, back, order", [(60, 180, b"S01R0003\r"), (12, 60, b"S.2R0001\r"), (54, 61, b"S.9R0002\r"),
                                                (55, 0, b"S01R0001\r"), (0, 60, b"S.2R0001\r"), (61, 1e9, b"S02R9999\r"),
                                                (3600, 60, b"S10R0001\r")])
def test_a_shutdown_is_never_sooner_than_asked_for(after: float, back: float, order: bytes) -> None:
    assert shutdown(after, back) == order


# The device, at a link that answers as a test says.


def ups(*answers: bytes) -> tuple[Device, Answering]:
    waiting = deque(answers)
    link = Answering(lambda data: [waiting.popleft()] if waiting else [])
    return Device(link), link


def test_what_changed_is_believed_when_it_was_said_twice() -> None:
    device, link = ups(ON_MAINS, ON_MAINS, ON_MAINS, ON_BATTERY, ON_MAINS, ON_MAINS)
    assert device.power().mains and len(link.written) == 2
    assert device.power().mains and len(link.written) == 3, "nothing new"
    assert device.power().mains, "said once: a flipped bit"


def test_no_single_flipped_bit_is_believed() -> None:
    """In the first, second or third answer, at any place; whatever comes out, it is the truth or no answer."""
    for turn in range(3):
        for at in range(len(ON_MAINS)):
            for bit in range(8):
                answers = [ON_MAINS] * 6
                answers[turn] = ON_MAINS[:at] + bytes((ON_MAINS[at] ^ 1 << bit,)) + ON_MAINS[at + 1:]
                device, _ = ups(*answers)
                assert [device.power() for _ in range(2)] == [Power(mains=True)] * 2


def test_answers_that_never_agree_are_none() -> None:
    device, _ = ups(*[ON_MAINS, ON_BATTERY] * 4)
    with pytest.raises(NoAnswer, match="contradict"):
        device.power()
    silent, _ = ups()
    with pytest.raises(NoAnswer, match="silent"):
        silent.power()
    other, _ = ups(*[b"OK\r"] * 9)
    with pytest.raises(WrongDevice):
        other.identify()


@pytest.mark.parametrize("said", [b"S01R0003\r", b"(NAK\r"])
def test_a_ups_that_does_not_obey_says_so(said: bytes) -> None:
    device, link = ups(said)
    with pytest.raises(OutOfService):
        device.off_and_back(60, 180)
    assert link.written == [b"S01R0003\r"]
    for quiet in (b"", b"(ACK\r"):
        ups(quiet)[0].off_and_back(60, 180)


# Before its twin.


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, devices=("ups",)) as twins:
        yield twins


@pytest.fixture
def opened(bench: Bench) -> Callable[[], tuple[UpsTwin, Device]]:
    def opened() -> tuple[UpsTwin, Device]:
        twin = bench.devices["ups"]
        assert isinstance(twin, UpsTwin)
        return twin, Device(open_link(bench.urls["ups"]))
    return opened


@pytest.mark.parametrize("standby", [False, True])
def test_twin_and_driver_agree(opened: Callable[[], tuple[UpsTwin, Device]], standby: bool) -> None:
    twin, device = opened()
    twin.standby(standby)
    assert device.identify() == "Megatec UPS Example UPS1000 V1.0"
    assert device.power() == Power(mains=True) and device.status().state is State.ONLINE
    twin.mains(False)
    twin.low()
    assert device.power() == Power(mains=False, low=True)
    twin.broken()
    device.power()
    assert device.status().state is State.FAULT
    device.off_and_back(60, 180)
    assert twin.orders == ["S01R0003"]
