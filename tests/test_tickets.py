"""What stands on paper: every ticket in both languages, short enough, wide enough, and a copy says that it is one."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import replace

import pytest

from drivers.contract import Barcode, Feed, Pair, PaperLine, Text
from kiosk.care import Appointment, Clinic, Half, Kind, Practitioner, Refund
from kiosk.exam_care import Bundle, ExamBooking, ExamTurn
from kiosk.queue_care import Place, Wait
from kiosk.tickets import ExamSlip, QueueSlip, ReferenceSlip, RefundSlip, RegistrationTicket, Ticket, lines
from kiosk.words import Language, Name

ZONE = dt.timezone(dt.timedelta(hours=8))
NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=ZONE)
SIGN = Name("示范县人民医院", "Model County People's Hospital")
COLUMNS = 48        # of font A on 80 mm paper; a Chinese character takes two

CHIEF = Practitioner(1, Name("欧阳测试", "Ouyang Ceshi"), "associate_chief", Name("冠心病", "coronary disease"))
APPOINTMENT = Appointment(
    id=1, code="A2611230001", state="booked", number=128, day=NOW.date(), half=Half.AM, kind=Kind.GENERAL,
    start=NOW.replace(hour=9), end=NOW.replace(hour=9, minute=30), arrive_by=NOW.replace(hour=8, minute=55),
    department=Clinic(1, "TCM", Name("中医科", "Traditional Chinese Medicine"),
                      Name("门诊楼六层东区", "Outpatient Building, 6F, East")),
    practitioner=None, fee=1000, order="R2611230800000001A1B2C3D4E5F6", transaction="T1",
    cancellable_until=NOW, booked_at=NOW, patient=1)
EXPERT = replace(APPOINTMENT, kind=Kind.EXPERT, practitioner=CHIEF, fee=5000)
FREE = replace(APPOINTMENT, fee=0, order=None, transaction=None)
REFUND = Refund("R2611230800000001A1B2C3D4E5F6R1", 5000, "processing")

HALL = Name("门诊楼一层采血处", "1F, Blood draw")
GASTROSCOPY = ExamBooking(
    7, "E2611240007", "exam", "booked", NOW.date() + dt.timedelta(days=1), NOW.replace(day=24, hour=9, minute=40),
    Bundle((1,), Name("无痛胃镜", "Gastroscopy, painless"), Name("内镜中心3室", "Endoscopy, room 3"),
           (Name("检查前8小时不吃东西", "Eat nothing for 8 h"), Name("停用阿司匹林", "No aspirin")), True, True, ""),
    Name("", ""), ())
GLUCOSE = ExamBooking(
    8, "B2611240008", "blood", "booked", NOW.date() + dt.timedelta(days=1), NOW.replace(day=24),
    Bundle((2,), Name("糖耐量", "Glucose tolerance"), HALL, (Name("带75克葡萄糖", "Bring 75 g of glucose"),), True, False, ""),
    Name("灰管3支", "3 grey tubes"),
    tuple(ExamTurn(Name(f"{turn}号窗口", f"Window {turn}"), HALL, Name("血糖", "Glucose"), NOW.replace(day=24, hour=7 + turn),
                   NOW.replace(day=24, hour=7 + turn, minute=5)) for turn in (1, 2, 3)))
AFTER_BREAKFAST = replace(GLUCOSE, bundle=replace(GLUCOSE.bundle, fasting=False, before=()), turns=GLUCOSE.turns[:1])
PLACE = Place(3, 128, "A2611230001", "waiting", APPOINTMENT.department, CHIEF, (Name("3 诊室", "Room 3"),), 12,
              Wait(20, 45), 0, Name("65岁以上", "65 and over"))

TICKETS: dict[str, Ticket] = {
    "general": RegistrationTicket("测试甲", "90000001", APPOINTMENT, 1),
    "expert": RegistrationTicket("ALPHA BETA GAMMA", "90000001", EXPERT, 1),
    "free": RegistrationTicket("测试甲", "90000001", FREE, 1),
    "copy": RegistrationTicket("测试甲", "90000001", EXPERT, 3),
    "refund": RefundSlip("测试甲", EXPERT, REFUND, 1),
    "refund, free": RefundSlip("测试甲", FREE, None, 1),
    "refund, copy": RefundSlip("测试甲", EXPERT, REFUND, 2),
    "exam": ExamSlip("测试甲", GASTROSCOPY, 1),
    "blood": ExamSlip("测试甲", GLUCOSE, 1),
    "blood, copy": ExamSlip("测试甲", AFTER_BREAKFAST, 2),
    "queue": QueueSlip("测试甲", PLACE),
    "queue, nobody sits": QueueSlip("测试甲", replace(PLACE, wait=None, rooms=(), priority=None, practitioner=None)),
    "reference": ReferenceSlip("A1B2C3D4"),
    "reference of a payment": ReferenceSlip("D4E5F6A1", 1000, "R2611230800000001A1B2C3D4E5F6"),
}
every_ticket = pytest.mark.parametrize("name", TICKETS)
every_language = pytest.mark.parametrize("language", Language)


def width(text: str) -> int:
    """Columns on paper: wide and ambiguous characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def wrapped(line: PaperLine) -> int:
    """How many lines it takes on 48 columns, as the contract says it is laid out."""
    match line:
        case Text(text, scale=scale):
            return max(1, -(-width(text) * scale // COLUMNS))
        case Pair(label, value):
            return 1 if width(label) + 1 + width(value) <= COLUMNS else 1 + -(-width(value) // COLUMNS)
        case Feed(count):
            return count
    return 1


def said(ticket: Ticket, language: Language) -> str:
    return "\n".join(words(line) for line in lines(ticket, language, SIGN, NOW))


def words(line: PaperLine) -> str:
    match line:
        case Text(text):
            return text
        case Pair(label, value):
            return f"{label} {value}"
        case Barcode(data):
            return data
    return ""


@every_language
@every_ticket
def test_a_ticket_fits_its_paper(name: str, language: Language) -> None:
    printed = lines(TICKETS[name], language, SIGN, NOW)
    assert sum(map(wrapped, printed)) <= 30
    for line in printed:
        if isinstance(line, Text):
            assert width(line.text) * line.scale <= 2 * COLUMNS, f"more than two rows: {line.text}"
        if isinstance(line, Pair):
            assert width(line.label) <= COLUMNS - 8 and width(line.value) <= COLUMNS, line
            assert line.value, line.label
        if isinstance(line, Barcode):
            assert line.data.isascii() and line.data


@every_language
@every_ticket
def test_every_ticket_is_chinese_and_what_its_owner_reads(name: str, language: Language) -> None:
    text = said(TICKETS[name], language)
    assert SIGN.zh in text and "2026-11-23 08:00" in text
    english = {"general": "Registration", "refund": "Refund", "reference": "Reference slip"}.get(name)
    assert english is None or (english in text) is (language is Language.EN)


@every_language
@every_ticket
def test_only_a_copy_is_marked_as_one(name: str, language: Language) -> None:
    text, copy = said(TICKETS[name], language), getattr(TICKETS[name], "copy", 1)
    assert ("补打" in text) is (copy > 1)
    assert ("COPY" in text) is (copy > 1 and language is Language.EN)
    if copy > 1:
        assert f"第{copy}张" in text


@every_language
def test_copies_differ_from_the_original_in_nothing_else(language: Language) -> None:
    ticket = RegistrationTicket("测试甲", "90000001", EXPERT, 1)
    one, two = (lines(replace(ticket, copy=copy), language, SIGN, NOW) for copy in (1, 2))
    assert [line for line in two if line not in one] and [line for line in one if line not in two] == []


@every_language
@every_ticket
def test_nobody_s_name_stands_on_paper(name: str, language: Language) -> None:
    text = said(TICKETS[name], language)
    assert "测试甲" not in text and "BETA" not in text


@every_language
def test_a_registration_says_what_to_do_next(language: Language) -> None:
    text = said(TICKETS["expert"], language)
    for fact in ("128", "中医科", "欧阳测试", "副主任医师", "09:00-09:30", "08:55", "门诊楼六层东区", "50.00", "90000001",
                 "A2611230001", EXPERT.order or ""):
        assert fact in text, fact
    largest = max((line for line in lines(TICKETS["expert"], language, SIGN, NOW) if isinstance(line, Text)),
                  key=lambda line: line.scale)
    assert largest.text == "128", "the number is what is read from afar"


@every_language
def test_a_refund_says_how_much_and_under_which_number(language: Language) -> None:
    text = said(TICKETS["refund"], language)
    assert "50.00" in text and REFUND.no in text and EXPERT.code in text
    free = said(TICKETS["refund, free"], language)
    assert "元" not in free and "退款单号" not in free


@every_language
def test_a_reference_has_the_numbers_for_staff(language: Language) -> None:
    text = said(TICKETS["reference of a payment"], language)
    assert "D4E5F6A1" in text and "10.00" in text and "R2611230800000001A1B2C3D4E5F6" in text


@every_language
def test_an_examination_says_when_where_and_what_to_do_before(language: Language) -> None:
    text = said(TICKETS["exam"], language)
    for fact in ("检查预约单", "11月24日", "09:40", "无痛胃镜", "内镜中心3室", "来之前不要吃早饭", "检查前8小时不吃东西", "停用阿司匹林",
                 "请家属陪同", "E2611240007"):
        assert fact in text, fact
    assert "采血管" not in text and "第1次" not in text
    if language is Language.EN:
        for fact in ("Gastroscopy, painless", "Endoscopy, room 3", "No aspirin"):
            assert fact in text, fact


@every_language
def test_a_blood_draw_says_which_tubes_and_each_time(language: Language) -> None:
    text = said(TICKETS["blood"], language)
    for fact in ("采血预约单", "灰管3支", "第1次 08:00", "第2次 09:00", "第3次 10:00", "2号窗口", "来之前不要吃早饭", "带75克葡萄糖"):
        assert fact in text, fact
    assert "家属" not in text
    once = said(TICKETS["blood, copy"], language)
    assert "不用空腹" in once and "不要吃早饭" not in once and "第1次" not in once


@every_language
def test_who_has_checked_in_reads_the_number_the_room_and_the_wait(language: Language) -> None:
    text = said(TICKETS["queue"], language)
    for fact in ("128", "中医科", "欧阳测试", "3 诊室", "12", "20–45", "65岁以上", "A2611230001", "过号请到自助机"):
        assert fact in text, fact
    largest = max((line for line in lines(TICKETS["queue"], language, SIGN, NOW) if isinstance(line, Text)),
                  key=lambda line: line.scale)
    assert largest.text == "128"
    nobody = said(TICKETS["queue, nobody sits"], language)
    assert "20–45" not in nobody and "分钟" not in nobody and "门诊楼六层东区" in nobody and "65岁" not in nobody
