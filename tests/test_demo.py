"""A robot patient at the whole machine: real window, real drivers, twins of everything around it; and all books agree."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.audit import disagreements
from kiosk.journeys import tiles
from kiosk.others import DEEDS
from kiosk.plays import PLAYS
from kiosk.robot import TOWN

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1536          # bytes of a ticket: 115200 Bd carry them in 0.14 s


@dataclass(frozen=True)
class Played:
    """What a demo left."""

    out: Path
    said: str
    books: dict[str, Any]

    @property
    def pages(self) -> list[str]:
        """The pages in their order, each checked to be a picture that shows something."""
        pictures = sorted(self.out.glob("[0-9][0-9]-*.png"))
        for path in pictures:
            with Image.open(path) as picture:
                assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 50, f"{path.name} shows nothing"
        return [path.stem[3:] for path in pictures if not path.stem.endswith("-wait")]

    @property
    def papers(self) -> list[str]:
        return [paper["text"] for paper in self.books["paper"]]


Demo = Callable[..., Played]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Plays a journey, once for all tests that ask for the same."""
    played: dict[tuple[str, ...], Played] = {}

    def play(*words: str) -> Played:
        if words not in played:
            out = tmp_path_factory.mktemp("demo")
            done = subprocess.run([sys.executable, "-m", "kiosk", "demo", *words, "--out", str(out)], cwd=ROOT,
                                  capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stdout + done.stderr
            played[words] = Played(out, done.stdout, json.loads((out / "books.json").read_text("utf-8")))
        return played[words]

    return play


def test_register(demo: Demo) -> None:
    played = demo("register")
    assert played.pages == ["welcome", "present", "choose", "choose", "time", "confirm", "pay", "done", "welcome"]
    assert (played.out / "01-welcome.png").exists()
    assert "all books agree" in played.said
    assert played.books["agree"] is True and played.books["differences"] == []
    assert played.books["patient"]["touches"] <= 6
    [ticket] = played.papers
    assert "挂号凭条" in ticket and "补打" not in ticket
    assert 0 < (played.out / "ticket-1.bin").stat().st_size <= LONGEST
    assert not (played.out / "ticket-2.bin").exists()
    with Image.open(played.out / "ticket-1.png") as paper:
        assert paper.width >= 500 and paper.height >= 500
    [booked] = played.books["hospital"]["appointments"]
    [paid] = played.books["payment"]
    assert (booked["state"], paid["amount"]) == ("booked", booked["fee"])
    assert played.books["patient"]["told"][0]["number"] == str(booked["number"])


def test_cancel_in_english_large_and_lying(demo: Demo) -> None:
    played = demo("cancel", "--lang", "en", "--size", "large", "--orientation", "landscape")
    assert played.pages[-5:] == ["present", "list", "confirm", "done", "welcome"]
    with Image.open(played.out / "01-welcome.png") as picture:
        assert picture.size == (1920, 1080)
    first, last = ("\n".join(page["texts"]) for page in played.books["patient"]["told"])
    assert "You are registered" in first and "挂号" not in first
    assert "cancelled" in last
    [booked] = played.books["hospital"]["appointments"]
    [paid] = played.books["payment"]
    assert booked["state"] == "cancelled"
    assert sum(refund["amount"] for refund in paid["refunds"]) == paid["amount"] == booked["fee"]
    assert len(played.papers) == 2
    assert played.books["agree"] is True


def test_enroll_and_register_on_the_way(demo: Demo) -> None:
    played = demo("enroll")
    assert played.pages[:4] == ["welcome", "present", "confirm", "keypad"]
    assert [one["state"] for one in played.books["hospital"]["appointments"]] == ["booked"]
    assert played.books["agree"] is True


def test_reprint_is_a_copy_and_says_so(demo: Demo) -> None:
    played = demo("reprint")
    original, again = played.papers
    assert "补打" not in original
    assert "补打" in again and "第2张" in again.replace(" ", "")
    assert (played.out / "ticket-2.bin").stat().st_size <= LONGEST
    [booked] = played.books["hospital"]["appointments"]
    for paper in played.books["paper"]:
        assert any(booked["code"] in code["data"] for code in paper["codes"])
    assert played.books["agree"] is True


def test_check_in_among_others_in_english_and_lying(demo: Demo) -> None:
    played = demo("checkin", "--lang", "en", "--orientation", "landscape")
    assert played.pages == ["welcome", "present", "done", "welcome"]
    assert played.books["patient"]["touches"] <= 4, "two of them for English"
    [told] = played.books["patient"]["told"]
    [slip] = played.papers
    assert "You are checked in" in told["texts"] and "3" in told["texts"], "three neighbours wait before them"
    assert "签到凭条" in slip and "Check-in slip" in slip and "补打" not in slip
    mine = [one for one in played.books["hospital"]["places"] if one["appointment"] not in played.books["others"]]
    assert [str(one["number"]) for one in mine] == [told["number"]] and len(played.books["others"]) == 3
    assert played.books["agree"] is True and played.books["differences"] == []


def test_blood_draw_in_large_letters(demo: Demo) -> None:
    played = demo("blood", "--size", "large")
    assert played.pages == ["welcome", "present", "time", "confirm", "confirm", "done", "welcome"]
    [draw] = played.books["hospital"]["examinations"]
    [slip] = played.papers
    assert "采血预约单" in slip and "生化全套" in slip and draw["slips"] == 1
    assert any(draw["code"] in text for text in played.books["patient"]["told"][0]["texts"])
    assert played.books["agree"] is True


def test_every_journey_has_a_play() -> None:
    offered = {str(tile.value) for tile in tiles()}
    assert offered and offered <= set(PLAYS)
    assert all(deed in DEEDS for play in PLAYS.values() for page, deed in play if page == TOWN)


def test_a_journey_that_is_none_is_said(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "kiosk", "demo", "dance", "--out", str(tmp_path / "out")], cwd=ROOT,
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "There is no journey dance to play" in done.stderr and "Traceback" not in done.stderr


# Books that do not agree.

Books = dict[str, Any]


def unpaid(books: Books) -> None:
    books["payment"][0]["paid_at"] = None


def another_sum(books: Books) -> None:
    books["payment"][0]["amount"] += 1


def given_back(books: Books) -> None:
    books["payment"][0]["refunds"].append({"amount": books["payment"][0]["amount"]})


def paid_twice(books: Books) -> None:
    books["payment"].append({**books["payment"][0], "order_no": "B999"})


def cancelled_and_kept(books: Books) -> None:
    books["hospital"]["appointments"][0]["state"] = "cancelled"


def not_booked(books: Books) -> None:
    books["hospital"]["appointments"].clear()


def no_paper(books: Books) -> None:
    books["paper"].clear()


def two_originals(books: Books) -> None:
    books["paper"].append(books["paper"][0])
    books["hospital"]["papers"].append(books["hospital"]["papers"][0])


def paper_nobody_knows_of(books: Books) -> None:
    books["hospital"]["papers"].clear()


def another_number_on_paper(books: Books) -> None:
    number = str(books["hospital"]["appointments"][0]["number"])
    words = books["paper"][0]["text"].split("\n")
    books["paper"][0]["text"] = "\n".join("4711" if number in line.split() else line for line in words)


def another_number_told(books: Books) -> None:
    books["patient"]["told"][0]["number"] = "4711"


@pytest.mark.parametrize(("plant", "sentence"), [
    (unpaid, "0 fen were kept, 1 bookings stand for it"),
    (another_sum, "1 bookings stand for it"),
    (given_back, "0 fen were kept, 1 bookings stand for it"),
    (paid_twice, "Order B999 was paid, and the hospital does not know it"),
    (cancelled_and_kept, "fen were kept, 0 bookings stand for it"),
    (not_booked, "Nothing was booked"),
    (no_paper, "0 papers were printed, the hospital knows of 1"),
    (two_originals, "has 2 original tickets"),
    (paper_nobody_knows_of, "1 papers were printed, the hospital knows of 0"),
    (another_number_on_paper, "is not on its ticket"),
    (another_number_told, "The patient was told number 4711"),
], ids=lambda value: value.__name__ if callable(value) else "")
def test_books_that_disagree_speak(demo: Demo, plant: Callable[[Books], None], sentence: str) -> None:
    books: Books = copy.deepcopy(demo("register").books)
    assert disagreements(books) == []
    plant(books)
    assert any(sentence in found for found in disagreements(books)), disagreements(books)


# The same of the other journeys: a booking made on a phone, a visit that was moved, a child's, one that a doctor booked.


def ticket(code: str, number: int, file: str, kind: str = "挂号凭条", copy: bool = False) -> dict[str, Any]:
    text = "\n".join((kind, *(("补打",) if copy else ()), str(number), file, code))
    return {"text": text, "codes": [], "cut": True}


def town(**more: Any) -> Books:
    """Booked by app, checked in at this machine as the second of the line; somebody else is its first."""
    booking = {"code": "A1", "record_no": "9001", "department": "GP", "number": 7, "state": "arrived", "fee": 0,
               "channel": "app", "changed": False, "due": False}
    place = {"appointment": "A1", "record_no": "9001", "department": "GP", "number": 2, "state": "waiting"}
    return {"hospital": {
        "appointments": [booking, {**booking, "code": "A2", "record_no": "9002", "number": 8}], "orders": [], "refunds": [],
        "examinations": [], "papers": [], "places": [place, {**place, "appointment": "A2", "number": 1}]},
        "payment": [], "paper": [ticket("A1", 2, "", "签到凭条")], "others": ["A2"],
        "patient": {"told": [{"number": "2", "texts": ["签到成功"]}]}, **more}


def no_slip(books: Books) -> None:
    books["paper"].clear()


def another_place_on_the_slip(books: Books) -> None:
    books["paper"][0]["text"] = books["paper"][0]["text"].replace("2", "5")


def another_place_told(books: Books) -> None:
    books["patient"]["told"][0]["number"] = "1"


def a_fee_that_nobody_paid(books: Books) -> None:
    books["hospital"]["appointments"][0]["fee"] = 2000


def tickets(books: Books, *sheets: dict[str, Any]) -> None:
    books["paper"] += sheets
    books["hospital"]["papers"] += [{"appointment": "A1", "kind": "registration", "copy": at, "outcome": "printed"}
                                    for at in range(1, len(sheets) + 1)]


def a_ticket_for_the_guardian(books: Books) -> None:
    tickets(books, ticket("A1", 7, "9000"))


def a_copy_and_no_original(books: Books) -> None:
    tickets(books, ticket("A1", 7, "9001", copy=True))


def the_old_number_on_the_new_ticket(books: Books) -> None:
    books["hospital"]["appointments"][0]["changed"] = True
    tickets(books, ticket("A1", 3, "9001"), ticket("A1", 3, "9001", copy=True))


@pytest.mark.parametrize(("plant", "sentence"), [
    (no_slip, "0 slips were printed"),
    (another_place_on_the_slip, "1 slips were printed, not each with its number"),
    (another_place_told, "The patient was told number 1"),
    (a_fee_that_nobody_paid, "was never paid"),
    (a_ticket_for_the_guardian, "file 9001 is not on its ticket"),
    (a_copy_and_no_original, "has 0 original tickets"),
    (the_old_number_on_the_new_ticket, "number 7 is not on its ticket"),
], ids=lambda value: value.__name__ if callable(value) else "")
def test_books_of_other_journeys_that_disagree_speak(plant: Callable[[Books], None], sentence: str) -> None:
    books = town()
    assert disagreements(books) == []
    plant(books)
    assert any(sentence in found for found in disagreements(books)), disagreements(books)


def test_a_visit_that_moved_may_have_been_told_with_its_number_of_before() -> None:
    books = town()
    books["hospital"]["appointments"][0]["changed"] = True
    books["patient"]["told"].insert(0, {"number": "3", "texts": []})
    tickets(books, ticket("A1", 3, "9001"), ticket("A1", 7, "9001", copy=True))
    assert disagreements(books) == []


def test_what_is_due_still_is_no_disagreement() -> None:
    books = town()
    books["hospital"]["appointments"][0] |= {"fee": 2000, "due": True, "channel": "consulting"}
    assert disagreements(books) == []
