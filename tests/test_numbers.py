"""Numbers people carry, and which of them a scanned code is."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kiosk.numbers import CHECKS, RULES, CodeRule, born, code_rules, is_id_number, is_phone, kind_of_code, wallet_of
from kiosk.requests import CodeKind
from kiosk.settings import read
from townsfolk import PEOPLE


@pytest.mark.parametrize("number", [person.number for person in PEOPLE.values()])
def test_real_numbers_are_right(number: str) -> None:
    assert is_id_number(number)


@settings(max_examples=200)
@given(some.sampled_from([person.number for person in PEOPLE.values()]), some.integers(0, 16), some.integers(1, 9))
def test_one_wrong_digit_is_found(number: str, at: int, shift: int) -> None:
    """ISO 7064 MOD 11-2 finds every single wrong digit."""
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1:]
    assert not is_id_number(wrong)


@settings(max_examples=100)
@given(some.sampled_from([person.number for person in PEOPLE.values()]), some.integers(0, 15))
def test_two_exchanged_digits_are_found(number: str, at: int) -> None:
    exchanged = number[:at] + number[at + 1] + number[at] + number[at + 2:]
    assert exchanged == number or not is_id_number(exchanged)


@pytest.mark.parametrize("number", ["", "999999", "99999919900101001", "9999991990010100160", "99999919900101001x",
                                    "999999199002300016", "099999199001010016", "99999919900101００16", "999999 99001010016"])
def test_what_is_no_number(number: str) -> None:
    assert not is_id_number(number)


def test_the_birth_date() -> None:
    assert born("999999199001010016") == dt.date(1990, 1, 1)
    assert born("999999199013010016") is None


@pytest.mark.parametrize("number, fits", [("19900000001", True), ("13800000000", True), ("12800000000", False),
                                          ("1990000000", False), ("199000000011", False), ("+8619900000001", False)])
def test_phones(number: str, fits: bool) -> None:
    assert is_phone(number) is fits


@pytest.mark.parametrize("code, kind", [
    ("V000000000002", "visit_card"), ("V00000000002", "rubbish"), ("999999199001010016", "id_number"),
    ("99999920190909001x", "id_number"), ("130000000000000001", "payment"), ("2800000000000000", "payment"),
    ("6200000000000000001", "payment"), ("6901234567892", "rubbish"), ("", "rubbish"), ("HELLO", "rubbish"),
    ("https://example.com/1", "rubbish"), ("99" * 14, "insurance_code"), ("99" * 13 + "9", "rubbish"),
    ("0" * 63 + "1:1", "health_card"), ("A" * 32 + ":0:extra:", "health_card"), ("A" * 31 + ":1", "rubbish"),
    ("A" * 64, "rubbish"), ("V000000000002\n", "rubbish"), ("１３" + "0" * 16, "rubbish")])
def test_which_code_it_is(code: str, kind: str) -> None:
    assert kind_of_code(code) == kind


def test_an_id_number_of_a_province_that_looks_like_a_payment_is_an_id_number() -> None:
    stem = "11010018000101001"          # of the year 1800: nobody's
    number = next(stem + last for last in "0123456789X" if is_id_number(stem + last))
    assert wallet_of(number) == ("wechat" if number.isdigit() else None)
    assert kind_of_code(number) == "id_number"
    if number.isdigit():
        assert kind_of_code(number, asked=("payment",)) == "payment"


def test_what_the_page_asked_for_is_tried_first() -> None:
    """Here a hospital's visit cards have the form of payment codes, and its insurance codes of visit cards."""
    rules = code_rules(visit_card=r"\d{18}", insurance_code=r"\d{18}")
    code = "130000000000000001"
    assert kind_of_code(code, rules) == "visit_card"
    assert kind_of_code(code, rules, ("payment",)) == "payment"
    assert kind_of_code(code, rules, ("insurance_code",)) == "insurance_code"
    assert kind_of_code(code, rules, ("insurance_code", "payment")) == "payment", "the table's order among the asked"
    assert kind_of_code("999999199001010016", rules, ("health_card",)) == "visit_card"


def test_a_kind_that_a_hospital_does_not_know() -> None:
    rules = code_rules(insurance_code="", health_card=r"H\d+")
    assert kind_of_code("9" * 28, rules) == "rubbish" and kind_of_code("", rules) == "rubbish"
    assert kind_of_code("H1", rules) == "health_card" and kind_of_code("V000000000002", rules) == "visit_card"


def test_every_kind_has_one_rule_and_the_settings_have_their_forms() -> None:
    assert [rule.kind for rule in RULES] == list(dict.fromkeys(rule.kind for rule in RULES))
    assert {rule.kind for rule in RULES} | {"rubbish"} == set(CodeKind)
    assert {rule.check for rule in RULES} <= set(CHECKS)
    settings = read({})
    for kind in ("visit_card", "insurance_code", "health_card"):
        assert settings.values[kind] == next(rule.form for rule in RULES if rule.kind == kind)


@settings(max_examples=300)
@given(some.text(max_size=80), some.sets(some.sampled_from([*CodeKind])))
def test_whatever_is_shown_has_one_kind(text: str, asked: set[str]) -> None:
    assert kind_of_code(text, RULES, asked) in set(CodeKind)
    assert CodeRule("x", "", "wallet").fits(text) is False


@pytest.mark.parametrize(("code", "wallet"), [
    ("100000000000000000", "wechat"), ("159999999999999999", "wechat"), ("160000000000000000", None),
    ("10000000000000000", None), ("2500000000000000", "alipay"), ("300000000000000000000000", "alipay"),
    ("3100000000000000", None), ("250000000000000", None), ("6212345678901234567", "unionpay"), ("62123456789", None)])
def test_whose_payers_code_it_is(code: str, wallet: str | None) -> None:
    assert wallet_of(code) == wallet
