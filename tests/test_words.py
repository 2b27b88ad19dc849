"""From keys and data to what people read: every word there is a sentence for, and the forms of money, days and names."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from drivers import contract
from hospital.care import models
from kiosk.care import Kind
from kiosk.journeys.due import GONE
from kiosk.journeys.register import LOST
from kiosk.requests import CodeKind, PayEnd
from kiosk.words import Language, Name, book, clock, day, mask_id, mask_person, mask_phone, money, read, say

ROOT = Path(__file__).resolve().parent.parent
ZONE = dt.timezone(dt.timedelta(hours=8))


# Every word of the others has its sentence.


def hospitals_refusals() -> set[str]:
    """The words with which the hospital says no to what a person wants."""
    sources = [path.read_text("utf-8") for part in ("care", "money") for path in (ROOT / "hospital" / part).glob("*.py")]
    return set(re.findall(r'Refusal\("(\w+)"', "\n".join(sources)))


OURS = {"unknown_hold", "unknown_order", "unknown_appointment", "unknown_notice", "unknown_paper", "bad_request"}
"""Only a fault of the machine's leads there; `refused.other` says so."""


def kinds_of_trouble(kind: type[contract.DeviceError] = contract.DeviceError) -> set[str]:
    return {kind.cause}.union(*(kinds_of_trouble(other) for other in kind.__subclasses__()))


FAMILIES: dict[str, set[str]] = {
    "refused.{}": (hospitals_refusals() - OURS - set(LOST)
                   | {"hold_ended", "other", "paid_too_late", "nothing_offered", *GONE.values()}),
    "cause.{}": kinds_of_trouble() | {"other"},
    "printer.{}": {"paper_out", "paper_jam", "cover_open", "print_unknown", "other"},
    "card.{}": {"card_moved", "expired", "other"},
    "code.{}": set(CodeKind),
    "lost.{}": set(LOST),
    "pay.{}": set(PayEnd) - {PayEnd.PAID},
    "pay.{}.text": set(PayEnd) - {PayEnd.PAID},
    "kind.{}": set(Kind),
    "title.{}": set(models.Practitioner.Title),
    "notice.{}": set(models.Notice.Kind) | {"paper_owed"},
    "notice_text.{}": set(models.Notice.Kind),
    "sex.{}": set("012"),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_can_be_said_has_its_sentence(family: str, language: Language) -> None:
    assert FAMILIES[family]
    assert {family.format(word) for word in FAMILIES[family]} - set(book(language)) == set()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("family", ["printer.{}", "card.{}", "refused.{}"])
def test_a_cause_that_nobody_foresaw_is_told_in_general_words(family: str, language: Language) -> None:
    for cause in kinds_of_trouble() | OURS | {"a_reason_of_next_year"}:
        assert read(say(family.format(cause)), language)


def test_there_is_something_to_look_for() -> None:
    assert {"slot_full", "already_booked", "not_cancellable"} <= hospitals_refusals()
    assert {"paper_out", "print_unknown", "gone", "fault"} <= kinds_of_trouble()


# Reading.


def test_a_sentence_is_read_in_the_language_of_now() -> None:
    text = say("cancel.option", doctor=say("doctor", name=Name("陈伯钧", "Chen Bojun"), title=say("title.chief")),
               when=Name("明天", "tomorrow"))
    assert read(text, Language.ZH) == "陈伯钧 主任医师　明天"
    assert read(text, Language.EN) == "Chen Bojun, chief physician · tomorrow"


def test_a_name_without_english_is_read_in_chinese() -> None:
    assert read(Name("皮肤科", ""), Language.EN) == "皮肤科"
    assert read("R26", Language.EN) == "R26"


def test_what_was_said_of_the_same_is_the_same() -> None:
    assert say("sum", fee=1) == say("sum", fee=1) != say("sum", fee=2)
    assert say("ticket.when", start=1, end=2, day=3) == say("ticket.when", day=3, end=2, start=1)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        read(say("no.such.sentence"), Language.ZH)


# Forms.


@pytest.mark.parametrize("fen, zh, en", [
    (0, "0.00元", "¥0.00"), (5, "0.05元", "¥0.05"), (1250, "12.50元", "¥12.50"), (100, "1.00元", "¥1.00"),
    (123456789, "1,234,567.89元", "¥1,234,567.89"), (-1250, "-12.50元", "-¥12.50")])
def test_money(fen: int, zh: str, en: str) -> None:
    assert (money(fen, Language.ZH), money(fen, Language.EN)) == (zh, en)


def test_days_and_times() -> None:
    moment = dt.datetime(2026, 11, 23, 8, 5, tzinfo=ZONE)
    assert day(moment.date(), Language.ZH) == "11月23日 周一"
    assert day(moment.date(), Language.EN) == "Mon 23 Nov"
    assert clock(moment) == clock(moment.time()) == "08:05"


@pytest.mark.parametrize("name, masked", [
    ("测试甲", "测**"), ("测甲", "测*"), ("测", "测*"), ("测试·阿不都", "测*****"), ("ALPHA BETA", "ALPHA ***"),
    ("ALPHABETA", "AL***"), (" 测试甲 ", "测**"), ("", "***")])
def test_a_name_is_masked(name: str, masked: str) -> None:
    assert mask_person(name) == masked


@pytest.mark.parametrize("number, masked", [
    ("999999199001010016", "999999********0016"), ("99999919900101001X", "999999********001X"), ("1234567890", "**********"),
    ("12345678901", "123456*8901"), ("", "")])
def test_an_id_number_is_masked(number: str, masked: str) -> None:
    assert mask_id(number) == masked


@pytest.mark.parametrize("number, masked", [("19900000001", "199****0001"), ("12345", "*****"), ("", "")])
def test_a_phone_number_is_masked(number: str, masked: str) -> None:
    assert mask_phone(number) == masked
