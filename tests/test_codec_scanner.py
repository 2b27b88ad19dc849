"""Cutting a scanner's bytes into codes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.code_text import LONGEST, Decoder
from drivers.scanner_line import impersonal

CODE = "134567890123456789"             # eighteen digits, as a payer's code


def read(suffix: str, *pieces: bytes) -> list[str]:
    decoder = Decoder(suffix)
    return [code for piece in pieces for code in decoder.feed(piece)]


@pytest.mark.parametrize(("suffix", "end"), [
    ("any", b"\r"), ("any", b"\n"), ("any", b"\r\n"), ("cr", b"\r"), ("lf", b"\n"), ("crlf", b"\r\n")])
def test_a_code_ends_at_its_suffix_wherever_it_is_split(suffix: str, end: bytes) -> None:
    whole = CODE.encode() + end
    for cut in range(len(whole) + 1):
        assert read(suffix, whole[:cut], whole[cut:]) == [CODE]
    assert read(suffix, *(whole[i:i + 1] for i in range(len(whole)))) == [CODE]
    assert read(suffix, whole * 3) == [CODE] * 3
    assert read(suffix, whole[:-len(end)]) == []


def test_without_a_suffix_silence_ends_the_code() -> None:
    decoder = Decoder("none")
    assert not decoder.begun
    assert decoder.feed(b"line\r\nline") == [] and decoder.begun
    assert decoder.end() == "lineline"
    assert not decoder.begun and decoder.end() == ""


@pytest.mark.parametrize(("raw", "text"), [
    ("挂号 A001".encode(), "挂号 A001"), ("挂号".encode("gbk"), "挂号"), ("\ufeff二维码".encode(), "二维码"),
    (b"\x02A\x1d1\x7f\x03", "A1"), (b"  A 1\t", "A 1"), (b"\x00\x01", ""), (b"\xff\xff", ""), (b"\xb9", "")])
def test_text_is_utf_8_or_gbk_without_control_characters(raw: bytes, text: str) -> None:
    assert read("any", raw + b"\r") == ([text] if text else [])


def test_more_than_any_code_holds_is_dropped_whole() -> None:
    most = b"7" * LONGEST
    assert read("crlf", most + b"\r\n") == [most.decode()]
    assert read("crlf", most + b"7\r\n", CODE.encode() + b"\r\n") == [CODE]
    assert read("crlf", most, b"7", most, b"\r", b"\n" + CODE.encode() + b"\r\n") == [CODE]
    decoder = Decoder("none")
    decoder.feed(most + b"7")
    assert decoder.begun and decoder.end() == ""


def test_nothing_of_a_scanner_is_for_a_log() -> None:
    assert not impersonal(CODE.encode()) and not impersonal(b"\r")


@settings(max_examples=1500)
@given(st.sampled_from(["any", "cr", "lf", "crlf", "none"]), st.lists(st.binary(max_size=30), max_size=6))
def test_noise_gives_clean_text_or_nothing(suffix: str, pieces: list[bytes]) -> None:
    decoder = Decoder(suffix)
    codes = [code for piece in pieces for code in decoder.feed(piece)] + [decoder.end()]
    assert all(unicodedata.category(character) != "Cc" for code in codes for character in code)
    assert codes[:-1] + [codes[-1]] == [
        code for code in read(suffix, b"".join(pieces))] + [codes[-1]], "the cuts between pieces change nothing"
