"""放号: days ahead, at an hour, every day; shares that are kept for a channel until a set time."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from hospital.care.models import Schedule, Slot
from hospital.outpatient import registering, rosters, rounds
from hospital.outpatient.models import Release, ReleaseRule, ShareRule
from hospital.figures._crowd import crowd
from hospital.queueing import alarms
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from test_hospital_races import at_once
from test_hospital_rosters import MONDAY, template


def opened(hospital: Hospital, **words: Any) -> Schedule:
    """A reviewed session of ten places on Monday."""
    template(hospital, **{"places": 5, **words})
    rosters.plan(MONDAY, MONDAY)
    rosters.approve(Schedule.objects.values_list("pk", flat=True), "office")
    return Schedule.objects.latest("pk")


def left(kiosk: Kiosk, hospital: Hospital) -> int:
    return sum(one["left"] for one in kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body)


def test_a_session_is_released_days_ahead_at_its_hour(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    ReleaseRule.objects.create(days=2, minute=7 * 60 + 30)
    opened(hospital)
    time.time = dt.datetime(2026, 11, 21, 7, 29, 59, tzinfo=time.time.tzinfo)
    assert left(kiosk, hospital) == 0
    time.go(seconds=1)
    assert left(kiosk, hospital) == 10


def test_the_narrowest_rule_of_release_counts(hospital: Hospital) -> None:
    for words in ({"days": 20}, {"days": 1, "kind": "expert"}, {"days": 3, "department": hospital.heart},
                  {"days": 5, "department": hospital.heart, "kind": "general"}):
        ReleaseRule.objects.create(minute=420, **words)
    for words in ({}, {"kind": "special", "start": 600, "end": 660}, {"department": hospital.skin, "kind": "expert"},
                  {"department": hospital.skin, "kind": "special", "start": 600, "end": 660}):
        template(hospital, **words)
    rosters.plan(MONDAY, MONDAY)
    ahead = {(one.department, one.kind): (one.day - one.released_at.date()).days for one in Schedule.objects.all()}
    heart, skin = hospital.heart, hospital.skin
    # Released at seven in the hospital's zone: the day before, in UTC.
    assert {key: days - 1 for key, days in ahead.items()} in (
        {(heart, "general"): 5, (heart, "special"): 3, (skin, "expert"): 1, (skin, "special"): 20},
    )


def test_release_is_automatic_every_day_and_remembered(hospital: Hospital, time: Clock) -> None:
    template(hospital)
    assert rounds.daily() == 4 and rounds.daily() == 0
    day = Release.objects.get()
    assert (day.day, day.planned) == (time.now().date(), 4)
    time.go(days=1)
    assert rounds.daily() == 0 and Release.objects.count() == 2


def test_after_an_outage_the_days_missed_are_made_up_for(hospital: Hospital, time: Clock) -> None:
    template(hospital)
    rounds.daily()
    rosters.approve(Schedule.objects.values_list("pk", flat=True), "office")
    time.go(days=10)
    assert rounds.daily() == 2 and rounds.daily() == 0
    days = {one.day: (one.released, one.places) for one in Release.objects.all()}
    assert len(days) == 11
    # Of the sessions of 7 and 14 December, released fourteen days ahead while nobody was there.
    assert {day for day, of in days.items() if of == (1, 4)} == {MONDAY, dt.date(2026, 11, 30)}


def test_any_number_of_servers_make_the_round_once(hospital: Hospital) -> None:
    template(hospital)
    assert sum(at_once(*[rounds.daily] * 4)) == 4
    assert Release.objects.count() == 1 and Schedule.objects.count() == 4


def test_a_session_that_is_due_but_not_reviewed_is_told(hospital: Hospital, time: Clock) -> None:
    ReleaseRule.objects.create(days=3, minute=420)
    template(hospital)
    rounds.daily()
    assert Release.objects.get().waiting == 1 and Release.objects.get().released == 0


def test_new_rules_count_for_what_is_not_released_yet(hospital: Hospital, time: Clock) -> None:
    template(hospital)
    rounds.daily()
    ReleaseRule.objects.create(days=30, minute=420)
    ShareRule.objects.create(channel="web", percent=50)
    time.go(days=1)
    rounds.daily()
    kept = {one.day: one.slots.filter(share="web").count() for one in Schedule.objects.order_by("day")}
    # Monday the 23rd and the 30th were released already; the later ones follow the new rules.
    assert list(kept.values()) == [0, 0, 2, 2]


def test_shares_follow_the_capacity_of_the_session(hospital: Hospital) -> None:
    ShareRule.objects.create(channel="web", percent=30)
    ShareRule.objects.create(channel="phone", percent=20)
    ShareRule.objects.create(channel="phone", percent=50, department=hospital.heart)
    session = opened(hospital)
    shares = list(session.slots.order_by("number").values_list("share", flat=True))
    assert (shares.count("web"), shares.count("phone"), shares.count("")) == (3, 5, 2)
    assert {slot.start for slot in session.slots.filter(share="phone")} == {slot.start for slot in session.slots.all()}


def test_a_kiosk_gives_its_own_places_and_free_ones_and_no_others(hospital: Hospital, kiosk: Kiosk) -> None:
    ShareRule.objects.create(channel="web", percent=60)
    ShareRule.objects.create(channel="kiosk", percent=20)
    session = opened(hospital)
    assert left(kiosk, hospital) == 4, "the count is of what a kiosk may give"
    given = [kiosk.hold(hospital.patient(), segment(session, place)).status for place in (0, 0, 0, 1, 1, 1)]
    assert given.count(200) == 4 and given.count(409) == 2 and left(kiosk, hospital) == 0
    assert not Slot.objects.filter(hold__isnull=False, share="web").exists()
    assert Slot.objects.get(pk=in_one(hospital.patient().pk, "web", segment(session))).share == "web"


def test_its_own_share_goes_first(hospital: Hospital, kiosk: Kiosk) -> None:
    ShareRule.objects.create(channel="kiosk", percent=20)
    session = opened(hospital)
    for place in (0, 1):
        assert kiosk.hold(hospital.patient(), segment(session, place)).status == 200
    assert set(Slot.objects.filter(hold__isnull=False).values_list("share", flat=True)) == {"kiosk"}


def test_the_unsold_share_returns_to_all_at_its_set_time(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    ShareRule.objects.create(channel="web", percent=100, back_days=1, back_minute=18 * 60)
    session = opened(hospital)
    time.time = dt.datetime(2026, 11, 22, 17, 59, 59, tzinfo=time.time.tzinfo)
    assert left(kiosk, hospital) == 0
    assert kiosk.hold(hospital.patient(), segment(session)).code == "slot_full"
    time.go(seconds=1)
    assert left(kiosk, hospital) == 10
    assert kiosk.hold(hospital.patient(), segment(session)).status == 200


def test_today_counts_respect_the_channel(hospital: Hospital, kiosk: Kiosk) -> None:
    session = hospital.session(places=3)
    session.slots.filter(number=1).update(share="app")
    assert kiosk.get("/departments").body[0]["general_left_today"] == 5


@pytest.mark.parametrize("turn", range(2))
def test_when_a_share_returns_each_place_goes_to_one_person(hospital: Hospital, time: Clock, turn: int) -> None:
    """At the very moment: those of the share and everybody else, all at once."""
    session = hospital.session(places=4, minutes=60)
    session.slots.update(share="web", share_until=time.now())
    names = [hospital.patient().pk for _ in range(10)]
    where = segment(session)

    def take(patient: int, channel: str) -> int:
        try:
            return in_one(patient, channel, where)
        except Refusal as no:
            assert no.code == "slot_full"
            return 0
    acts = [partial(take, pk, way) for pk, way in zip(names, ["web", "kiosk"] * 5)]
    got = [slot for slot in at_once(*acts) if slot]
    assert len(got) == len(set(got)) == 4


def in_one(patient: int, channel: str, where: str) -> int:
    with transaction.atomic():
        return registering.hold(patient, where, "K1", channel).slot_id


def test_five_hundred_people_for_a_hundred_places_at_one_instant(hospital: Hospital) -> None:
    found = crowd(people=150, places=30, at_once=10)
    assert (found.given, found.refused, found.places_taken) == (30, 120, 30)


def test_a_price_change_during_a_hold_changes_nothing_for_its_holder(hospital: Hospital, kiosk: Kiosk,
                                                                     channel: Any) -> None:
    session = hospital.session(fee=1000)
    held = kiosk.hold(hospital.patient(), segment(session)).body
    Schedule.objects.update(fee=9900)
    order = kiosk.order(held["id"]).body
    assert (held["fee"], order["amount"]) == (1000, 1000)
    channel.pay(order["no"])
    kiosk.get(f"/orders/{order['no']}")
    assert kiosk.confirm(held["id"]).body["appointment"]["fee"] == 1000
    free = hospital.session(hospital.skin)
    held = kiosk.hold(hospital.patient(), segment(free)).body
    Schedule.objects.update(fee=500)
    assert kiosk.confirm(held["id"]).body["appointment"]["fee"] == 0, "what was free when it was held, is"


def test_the_tending_plans_and_watches_by_itself(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to call the round of the day, or look whether a queue grows."""
    template(hospital)
    monkeypatch.setattr(alarms, "watch", lambda: 7)
    tended = tend()
    assert (tended.sessions_planned, tended.alarms_changed, tended.faults) == (4, 7, 0)
    assert Release.objects.count() == 1 and tend().sessions_planned == 0
