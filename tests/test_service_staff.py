"""Who may open the service menu, and what guessing costs."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.__main__ import main
from kiosk.requests import Refused
from kiosk.requests.service import Member, Role
from kiosk.service.staff import LONGEST_WAIT, TRIES, Staff, strong_pin, weak


class Clock:
    seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def staff(tmp_path: Path, clock: Clock) -> Staff:
    return Staff(tmp_path / "staff.json", clock)


def refusal(staff: Staff, number: str, pin: str) -> str:
    with pytest.raises(Refused) as no:
        staff.sign_in(number, pin)
    return no.value.reason


def wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


def test_the_right_pin_says_who_it_is(staff: Staff) -> None:
    pin = staff.add("1001", Role.NURSE)
    assert staff.sign_in("1001", pin) == Member("1001", Role.NURSE)


def test_nobody_may_where_there_is_no_staff(staff: Staff) -> None:
    assert refusal(staff, "1001", "482915") == "wrong_pin"


def test_each_wrong_pin_costs_twice_the_time_whoever_tries(staff: Staff, clock: Clock) -> None:
    pin = staff.add("1001", Role.TECHNICIAN)
    waits = []
    for number in ("1001", "2002", "1001", "3003", "4004", "5005", "6006", "7007", "8008"):
        assert refusal(staff, number, wrong(pin)) == "wrong_pin"
        with pytest.raises(Refused) as no:
            staff.sign_in("1001", pin)            # the right one, too soon
        assert no.value.reason == "pin_wait"
        waits.append(no.value.data["seconds"])
        clock.seconds += no.value.data["seconds"]
    assert waits == [3, 5, 9, 17, 33, 65, 129, 257, 301]
    assert staff.sign_in("1001", pin).role is Role.TECHNICIAN
    assert refusal(staff, "1001", wrong(pin)) == "wrong_pin"
    clock.seconds += 3
    assert staff.sign_in("1001", pin)             # a right one lets everybody begin anew


def test_a_number_is_locked_until_somebody_unlocks_it(staff: Staff, clock: Clock) -> None:
    pin, other = staff.add("1001", Role.NURSE), staff.add("1002", Role.NURSE)
    for at in range(TRIES):
        assert refusal(staff, "1001", wrong(pin)) == ("pin_locked" if at == TRIES - 1 else "wrong_pin")
        clock.seconds += LONGEST_WAIT + 1
    assert refusal(staff, "1001", pin) == "pin_locked"
    assert staff.sign_in("1002", other)
    assert staff.members() == {"1001": (Role.NURSE, True), "1002": (Role.NURSE, False)}
    assert staff.unlock("1001") and not staff.unlock("9999")
    assert staff.sign_in("1001", pin)


def test_a_restart_gives_nobody_a_new_try(tmp_path: Path, clock: Clock) -> None:
    pin = Staff(tmp_path / "staff.json", clock).add("1001", Role.NURSE)
    for _ in range(TRIES):
        fresh = Staff(tmp_path / "staff.json", clock)
        assert refusal(fresh, "1001", wrong(pin)) in ("wrong_pin", "pin_locked")
        assert refusal(Staff(tmp_path / "staff.json", clock), "1001", pin) == "pin_wait"
        clock.seconds += LONGEST_WAIT + 1
    assert refusal(Staff(tmp_path / "staff.json", clock), "1001", pin) == "pin_locked"


def test_a_clock_set_back_keeps_nobody_out_for_ever(staff: Staff, clock: Clock) -> None:
    pin = staff.add("1001", Role.NURSE)
    assert refusal(staff, "1001", wrong(pin)) == "wrong_pin"
    clock.seconds -= 10 * 365 * 86400
    with pytest.raises(Refused) as no:
        staff.sign_in("1001", pin)
    assert no.value.data["seconds"] <= LONGEST_WAIT + 1


def test_a_new_pin_is_the_only_one(staff: Staff, clock: Clock) -> None:
    old = staff.add("1001", Role.NURSE)
    staff.set_pin("1001", "602817")
    assert staff.sign_in("1001", "602817")
    assert refusal(staff, "1001", old) == "wrong_pin"
    with pytest.raises(Refused, match="no_member"):
        staff.set_pin("2002", "602817")


@pytest.mark.parametrize("pin", ["111111", "123456", "987654", "121212", "123123", "12345", "1234567", "12a456", "１２３９５７"])
def test_a_pin_that_everybody_would_try_is_refused(staff: Staff, pin: str) -> None:
    staff.add("1001", Role.NURSE)
    assert weak(pin)
    with pytest.raises(Refused, match="weak_pin"):
        staff.set_pin("1001", pin)


def test_pins_made_here_are_not_weak() -> None:
    assert not any(weak(strong_pin()) for _ in range(200))


def test_the_file_holds_no_pin_and_is_its_owners(tmp_path: Path, staff: Staff) -> None:
    pin = staff.add("1001", Role.ADMINISTRATOR)
    file = tmp_path / "staff.json"
    assert pin not in file.read_text() and json.loads(file.read_text())["members"]["1001"]["hash"].startswith("$argon2id$")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_left_is_nobody(staff: Staff) -> None:
    pin = staff.add("1001", Role.NURSE)
    assert staff.remove("1001") and not staff.remove("1001")
    assert refusal(staff, "1001", pin) == "wrong_pin"


@pytest.mark.parametrize("number", ["", "12", "123456789", "12a4", "工号一"])
def test_what_is_no_staff_number(staff: Staff, number: str) -> None:
    with pytest.raises(ValueError, match="3 to 8 digits"):
        staff.add(number, Role.NURSE)


def test_each_role_may_what_the_one_before_may() -> None:
    assert [[role.may(least) for least in Role] for role in Role] == [
        [True, False, False], [True, True, False], [True, True, True]]


def test_a_full_disk_keeps_nobody_out(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    pin = staff.add("1001", Role.NURSE)

    def full(path: Path, data: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("kiosk.service.staff.save", full)
    assert staff.sign_in("1001", pin)
    with pytest.raises(OSError):                     # a guess that cannot be counted is none
        staff.sign_in("1001", wrong(pin))


# A file that cannot be read.


DAMAGED = {"empty": b"", "cut": b'{"members": {"1001": {"role": "nur', "no text": b"\xff\xfe", "a list": b"[]",
           "another version's": b'{"members": {"1001": {"role": "surgeon", "hash": "", "failures": 0}}}'}


@pytest.fixture(params=DAMAGED)
def damaged(request: pytest.FixtureRequest, tmp_path: Path, staff: Staff) -> bytes:
    staff.add("1001", Role.NURSE)
    (tmp_path / "staff.json").write_bytes(DAMAGED[request.param])
    return DAMAGED[request.param]


def test_a_damaged_file_is_said_to_be_and_is_not_written_over(tmp_path: Path, staff: Staff, damaged: bytes) -> None:
    for ask in (lambda: staff.sign_in("1001", "482915"), lambda: staff.set_pin("1001", "482915"), staff.members,
                lambda: staff.unlock("1001"), lambda: staff.remove("1001")):
        with pytest.raises(Refused, match="staff_damaged"):
            ask()
    assert (tmp_path / "staff.json").read_bytes() == damaged


def test_who_is_added_to_a_damaged_file_begins_a_new_one_and_the_old_is_kept(
        tmp_path: Path, staff: Staff, clock: Clock, damaged: bytes) -> None:
    pin = staff.add("1002", Role.ADMINISTRATOR)
    assert staff.sign_in("1002", pin) and staff.members() == {"1002": (Role.ADMINISTRATOR, False)}
    assert staff.kept == tmp_path / "staff.damaged-1000000.json" and staff.kept.read_bytes() == damaged


def test_a_file_that_is_not_this_user_s_to_read_is_damaged_too(tmp_path: Path, staff: Staff) -> None:
    (tmp_path / "staff.json").mkdir()           # no user, not even root, reads this as a file
    assert refusal(staff, "1001", "482915") == "staff_damaged"


# The command.


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`python -m kiosk staff WORDS`: its status, and what it says on both ways."""
    def run(*words: str) -> tuple[int, str, str]:
        status = main(["staff", *words, "--state", str(tmp_path)])
        return status, *capsys.readouterr()
    return run


