"""The registrar's desk: what is seen is masked, what is money is not edited, what is done is written down."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from console_fixtures import staff
from hospital.care.models import Appointment, Patient, Practitioner, Schedule
from hospital.money.models import Order, Payment
from hospital.outpatient import family, referral
from hospital.outpatient.models import Change, Link, Planned, Referral
from hospital.payments.channel import RefundState
from hospital.registrar import rights
from hospital.registrar.models import Step
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel

LISTS = ("care/patient", "care/department", "care/practitioner", "care/schedule", "care/appointment", "care/paper",
         "care/notice", "money/invoice", "money/payment",
         "money/order", "money/refund", "money/obligation", "kiosk/kiosk", "kiosk/fact")


@pytest.fixture
def desk(hospital: Hospital) -> Client:
    """A registrar, logged in."""
    client = Client()
    client.force_login(rights.make_registrar("wang", "a password"))
    return client


def paid(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, amount: int = 2500,
         start: int = 14) -> Appointment | None:
    person = hospital.patient(name="测试甲")
    hold = kiosk.hold(person, segment(hospital.session(fee=2500, start=start))).body["id"]
    order = kiosk.order(hold).body["no"]
    channel.pay(order, amount)
    kiosk.get(f"/orders/{order}")
    return Appointment.objects.first()


def act(desk: Client, page: str, action: str, *chosen: int) -> str:
    answer = desk.post(f"/admin/{page}/", {"action": action, "_selected_action": chosen}, follow=True)
    return answer.content.decode()


def test_every_list_opens_in_chinese_and_masked(desk: Client, hospital: Hospital, kiosk: Kiosk,
                                                channel: PaperChannel) -> None:
    appointment = paid(hospital, kiosk, channel)
    assert appointment is not None
    for page in LISTS:
        shown = desk.get(f"/admin/{page}/").content.decode()
        assert "医院自助服务管理" in shown, page
        for secret in ("测试甲", appointment.patient.id_number, appointment.patient.phone, "weixin://"):
            assert secret not in shown, page
    assert "¥25.00" in desk.get("/admin/money/order/").content.decode()


def test_patients_are_found_by_name_number_and_card(desk: Client, hospital: Hospital) -> None:
    person = hospital.patient(name="测试甲", visit_card="V7")
    hospital.patient(name="别人")
    for words in ("测试", person.id_number, "V7", person.record_no, person.phone + " 测试甲"):
        shown = desk.get("/admin/care/patient/", {"q": words}).content.decode()
        assert "测**" in shown and "别*" not in shown, words


def test_a_registrar_opens_a_file_by_hand(desk: Client) -> None:
    words = {"name": "测试乙", "card_kind": "resident", "id_number": "999999199202020018", "sex": "female", "no_shows": 0,
             "social_cards-TOTAL_FORMS": 0, "social_cards-INITIAL_FORMS": 0}
    wrong = desk.post("/admin/care/patient/add/", words | {"id_number": "999999199202020019"})
    assert "证件号码有误" in wrong.content.decode()
    answer = desk.post("/admin/care/patient/add/", words)
    assert answer.status_code == 302 and Patient.objects.get().record_no == "00000001"
    assert LogEntry.objects.get().get_change_message()


def test_money_cannot_be_edited(desk: Client, hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    paid(hospital, kiosk, channel)
    order = Order.objects.get()
    assert desk.get(f"/admin/money/order/{order.pk}/change/").status_code == 200
    assert desk.post(f"/admin/money/order/{order.pk}/change/", {"amount": 1}).status_code == 403
    assert desk.post("/admin/money/order/add/", {"no": "R1"}).status_code == 403
    assert desk.post(f"/admin/money/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_registrar_is_no_superuser(desk: Client) -> None:
    for page in ("auth/user", "auth/group"):
        assert desk.get(f"/admin/{page}/").status_code == 403
    assert Client().get("/admin/").status_code == 302, "and nobody comes in without a password"


def test_a_registrar_cancels_with_refund_after_the_person_could_not(desk: Client, hospital: Hospital, kiosk: Kiosk,
                                                                    channel: PaperChannel, time: Clock) -> None:
    appointment = paid(hospital, kiosk, channel)
    assert appointment is not None
    time.go(hours=5)
    assert kiosk.cancel(appointment.pk).code == "not_cancellable"
    assert "已退号" in act(desk, "care/appointment", "cancel", appointment.pk)
    assert "不能退号" in act(desk, "care/appointment", "cancel", appointment.pk)
    assert Order.objects.get().state == "refunding"
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id, entry.change_message) == ("wang", str(appointment.pk), "退号并全额退费")


def test_a_new_session_is_cut_reviewed_opened_and_stopped(desk: Client, hospital: Hospital, kiosk: Kiosk,
                                                          time: Clock) -> None:
    words = {"department": hospital.heart.pk, "practitioner": hospital.doctor.pk, "kind": "expert",
             "day": "2026-11-25", "half": "am", "start_0": "2026-11-25", "start_1": "08:00", "end_0": "2026-11-25",
             "end_1": "10:00", "fee": 5000, "state": "draft", "released_at_0": "2026-11-20", "released_at_1": "07:00",
             "minutes": 30, "places": 3}
    assert "不足一个时段" in desk.post("/admin/care/schedule/add/", words | {"minutes": 200}).content.decode()
    assert desk.post("/admin/care/schedule/add/", words).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.slots.count() == 12 and list(schedule.slots.values_list("number", flat=True)) == list(range(1, 13))
    name = segment(schedule)
    person, office = hospital.patient(), staff(rights.Role.OFFICE)
    assert kiosk.hold(person, name).code == "unknown_segment"
    act(desk, "care/schedule", "open", schedule.pk)
    assert kiosk.hold(person, name).code == "unknown_segment", "a registrar reviews nothing"
    act(office, "care/schedule", "open", schedule.pk)
    assert Planned.objects.get().reviewed_by == "one-office" and kiosk.hold(person, name).status == 200
    assert "12" in desk.get(f"/admin/care/schedule/{schedule.pk}/change/").content.decode()
    act(desk, "care/schedule", "stop", schedule.pk)
    assert Schedule.objects.get().state == "open", "nor stops a session"
    act(office, "care/schedule", "stop", schedule.pk)
    assert kiosk.hold(hospital.patient(), name).code == "session_stopped" and Change.objects.get().by == "one-office"
    assert [one.change_message for one in LogEntry.objects.filter(action_flag=2).order_by("pk")] == ["审核通过，开放", "停诊"]


def test_a_doctor_is_not_put_at_two_places_at_once_nor_exchanged_by_hand(desk: Client, hospital: Hospital) -> None:
    there = hospital.session(hospital.skin, days=1, start=8, practitioner=hospital.doctor, kind="expert")
    words = {"department": hospital.heart.pk, "practitioner": hospital.doctor.pk, "kind": "expert", "day": there.day,
             "half": "am", "start_0": there.day, "start_1": "08:30", "end_0": there.day, "end_1": "10:00", "fee": 5000,
             "state": "open", "released_at_0": "2026-11-20", "released_at_1": "07:00", "minutes": 30, "places": 3}
    assert "已有出诊" in desk.post("/admin/care/schedule/add/", words).content.decode()
    assert desk.post("/admin/care/schedule/add/", words | {"start_1": "09:00"}).status_code == 302
    assert Schedule.objects.latest("pk").state == "draft", "whatever was asked for"
    other = Practitioner.objects.create(code="D2", name_zh="李试", name_en="Li Shi", title="chief")
    desk.post(f"/admin/care/schedule/{there.pk}/change/", {
        "practitioner": other.pk, "released_at_0": "2026-11-20", "released_at_1": "07:00", "slots-TOTAL_FORMS": 0,
        "slots-INITIAL_FORMS": 0})
    there.refresh_from_db()
    assert there.practitioner == hospital.doctor


def test_a_referral_is_written_down_at_a_desk_and_withdrawn(desk: Client, hospital: Hospital) -> None:
    person = hospital.patient()
    words = {"patient": person.pk, "department": hospital.heart.pk, "origin": "青禾社区卫生站", "from_day": "2026-11-20",
             "until_day": "2026-11-27"}
    assert "早于开始" in desk.post("/admin/outpatient/referral/add/", words | {"until_day": "2026-11-19"}).content.decode()
    assert desk.post("/admin/outpatient/referral/add/", words).status_code == 302
    made = Referral.objects.get()
    assert made.made_by == "wang" and referral.priority_of(person.pk, hospital.heart.pk, made.from_day)
    assert desk.post(f"/admin/outpatient/referral/{made.pk}/change/", words).status_code == 403, "written once"
    act(desk, "outpatient/referral", "withdraw", made.pk)
    assert not referral.priority_of(person.pk, hospital.heart.pk, made.from_day)
    assert [one.who for one in Step.objects.all()] and {one.who for one in Step.objects.all()} == {"wang"}


def test_a_guardian_is_written_down_at_a_desk_and_the_link_is_ended(desk: Client, hospital: Hospital) -> None:
    guardian, child = hospital.patient(born=dt.date(1990, 1, 1)), hospital.patient(born=dt.date(2019, 5, 5))
    page = "/admin/outpatient/link/add/"
    assert "已成年" in desk.post(page, {"guardian": child.pk, "child": guardian.pk}).content.decode()
    assert desk.post(page, {"guardian": guardian.pk, "child": child.pk}).status_code == 302
    assert family.dependants(guardian.pk) == [child] and Link.objects.get().made_by == "wang"
    act(desk, "outpatient/link", "end", Link.objects.get().pk)
    assert family.dependants(guardian.pk) == []


def test_missed_visits_are_counted_and_not_typed(desk: Client, hospital: Hospital) -> None:
    person = hospital.patient(no_shows=3)
    words = {"name": person.name, "card_kind": "resident", "id_number": person.id_number, "sex": "female", "no_shows": 0,
             "social_cards-TOTAL_FORMS": 0, "social_cards-INITIAL_FORMS": 0}
    assert desk.post(f"/admin/care/patient/{person.pk}/change/", words).status_code == 302
    person.refresh_from_db()
    assert (person.no_shows, person.sex) == (3, "female")


def test_what_waits_for_a_person_is_on_one_list(desk: Client, hospital: Hospital, kiosk: Kiosk,
                                                channel: PaperChannel) -> None:
    paid(hospital, kiosk, channel, amount=1)
    assert "付款有疑：amount" in desk.get("/admin/money/obligation/").content.decode()
    Order.objects.update(state="paid", reason="")
    assert "已付款，未预约" in desk.get("/admin/money/obligation/").content.decode()
    Payment.objects.all().delete()
    Order.objects.filter(appointment=None).delete()

    appointment = paid(hospital, kiosk, channel, start=16)
    assert appointment is not None
    kiosk.cancel(appointment.pk)
    channel.refund_state = RefundState.ABNORMAL
    tend()
    assert "退款失败：ABNORMAL" in desk.get("/admin/money/obligation/").content.decode()
    channel.refund_state = RefundState.SUCCESS
    assert "已重新提交退款" in act(desk, "money/obligation", "again", Order.objects.get().pk)
    assert "退款处理中：退号退款" in desk.get("/admin/money/obligation/").content.decode()
    assert tend().refunds_done == 1
    assert Order.objects.get().no not in desk.get("/admin/money/obligation/").content.decode()
    assert LogEntry.objects.get().change_message == "重新退款"


def test_a_session_must_make_sense(desk: Client, hospital: Hospital) -> None:
    day = dt.date(2026, 11, 25)
    words = {"department": hospital.heart.pk, "kind": "general", "day": day, "half": "am", "start_0": day,
             "start_1": "10:00", "end_0": day, "end_1": "08:00", "fee": 0, "state": "draft", "released_at_0": day,
             "released_at_1": "07:00", "minutes": 30, "places": 3}
    assert "结束时间必须晚于开始时间" in desk.post("/admin/care/schedule/add/", words).content.decode()
    other = words | {"start_0": day - dt.timedelta(days=1)}
    assert "不在出诊日期当天" in desk.post("/admin/care/schedule/add/", other).content.decode()
    assert not Schedule.objects.exists()


def test_news_of_one_machine_newest_first_and_by_kind(desk: Client, hospital: Hospital, kiosk: Kiosk) -> None:
    news = [{"id": at, "at": f"2026-11-20T09:0{at}:00+08:00", "kind": kind, "data": {"n": f"news-{at}"}}
            for at, kind in enumerate(("paper_low", "reader_gone", "paper_low"))]
    kiosk.post("/facts", {"facts": news})
    Kiosk("K2").post("/facts", {"facts": [news[0] | {"data": {"n": "elsewhere"}}]})
    page = re.search(r'href="([^"]*/kiosk/fact/[^"]+)">消息', desk.get("/admin/kiosk/kiosk/").content.decode())
    assert page is not None
    shown = desk.get(page[1]).content.decode()
    assert re.findall(r"news-\d", shown) == ["news-2", "news-1", "news-0"] and "elsewhere" not in shown
    some = desk.get(page[1], {"kiosk__id__exact": page[1].rpartition("=")[2], "kind": "reader_gone"}).content.decode()
    assert re.findall(r"news-\d", some) == ["news-1"]
