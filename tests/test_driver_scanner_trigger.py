"""Scanners that are told when to shine: the makers' bytes, and a light that is on while a code is wanted and not longer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from conformance import Subject, scanner_honeywell, scanner_newland, scanner_zonebit
from conformance.faults import byte_faults, clean, verdict
from conformance.memory import Memory, memory
from conformance.scanner_line import CODE
from drivers import scanner_honeywell as honeywell
from drivers import scanner_newland as newland
from drivers import scanner_zonebit as zonebit
from drivers.code_trigger import OWN_TIME, SHINE, Command, Language, Reply, Stream, Verdict
from drivers.contract import Cancelled, NoAnswer, NothingPresented, OutOfService, State, Status, WrongDevice
from drivers.sim.bench import Bench
from far_end import Answering
from twin_desk import Desk
from vectors import vectors

VECTORS = vectors("scanner")
NLS = replace(scanner_newland.SUBJECT, options={"commands": "nls"}, prepare=lambda twin: twin.speak("nls"))
SUBJECTS = {"newland": scanner_newland.SUBJECT, "nls": NLS, "zonebit": scanner_zonebit.SUBJECT,
            "honeywell": scanner_honeywell.SUBJECT}
LANGUAGES: dict[str, Language] = {"newland": newland.Unified(), "nls": newland.Older(), "zonebit": zonebit.ZoneBit(),
                                  "honeywell": honeywell.Honeywell()}
ANSWERS = {"newland": VECTORS["3.31"], "nls": b"\x06", "zonebit": VECTORS["3.42"], "honeywell": b"TRGMOD0\x06!"}


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture
def world(subject: Subject) -> Iterator[Memory]:
    with memory(subject) as world:
        world.open()
        yield world


def scan(world: Memory, timeout: float = 30, **later: Any) -> Any:
    """The outcome of a scan; `at_3=act` is done three seconds after it began."""
    def plan() -> None:
        for when, act in later.items():
            world.loop.later(float(when.removeprefix("at_")), act)

    return world.do(lambda device: device.scan(timeout), once_it_waits=plan)


# Bytes.


def test_newland_speaks_as_its_manual_says() -> None:
    assert newland.unified("SCNTRG1").data == VECTORS["3.30"] and LANGUAGES["newland"].start.data == VECTORS["3.30"]
    for mode, vector in ((False, "3.33"), (True, "3.34")):
        assert newland.Unified().mode(mode).data.replace(b"#", b"@") == VECTORS[vector], "temporary: flash wears out"
    assert newland.Unified().find(b"1" + VECTORS["3.31"] + b"2") == (1, 18, Reply(Verdict.TAKEN, b"#SCNTRG1"))
    refused = VECTORS["3.31"].replace(b"\x06", b"\x15")
    assert newland.Unified().find(refused) == (0, 17, Reply(Verdict.REFUSED, b"#SCNTRG1"))


def test_zone_bit_engines_are_spoken_to_as_their_manuals_say() -> None:
    start = zonebit.write(zonebit.TRIGGER, 1).data
    assert start[:-2] + b"\xab\xcd" == VECTORS["3.41"], "and with its CRC, instead of the marker for none"
    assert [zonebit.ZoneBit().find(VECTORS[name]) for name in ("3.42", "3.43", "3.44")] == [
        (0, 7, Reply(verdict, data=b"\0")) for verdict in (Verdict.TAKEN, Verdict.REFUSED, Verdict.UNKNOWN)]
    long = b"\x02\x00\x00\x00" + bytes(256)
    assert zonebit.ZoneBit().find(b"\x02" + long + zonebit.crc(long[2:])) == (1, 263, Reply(Verdict.TAKEN, data=bytes(256)))


def test_honeywell_speaks_as_its_manual_says() -> None:
    assert honeywell.Honeywell().stop.data == VECTORS["3.51"]
    assert honeywell.menu("TRGMOD0").data[:-1] + b"." == VECTORS["3.52"], "volatile: that table has no wear"
    assert honeywell.Honeywell().find(b"TRGMOD0\x05!") == (0, 9, Reply(Verdict.UNKNOWN, b"TRGMOD0"))


@pytest.mark.parametrize("name", LANGUAGES)
def test_answers_and_codes_on_one_line(name: str) -> None:
    answer = ANSWERS[name]
    whole = b"A1\r" + answer + b"B2\rC3" + answer + b"D4\r"
    for suffix, codes in (("cr", ["A1", "", "B2", "", "D4"]), ("any", ["A1", "", "B2", "C3", "", "D4"])):
        for cut in range(len(whole) + 1):
            stream = Stream(LANGUAGES[name], suffix)
            came = stream.feed(whole[:cut]) + stream.feed(whole[cut:])
            assert [code if isinstance(code, str) else "" for code in came] == codes
            assert all(isinstance(reply, str) or reply.verdict is Verdict.TAKEN for reply in came)
            assert not stream.begun


@settings(max_examples=150)
@given(some.sampled_from(["newland", "zonebit"]), some.integers(0, 400), some.binary(max_size=2))
def test_a_damaged_answer_is_never_part_of_a_code(name: str, at: int, instead: bytes) -> None:
    answer, instead = ANSWERS[name], instead.translate(None, b"\r\n")
    at %= len(answer) - 1                       # a byte behind a whole answer could be a code's first
    stream = Stream(LANGUAGES[name], "any")
    came = stream.feed(answer[:at] + instead + answer[at + 1:] + CODE.encode() + b"\r") + [stream.end()]
    assert {code for code in came if isinstance(code, str)} <= {CODE, ""}


def test_only_what_has_no_person_in_it_may_be_shown() -> None:
    for module, command in ((newland, VECTORS["3.30"]), (zonebit, VECTORS["3.41"]), (honeywell, VECTORS["3.51"])):
        answer = ANSWERS[module.__name__.rpartition("_")[2]]
        assert module.impersonal(command) and module.impersonal(answer)
        for secret in (CODE.encode(), answer + CODE.encode() + b"\r", CODE.encode() + answer):
            assert not module.impersonal(secret)


@pytest.mark.parametrize("module, options", [
    (newland, {"commands": "ean"}), (newland, {"mode": "always"}), (newland, {"beep": "loud"}),
    (newland, {"commands": "nls", "beep": "no"}), (newland, {"suffix": "tab"}), (zonebit, {"mode": ""}),
    (zonebit, {"suffix": "x"}), (honeywell, {"mode": "presentation"}), (honeywell, {"suffix": ""})])
def test_an_option_that_is_none(module: Any, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is one of"):
        module.Device(Answering(lambda data: ()), **options)


# The light.


def test_it_shines_from_the_question_to_the_code(world: Memory) -> None:
    seen: list[bool] = []
    assert world.twin.state()["mode"] == "trigger" and not world.twin.shines
    assert scan(world, at_1=lambda: seen.append(world.twin.shines), at_2=lambda: world.twin.show(CODE)) == CODE
    assert seen == [True] and not world.twin.shines


def test_nobody_shows_anything(world: Memory) -> None:
    assert isinstance(scan(world, 3), NothingPresented) and not world.twin.shines
    began = world.loop.seconds
    assert isinstance(scan(world, 0), NothingPresented) and world.loop.seconds - began < 1


def test_taken_back_it_goes_dark(world: Memory) -> None:
    ended = scan(world, at_2=lambda: world.link.cancel())
    assert isinstance(ended, Cancelled) and not world.twin.shines
    assert world.do(lambda device: device.status()) == Status(State.ONLINE)


def test_it_shines_for_as_long_as_somebody_is_waited_for(world: Memory) -> None:
    """Longer than its own time for one reading, which puts the light out when nobody else does."""
    seen: list[bool] = []
    watch = {f"at_{OWN_TIME + n / 3}": lambda: seen.append(world.twin.shines) for n in range(1, 40)}
    assert scan(world, **watch, at_25=lambda: world.twin.show(CODE)) == CODE
    assert all(seen) and len(seen) > 30


def test_it_goes_dark_though_nobody_tells_it(world: Memory) -> None:
    world.do(lambda device: device._link.write(LANGUAGES_OF[world.subject.driver, bool(world.subject.options)].start.data))
    assert world.twin.shines
    world.loop.pass_time(OWN_TIME + 0.1, lambda: False)
    assert not world.twin.shines


LANGUAGES_OF = {("scanner_newland", False): LANGUAGES["newland"], ("scanner_newland", True): LANGUAGES["nls"],
                ("scanner_zonebit", False): LANGUAGES["zonebit"], ("scanner_honeywell", False): LANGUAGES["honeywell"]}


def test_after_a_code_that_is_none_it_shines_again(world: Memory) -> None:
    assert scan(world, at_1=world.twin.rubbish, at_3=lambda: world.twin.show(CODE)) == CODE
    assert scan(world, at_1=world.twin.half, at_3=lambda: world.twin.show(CODE)) == "V00000", "any: silence ends a code"


def test_half_a_code_is_not_the_beginning_of_the_next(subject: Subject) -> None:
    with memory(replace(subject, options={**subject.options, "suffix": "cr"})) as world:
        world.open()
        world.twin.suffix("cr")
        assert scan(world, at_1=world.twin.half, at_3=lambda: world.twin.show(CODE)) == CODE


@pytest.mark.parametrize("suffix", ["any", "cr"])
def test_a_code_that_comes_while_it_is_to_be_told_again(subject: Subject, suffix: str) -> None:
    """It began before the time was over, and is not cut."""
    with memory(replace(subject, options={**subject.options, "suffix": suffix})) as world:
        world.open()
        world.twin.suffix("cr")
        world.twin.split(True, 10)
        assert scan(world, at_3=lambda: world.loop.later(SHINE - 3.05, lambda: world.twin.show(CODE))) == CODE
        assert world.loop.seconds > SHINE


def test_what_was_read_before_is_not_the_answer(world: Memory) -> None:
    world.twin.restart()
    world.twin.show("V000000000001")           # by itself: it has forgotten that it is told when
    world.do(lambda device: None)
    assert isinstance(scan(world, 2), (NothingPresented, NoAnswer))


@pytest.mark.parametrize("name", ["newland", "nls", "zonebit"])
def test_a_code_that_came_before_the_answer_was_not_asked_for(name: str) -> None:
    subject = SUBJECTS[name]
    link = Answering(lambda data: [b"111111\r" + ANSWERS[name] + CODE.encode() + b"\r"])
    assert subject.module.Device(link, **subject.options).scan(1) == CODE


def test_in_sense_mode_too_what_was_read_before_is_not_the_answer(subject: Subject) -> None:
    with memory(replace(subject, options={**subject.options, "mode": "sense"})) as world:
        world.open()
        world.twin.show("V000000000001")
        assert isinstance(scan(world, 2), NothingPresented)


def test_it_is_told_again_after_its_power_was_lost(world: Memory) -> None:
    world.twin.restart()
    assert world.twin.state()["mode"] == "sense"
    assert world.do(lambda device: device.status()) == Status(State.ONLINE)
    if world.subject.options:
        assert world.do(lambda device: device.identify()) == "Newland engine, trigger mode"
    assert world.twin.state()["mode"] == "trigger"


def test_in_sense_mode_nobody_tells_it(subject: Subject) -> None:
    with memory(replace(subject, options={**subject.options, "mode": "sense"})) as world:
        world.open()
        seen: list[bool] = []
        assert world.twin.state()["mode"] == "sense" and world.identity.endswith("sense mode")
        assert scan(world, at_1=lambda: seen.append(world.twin.shines), at_10=lambda: world.twin.show(CODE)) == CODE
        assert scan(world, at_1=world.twin.rubbish, at_2=lambda: world.twin.show(CODE)) == CODE
        assert seen == [False] and isinstance(scan(world, 2), NothingPresented)


# Who it is.


@pytest.mark.parametrize("speaks", ["unified", "nls", "zonebit", "honeywell"])
def test_another_maker_s_scanner_is_refused(subject: Subject, speaks: str) -> None:
    with memory(replace(subject, prepare=lambda twin: twin.speak(speaks))) as world:
        if speaks == ("nls" if subject.options else subject.driver.removeprefix("scanner_").replace("newland", "unified")):
            world.open()
            assert world.identity
        else:
            with pytest.raises((WrongDevice, NoAnswer)):
                world.open()


def test_an_engine_that_cannot_be_told_is_out_of_service() -> None:
    refuses = Answering(lambda data: [b"\x02" + data[1:].replace(b";\x03", b"\x15;\x03")])
    with pytest.raises(OutOfService, match="no trigger mode"):
        newland.Device(refuses).identify()
    for answer in (VECTORS["3.43"], VECTORS["3.44"]):
        with pytest.raises(OutOfService):
            zonebit.Device(Answering(lambda data: [answer])).identify()
    unknown = Answering(lambda data: [data[3:-1] + b"\x05!"])
    with pytest.raises(OutOfService):
        honeywell.Device(unknown).identify()


def test_one_that_says_no_later_is_at_fault() -> None:
    refuses = Answering(lambda data: [b"\x02" + data[1:].replace(b";\x03", b"\x05;\x03")])
    assert newland.Device(refuses).status() == Status(State.FAULT, cause="out_of_service")


def test_a_scanner_that_does_not_take_the_start_says_so() -> None:
    link = Answering(lambda data: [b"\x02" + data[1:].replace(b";\x03", b"\x15;\x03")])
    with pytest.raises(NoAnswer, match="does not take"):
        newland.Device(link).scan(1)
    assert link.written[-1] == newland.unified("SCNTRG0").data, "and is told to stop all the same"


def test_the_beep_is_set_where_it_is_wished() -> None:
    for beep, told in (("yes", b"1"), ("no", b"0"), ("", None)):
        with memory(replace(SUBJECTS["newland"], options={"beep": beep})) as world:
            world.twin._settings[b"GRBENA"] = b"?"
            world.open()
            assert world.twin._settings[b"GRBENA"] == (told or b"?")


def test_the_light_of_a_zone_bit_engine_stays_as_it_was_set() -> None:
    with memory(SUBJECTS["zonebit"]) as world:
        world.twin._registers[0] = 0b10100110
        world.open()
        assert world.twin._registers[0] == 0b10100101


@pytest.mark.parametrize("name", ["newland", "zonebit"])
def test_a_wrong_byte_in_an_answer_never_makes_a_wrong_code(name: str) -> None:
    """The codes themselves are bare text; the answers around them are not."""
    subject = replace(SUBJECTS[name], unchecked=frozenset())
    good = clean(subject)
    answers = [number for number, frame in enumerate(good.frames) if CODE.encode() not in frame]
    faults = [fault for fault in byte_faults(good.frames) if fault.frame in answers
              and (fault.kind, fault.at) != ("double", len(good.frames[fault.frame]) - 1)]      # could be a code's first
    assert len(answers) == len(good.frames) - 1
    for fault in random.Random(3).sample(faults, 120):
        outcome = verdict(subject, good, fault)
        assert outcome.good, (fault, outcome)


def test_an_answer_is_for_a_command() -> None:
    assert not Command(b"", b"#SCNTRG1").answered_by(Reply(Verdict.TAKEN, b"#SCNTRG0"))
    assert not Command(b"", size=3).answered_by(Reply(Verdict.TAKEN, data=b"\0")), "an acknowledgement, not registers"
    assert Command(b"", size=3).answered_by(Reply(Verdict.UNKNOWN, data=b"\0"))


# On a real line, in real time.


@pytest.mark.parametrize("model", ["newland", "zonebit", "honeywell"])
def test_on_a_line(tmp_path: Path, model: str) -> None:
    with Bench(tmp_path, devices=("scanner",)) as bench:
        bench.scanner.speak({"newland": "unified"}.get(model, model))  # type: ignore[arg-type]
        desk = Desk(bench, "scanner", f"scanner_{model}")
        try:
            desk.online()
            assert desk.do(lambda device: device.scan(20), once_it_waits=lambda: bench.scanner.show(CODE)) == CODE
            command = desk.begin(lambda device: device.scan(20))
            bench.scanner.until(lambda: bench.scanner.shines)
            command.cancel()
            assert isinstance(desk.end(), Cancelled)
            bench.scanner.until(lambda: not bench.scanner.shines)
        finally:
            desk.service.close()
