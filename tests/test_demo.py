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
