"""The scanner's twin: codes with every suffix and in every shape, and three makers' commands byte for byte."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.sim.bench import Bench
from twin_port import Port

START = bytes.fromhex("7E0130303030 23 53434E54524731 3B03")
ACCEPTED = bytes.fromhex("020130303030 23 53434E54524731 06 3B03")
TRIGGER_MODE = bytes.fromhex("7E0130303030 40 53434E4D4F4430 3B03")
SENSE_MODE = bytes.fromhex("7E0130303030 40 53434E4D4F4432 3B03")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["scanner"]) as port:
        yield port


@pytest.mark.parametrize(("kind", "end"), [("crlf", b"\r\n"), ("cr", b"\r"), ("lf", b"\n"), ("none", b"")])
def test_a_code_and_its_suffix(bench: Bench, port: Port, kind: str, end: bytes) -> None:
    bench.scanner.suffix(kind)  # type: ignore[arg-type]
    bench.scanner.show("V000000000001")
    assert port.read(13 + len(end)) == b"V000000000001" + end


def test_chinese_codes_in_both_encodings(bench: Bench, port: Port) -> None:
    bench.scanner.show("挂号")
    assert port.read(8) == "挂号\r\n".encode()
    bench.scanner.show("挂号", encoding="gb18030")
    assert port.read(6) == b"\xB9\xD2\xBA\xC5\r\n"


def test_odd_codes(bench: Bench, port: Port) -> None:
    bench.scanner.half("V000000000001")
    assert port.read(6) == b"V00000"
    bench.scanner.both("A1", "B2")
    assert port.read(8) == b"A1\r\nB2\r\n"
    bench.scanner.rubbish()
    rubbish = port.read(13)
    for encoding in ("utf-8", "gb18030"):
        with pytest.raises(UnicodeDecodeError):
            rubbish.decode(encoding)


def test_an_unknown_suffix_is_refused(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.scanner.suffix("semicolon")  # type: ignore[arg-type]


def test_newland_commands(bench: Bench, port: Port) -> None:
    assert port.ask(TRIGGER_MODE, 17) == b"\x02\x010000@SCNMOD0\x06;\x03"
    bench.scanner.show("A1")
    assert bench.scanner.state()["in_view"], "nobody started a scan"
    assert port.ask(START, 17 + 4) == ACCEPTED + b"A1\r\n"
    assert port.ask(SENSE_MODE, 17) == b"\x02\x010000@SCNMOD2\x06;\x03"
    assert port.ask(b"~\x010000@SCNMOD*;\x03", 17) == b"\x02\x010000@SCNMOD2\x06;\x03"
    assert port.ask(b"~\x010000@SCNMOD9;\x03", 17) == b"\x02\x010000@SCNMOD9\x15;\x03", "a value it does not take"
    assert port.ask(b"~\x010000@NOTHIN1;\x03", 17) == b"\x02\x010000@NOTHIN1\x05;\x03", "a command it does not know"


def test_a_code_shown_after_the_start_is_read_too_and_only_one(bench: Bench, port: Port) -> None:
    port.ask(TRIGGER_MODE, 17)
    port.ask(START, 17)
    bench.scanner.show("A1")
    assert port.read(4) == b"A1\r\n"
    bench.scanner.show("B2")
    bench.scanner.hide()
    assert port.ask(START, 17) == ACCEPTED and bench.scanner.reads == 1


def test_zone_bit_engine(bench: Bench, port: Port) -> None:
    port.ask(TRIGGER_MODE, 17)
    bench.scanner.show("A1")
    success = bytes.fromhex("02000001003331")
    assert port.ask(bytes.fromhex("7E0008010002 01 ABCD"), 11) == success + b"A1\r\n", "acknowledged before the code"
    assert port.ask(bytes.fromhex("7E0008010002 01 0000"), 7) == bytes.fromhex("02000101000401"), "wrong CRC"
    assert port.ask(bytes.fromhex("7E0008010007 2A ABCD"), 7) == success
    assert port.ask(bytes.fromhex("7E0007010007 01 ABCD"), 7)[:5] == bytes.fromhex("020000012A"), "reads what was written"


def test_honeywell_commands(bench: Bench, port: Port) -> None:
    menu = bytes.fromhex("164D0D 5452474D4F4430 2E")
    assert port.ask(menu, 9) == b"TRGMOD0\x06."
    assert port.ask(menu.replace(b"TRGMOD", b"NOSUCH"), 9) == b"NOSUCH0\x05."
    bench.scanner.show("A1")
    port.write(bytes.fromhex("16550D"))            # stop: nothing is read
    assert port.ask(bytes.fromhex("16540D"), 4) == b"A1\r\n"


def test_older_newland_is_there(port: Port) -> None:
    assert port.ask(b"?", 1) == b"!"
    assert port.ask(b"zz?", 1) == b"!", "what is no command is ignored"


def test_older_newland_is_told(bench: Bench, port: Port) -> None:
    assert port.ask(b"NLS0302000;", 1) == b"\x06"
    bench.scanner.show("A1")
    assert port.ask(b"\x1b1", 1 + 4) == b"\x06A1\r\n"
    assert port.ask(b"NLS9999999;", 1) == b"\x15" and port.ask(b"\x1b0", 1) == b"\x06"


def test_the_light_ends_with_a_stop_a_code_or_its_time(bench: Bench, port: Port) -> None:
    port.ask(TRIGGER_MODE, 17)
    port.ask(b"~\x010000#ORTSET600000;\x03", 22)
    for stop, answer in ((bytes.fromhex("7E0008010002 00 ABCD"), 7), (START.replace(b"TRG1", b"TRG0"), 17)):
        port.ask(START, 17)
        bench.scanner.until(lambda: bench.scanner.shines)
        port.ask(stop, answer)
        bench.scanner.until(lambda: not bench.scanner.shines)
    port.ask(b"~\x010000#ORTSET20;\x03", 18)
    port.ask(START, 17)
    bench.scanner.until(lambda: not bench.scanner.shines)


def test_one_maker_s_language(bench: Bench, port: Port) -> None:
    bench.scanner.speak("honeywell")
    port.write(START + b"?" + bytes.fromhex("7E0007010007 01 ABCD"))
    assert port.ask(bytes.fromhex("164D0D 5452474D4F4430 21"), 9) == b"TRGMOD0\x06!"


def test_without_power_it_forgets(bench: Bench, port: Port) -> None:
    port.ask(TRIGGER_MODE, 17)
    assert bench.scanner.state()["mode"] == "trigger"
    bench.scanner.restart()
    assert bench.scanner.state()["mode"] == "sense"
