"""The ID card reader's twin answers the protocol's vectors byte for byte, through a real pseudo-terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from drivers.sim.bench import Bench
from drivers.sim.cards import DECK, Card
from drivers.sim.idcard import Stage, frame
from twin_port import Port
from vectors import vectors

VEC = vectors("idcard")
FIND, SELECT, READ, ADDRESS, PRINTS = VEC["1.07"], VEC["1.08"], VEC["1.09"], VEC["1.10"], VEC["1.11"]
HMT = Card("hmt", "测试乙", "81000019000101000X", sex="2", born="19000101", address="虚构省样例市港湾路0号",
           authority="虚构市公安局测试分局", valid_to="20250101", pass_number="H00000000", issues="01")
FOREIGNER = Card("foreigner_2023", "测试丁", "999999199202020018", born="19920202", issues="00",
                 english_name="SAMPLEOVICH TESTERSON, ALPHA BETA GAMMA", nationality="UTO",
                 valid_from="20231201", valid_to="20331201")


def status(sw3: int) -> bytes:
    return frame(bytes((0, 0, sw3)))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, speed=math.inf) as bench:
        yield bench


@pytest.fixture
def port(bench: Bench) -> Iterator[Port]:
    with Port(bench.urls["idcard"]) as port:
        yield port


def select_card(port: Port) -> None:
    assert port.ask(FIND, 15) == VEC["1.21"]
    assert port.ask(SELECT, 19) == VEC["1.22"]


@pytest.mark.parametrize(("request_id", "reply_id"), [
    ("1.01", "1.20"), ("1.02", "1.20"), ("1.03", "1.50"), ("1.04", "1.20"), ("1.06", "1.20")])
def test_commands_without_a_card(port: Port, request_id: str, reply_id: str) -> None:
    assert port.ask(VEC[request_id], len(VEC[reply_id])) == VEC[reply_id]


def test_a_card_is_found_selected_and_read_once(bench: Bench, port: Port) -> None:
    assert port.ask(FIND, 11) == status(0x80)
    assert port.ask(SELECT, 11) == VEC["1.31"]
    assert port.ask(READ, 11) == status(0x41)
    bench.idcard.put("resident")
    assert port.ask(READ, 11) == status(0x41)
    select_card(port)
    assert port.ask(READ, 1295) == VEC["1.70"]
    assert port.ask(FIND, 11) == status(0x80), "it has to be lifted first"
    bench.idcard.lift()
    bench.idcard.put("resident")
    assert port.ask(FIND, 15) == VEC["1.21"]
    assert bench.idcard.reads == 1


@pytest.mark.parametrize(("card", "vector"), [(DECK["resident"], "1.60"), (HMT, "1.61"), (FOREIGNER, "1.63")])
def test_text_records(card: Card, vector: str) -> None:
    assert card.record() == VEC[vector]


@pytest.mark.parametrize(("card", "digest"), [
    (replace(DECK["resident"], valid_to="长期"), "74d08125490c0dd2beb65193087b60a6b54b28cb9e015aa4d3bdd482981bed1d"),
    (HMT, "65a0c4dad62115e1a9fbf7a653b65dcdcbbf8238964463da4f4fae06df1bbccc"),
    (FOREIGNER, "ae9ba6b4da262901bc5ba8107073a4aa73072f24ca537befde4cfaba3b6c34ca"),
])
def test_whole_frames_of_other_cards(bench: Bench, port: Port, card: Card, digest: str) -> None:
    bench.idcard.put(card)
    select_card(port)
    assert sha256(port.ask(READ, 1295)).hexdigest() == digest


def test_foreigner_2017_record_has_its_own_layout() -> None:
    record = Card("foreigner_2017", "测试丙", "UTO110090010112", english_name="TESTERSON, GAMMA", nationality="UTO",
                  born="19900101", issues="01", authority="1100").record()
    letters = record.decode("utf-16-le")
    assert len(record) == 256 and letters[124] == "I"
    assert letters[0:60].strip() == "TESTERSON, GAMMA" and letters[61:76].strip() == "UTO110090010112"
    assert letters[76:79] == "UTO" and letters[79:94].strip() == "测试丙" and letters[110:118] == "19900101"


@pytest.mark.parametrize(("size", "digest"), [
    (1024, "85571b59d646dfbf288a638694b01674bc48dcfbfafe9dbd794d95205cef9c2b"),
    (512, "cc8e598e9333d9cee4c22ac614ac56ab60651d823f55e2b6f549c0d0bec97053"),
    (0, "2cc9a36bfd867e76102f86e6fc6120cc4fe8b90119fee859fb91c46cadc905be"),
])
def test_fingerprints(bench: Bench, port: Port, size: int, digest: str) -> None:
    bench.idcard.put(replace(DECK["resident"], fingerprint=size))
    select_card(port)
    assert sha256(port.ask(PRINTS, 1297 + size)).hexdigest() == digest


def test_appended_address(bench: Bench, port: Port) -> None:
    bench.idcard.put("resident")
    select_card(port)
    assert port.ask(ADDRESS, 11) == VEC["1.33"]
    bench.idcard.put(replace(DECK["resident"], new_address="虚构省样例市新址区一号路1号"))
    select_card(port)
    assert port.ask(ADDRESS, 81) == VEC["1.71"]


def test_wrong_frames(port: Port) -> None:
    assert port.ask(FIND[:-1] + b"\x00", 11) == status(0x10)
    assert port.ask(FIND[:-2], 11) == VEC["1.35"], "too short before a gap"
    assert port.ask(FIND + b"\x77", 11) == VEC["1.35"], "too long"
    assert port.ask(frame(b"\x77\x01"), 11) == status(0x21)
    assert port.ask(frame(b"\x20\x01\x00"), 11) == status(0x21), "data where there is none"
    assert port.ask(b"\x00\x12\xAA\xAA" + FIND, 11) == status(0x80), "rubbish before a frame is ignored"
    port.write(FIND[:4])
    assert port.ask(FIND[4:], 11) == status(0x80), "in two pieces"
    assert port.ask(FIND + SELECT, 22) == status(0x80) + status(0x81), "two at once, answered in order"


def test_line_speed(bench: Bench, port: Port) -> None:
    assert port.ask(VEC["1.05"], 11) == VEC["1.20"]
    port.write(FIND)                               # at the old speed it is noise
    bench.idcard.until(lambda: bench.idcard.line.noise == len(FIND))
    port.speed(9600)
    assert port.ask(VEC["1.03"], 27) == VEC["1.50"]


@pytest.mark.parametrize(("card", "sw3"), [("damaged", 0x41), ("forged", 0x32)])
def test_cards_that_cannot_be_read(bench: Bench, port: Port, card: str, sw3: int) -> None:
    bench.idcard.put(card)
    select_card(port)
    assert port.ask(READ, 11) == status(sw3)


def test_a_card_lifted_while_it_is_read_gives_no_record(tmp_path: Path) -> None:
    with Bench(tmp_path, speed=20) as bench, Port(bench.urls["idcard"]) as port:
        bench.idcard.put("resident")
        select_card(port)
        port.write(READ)
        bench.idcard.lift()
        assert port.read(11) == status(0x41)


def test_a_card_lifted_in_mid_answer(bench: Bench, port: Port) -> None:
    bench.idcard.put("resident")
    select_card(port)
    bench.idcard.lift_after(700)
    assert port.ask(READ, 700) == VEC["1.70"][:700]
    assert bench.idcard.stage is Stage.NONE
    assert port.ask(FIND, 11) == status(0x80)


def test_a_quick_card_is_gone_by_itself(bench: Bench, port: Port) -> None:
    bench.idcard.put("resident", ms=60)
    bench.idcard.until(lambda: bench.idcard.card is None)
    assert port.ask(FIND, 11) == status(0x80)


def test_self_test_failed(bench: Bench, port: Port) -> None:
    bench.idcard.self_test_failed()
    for request in (VEC["1.02"], VEC["1.03"], FIND, READ):
        assert port.ask(request, 11) == status(0x60)
    bench.idcard.self_test_failed(False)
    assert port.ask(VEC["1.02"], 11) == VEC["1.20"]


def test_malformed_timeout_frame(bench: Bench, port: Port) -> None:
    bench.idcard.timeout_frame()
    assert port.ask(FIND, 10) == bytes.fromhex("AAAAAA96690005050505")
    assert port.ask(FIND, 11) == status(0x80)


def test_heal_mends_everything(bench: Bench, port: Port) -> None:
    bench.idcard.self_test_failed()
    bench.idcard.silent()
    bench.idcard.timeout_frame(9)
    bench.idcard.heal()
    assert port.ask(FIND, 11) == status(0x80)


def test_the_deck_is_of_invented_people_with_right_check_digits() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    for name, card in DECK.items():
        remainder = sum(int(digit) * weight for digit, weight in zip(card.number, weights)) % 11
        assert card.number[17] == "10X98765432"[remainder], name
        assert card.number.startswith(("999999", "810000")) and card.born == card.number[6:14], name
        assert int(card.number[16]) % 2 == int(card.sex) % 2, name


def test_what_no_card_can_hold_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        bench.idcard.put(replace(DECK["resident"], name="长" * 16))
    with pytest.raises(KeyError):
        bench.idcard.put("nobody")
    assert bench.idcard.card is None
