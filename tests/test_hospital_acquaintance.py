"""A machine acts for people who are there, and ends what it began itself: nothing of anybody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from hospital.care.models import Appointment, Notice
from hospital.kiosk.models import Acquaintance, SocialCard
from hospital.registrar.rights import Role, make_staff
from hospital.tending import tend
from hospital_fixtures import Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


@pytest.fixture
def stranger(hospital: Hospital) -> Kiosk:
    """Another machine of the house (or whoever has its token)."""
    return Kiosk("K2")


def find(kiosk: Kiosk, id_number: str) -> Answer:
    return kiosk.post("/patients/find", {"id_number": id_number})


def affairs(kiosk: Kiosk, patient: int) -> set[Any]:
    """What is said about somebody's affairs."""
    told = [kiosk.get(f"/patients/{patient}/{what}") for what in ("appointments", "papers", "notices")]
    return {one.code if isinstance(one.body, dict) else one.status for one in told}


def test_a_person_is_told_of_only_where_they_showed_themselves_of_late(hospital: Hospital, kiosk: Kiosk, stranger: Kiosk,
                                                                       time: Clock) -> None:
    person = hospital.patient()
    assert affairs(kiosk, person.pk) == {"unknown_patient"}
    find(kiosk, person.id_number)
    assert affairs(kiosk, person.pk) == {200} and affairs(stranger, person.pk) == {"unknown_patient"}
    time.go(minutes=59)
    assert affairs(kiosk, person.pk) == {200}
    time.go(minutes=1)
    assert affairs(kiosk, person.pk) == {"unknown_patient"}
    find(kiosk, person.id_number)
    assert affairs(kiosk, person.pk) == {200}


