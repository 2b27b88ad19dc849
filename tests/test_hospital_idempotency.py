"""What a machine asks twice under one key happens once."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from hospital.care import booking
from hospital.care.models import Hold
from hospital.kiosk import claims
from hospital.kiosk.models import Claim
from hospital.kiosk.models import Kiosk as Machine
from hospital_fixtures import API, Clock, Hospital, Kiosk, segment


def test_a_repeat_gets_the_first_answer(hospital: Hospital, kiosk: Kiosk) -> None:
    person, name = hospital.patient(), segment(hospital.session())
    first, again = kiosk.hold(person, name, "k"), kiosk.hold(person, name, "k")
    assert (again.status, again.text) == (first.status, first.text) == (200, first.text)
    assert "Idempotent-Replay" not in first.headers and again.headers["Idempotent-Replay"] == "true"
    assert Hold.objects.count() == 1


def test_refusals_are_stored_too(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    session = hospital.session(places=1)
    kiosk.hold(hospital.patient(), segment(session))
    person = hospital.patient()
    refused = kiosk.hold(person, segment(session), "k")
    time.go(minutes=10)
    again = kiosk.hold(person, segment(session), "k")
    assert refused.code == "slot_full" and again.text == refused.text and again.status == 409
    assert again.headers["Idempotent-Replay"] == "true"
    assert kiosk.hold(person, segment(session), "new").status == 200


def test_the_same_key_with_another_body_or_path_is_refused(hospital: Hospital, kiosk: Kiosk) -> None:
    person, session = hospital.patient(), hospital.session()
    held = kiosk.hold(person, segment(session), "k").body["id"]
    for answer in (kiosk.hold(hospital.patient(), segment(session), "k"), kiosk.confirm(held, "k")):
        assert (answer.status, answer.code) == (422, "key_reused")
    assert Kiosk("K2").hold(hospital.patient(), segment(session), "k").status == 200, "keys are each machine's own"


@pytest.mark.parametrize("key", ["", "x" * 65])
def test_no_write_without_a_proper_key(hospital: Hospital, kiosk: Kiosk, key: str) -> None:
    answer = kiosk._client.post(f"{API}/holds", {"patient": 1, "segment": "1-0900"}, content_type="application/json",
                                headers={"Idempotency-Key": key})
    assert answer.status_code == 400 and answer.json()["code"] == "no_key"


def test_a_repeat_while_the_first_runs_is_told_to_wait(hospital: Hospital, kiosk: Kiosk,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    person, name = hospital.patient(), segment(hospital.session())
    inside, go_on = threading.Event(), threading.Event()
    real = booking.get_hold

    def slow(hold: uuid.UUID) -> Hold:
        inside.set()
        assert go_on.wait(30)
        return real(hold)
    held = kiosk.hold(person, name).body["id"]
    # Looking at the hold is slow, and happens before anything is locked.
    monkeypatch.setattr(booking, "get_hold", slow)

    def first() -> int:
        try:
            return kiosk.order(held, "k").status
        finally:
            connections.close_all()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert inside.wait(30)
        repeat = kiosk.order(held, "k")
        go_on.set()
        assert running.result(30) == 409
    assert (repeat.status, repeat.code, repeat.headers["Retry-After"]) == (409, "in_progress", "1")
    assert kiosk.order(held, "k").body["data"] == {"reason": "not_configured", "channels": []}, "now the answer is there"


def test_trouble_is_not_stored(hospital: Hospital, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    person, name = hospital.patient(), segment(hospital.session())

    def fails(*_: object) -> None:
        raise OSError("the disk is full")
    with monkeypatch.context() as broken:
        broken.setattr(booking, "_take_slot", fails)
        assert kiosk.hold(person, name, "k").status == 500
    answer = kiosk.hold(person, name, "k")
    assert answer.status == 200 and "Idempotent-Replay" not in answer.headers


class Killed(BaseException):
    """The process died here: nothing after this line ran."""


def test_a_claim_whose_process_died_is_taken_over_after_30_seconds(hospital: Hospital, kiosk: Kiosk, time: Clock,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    person, name = hospital.patient(), segment(hospital.session())

    def dies(*_: object) -> None:
        raise Killed
    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(claims, "finish", dies)
        kiosk.hold(person, name, "k")
    assert Hold.objects.count() == 0, "the hold went with its answer"
    time.go(seconds=29)
    assert kiosk.hold(person, name, "k").code == "in_progress"
    time.go(seconds=1)
    assert kiosk.hold(person, name, "k").status == 200 and Hold.objects.count() == 1


def test_a_slow_run_that_was_taken_over_leaves_nothing_behind(hospital: Hospital, kiosk: Kiosk, time: Clock,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    person, name = hospital.patient(), segment(hospital.session())
    real = booking._take_slot

    def overtaken(*words: object) -> object:
        Claim.objects.update(run=uuid.uuid4())      # what another process does after 30 seconds
        return real(*words)
    with monkeypatch.context() as slow:
        slow.setattr(booking, "_take_slot", overtaken)
        assert kiosk.hold(person, name, "k").code == "in_progress"
    assert Hold.objects.count() == 0
    time.go(seconds=31)
    assert kiosk.hold(person, name, "k").status == 200 and Hold.objects.count() == 1


def test_twenty_repeats_at_once_hold_one_number(hospital: Hospital, kiosk: Kiosk) -> None:
    person, name, gate = hospital.patient(), segment(hospital.session(places=20)), threading.Barrier(20)

    def hold(_: int) -> tuple[int, str]:
        gate.wait(timeout=30)
        try:
            answer = kiosk.hold(person, name, "k")
            return answer.status, answer.body.get("id", answer.body.get("code"))
        finally:
            connections.close_all()
    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(hold, range(20)))
    held = Hold.objects.get()
    assert answers <= {(200, str(held.pk)), (409, "in_progress")} and (200, str(held.pk)) in answers


def test_answers_are_forgotten_after_two_days(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    kiosk.hold(hospital.patient(), segment(hospital.session()), "k")
    time.go(hours=47)
    assert claims.forget_old() == 0
    time.go(hours=2)
    assert claims.forget_old() == 1 and not Claim.objects.exists()


def test_only_the_hash_of_a_token_is_kept(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    machine = Machine.objects.get()
    assert machine.token_sha256 == hashlib.sha256(kiosk.token.encode()).hexdigest()
    assert kiosk.get("/hello").status == 200
    machine.refresh_from_db()
    assert machine.seen_at == time.now()

    old, fresh = kiosk, Kiosk("K1")
    assert (old.get("/hello").status, old.get("/hello").code) == (401, "unauthorized")
    assert fresh.get("/hello").status == 200
    Machine.objects.update(active=False)
    assert fresh.get("/hello").status == 401


def test_hello_says_the_time_with_its_offset(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    hello = kiosk.get("/hello").body
    assert dt.datetime.fromisoformat(hello["time"]) == time.now() and hello["time"].endswith("+08:00")
    assert hello["zone"] == "Asia/Shanghai" and set(hello["hospital"]) == {"zh", "en"}
