"""The SDT codec against published frames, every single-byte fault, and noise."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import CardKind, CardRefused, DeviceError, IdCard, WrongDevice
from drivers.idcard_sdt import (
    PREAMBLE, Answer, Decoder, Garbled, frame, impersonal, parse_record, parts, sam_id)
from vectors import vectors

VECTORS = vectors("idcard")
PHOTO = bytes.fromhex("57 4C 66 00 7E 00 32 00") + bytes((5 * i + 1) % 256 for i in range(8, 1024))
FINGERS = b"\x43\x01" + bytes((3 * i + 2) % 256 for i in range(2, 1024))
ANSWERS = {name: data for name, data in VECTORS.items() if "1.20" <= name <= "1.50" or name in ("1.70", "1.71")}


def answer_frame(status: int, data: bytes = b"") -> bytes:
    body = (len(data) + 4).to_bytes(2, "big") + bytes((0, 0, status)) + data
    check = 0
    for byte in body:
        check ^= byte
    return PREAMBLE + body + bytes((check,))


def record_frame(text: bytes) -> bytes:
    return answer_frame(0x90, bytes.fromhex("0100 0400") + text + PHOTO)


def put(record: bytes, at: int, text: str, size: int = 0) -> bytes:
    """The record with `text` written into a field of `size` bytes, padded as cards pad."""
    value = text.ljust(size // 2).encode("utf-16-le")
    return record[:at] + value + record[at + len(value):]


def test_every_request_is_the_published_frame() -> None:
    asked = {
        "1.01": (0x10, 0xFF), "1.02": (0x11, 0xFF), "1.03": (0x12, 0xFF), "1.04": (0x60, 0), "1.05": (0x60, 4),
        "1.07": (0x20, 1), "1.08": (0x20, 2), "1.09": (0x30, 1), "1.10": (0x30, 3), "1.11": (0x30, 0x10)}
    for name, command in asked.items():
        assert frame(*command) == VECTORS[name], name
    assert frame(0x61, 0xFF, b"\x50") == VECTORS["1.06"]


@pytest.mark.parametrize(("name", "status", "size"), [
    ("1.20", 0x90, 0), ("1.21", 0x9F, 4), ("1.22", 0x90, 8), ("1.31", 0x81, 0), ("1.33", 0x91, 0),
    ("1.35", 0x11, 0), ("1.37", 0x23, 0), ("1.43", 0x3F, 0), ("1.45", 0x47, 0), ("1.50", 0x90, 16),
    ("1.70", 0x90, 1284), ("1.71", 0x90, 70)])
def test_every_answer_is_understood(name: str, status: int, size: int) -> None:
    answer = Decoder().feed(VECTORS[name])
    assert answer and (answer.status, len(answer.data)) == (status, size)


def test_the_module_number() -> None:
    answer = Decoder().feed(VECTORS["1.50"])
    assert answer and sam_id(answer.data) == "05.01-20200101-0000000001-0000000002"
    with pytest.raises(WrongDevice):
        sam_id(answer.data[:-1])


def test_a_resident_s_card() -> None:
    answer = Decoder().feed(VECTORS["1.70"])
    assert answer
    text, photo = parts(answer.data)
    assert text == VECTORS["1.60"] and photo == PHOTO
    assert parse_record(text, photo) == IdCard(
        CardKind.RESIDENT, "测试甲", "999999199001010016", "1", dt.date(1990, 1, 1), dt.date(2020, 1, 1),
        dt.date(2040, 1, 1), "01", "虚构省样例市测试区零号路0号", "虚构市公安局测试分局", photo=PHOTO)


def test_a_residence_permit_of_hong_kong_macao_taiwan() -> None:
    assert parse_record(VECTORS["1.61"]) == IdCard(
        CardKind.HMT, "测试乙", "81000019000101000X", "2", dt.date(1900, 1, 1), dt.date(2020, 1, 1),
        dt.date(2025, 1, 1), "", "虚构省样例市港湾路0号", "虚构市公安局测试分局",
        pass_number="H00000000", issues="01")


def test_a_foreigner_s_card_of_2023_with_its_name_in_two_places() -> None:
    assert parse_record(VECTORS["1.63"]) == IdCard(
        CardKind.FOREIGNER_2023, "测试丁", "999999199202020018", "1", dt.date(1992, 2, 2), dt.date(2023, 12, 1),
        dt.date(2033, 12, 1), english_name="SAMPLEOVICH TESTERSON, ALPHA BETA GAMMA", nationality="UTO",
        issues="00")


def foreigner_2017(chinese: str = "测试丙") -> bytes:
    record = " ".encode("utf-16-le") * 128
    for at, text, size in (
            (0, "TESTER, SAMPLE", 120), (120, "2", 2), (122, "UTO999999010112", 30), (152, "UTO", 6),
            (158, chinese, 30), (188, "20180101", 16), (204, "20280101", 16), (220, "19900101", 16),
            (236, "01", 4), (240, "9999", 8), (248, "I", 2)):
        record = put(record, at, text, size)
    return record


def test_a_foreigner_s_card_of_2017() -> None:
    card = IdCard(
        CardKind.FOREIGNER_2017, "测试丙", "UTO999999010112", "2", dt.date(1990, 1, 1), dt.date(2018, 1, 1),
        dt.date(2028, 1, 1), authority="9999", english_name="TESTER, SAMPLE", nationality="UTO")
    assert parse_record(foreigner_2017()) == card
    assert parse_record(foreigner_2017("")).name == "TESTER, SAMPLE"


@pytest.mark.parametrize(("record", "digest"), [
    (VECTORS["1.60"], "87975abb3a4205d10b493da78fa17e93fcaa376a44e50eceeea55ba9bd01b875"),
    (put(VECTORS["1.60"], 204, "长期", 16), "74d08125490c0dd2beb65193087b60a6b54b28cb9e015aa4d3bdd482981bed1d"),
    (VECTORS["1.61"], "65a0c4dad62115e1a9fbf7a653b65dcdcbbf8238964463da4f4fae06df1bbccc"),
    (VECTORS["1.63"], "ae9ba6b4da262901bc5ba8107073a4aa73072f24ca537befde4cfaba3b6c34ca")])
def test_whole_answers_are_the_published_ones(record: bytes, digest: str) -> None:
    whole = record_frame(record)
    assert hashlib.sha256(whole).hexdigest() == digest
    answer = Decoder().feed(whole)
    assert answer and parts(answer.data) == [record, PHOTO]


@pytest.mark.parametrize(("size", "digest"), [
    (1024, "85571b59d646dfbf288a638694b01674bc48dcfbfafe9dbd794d95205cef9c2b"),
    (512, "cc8e598e9333d9cee4c22ac614ac56ab60651d823f55e2b6f549c0d0bec97053"),
    (0, "2cc9a36bfd867e76102f86e6fc6120cc4fe8b90119fee859fb91c46cadc905be")])
def test_lengths_are_read_not_assumed(size: int, digest: str) -> None:
    words = bytes.fromhex("0100 0400") + size.to_bytes(2, "big")
    whole = answer_frame(0x90, words + VECTORS["1.60"] + PHOTO + FINGERS[:size])
    assert hashlib.sha256(whole).hexdigest() == digest
    answer = Decoder().feed(whole)
    assert answer and parts(answer.data, 3) == [VECTORS["1.60"], PHOTO, FINGERS[:size]]
    with pytest.raises(Garbled):
        parts(answer.data)


def test_long_term_is_without_end_and_nothing_else_is() -> None:
    assert parse_record(put(VECTORS["1.60"], 204, "长期", 16)).valid_to is None
    for end in ("", "00000000", "20401301", "2040010", "长  期"):
        with pytest.raises(CardRefused):
            parse_record(put(VECTORS["1.60"], 204, end, 16))


def test_what_cards_in_people_s_hands_have_is_tolerated() -> None:
    record = VECTORS["1.60"]
    assert parse_record(put(record, 32, "99")).nation == "99"
    assert parse_record(put(record, 32, "?!")).nation == ""
    assert parse_record(put(record, 30, "7")).sex == "0"
    assert parse_record(put(record, 30, "9")).sex == "9"
    for born in ("19900230", "19900000", "", "１９９００１０１"):
        assert parse_record(put(record, 36, born, 16)).born is None
    assert parse_record(put(record, 188, "", 16)).valid_from is None
    assert parse_record(put(record, 0, "测试𠮷", 30 - 2)).name == "测试𠮷"
    assert parse_record(put(record, 0, "买买提·测试", 30)).name == "买买提·测试"
    assert parse_record(put(record, 0, "测试\0\0\0", 30)).name == "测试"


@pytest.mark.parametrize("record", [
    b"", VECTORS["1.60"][:-1], VECTORS["1.60"] + b"\0", put(VECTORS["1.60"], 248, "Z"), bytes(256), b"\xff" * 256,
    put(VECTORS["1.60"], 122, "999999199001010017"), put(VECTORS["1.60"], 122, "", 36),
    put(VECTORS["1.60"], 122, "９９９９９９199001010016"), put(VECTORS["1.60"], 0, "", 30),
    put(VECTORS["1.60"], 0, "测\n试", 30), VECTORS["1.60"][:2] + b"\x00\xd8" + VECTORS["1.60"][4:],
    put(foreigner_2017(), 122, "", 30), put(VECTORS["1.60"], 248, "Y"), put(VECTORS["1.63"], 248, "I")])
def test_a_record_that_would_need_a_guess_is_refused(record: bytes) -> None:
    with pytest.raises(CardRefused):
        parse_record(record)


def test_nothing_personal_shows_by_accident() -> None:
    card = parse_record(VECTORS["1.60"], PHOTO)
    answer = Decoder().feed(VECTORS["1.70"])
    shown = repr(card) + repr(answer)
    assert "测试甲" not in shown and "9999" not in shown and "57" not in shown
    assert [name for name, data in VECTORS.items() if name < "1.60" and not impersonal(data)] == ["1.22", "1.50"]
    for cut in range(1, 1296):
        assert cut == 1295 or not impersonal(VECTORS["1.70"][:cut])
    assert not impersonal(VECTORS["1.70"]) and not impersonal(VECTORS["1.71"])


def test_half_packets_are_one_answer_wherever_they_break() -> None:
    for name, data in ANSWERS.items():
        whole = Decoder().feed(data)
        for cut in range(1, len(data)):
            decoder = Decoder()
            assert decoder.feed(data[:cut]) is None
            assert decoder.feed(data[cut:]) == whole, (name, cut)
        decoder = Decoder()
        results = [decoder.feed(data[i:i + 1]) for i in range(len(data))]
        assert results[-1] == whole and not any(results[:-1]), name


def faults(data: bytes) -> list[bytes]:
    """Every way one byte goes wrong: flipped bit, lost, doubled, one too many, cut off after it."""
    broken = []
    for i, byte in enumerate(data):
        before, after = data[:i], data[i + 1:]
        broken += [before + bytes((byte ^ 1 << bit,)) + after for bit in range(8)]
        broken += [before, before + after, before + bytes((byte, byte)) + after]
        # One too many of any value that matters: zero, ones, a preamble's, and the check's own, which an XOR misses.
        broken += [before + bytes((extra,)) + data[i:] for extra in {0x00, 0xFF, 0xAA, data[-1]}]
    return broken + [data + bytes((extra,)) for extra in {0x00, 0xFF, 0xAA, data[-1]}]


@pytest.mark.parametrize("name", ANSWERS)
def test_no_single_fault_gives_a_wrong_value(name: str) -> None:
    data = ANSWERS[name]
    true = Decoder().feed(data)
    assert true
    for broken in faults(data):
        heard = Decoder().feed(broken)
        # One byte more of noise before the frame, or of its preamble, is no fault of the frame.
        assert heard is None or heard == true, broken.hex()


def test_a_lying_time_out_frame_is_survived() -> None:
    liar = bytes.fromhex("AA AA AA 96 69 00 05 05 05 05")
    decoder = Decoder()
    assert decoder.feed(liar) is None
    assert decoder.feed(VECTORS["1.21"]) == Answer(0x9F, bytes(4))


@pytest.mark.parametrize("noise", [
    b"\x00", b"\xaa", b"\xaa\xaa\xaa", PREAMBLE, PREAMBLE + b"\x00", VECTORS["1.70"][:700],
    VECTORS["1.21"], VECTORS["1.21"][:-1] + b"\x00", PREAMBLE + b"\xff\xff"])
def test_an_answer_is_found_behind_noise(noise: bytes) -> None:
    assert Decoder().feed(noise + VECTORS["1.31"]) == Answer(0x81)


def test_a_babbling_line_fills_no_memory() -> None:
    decoder = Decoder()
    for _ in range(1000):
        decoder.feed(bytes(4096))
    assert decoder.feed(VECTORS["1.20"]) == Answer(0x90)


@settings(max_examples=1500)
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([PREAMBLE, *ANSWERS.values()])), max_size=5))
def test_noise_never_raises_and_never_passes_a_wrong_check(pieces: list[bytes]) -> None:
    decoder = Decoder()
    answer = None
    for piece in pieces:
        answer = decoder.feed(piece)
    if answer:
        assert b"".join(pieces).endswith(answer_frame(answer.status, answer.data))


@settings(max_examples=1500)
@given(st.sampled_from(["1.60", "1.61", "1.63"]), st.integers(0, 250), st.binary(min_size=1, max_size=6))
def test_a_record_with_scribbles_is_a_card_or_refused(name: str, at: int, scribble: bytes) -> None:
    record = (VECTORS[name][:at] + scribble + VECTORS[name][at + len(scribble):])[:256]
    try:
        card = parse_record(record)
    except CardRefused:
        return
    assert card.name and (len(card.number) == 18 or card.kind is CardKind.FOREIGNER_2017)


@settings(max_examples=1500)
@given(st.binary(max_size=300), st.sampled_from([2, 3]))
def test_broken_data_raises_only_the_contract_s_errors(data: bytes, count: int) -> None:
    for use in (lambda: parts(data, count), lambda: parse_record(data.ljust(256)[:256]), lambda: sam_id(data)):
        try:
            use()
        except DeviceError:
            pass
