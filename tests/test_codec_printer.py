"""What goes to a printer, read back by an independent eye; and every bit that comes from one."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import (
    Align, Barcode, CoverOpen, CutterFault, DeviceError, Feed, HeadHot, OutOfService, Pair, Paper, PaperJam,
    PaperLine, PaperOut, Qr, Rule, State, Status, Text)
from drivers.escpos_profiles import Dialect
from drivers.escpos_ticket import encode_ticket, pair, printable, width, wrap
from drivers.escpos_status import (
    Automatic, Buffered, Decoder, Facts, Finished, RealTime, automatic, impersonal, judge, real_time, trouble)
from vectors import vectors

VECTORS = vectors("printer")


# A reader of tickets that shares nothing with the writer.


@dataclass
class Seen:
    """A ticket as a printer would take it."""

    rows: list[str] = field(default_factory=list)
    sizes: list[set[int]] = field(default_factory=list)         # the magnifications on each row
    aligns: list[int] = field(default_factory=list)
    bolds: list[bool] = field(default_factory=list)
    qr: list[bytes] = field(default_factory=list)
    barcodes: list[bytes] = field(default_factory=list)
    fed: int = 0
    ends: list[bytes] = field(default_factory=list)             # what follows the lines


COMMANDS = [re.compile(pattern, re.S) for pattern in (
    b"\x1b@", b"\x1ba([\0-\2])", b"\x1bE([\0\1])", b"\x1bd(.)", b"\x1d!(.)", b"\x1c!(.)", b"\x1c([&.])",
    b"\x1dh.", b"\x1dw[\2-\6]", b"\x1dH[\0-\3]", b"\x1dVB\0", b"\x1dr\1", b"\x1d\\(H\6\x0000([ -~]{4})")]
INIT, ALIGN, BOLD, FEED, SIZE, CHINESE_SIZE, MODE, _H, _W, _HRI, CUT, STATUS, FENCE = COMMANDS


def see(ticket: bytes, columns: int = 48) -> Seen:
    seen, at = Seen(), 0
    align, bold, size, chinese_size, two_byte = 0, False, 1, 1, False
    row, sizes = "", set()
    while at < len(ticket):
        if ticket.startswith(b"\x1d(k", at):
            count = int.from_bytes(ticket[at + 3:at + 5], "little")
            if ticket[at + 6] == 0x50:
                seen.qr.append(ticket[at + 8:at + 5 + count])
            at += 5 + count
            continue
        if ticket.startswith(b"\x1dkI", at):
            seen.barcodes.append(ticket[at + 4:at + 4 + ticket[at + 3]])
            at += 4 + ticket[at + 3]
            continue
        for command in COMMANDS:
            if match := command.match(ticket, at):
                break
        else:
            match = None
        if match:
            at = match.end()
            if command is ALIGN:
                assert not row, "alignment counts at the start of a row only"
                align = match[1][0]
            elif command is BOLD:
                bold = bool(match[1][0])
            elif command is FEED:
                seen.fed += match[1][0]
            elif command is SIZE:
                wide, high = divmod(match[1][0], 16)
                assert wide == high <= 7
                size = wide + 1
            elif command is CHINESE_SIZE:
                assert match[1] in (b"\0", b"\x0c") and two_byte
                chinese_size = 2 if match[1][0] else 1
            elif command is MODE:
                two_byte = match[1] == b"&"
            elif command in (CUT, STATUS, FENCE):
                assert not row
                seen.ends.append(match[0])
            continue
        byte = ticket[at]
        if byte == 0x0A:
            assert not two_byte and width(row) * max(sizes or {1}) <= columns
            seen.rows.append(row)
            seen.sizes.append(sizes)
            seen.aligns.append(align)
            seen.bolds.append(bold)
            row, sizes, at = "", set(), at + 1
        elif byte < 0x80:
            assert 0x20 <= byte <= 0x7E, f"a stray {byte:02x}"
            row, at = row + chr(byte), at + 1
            sizes.add(size)
        else:
            assert two_byte and byte >= 0x81 and ticket[at + 1] >= 0x40, "half a character"
            row, at = row + ticket[at:at + 2].decode("gb18030"), at + 2
            sizes.add(chinese_size * (size if chinese_size == 1 else 1))
    assert (row, align, bold, size, chinese_size, two_byte) == ("", 0, False, 1, 1, False), "modes left behind"
    return seen


def test_single_lines_are_the_published_bytes() -> None:
    assert encode_ticket([]) == VECTORS["4.01"] + b"\x1dVB\0"
    assert VECTORS["4.02"] in encode_ticket([Text("挂号凭条")])
    assert VECTORS["4.03"][:-1] in encode_ticket([Text("请取号", scale=2)]).replace(b"\x1c.\n", b"\n")
    assert VECTORS["4.04"] in encode_ticket([Text("A001", scale=2)])
    assert VECTORS["4.64"] in encode_ticket([], before_cut=VECTORS["4.64"])
    assert b"\x1b@\x1d(H\x06\x0000J001\x1dVB\0\x1dr\1" == encode_ticket([], Dialect(), VECTORS["4.64"], b"\x1dr\1")


def test_a_number_may_be_larger_than_a_word() -> None:
    """FS ! knows double and no more; GS ! makes digits up to eight times as large."""
    seen = see(encode_ticket([Text("56", scale=4), Text("急诊科", scale=4), Text("A1", scale=99)]))
    assert seen.sizes == [{4}, {2}, {8}]


def test_the_published_kiosk_ticket_says_the_same() -> None:
    ours = encode_ticket([Text("虚构挂号", Align.CENTRE, 2), Text("姓名：测试甲"), Qr("KIOSK-TEST-0001")],
                         before_cut=VECTORS["4.64"])
    code = VECTORS["4.80"][VECTORS["4.80"].index(b"\x1d(k"):VECTORS["4.80"].index(b"\x1d(H")]
    assert code in ours
    assert ours.endswith(VECTORS["4.80"][VECTORS["4.80"].index(b"\x1d(H"):])


def test_a_bar_code_is_the_published_one_and_digits_go_in_pairs() -> None:
    head = VECTORS["4.11"][:9]
    assert head + b"\x1dkI\x0c{BA123456789" in encode_ticket([Barcode("A123456789")])
    assert head + b"\x1dkI\x07{C\x01\x17\x2d\x43\x59" in encode_ticket([Barcode("0123456789")])
    assert head + b"\x1dkI\x06{Ba{{b\x1ba\0" in encode_ticket([Barcode("a{b")])
    seen = see(encode_ticket([Barcode("9" * 32), Barcode("A" * 30)]))
    assert seen.barcodes == [b"{C" + b"\x63" * 16] and seen.rows == ["A" * 30], "too wide: text only"
    for wrong in ("", "挂号", "A\n"):
        with pytest.raises(ValueError):
            encode_ticket([Barcode(wrong)])


TICKET: list[PaperLine] = [
    Text("虚构市第一医院", Align.CENTRE, 2, True), Text("挂号凭条", Align.CENTRE), Rule(),
    Pair("姓名", "测*甲"), Pair("科室", "心血管内科（专家门诊）"), Pair("金额", "¥12.50", bold=True),
    Text("A001 号", Align.RIGHT, 2), Rule(), Qr("KIOSK-TEST-0001"), Barcode("202611210001"), Feed(2)]


@pytest.mark.parametrize(("mm", "columns"), [(80, 48), (58, 32)])
@pytest.mark.parametrize("double", ["fs", "gs", "both"])
def test_a_ticket_reads_as_it_was_meant(mm: int, columns: int, double: str) -> None:
    seen = see(encode_ticket(TICKET, Dialect(width=str(mm), double=double)), columns)
    rule = "-" * columns
    assert [row for row in seen.rows if row != rule][:2] == ["虚构市第一医院", "挂号凭条"]
    assert seen.rows.count(rule) == 2
    money = next(row for row in seen.rows if row.startswith("金额"))
    assert money.endswith("￥12.50") and width(money) == columns
    assert (seen.aligns[0], seen.bolds[0], seen.sizes[0]) == (1, True, {2})
    assert (seen.aligns[1], seen.bolds[1], seen.sizes[1]) == (1, False, {1})
    last = seen.rows.index("A001 号")
    assert (seen.aligns[last], seen.sizes[last]) == (2, {2})
    assert seen.qr == [b"KIOSK-TEST-0001"] and seen.barcodes == [b"{C" + bytes((20, 26, 11, 21, 0, 1))]
    assert seen.fed == 2 and seen.ends == [b"\x1dVB\0"]


def test_thirty_lines_of_chinese_are_under_a_kilobyte_and_a_half() -> None:
    lines: list[PaperLine] = [Text("虚构市第一医院", Align.CENTRE, 2, True), Rule()]
    lines += [Pair(f"项目{n:02d} 血常规检查", "¥12.50") for n in range(26)]
    lines += [Text("请妥善保管，遗失不补。"), Feed(1)]
    assert len(encode_ticket(lines)) <= 1536


@pytest.mark.parametrize(("text", "paper"), [
    ("¥12.50", "￥12.50"), ("“引号”‘单’", "“引号”‘单’"), ("a—b–c‑d", "a—b–c-d"), ("，。（Ａ）１", "，。（Ａ）１"),
    ("ñandú ﬁ ²", "nandú fi 2"), ("测试𠮷", "测试□"), ("😀", "□"), ("\ue000", "□"), ("\x1b@\x10\x04\x00", "@"),
    ("a\u200bb\ufeff", "ab"), ("\u00a0a\tb", " a b"), ("·•", "··"), ("€", "€"), ("①㎡", "①㎡"), ("\ud800", "□")])
def test_every_character_is_printed_or_seen_to_be_missing(text: str, paper: str) -> None:
    assert printable(text) == paper
    assert see(encode_ticket([Text(text)])).rows == [paper.rstrip()]


def test_wrapping_breaks_where_a_reader_would() -> None:
    assert wrap("", 8) == [""]
    assert wrap("请到三楼心内科候诊", 8) == ["请到三楼", "心内科候", "诊"]
    assert wrap("please wait here", 11) == ["please wait", "here"]
    assert wrap("incomprehensibility", 8) == ["incompre", "hensibil", "ity"]
    assert wrap("A座3楼 room 12", 9) == ["A座3楼", "room 12"]
    assert see(encode_ticket([Text("一\n二")])).rows == ["一", "二"]


def test_a_pair_that_does_not_fit_has_its_value_below() -> None:
    assert pair(Pair("姓名", "测*甲"), 12) == ["姓名   测*甲"]
    assert pair(Pair("姓名", "测试甲乙"), 12) == ["姓名", "    测试甲乙"]
    assert pair(Pair("科室", "心血管内科专家门诊"), 12) == ["科室", "心血管内科专", "      家门诊"]


characters = st.text(st.characters(blacklist_categories=()), max_size=60)
lines = st.one_of(
    st.builds(Text, characters, st.sampled_from(Align), st.integers(1, 3), st.booleans()),
    st.builds(Pair, characters, characters, st.booleans()), st.just(Rule()), st.builds(Feed, st.integers(-1, 300)),
    st.builds(Qr, st.text("0123456789ABCDEF:/?=挂号", min_size=1, max_size=50), st.integers(0, 20)),
    st.builds(Barcode, st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)))


@settings(max_examples=1000)
@given(st.lists(lines, max_size=8), st.sampled_from([(80, 48), (58, 32)]), st.sampled_from(["fs", "gs", "both"]))
def test_no_text_can_break_a_ticket(ticket: list[PaperLine], paper: tuple[int, int], double: str) -> None:
    seen = see(encode_ticket(ticket, Dialect(width=str(paper[0]), double=double)), paper[1])
    assert seen.ends == [b"\x1dVB\0"] and len(seen.qr) == sum(isinstance(line, Qr) for line in ticket)


# What comes back.


def test_real_time_questions_are_the_published_bytes() -> None:
    assert [VECTORS[name] for name in ("4.20", "4.21", "4.22")] == [b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x03"]
    assert all(impersonal(VECTORS[name]) for name in ("4.20", "4.24", "4.40", "4.52", "4.58", "4.65"))
    ticket = encode_ticket(TICKET)
    assert not any(impersonal(ticket[at:at + size]) for at in range(len(ticket)) for size in (2, 5, 8, 512))


@pytest.mark.parametrize(("name", "question", "facts"), [
    ("4.24", 1, Facts(offline=False)), ("4.25", 1, Facts(offline=False)), ("4.26", 1, Facts(offline=True)),
    ("4.27", 1, Facts(offline=True)),
    ("4.34", 3, Facts(jammed=False, cutter=True, unrecoverable=False, hot=False)),
    ("4.35", 3, Facts(jammed=False, cutter=False, unrecoverable=True, hot=False)),
    ("4.37", 4, Facts(near_end=False, paper_end=False)), ("4.39", 4, Facts(near_end=False, paper_end=True)),
    ("4.40", 4, Facts(near_end=True, paper_end=True))])
def test_every_real_time_answer(name: str, question: int, facts: Facts) -> None:
    (message,) = Decoder().feed(VECTORS[name])
    assert message == RealTime(VECTORS[name][0])
    assert real_time(question, VECTORS[name][0]) == facts


@pytest.mark.parametrize(("name", "status"), [
    ("4.52", Status(State.ONLINE, Paper.FULL)), ("4.53", Status(State.OFFLINE, Paper.FULL, "out_of_service")),
    ("4.55", Status(State.OFFLINE, Paper.OUT, "paper_out")),
    ("4.58", Status(State.FAULT, Paper.FULL, "out_of_service")),
    ("4.59", Status(State.OFFLINE, Paper.FULL, "head_hot"))])
def test_every_automatic_status(name: str, status: Status) -> None:
    data = VECTORS[name]
    assert Decoder().feed(data) == [Automatic(data)]
    assert judge(automatic(data)) == status
    for cut in (1, 2, 3):
        decoder = Decoder()
        assert decoder.feed(data[:cut]) == [] and decoder.feed(data[cut:]) == [Automatic(data)]


@pytest.mark.parametrize("name", ["4.61", "4.62", "4.63"])
def test_a_buffered_answer_counts_once_and_only_when_it_was_asked_for(name: str) -> None:
    decoder = Decoder()
    assert decoder.feed(VECTORS[name]) == []
    decoder.buffered_due = True
    assert decoder.feed(VECTORS[name] * 2) == [Buffered(VECTORS[name][0])]


def test_completion_and_identification() -> None:
    done = VECTORS["4.65"]
    for cut in range(len(done)):
        decoder = Decoder()
        assert decoder.feed(done[:cut]) + decoder.feed(done[cut:]) == [Finished(b"J001")]
    assert Decoder().feed(VECTORS["4.69"] + done) == [Finished(b"J001")]
    assert Decoder().feed(b"\x11\x13" + done + b"\x13") == [Finished(b"J001")]


def test_answers_in_one_piece_are_told_apart_in_every_order() -> None:
    known = [(VECTORS["4.24"], RealTime(0x12)), (VECTORS["4.55"], Automatic(VECTORS["4.55"])),
             (VECTORS["4.65"], Finished(b"J001")), (b"\x13", None), (VECTORS["4.69"], None)]
    for order in itertools.permutations(known):
        data = b"".join(raw for raw, _ in order)
        expected = [message for _, message in order if message]
        assert Decoder().feed(data) == expected
        decoder = Decoder()
        assert [message for byte in data for message in decoder.feed(bytes((byte,)))] == expected


def test_single_faults_never_confirm_another_ticket() -> None:
    done = VECTORS["4.65"]
    for at in range(len(done)):
        broken = [done[:at], done[:at] + done[at + 1:], done[:at + 1] + done[at:]]
        broken += [done[:at] + bytes((done[at] ^ 1 << bit,)) + done[at + 1:] for bit in range(8)]
        for data in broken:
            marks = [message.mark for message in Decoder().feed(data) if isinstance(message, Finished)]
            # A flipped bit within the mark is another mark, and no ticket waits for it.
            assert marks in ([], [b"J001"]) or len(data) == 7 and 2 <= at < 6 and marks != [b"J001"]


def test_a_half_answer_does_not_swallow_the_next() -> None:
    for noise in (b"\x10", b"\x14\x00", b"\x37", b"\x37\x22", b"\x5f", b"\x5fTM", b"\x80\xff"):
        assert RealTime(0x12) in Decoder().feed(noise + b"\x12"), noise


@settings(max_examples=3000)
@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(list(VECTORS.values()))), max_size=5), st.booleans())
def test_noise_is_dropped_and_never_raises(pieces: list[bytes], due: bool) -> None:
    decoder, whole = Decoder(), Decoder()
    decoder.buffered_due = whole.buffered_due = due
    messages = [message for piece in pieces for message in decoder.feed(piece)]
    assert messages == whole.feed(b"".join(pieces))
    for message in messages:
        facts = Facts()
        match message:
            case RealTime(bits):
                facts = real_time(1, bits) | real_time(2, bits) | real_time(3, bits) | real_time(4, bits)
            case Automatic(status):
                facts = automatic(status)
        assert judge(facts).state in State


@pytest.mark.parametrize(("facts", "error", "paper"), [
    (Facts(), None, Paper.UNKNOWN), (Facts(offline=False), None, Paper.UNKNOWN),
    (Facts(paper_end=False, near_end=False), None, Paper.FULL), (Facts(paper_end=False), None, Paper.FULL),
    (Facts(paper_end=False, near_end=True), None, Paper.LOW), (Facts(paper_end=True), PaperOut, Paper.OUT),
    (Facts(cover_open=True, paper_end=True), CoverOpen, Paper.OUT), (Facts(jammed=True), None, Paper.UNKNOWN),
    (Facts(jammed=True, error=True, paper_end=False), PaperJam, Paper.JAMMED),
    (Facts(cutter=True), CutterFault, Paper.UNKNOWN),
    (Facts(hot=True, offline=True), HeadHot, Paper.UNKNOWN), (Facts(offline=True), OutOfService, Paper.UNKNOWN)])
def test_what_is_unknown_is_never_no_paper(facts: Facts, error: type[DeviceError] | None, paper: Paper) -> None:
    found = trouble(facts)
    assert type(found) is error if error else found is None
    assert judge(facts).paper is paper
    assert (judge(facts).state is State.ONLINE) is (error is None)


def test_sensors_whose_two_bits_disagree_say_nothing() -> None:
    for bits in (0x16, 0x1A, 0x32, 0x52):
        facts = real_time(4, bits)
        assert None in (facts.near_end, facts.paper_end)
    assert judge(automatic(bytes((0x10, 0, 0x04, 0)))).paper is Paper.UNKNOWN
