"""Chip cards in bytes: published commands and answers, the values in them, layouts of hospitals' own cards, key files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers import socialcard_pcsc as social
from drivers import visitcard_icm522 as icm
from drivers import visitcard_pcsc as visit
from drivers.chip import Answer, Decoder, Garbled, answer, frame, impersonal
from drivers.contract import CardMoved, CardRefused, NoAnswer, SocialCard
from drivers.visitcard_layout import FACTORY, Layout
from vectors import vectors

SOCIAL, VISIT = vectors("socialcard"), vectors("visitcard")
KEY = "A1A2A3A4A5A6"


# The pipe.


def test_a_frame_is_whole_only_while_nothing_follows() -> None:
    decoder = Decoder()
    assert [decoder.feed(bytes((byte,))) for byte in frame(b"\x90\x00")] == [None, None, None, b"\x90\x00"]
    assert Decoder().feed(frame(b"")) == b""
    for noise in (frame(b"\x90\x00") * 2, b"\xFF\xFF", frame(b"\x90\x00") + b"\0"):
        with pytest.raises(Garbled):
            Decoder().feed(noise)


@pytest.mark.parametrize(("payload", "error"), [
    (b"", CardMoved), (b"\x00", CardRefused), (b"\x01", NoAnswer), (b"\x02", Garbled)])
def test_an_answer_that_is_none(payload: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        answer(payload)


def test_the_spy_sees_no_card_and_no_key() -> None:
    shown = [b"\x04", SOCIAL["2.05"], SOCIAL["2.10"], SOCIAL["2.63"], visit.GET_UID, visit.read_block(4)]
    hidden = [SOCIAL["2.40"], SOCIAL["2.86"], visit.load_key(FACTORY), SOCIAL["2.75"], VISIT["3.06"]]
    assert all(impersonal(frame(payload)) for payload in shown)
    assert not any(impersonal(frame(payload)) for payload in hidden)
    assert not impersonal(b"") and not impersonal(frame(b"\x90\x00") * 2)
    assert icm.impersonal(VISIT["3.11"]) and not icm.impersonal(VISIT["3.12"]) and not icm.impersonal(VISIT["3.13"])


# Social security cards.


def test_commands_are_the_published_ones() -> None:
    assert social.select_file(social.ISSUED) == SOCIAL["2.05"] and social.select_file(social.HOLDER) == SOCIAL["2.06"]
    for name, tag in (("2.10", social.IDENTIFIER), ("2.12", social.VERSION), ("2.14", social.ISSUE_DATE),
                      ("2.15", social.EXPIRY), ("2.16", social.CARD_NUMBER), ("2.32", social.NAME_END),
                      ("2.33", social.SEX)):
        assert social.read_by_tag(tag) == SOCIAL[name], name


@pytest.mark.parametrize(("name", "status", "size"), [
    ("2.02", 0x9000, 30), ("2.03", 0x611E, 0), ("2.63", 0x6A82, 0), ("2.64", 0x6982, 0), ("2.76", 0x63C2, 0)])
def test_status_words(name: str, status: int, size: int) -> None:
    got = answer(SOCIAL[name])
    assert (got.sw, len(got.data)) == (status, size)
    assert SOCIAL["2.02"][4:19] == social.SSSE


def records(name: str) -> dict[int, bytes]:
    data = answer(SOCIAL[name]).data
    found = {}
    while data:
        found |= [social.record(data[:2 + data[1]])]
        data = data[2 + data[1]:]
    return found


def test_a_whole_card() -> None:
    assert social.card(records("2.53"), records("2.55")) == SocialCard(
        "2.0", "Z00000013", "999999", False, "999999199001010016", "测试甲", "1", "01",
        dt.date(1990, 1, 1), dt.date(2020, 1, 1), dt.date(2030, 1, 1))
    for name, tag in (("2.21", 2), ("2.22", 3), ("2.25", 6), ("2.40", 8), ("2.41", 9), ("2.42", 0x4E), ("2.44", 0x0B),
                      ("2.45", 0x0C)):
        assert (records("2.53") | records("2.55"))[tag] == records(name)[tag], name


def test_a_third_generation_card_without_its_holder() -> None:
    card = social.card(records("2.53") | records("2.29"), None)
    assert (card.version, card.card_number, card.withheld) == ("3.0", "Z00000013", True)
    assert (card.name, card.number, card.born) == ("", "", None)
    assert "Z0000" not in repr(card) and "999999" not in repr(card)


def test_a_blank_version_is_the_first() -> None:
    assert social.card(records("2.53") | {3: b"\0" * 4}, None).version == "1.0"


def test_a_name_cut_in_the_middle_of_a_letter() -> None:
    name = "A" + "测" * 20
    whole = name.encode("gbk")
    found = social.card(records("2.53"), records("2.55") | {9: whole[:30], 0x4E: whole[30:].ljust(20, b"\0")})
    assert found.name == name
    with pytest.raises(CardRefused):
        social.card(records("2.53"), records("2.55") | {9: whole[:30], 0x4E: b"\0" * 20})


@pytest.mark.parametrize("change", [
    {8: b"\0" * 18}, {9: b" " * 30}, {0x0D: b"\x19\x90\x13\x01"}, {0x0B: b"\xA1"}, {9: b"\xFF"}])
def test_a_damaged_holder_is_refused(change: dict[int, bytes]) -> None:
    with pytest.raises(CardRefused):
        social.card(records("2.53"), records("2.55") | change)


def test_what_was_never_written_is_not_guessed() -> None:
    found = social.card(records("2.53") | {5: b"\xFF" * 4, 6: b"\0" * 4}, records("2.55") | {0x0A: b"\0", 0x0B: b"\xFF"})
    assert (found.issued, found.valid_to, found.sex, found.nation) == (None, None, "0", "")


def test_the_check_character() -> None:
    assert social.check_character("D2143569") == "X"        # the standard's own example
    assert social.check_character("Z0000001") == "3"
    with pytest.raises(ValueError):
        social.check_character("Z000000-")


def test_a_record_says_how_long_it_is() -> None:
    for data in (b"", b"\x01", b"\x01\x02\x00", b"\x01\x00\x00"):
        with pytest.raises(CardRefused):
            social.record(data)


# Hospitals' own cards.


def test_storage_card_commands() -> None:
    assert visit.authenticate(4, Layout().key_type) == VISIT["3.04"]
    assert visit.load_key(FACTORY).hex() == "ff82000006" + "ff" * 6
    assert visit.read_block(9).hex() == "ffb0000910" and visit.read_file(1, 16).hex() == "00b0810010"
    assert answer(VISIT["3.08"]) == Answer(0x6300) and answer(VISIT["3.10"]) == Answer(0x6982)
    assert Layout(number="block").of_data(answer(VISIT["3.06"]).data) == "C000000000001"


def test_icm522_frames() -> None:
    assert icm.frame(icm.FIND) == VISIT["3.11"]
    assert icm.frame(icm.READ, bytes((0x60, 4)) + FACTORY) == VISIT["3.13"]
    assert icm.Decoder().feed(VISIT["3.12"]) == (icm.FIND, bytes.fromhex("01020304"))
    assert icm.Decoder().feed(b"\xFE\x00" + VISIT["3.12"]) == (icm.FIND, bytes.fromhex("01020304"))
    assert icm.Decoder().feed(VISIT["3.12"] + b"\x01") is None


@pytest.mark.parametrize(("options", "number"), [
    ({}, "0A0B0C0D"), ({"order": "reversed"}, "0D0C0B0A"), ({"form": "decimal"}, "0168496141"),
    ({"form": "decimal", "order": "reversed"}, "0218893066")])
def test_a_uid_in_every_vendor_s_way(options: dict[str, str], number: str) -> None:
    assert Layout(**options).of_uid(bytes.fromhex("0A0B0C0D")) == number
    for uid in (b"", bytes(3), bytes(8)):
        with pytest.raises(CardRefused):
            Layout(**options).of_uid(uid)


@pytest.mark.parametrize(("options", "data", "number"), [
    ({}, b"V000000000001\0\0\0", "V000000000001"), ({"offset": "2", "length": "4"}, b"__V001__" + bytes(8), "V001"),
    ({"encoding": "bcd", "offset": "2", "length": "8"}, b"\xFF\xFF" + bytes.fromhex("0000000000012345") + b"\xFF" * 6,
     "0000000000012345"), ({"encoding": "bcd", "length": "4"}, bytes.fromhex("12345FFF") + bytes(12), "12345")])
def test_a_number_in_a_block(options: dict[str, str], data: bytes, number: str) -> None:
    assert Layout(number="block", **options).of_data(data) == number


@pytest.mark.parametrize(("encoding", "data"), [
    ("ascii", bytes(16)), ("ascii", b"\xFF" * 16), ("ascii", b"V\x001".ljust(16)), ("ascii", "编".encode().ljust(16)),
    ("bcd", bytes(16)), ("bcd", b"\xFF" * 16), ("bcd", b"\xAB" * 16)])
def test_a_block_without_a_number(encoding: str, data: bytes) -> None:
    with pytest.raises(CardRefused):
        Layout(number="block", encoding=encoding).of_data(data)


@pytest.mark.parametrize("options", [
    {"number": "name"}, {"sector": "16"}, {"sector": "-1"}, {"block": "3"},
    {"number": "block", "offset": "10", "length": "7"}, {"offset": "x"}, {"sfi": "31"},
    {"number": "file"}, {"number": "file", "aid": "A0"}, {"number": "file", "aid": "no hex"},
    {"colour": "red"}, {"number": "file", "aid": "A000000001", "offset": "250", "length": "6"}])
def test_options_that_make_no_sense(options: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Layout(**options)


@pytest.fixture
def key_file(tmp_path: Path) -> Callable[[str, int], str]:
    def write(text: str, mode: int = 0o600) -> str:
        path = tmp_path / "keys"
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return str(path)

    return write


def test_keys_come_from_a_file_of_the_kiosk_s_own(key_file: Callable[..., str]) -> None:
    path = key_file(f"# of the cards of 2026\nvisit = {KEY}\nother=B1B2B3B4B5B6\n")
    assert Layout(number="block", keys=path, key="visit").key.hex().upper() == KEY
    assert Layout(number="block", keys=path, key="other", key_type="b").key_type == 0x61
    assert Layout(number="block").key == FACTORY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_file_that_others_may_read_is_refused(key_file: Callable[..., str], mode: int) -> None:
    with pytest.raises(ValueError, match="600"):
        Layout(number="block", keys=key_file(f"visit={KEY}\n", mode), key="visit")


@pytest.mark.parametrize("text", ["", "visit\n", "other=A1A2A3A4A5A6\n", "visit=A1A2A3A4A5\n", f"visit={KEY[:-1]}X\n"])
def test_a_key_file_without_the_key_says_so_and_shows_none(key_file: Callable[..., str], text: str) -> None:
    with pytest.raises(ValueError) as error:
        Layout(number="block", keys=key_file(text), key="visit")
    assert "A1A2" not in str(error.value)
    with pytest.raises(ValueError):
        Layout(number="block", keys="/nowhere/keys", key="visit")


def test_this_module_reads_no_files() -> None:
    with pytest.raises(ValueError):
        icm.Device(None, number="file", aid="A000000001")  # type: ignore[arg-type]
