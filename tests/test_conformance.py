"""One conformance suite for every driver: each before its twin, through every fault of a line.

Driver and twin were written apart from the same manuals; here the two readings must agree. All of this is in memory, in
time that passes only while a driver waits. The line's faults are a sample here; `scripts/conformance --full` tries each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from conformance import Desk, Subject, Twins, drivers, subjects
from conformance.faults import Clean, byte_faults, clean, judge, verdict
from conformance.fuzz import fuzz, inputs, storm
from conformance.memory import Hang, Memory, memory
from drivers import idcard_sdt
from drivers.contract import (
    Bin, DeviceError, Gone, NoAnswer, NothingPresented, Paper, Status, Stock, WrongDevice)
from drivers.sim.bench import TWINS
from drivers.sim.twin import Twin

SUBJECTS = subjects()
ASKING = [name for name, one in SUBJECTS.items() if one.asks]
SAMPLE = 200            # single-byte faults of each driver
STORMS = 20             # lines that damage every second answer
FUZZED = 2_000          # inputs of each codec
SECOND = 1.0            # s, for an end after a cancel, and for a status
LACKING = {"cards_crt310": {"draw"}}         # what the model cannot do: it has no hopper
ALARMS = {("paper", Paper.OUT), ("paper", Paper.JAMMED), ("cards", Stock.EMPTY), ("bin", Bin.FULL), ("toner", Stock.EMPTY)}


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture(scope="module", params=ASKING)
def asking(request: pytest.FixtureRequest) -> Subject:
    """A driver whose device answers."""
    return SUBJECTS[request.param]


@pytest.fixture(scope="module")
def good(subject: Subject) -> Clean:
    return clean(subject)


def test_every_driver_is_here() -> None:
    assert sorted(SUBJECTS) == drivers(), "a driver has a subject in tests/conformance"
    assert len(SUBJECTS) >= 3


def test_a_healthy_device_says_who_it_is_and_does_its_work(subject: Subject) -> None:
    with memory(subject) as world:
        for _ in range(3):
            assert world.use() is True
        assert world.identity and "\n" not in world.identity
        assert isinstance(world.status, Status)


def test_a_good_use_is_every_command_that_the_driver_has(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not used here meets no fault either."""
    kind, used = subject.module.Device, set[str]()
    commands = {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}

    def counted(name: str, command: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            used.add(name)
            return command(*args, **words)

        return call

    for name in commands:
        monkeypatch.setattr(kind, name, counted(name, getattr(kind, name)))
    with memory(subject) as world:
        world.use()
        if subject.waits:
            world.do(subject.waits)
    assert commands - used <= LACKING.get(subject.driver, set())


# Lines. What a merely ugly line brings is right all the same; what a bad one brings is right or an error.

UGLY: dict[str, Callable[[Any], object]] = {
    "single bytes": lambda twin: twin.split(),
    "single bytes at 9600 baud": lambda twin: twin.split(True, 1),
    "a slow answer": lambda twin: twin.slow(150),
}
BAD: dict[str, Callable[[Any], object]] = {
    "stray bytes before the answer": lambda twin: twin.garbage(8),
    "answers twice": lambda twin: twin.duplicate(),
    "a garbled answer": lambda twin: twin.garble(1),
    "two garbled answers": lambda twin: twin.garble(2),
    "half an answer": lambda twin: twin.truncate(1),
    "most of an answer": lambda twin: twin.truncate(6),
    "its own words come back": lambda twin: twin.echo(),
    "answers are lost": lambda twin: twin.silent(),
    "answers come too late": lambda twin: twin.slow(1200),
    "a slow line": lambda twin: twin.split(True, 30),
}


@pytest.mark.parametrize("fault", UGLY)
def test_a_line_that_is_merely_ugly(subject: Subject, fault: str) -> None:
    with memory(subject) as world:
        UGLY[fault](world.twin)
        assert [world.use() for _ in range(2)] == [True, True]


def test_answers_that_stick_together(subject: Subject) -> None:
    with memory(subject) as world:
        world.line.joined = on_a_line(TWINS[subject.device].load())     # other kinds of lines keep messages apart
        assert [world.use() for _ in range(2)] == [True, True]


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("when", ["from the first", "in the middle"])
def test_a_line_that_lies_never_makes_a_wrong_value(subject: Subject, fault: str, when: str) -> None:
    with memory(subject) as world:
        if when == "in the middle":
            assert world.use() is True
        BAD[fault](world.twin)
        outcome = judge(world)
        assert outcome.good, outcome


@pytest.mark.parametrize("fault", BAD)
def test_what_it_does_not_know_it_does_not_say(subject: Subject, good: Clean, fault: str) -> None:
    if "status" in subject.unchecked and "garbled" in fault:
        return                                      # a byte of bits that came wrong says something else, to anybody
    with memory(subject) as world:
        assert world.use() is True
        BAD[fault](world.twin)
        for _ in range(3):
            status = world.do(lambda device: device.status())
            if not isinstance(status, DeviceError):
                assert not ALARMS & {*vars(status).items()}, status


def test_a_silent_device_s_status_ends_within_a_second(asking: Subject) -> None:
    with memory(asking) as world:
        assert world.use() is True
        world.twin.silent()
        world.loop.pass_time(5, lambda: False)
        began = world.loop.seconds
        assert isinstance(world.do(lambda device: device.status()), (NoAnswer, Gone))
        assert world.loop.seconds - began <= SECOND + 0.1


def test_single_byte_faults(subject: Subject, good: Clean) -> None:
    every = byte_faults(good.frames)
    chosen = random.Random(1).sample(every, min(SAMPLE, len(every)))
    failed = [(fault, outcome) for fault in chosen if not (outcome := verdict(subject, good, fault)).good]
    assert failed == []


# Plugs, and taking back.


def moments(seconds: float) -> Iterator[float]:
    """Points in a command that takes so long."""
    yield from (seconds * part / 7 for part in range(8))


def test_the_plug_is_pulled_at_any_byte(subject: Subject, good: Clean) -> None:
    places = [(number, at) for number, frame in enumerate(good.frames)
              for at in sorted({0, 1, len(frame) // 2, len(frame) - 1}) if at < len(frame)]
    for place in random.Random(2).sample(places, min(30, len(places))):
        with memory(subject) as world:
            world.line.spoil = _unplugging(world, *place)
            outcome = judge(world, good)
            assert outcome.good, (place, outcome)


def _unplugging(world: Memory, frame: int, at: int) -> Callable[[int, bytes], bytes]:
    def spoil(number: int, answer: bytes) -> bytes:
        if number == frame:
            world.line.unplug_after = at
        return answer

    return spoil


def test_the_plug_is_pulled_at_any_moment(subject: Subject, good: Clean) -> None:
    for moment in moments(good.seconds):
        with memory(subject) as world:
            world.loop.later(moment, world.twin.unplug)
            outcome = judge(world, good)
            assert outcome.good, (moment, outcome)


def test_a_command_is_taken_back_within_a_second_at_any_moment(subject: Subject, good: Clean) -> None:
    for moment in moments(good.seconds):
        with memory(subject) as world:
            world.open()
            taken_back = world.cancel_at = world.loop.seconds + moment
            outcome = judge(world, good, partial(_within_a_second, world, taken_back))
            assert outcome.good, (moment, outcome)


def _within_a_second(world: Memory, of: float) -> bool:
    return world.loop.seconds - of <= SECOND


@pytest.mark.parametrize("fault", ["single bytes", "answers are lost"])
def test_waiting_is_taken_back_within_a_second(subject: Subject, good: Clean, fault: str) -> None:
    wait = subject.waits
    if not wait:
        return                                      # this device waits for nobody
    for moment in (0.01, 0.5, 2.0):
        with memory(subject) as world:
            world.open()
            (UGLY | BAD)[fault](world.twin)
            taken_back = world.cancel_at = world.loop.seconds + moment
            ended = world.do(wait)
            assert isinstance(ended, DeviceError) and not isinstance(ended, NothingPresented), ended
            assert _within_a_second(world, taken_back)
            outcome = judge(world, good)
            assert outcome.good, outcome


# Other devices, and nonsense.


def on_a_line(twin: type[Twin]) -> bool:
    """Is it a stream of bytes? Behind other kinds (print queues, readers of chips) all devices are one to their driver."""
    return twin.cable.__func__ is Twin.cable.__func__  # type: ignore[attr-defined]


def test_another_device_is_refused(asking: Subject) -> None:
    for name, stand in TWINS.items():
        if name != asking.device and on_a_line(other := stand.load()):
            with memory(asking, other) as world, pytest.raises((WrongDevice, NoAnswer, Gone)):
                world.open()


class Babbler(Twin):
    """Answers everything with noise, and talks by itself."""

    def __init__(self, line: Any, speed: float) -> None:
        super().__init__(line, speed)
        self.words: Iterator[bytes] = iter(())

    def hear(self, data: bytes) -> None:
        self.line.send(next(self.words))

    def well(self) -> None:
        """It never is."""

    def talk(self) -> None:
        self.line.send(next(self.words))
        self.line.loop.later(0.05, self.talk)


@pytest.mark.parametrize("talks", [False, True])
def test_noise_is_never_online(asking: Subject, talks: bool) -> None:
    for seed in range(10):
        with memory(asking, Babbler) as world:
            world.twin.words = inputs([], seed)
            if talks:
                world.twin.talk()
            with pytest.raises((WrongDevice, NoAnswer, Gone)):
                world.open()


def test_what_a_codec_makes_of_nonsense(subject: Subject, good: Clean) -> None:
    assert not fuzz(subject, good.frames, FUZZED, seed=7)


def test_a_line_on_which_nearly_all_is_damaged(subject: Subject) -> None:
    failed = {seed: outcome for seed in range(STORMS) if not (outcome := storm(subject, seed)).good}
    assert failed == {}


# The suite itself finds what it looks for.


def test_a_driver_that_hangs_or_crashes_is_found() -> None:
    one = SUBJECTS["idcard_sdt"]

    def waits_for_ever(device: Any) -> None:
        while True:
            device._link.read(1)

    def divides(device: Any) -> float:
        return 1 / 0

    for work, what in ((waits_for_ever, "hang"), (divides, "crash")):
        use = partial(_only, work)
        with memory(Subject(one.driver, one.device, use, one.codec)) as world:
            assert judge(world).what == what
    with memory(Subject(one.driver, one.device, lambda twins, desk: "nonsense", one.codec)) as world:
        assert judge(world).what == "wrong"


def test_a_driver_that_checks_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def believes(data: bytes) -> idcard_sdt.Answer | None:
        size = int.from_bytes(data[5:7], "big") + 7
        return idcard_sdt.Answer(data[9], data[10:-1]) if 11 <= size == len(data) else None

    monkeypatch.setattr(idcard_sdt, "_whole", believes)
    one = SUBJECTS["idcard_sdt"]
    good = clean(one)
    flips = [fault for fault in byte_faults(good.frames) if fault.kind == "bit 0" and fault.frame == len(good.frames) - 1]
    assert [outcome for fault in flips[::7] if (outcome := verdict(one, good, fault)).what == "wrong"]


def _only(work: Callable[[Any], Any], twins: Twins, desk: Desk) -> Any:
    return desk.do(work)


def test_time_stands_still_unless_somebody_waits() -> None:
    with memory(SUBJECTS["idcard_sdt"]) as world:
        world.twin.silent()
        assert isinstance(world.use(), NoAnswer)
        assert world.loop.seconds > 3
        with pytest.raises(Hang):
            world.link.begin()
            while True:
                world.link.read(0)