def test_a_wrong_name_makes_no_acquaintance(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient()
    kiosk.post("/patients/find", {"id_number": person.id_number, "name": "别人"})
    assert affairs(kiosk, person.pk) == {"unknown_patient"}


def test_who_opens_a_file_is_known_there(hospital: Hospital, kiosk: Kiosk) -> None:
    new = {"id_number": "999999199202020018", "card_kind": "resident", "name": "测试乙", "phone": "19900001111"}
    assert affairs(kiosk, kiosk.post("/patients", new).body["id"]) == {200}


def test_a_number_is_held_only_for_somebody_who_is_there(hospital: Hospital, kiosk: Kiosk) -> None:
    person, session = hospital.patient(), hospital.session()
    wanted = {"patient": person.pk, "segment": segment(session)}
    assert kiosk.post("/holds", wanted).code == "unknown_patient"
    find(kiosk, person.id_number)
    assert kiosk.post("/holds", wanted).status == 200


def test_another_machine_cannot_touch_a_hold_an_order_or_a_booking(hospital: Hospital, kiosk: Kiosk, stranger: Kiosk,
                                                                   channel: PaperChannel) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    assert stranger.post(f"/holds/{hold}/release").code == stranger.confirm(hold).code == "unknown_hold"
    assert stranger.order(hold).code == "unknown_hold"
    assert stranger.get(f"/orders/{no}").code == stranger.post(f"/orders/{no}/close").code == "unknown_order"
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    booked = kiosk.confirm(hold).body["appointment"]["id"]
    paper = {"appointment": booked, "kind": "registration"}
    assert stranger.post(f"/appointments/{booked}/cancel").code == "unknown_appointment"
    assert stranger.post("/papers", paper).code == "unknown_appointment"
    assert stranger.post("/papers/outcome", paper | {"copy": 1, "outcome": "none"}).code == "unknown_paper"
    assert Appointment.objects.get().state == "booked"


def test_a_notice_is_read_only_where_its_owner_was(hospital: Hospital, kiosk: Kiosk, stranger: Kiosk,
                                                   time: Clock) -> None:
    person = hospital.patient()
    notice = Notice.objects.create(patient=person, kind="disputed", at=time.now())
    find(kiosk, person.id_number)
    assert stranger.post(f"/notices/{notice.pk}/seen").code == "unknown_notice"
    time.go(hours=3)
    assert kiosk.post(f"/notices/{notice.pk}/seen").status == 200, "told late, when the line was down meanwhile"


@pytest.mark.parametrize("paid", [True, False])
def test_a_machine_dark_for_hours_still_ends_what_it_began(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                           time: Clock, paid: bool) -> None:
    person = hospital.patient()
    hold = kiosk.hold(person, segment(hospital.session(days=1, fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    if paid:
        channel.pay(no)
    time.go(hours=20)
    assert kiosk.post(f"/orders/{no}/close").body["state"] == ("paid" if paid else "closed")
    if not paid:
        assert kiosk.post(f"/holds/{hold}/release").status == 200
        return
    booked = kiosk.confirm(hold).body["appointment"]["id"]
    paper = {"appointment": booked, "kind": "registration"}
    assert kiosk.post("/papers/outcome", paper | {"copy": 1, "outcome": "unknown"}).status == 200
    assert kiosk.post("/papers", paper).body == {"copy": 2}
    assert kiosk.post(f"/appointments/{booked}/cancel").code == "unknown_appointment", "but nobody is there who could ask"


def test_a_visit_goes_on_at_a_second_machine(hospital: Hospital, kiosk: Kiosk, stranger: Kiosk) -> None:
    person = hospital.patient()
    find(kiosk, person.id_number)
    hold = kiosk.post("/holds", {"patient": person.pk, "segment": segment(hospital.session())}).body["id"]
    booked = kiosk.confirm(hold).body["appointment"]["id"]
    find(stranger, person.id_number)
    paper = {"appointment": booked, "kind": "registration"}
    assert stranger.post("/papers", paper).body == {"copy": 2}
    assert stranger.post("/papers/outcome", paper | {"copy": 2, "outcome": "printed"}).status == 200
    assert stranger.post(f"/appointments/{booked}/cancel").body["appointment"]["state"] == "cancelled"
    assert affairs(kiosk, person.pk) == {200}, "and the first machine still knows them"


def test_who_was_where_is_forgotten(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    find(kiosk, hospital.patient().id_number)
    time.go(hours=49)
    tend()
    assert not Acquaintance.objects.exists()


def test_a_machine_looks_for_thirty_people_a_minute(hospital: Hospital, kiosk: Kiosk, stranger: Kiosk,
                                                    time: Clock) -> None:
    person = hospital.patient()
    for _ in range(15):
        assert find(kiosk, person.id_number).status == 200
        assert find(kiosk, "999999199202020018").code == "unknown_patient"
    turned_away = find(kiosk, person.id_number)
    assert (turned_away.status, turned_away.code, turned_away.headers["Retry-After"]) == (429, "too_many", "60")
    assert find(stranger, person.id_number).status == 200, "every machine by itself"
    time.go(seconds=59)
    assert find(kiosk, person.id_number).status == 429
    time.go(seconds=1)
    assert find(kiosk, person.id_number).status == 200


# Social security cards.


def by_social(kiosk: Kiosk, number: str = "", name: str = "", card: str = "Z00000013", region: str = "999999") -> Answer:
    return kiosk.post("/patients/find", {"social": {"region": region, "card_number": card, "number": number, "name": name}})


def test_a_social_card_that_names_its_holder_opens_their_file_and_no_other(hospital: Hospital, kiosk: Kiosk) -> None:
    person, other = hospital.patient(name="测试·甲"), hospital.patient(name="别的人")
    assert by_social(kiosk, person.id_number, "测试甲").body["id"] == person.pk and affairs(kiosk, person.pk) == {200}
    assert by_social(kiosk, other.id_number, "测试甲").code == "name_mismatch"
    assert by_social(kiosk, other.id_number).code == "name_mismatch", "a holder without a name is none"
    assert by_social(kiosk, "999999198505050017", "测试己").code == "unknown_patient"
    assert affairs(kiosk, other.pk) == {"unknown_patient"}
    assert not SocialCard.objects.exists(), "no machine writes down whose a card is"


def test_a_social_card_that_withholds_its_holder_opens_the_file_it_is_on(hospital: Hospital, kiosk: Kiosk) -> None:
    person, other = hospital.patient(name="测试甲"), hospital.patient(name="别的人")
    assert by_social(kiosk).code == "unknown_patient"
    SocialCard.objects.create(region="999999", card_number="Z00000013", patient=person)
    assert by_social(kiosk).body["id"] == person.pk
    assert by_social(kiosk, region="999998").code == "unknown_patient", "another city has a card of the same number"
    assert by_social(kiosk, other.id_number, other.name).code == "name_mismatch", "it is on somebody else's file"
    with pytest.raises(IntegrityError), transaction.atomic():
        SocialCard.objects.create(region="999999", card_number="Z00000013", patient=other)


def test_the_registrar_writes_a_card_on_a_file(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient(name="测试甲")
    desk = Client()
    desk.force_login(make_staff("desk", "a long enough password", Role.REGISTRAR))
    page = f"/admin/care/patient/{person.pk}/change/"
    form = {field: getattr(person, field) for field in ("name", "card_kind", "id_number", "sex", "phone", "no_shows")}
    form |= {"social_cards-TOTAL_FORMS": "1", "social_cards-INITIAL_FORMS": "0", "social_cards-0-region": "999999",
             "social_cards-0-card_number": "Z00000013"}
    assert "九位" in desk.post(page, form | {"social_cards-0-card_number": "z1"}).content.decode()
    assert desk.post(page, form).status_code == 302
    assert by_social(kiosk).body["id"] == person.pk