def pin_in(said: str) -> str:
    (pin,) = re.findall(r"^PIN of \d+: (\d{6})$", said, re.MULTILINE)
    return str(pin)


def test_the_command_adds_lists_and_removes(command: Callable[..., Any], staff: Staff) -> None:
    assert command() == (0, "", "")
    status, said, _ = command("1001")
    assert status == 0 and staff.sign_in("1001", pin_in(said)) == Member("1001", Role.NURSE)
    status, said, _ = command("2002", "--role", "technician")
    assert status == 0 and staff.sign_in("2002", pin_in(said)) == Member("2002", Role.TECHNICIAN)
    assert command() == (0, "1001       nurse\n2002       technician\n", "")
    assert command("1001", "--remove") == (0, "Done.\n", "")
    assert command("1001", "--remove") == (1, "There is nobody of number 1001.\n", "")
    assert command() == (0, "2002       technician\n", "")


def test_the_command_gives_somebody_a_new_role_and_pin(command: Callable[..., Any], staff: Staff) -> None:
    old = pin_in(command("1001")[1])
    new = pin_in(command("1001", "--role", "administrator")[1])
    assert staff.sign_in("1001", new).role is Role.ADMINISTRATOR
    assert old == new or refusal(staff, "1001", old) == "wrong_pin"


def test_the_command_unlocks(command: Callable[..., Any], staff: Staff, clock: Clock) -> None:
    pin = pin_in(command("1001")[1])
    for _ in range(TRIES):
        refusal(staff, "1001", wrong(pin))
        clock.seconds += LONGEST_WAIT + 1
    assert refusal(staff, "1001", pin) == "pin_locked" and command()[1] == "1001       nurse  locked\n"
    assert command("1001", "--unlock") == (0, "Done.\n", "")
    assert staff.sign_in("1001", pin) and command()[1] == "1001       nurse\n"
    assert command("2002", "--unlock") == (1, "There is nobody of number 2002.\n", "")


def test_the_command_says_what_is_no_staff_number(command: Callable[..., Any], staff: Staff) -> None:
    assert command("12") == (2, "", "A staff number has 3 to 8 digits.\n") and staff.members() == {}


def test_the_command_leads_out_of_a_damaged_file(tmp_path: Path, command: Callable[..., Any], staff: Staff) -> None:
    (tmp_path / "staff.json").write_bytes(b"{")
    for words in ((), ("1001", "--unlock"), ("1001", "--remove")):
        status, said, complaint = command(*words)
        assert (status, said) == (1, "") and "adds everybody anew" in complaint
        assert "python -m kiosk staff NUMBER" in complaint
    status, said, complaint = command("1001", "--role", "administrator")
    (kept,) = tmp_path.glob("staff.damaged-*.json")
    assert status == 0 and f"kept as {kept};" in complaint and kept.read_bytes() == b"{"
    assert staff.sign_in("1001", pin_in(said)).role is Role.ADMINISTRATOR
