"""The table of models, and what is drawn because no printer's font has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.printer_escpos import TICKET
from drivers.contract import Align, Pair, PaperLine, Printed, Text
from drivers.escpos_profiles import CHOICES, PROFILES, Dialect, dialect
from drivers.escpos_raster import ENOUGH, Easel
from drivers.escpos_ticket import drawable, encode_ticket, missing
from drivers.links import open_link
from drivers.printer_escpos import Device
from drivers.sim.bench import Bench
from drivers.sim.ticket import Raster, Ticket
from far_end import Answering

RASTER = re.compile(rb"\x1dv0\0(..)(..)", re.S)


def test_every_field_is_an_option_and_every_profile_has_values_that_exist() -> None:
    assert {field.name for field in fields(Dialect)} == CHOICES.keys()
    for made in PROFILES.values():
        assert {name: getattr(made, name) in CHOICES[name] for name in CHOICES} == dict.fromkeys(CHOICES, True)


def test_an_option_beats_the_profile() -> None:
    assert dialect("clone-58").width == "58"
    assert dialect("clone-58", {"width": "80", "fence": ""}) == Dialect(
        width="80", fence="status", charset="gb2312", cut="tear", near_end="no")
    for options in ({"width": "81"}, {"fence": "hope"}, {"double": "treble"}, {"colour": "red"},
                    {"ask": "none", "fence": "status"}):
        with pytest.raises(ValueError):
            dialect("plain", options)
    with pytest.raises(ValueError, match="profile is one of"):
        Device(Answering(lambda data: ()), profile="unheard-of")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=50, devices=("printer",)) as twins:
        yield twins


def on_paper(bench: Bench, lines: list[PaperLine], **options: str) -> Ticket:
    """Printed by the driver, as the twin has it."""
    link = open_link(bench.urls["printer"])
    try:
        assert Device(link, **options).print_ticket(lines, 5) in Printed
        return bench.printer.ticket(len(bench.printer.tickets) or 1)
    finally:
        link.close()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_prints_a_whole_ticket(bench: Bench, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.printer_escpos._usual", lambda size, drawn: 0.3)       # the twin is fifty times as fast
    made = PROFILES[profile]
    bench.printer.width(int(made.width))
    bench.printer.epson_sizes(made.double == "gs")
    bench.printer.no_completion(made.fence != "gs_h")
    link = open_link(bench.urls["printer"])
    device = Device(link, profile=profile)
    assert device.identify()
    assert device.print_ticket(TICKET, 5) is (Printed.PRINTED if made.fence in ("gs_h", "gs_r") else Printed.SENT)
    if made.cut == "tear":
        bench.printer.until(lambda: bench.printer.idle and bool(bench.printer.hanging().codes[1:]))
        bench.printer.tear()
    ticket = bench.printer.ticket(1)
    link.close()
    assert ticket.unknown == () and "￥12.50" in ticket.text
    assert (ticket.lines[0].wide, ticket.lines[0].high) == (2, 2)
    assert "202611210001" in {code.data for code in ticket.codes} and bool(ticket.cut) == (made.cut != "tear")


@pytest.mark.parametrize("cut", CHOICES["cut"])
def test_every_way_to_cut_leaves_the_last_line_on_its_ticket(bench: Bench, cut: str) -> None:
    link = open_link(bench.urls["printer"])
    Device(link, cut=cut).print_ticket([Text("最后一行")], 5)
    link.close()
    bench.printer.until(lambda: bench.printer.idle)
    if cut == "tear":
        bench.printer.tear()
    assert bench.printer.ticket(1).text.endswith("最后一行")


@pytest.mark.parametrize("near_end", ["yes", "no"])
def test_a_near_end_sensor_that_is_not_believed_says_nothing(near_end: str) -> None:
    answers = {1: b"\x12", 2: b"\x12", 3: b"\x12", 4: b"\x1e"}
    link = Answering(lambda data: [answers[data[2]]] if data[:2] == b"\x10\x04" else [])
    assert Device(link, near_end=near_end).status().paper == ("low" if near_end == "yes" else "full")


# Drawing.


@pytest.mark.parametrize(("text", "charset", "drawn"), [
    ("测试甲", "gb18030", False), ("测试𠮷", "gb18030", True), ("㐂", "gb18030", True), ("堃喆", "gb18030", False),
    ("堃喆", "gb2312", True), ("Ñandú", "gb18030", True), ("Nguyễn", "gb18030", True), ("Nguye\u0302\u0303n", "gb18030", True),
    ("é", "gb18030", False), ("Иван", "gb18030", False), ("Ґ", "gb18030", True), ("김", "gb18030", True),
    ("ﬁ²㎡", "gb18030", False), ("¥12.50，。", "gb18030", False), ("😀", "gb18030", False), ("\ue000", "gb18030", False),
    ("阿卜杜拉·吾提", "gb18030", False)])
def test_which_lines_are_drawn(text: str, charset: str, drawn: bool) -> None:
    assert missing(text, charset) is drawn
    ticket = encode_ticket([Text("挂号"), Pair("姓名", text), Text(text)], Dialect(charset=charset), easel=Easel(Dialect()))
    assert len(RASTER.findall(ticket)) == (2 if drawn else 0)


def test_only_the_line_that_needs_it_is_drawn_and_it_stays_in_its_place(bench: Bench) -> None:
    lines: list[PaperLine] = [Text("挂号凭条", Align.CENTRE, 2), Pair("姓名", "测*𠮷"), Text("A001"), Text("𠮷", Align.RIGHT, 2)]
    ticket = on_paper(bench, lines)
    assert ticket.unknown == () and [line.text for line in ticket.lines] == ["挂号凭条", "A001"]
    name, large = (item for item in ticket.items if isinstance(item, Raster))
    assert (name.width, name.dots, large.width, large.dots) == (576, 30, 576, 60)
    assert ink(name, 0, 48) and ink(name, 576 - 24, 576) and not ink(name, 60, 400), "label at the left, value at the right"
    assert ink(large, 576 - 48, 576) and not ink(large, 0, 500)
    assert ticket.png().startswith(b"\x89PNG")


def ink(raster: Raster, left: int, right: int) -> int:
    """Black dots in these columns."""
    across = raster.width // 8
    return sum(raster.bits[y * across + x // 8] >> (7 - x % 8) & 1 for y in range(raster.dots) for x in range(left, right))


def test_rare_characters_are_different_pictures() -> None:
    easel = Easel(Dialect())
    drawn = {character: easel.draw([character], Align.LEFT, 1, False) for character in "𠮷㐂é김"}
    assert None not in drawn.values() and len(set(drawn.values())) == 4
    bold = easel.draw(["𠮷"], Align.LEFT, 1, True)
    assert bold and bold != drawn["𠮷"]


def test_what_is_drawn_on_one_ticket_is_bounded() -> None:
    lines = [Text("𠮷" * 30)] * 50
    easel = Easel(Dialect())
    ticket = encode_ticket(lines, easel=easel)
    assert 0 < easel.bytes <= ENOUGH and len(ticket) < ENOUGH + 50 * 100
    assert "□".encode("gb18030") in ticket, "what is too much is written, with a gap that can be seen"


def test_without_drawing_or_without_the_font_a_ticket_is_text(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "测*□" in on_paper(bench, [Pair("姓名", "测*𠮷")], raster="no").text
    monkeypatch.setattr("drivers.escpos_raster._font", lambda size: None)
    assert encode_ticket([Text("𠮷")], easel=Easel(Dialect())) == encode_ticket([Text("𠮷")])


def test_an_ordinary_ticket_is_text_to_the_last_byte() -> None:
    easel = Easel(Dialect())
    assert encode_ticket(TICKET, easel=easel) == encode_ticket(TICKET)
    assert easel.bytes == 0


def test_drawn_text_has_nothing_invisible_in_it() -> None:
    assert drawable("a\u200b\x1b@e\u0301\ue000\ud800") == "a@é□□"
    narrow = encode_ticket([Text("𠮷" * 20)], Dialect(width="58"), easel=Easel(Dialect(width="58")))
    sizes = [(int.from_bytes(wide, "little"), int.from_bytes(high, "little")) for wide, high in RASTER.findall(narrow)]
    assert sizes == [(48, 30)] * 2
