"""What the printer's twin puts on paper: text, sizes, codes, pictures, cuts, and what it did not understand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from drivers.sim.bench import Bench
from drivers.sim.escpos import Tokenizer
from drivers.sim.ticket import LOST, Raster, Ticket
from twin_port import Port
from vectors import vectors

VEC = vectors("printer")
FEED_AND_CUT = b"\x1dVB\x00"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["printer"]) as port:
        yield port


def printed(bench: Bench, port: Port, data: bytes) -> Ticket:
    """The ticket that `data` makes, cut off behind it."""
    number = len(bench.printer.tickets) + 1
    port.write(data + FEED_AND_CUT)
    return bench.printer.ticket(number)


def test_the_complete_ticket(bench: Bench, port: Port) -> None:
    port.write(VEC["4.80"])
    ticket = bench.printer.ticket(1)
    assert port.read(7) == VEC["4.65"]
    title, name = ticket.lines
    assert (title.text, title.align, title.wide, title.high) == ("虚构医院", "centre", 2, 2)
    assert (name.text, name.align, name.wide, name.high) == ("姓名：测试甲", "left", 1, 1)
    assert [(code.kind, code.data, code.module) for code in ticket.codes] == [("qr", "KIOSK-TEST-0001", 6)]
    assert (ticket.cut, ticket.unknown, ticket.raw) == ("partial", (), VEC["4.80"])


@pytest.mark.parametrize(("vector", "text", "wide"), [("4.02", "挂号凭条", 1), ("4.03", "请取号", 2), ("4.04", "A001", 2)])
def test_text_vectors(bench: Bench, port: Port, vector: str, text: str, wide: int) -> None:
    ticket = printed(bench, port, VEC["4.01"] + VEC[vector])
    assert [(line.text, line.wide, line.high) for line in ticket.lines] == [(text, wide, wide)]


def test_styles(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, b"\x1bE\x01bold\n\x1bE\x00\x1b-\x01under\n\x1b-\x00\x1ba\x02right\nplain\n")
    assert [(line.text, line.bold, line.underline, line.align) for line in ticket.lines] == [
        ("bold", True, False, "left"), ("under", False, True, "left"), ("right", False, False, "right"),
        ("plain", False, False, "right")]


def test_gs_size_leaves_chinese_alone_on_a_clone(bench: Bench, port: Port) -> None:
    text = b"\x1d!\x11" + "大".encode("gb18030") + b"\n"
    assert printed(bench, port, text).lines[0].wide == 1
    bench.printer.epson_sizes()
    assert printed(bench, port, b"\x1b@" + text).lines[0].wide == 2


@pytest.mark.parametrize(("mm", "columns"), [(80, 48), (58, 32)])
def test_long_lines_wrap_at_the_paper(bench: Bench, port: Port, mm: int, columns: int) -> None:
    bench.printer.width(mm)
    ticket = printed(bench, port, b"a" * (columns + 1) + b"\n" + ("宽" * columns).encode("gb18030") + b"\n")
    assert [len(line.text) for line in ticket.lines] == [columns, 1, columns // 2, columns // 2]
    assert ticket.width_mm == mm


@pytest.mark.parametrize(("data", "text"), [
    (b"\x9d12.50", LOST + "2.50"),                       # the yen trap: it swallows its neighbour
    ("￥12.50".encode("gb18030"), "￥12.50"),
    (b"\x81\x30\x84\x36", LOST * 2),                     # four-byte characters are two wrong pairs
    (b"\x1c.\xb9\xd2\x1c&\xb9\xd2", "╣╥挂"),              # one-byte mode, two-byte mode
    (b"\xb9\x1ba\x01\xd2\xba", LOST + "液"),              # half a pair before a command
])
def test_two_byte_mode(bench: Bench, port: Port, data: bytes, text: str) -> None:
    assert printed(bench, port, data + b"\n").text == text


def test_barcode(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, VEC["4.11"])
    code, = ticket.codes
    assert (code.kind, code.data, code.text, code.height, code.module) == ("code128", "0123456789", "0123456789", 80, 2)
    assert len(code.rows[0]) == 11 * 12 + 13


@pytest.mark.parametrize(("data", "contents"), [(b"{AV1", "V1"), (b"{C\x0c\x22", "1234"), (b"{BV{C\x0c\x22", "V1234")])
def test_barcode_code_sets(bench: Bench, port: Port, data: bytes, contents: str) -> None:
    assert printed(bench, port, b"\x1dkI" + bytes((len(data),)) + data).codes[0].data == contents


def test_qr_draws_exactly_its_modules(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, VEC["4.80"][:-4])
    code, = ticket.codes
    picture = Image.open(BytesIO(ticket.png())).convert("L")
    top = sum(item.dots for item in ticket.items[:ticket.items.index(code)]) + 18
    left = 18 + 32
    for y, row in enumerate(code.rows):
        for x, module in enumerate(row):
            pixel = picture.getpixel((left + x * 6 + 3, top + y * 6 + 3))
            assert isinstance(pixel, int) and (pixel < 128) == module


def test_raster(bench: Bench, port: Port) -> None:
    bits = bytes((0xF0, 0x0F)) * 3
    ticket = printed(bench, port, b"\x1dv0\x00\x02\x00\x03\x00" + bits + b"\x1dv0\x03\x02\x00\x03\x00" + bits)
    plain, doubled = [item for item in ticket.items if isinstance(item, Raster)]
    assert (plain.width, plain.dots, plain.bits) == (16, 3, bits)
    assert (doubled.width, doubled.dots, doubled.bits[:8]) == (32, 6, bytes.fromhex("FF0000FF") * 2)


@pytest.mark.parametrize(("cut", "kind"), [(VEC["4.06"], "full"), (VEC["4.07"], "partial"), (b"\x1dVA\x00", "full"),
                                           (b"\x1dVB\x00", "partial"), (b"\x1bi", "full"), (b"\x1bm", "partial")])
def test_cuts(bench: Bench, port: Port, cut: bytes, kind: str) -> None:
    port.write(b"text\n\x1bd\x04" + cut)
    assert bench.printer.ticket(1).cut == kind


def test_a_cut_without_a_feed_leaves_the_last_lines_inside(bench: Bench, port: Port) -> None:
    port.write(b"1\n2\n3\n4\n5\n\x1dV\x00" + b"next\n" + FEED_AND_CUT)
    assert bench.printer.ticket(2).text == "4\n5\nnext"
    assert bench.printer.tickets[0].text == "1\n2\n3"


def test_a_cut_in_mid_line_is_ignored_and_told(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, b"text\x1dV\x00\n")
    assert ticket.text == "text" and ticket.unknown == ("GS V 00",) and len(bench.printer.tickets) == 1


def test_a_cut_of_nothing_makes_no_ticket(bench: Bench, port: Port) -> None:
    port.write(b"\x1dV\x00\x1dV\x00" + VEC["4.64"])
    assert port.read(7) == VEC["4.65"] and bench.printer.tickets == []


@pytest.mark.parametrize(("command", "told"), [
    (b"\x1bs", "ESC s"), (b"\x1dL\x10\x00", "GS L 10 00"), (b"\x07", "07"), (b"\x1dk\x0201234\x00", "GS k 02"),
    (b"\x1d(k\x03\x001Q1", "GS ( 6B 03 00"), (b"\x1dkI\x03{Cx", "set C"), (b"\x1dv0\x09\x01\x00\x01\x00\xff", "GS v"),
])
def test_what_it_does_not_know_is_told_and_prints_nothing(bench: Bench, port: Port, command: bytes, told: str) -> None:
    ticket = printed(bench, port, command + b"text\n")
    assert ticket.text == "text" and len(ticket.unknown) == 1 and told in ticket.unknown[0]
    assert printed(bench, port, b"next\n").unknown == ()


def test_codes_that_do_not_fit_are_told(bench: Bench, port: Port) -> None:
    wide = printed(bench, port, b"\x1dw\x06\x1dkI\x14{B" + b"A" * 18)
    assert "wider than the paper" in wide.unknown[-1]
    store = (3 + 3000).to_bytes(2, "little")
    much = printed(bench, port, b"\x1d(k" + store + b"1P0" + b"x" * 3000 + b"\x1d(k\x03\x001Q0")
    assert much.codes == () and much.unknown == ("QR: too much data",)


def test_commands_in_any_pieces_are_the_same_commands() -> None:
    pictures = b"\x1dv0\x00\x01\x00\x02\x00\x10\x04" + b"\x1b*\x21\x01\x00\x10\x04\x01"
    data = VEC["4.80"] + VEC["4.11"] + pictures + b"\x1bD\x08\x00"
    whole = [command.raw for command in Tokenizer().feed(data)]
    tokenizer = Tokenizer()
    single = [command.raw for byte in data for command in tokenizer.feed(bytes((byte,)))]
    assert b"".join(whole) == b"".join(single) == data
    assert [raw for raw in whole if raw[0] < 0x20] == [raw for raw in single if raw[0] < 0x20]


def test_the_picture_and_the_data_of_a_ticket(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, VEC["4.80"][:-4] + b"\xff\x1bM\x01small\n\x1bM\x00" + VEC["4.11"])
    picture = Image.open(BytesIO(ticket.png()))
    assert picture.size == (640 + 36, round(ticket.length_mm * 8) + 36)
    assert (picture.getpixel((0, 0)) or (0,) * 4)[3] < 60, "beside the paper there is only shadow"  # type: ignore[index]
    said = json.loads(ticket.json())
    assert said["lines"][0] == {"text": "虚构医院", "align": "centre", "wide": 2, "high": 2, "bold": False,
                                "underline": False}
    assert said["codes"][0] == {"kind": "qr", "data": "KIOSK-TEST-0001"} and said["cut"] == "partial"


def test_lines_stand_in_the_picture_where_they_stand_on_paper(bench: Bench, port: Port) -> None:
    ticket = printed(bench, port, b"left\n\x1ba\x02right\n")
    ink = Image.open(BytesIO(ticket.png())).convert("L").point(lambda value: 255 * (value < 110))
    first, second = ink.crop((18, 18 + 96, 658, 18 + 130)), ink.crop((18, 18 + 130, 658, 18 + 164))
    assert (first.getbbox() or (0,))[0] in range(32, 40)
    assert (second.getbbox() or (0,) * 4)[2] in range(600, 609)
