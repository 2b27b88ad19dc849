"""The service menu at the whole machine: real window, real drivers, twins; a nurse, a technician and a patient by touch.

What they did is read from what the machine has written: its facts, its chain, its files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent

Books = dict[str, Any]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("service")
    done = subprocess.run([sys.executable, "-m", "kiosk", "demo", "service", "--out", str(out)], cwd=ROOT,
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "task failed" not in done.stderr
    return out


@pytest.fixture(scope="module")
def books(played: Path) -> Books:
    found: Books = json.loads((played / "books.json").read_text("utf-8"))
    return found


def of_staff(books: Books) -> list[Books]:
    return [fact for fact in books["service"]["facts"] if fact["kind"].startswith(("service_", "counted"))]


def test_every_act_is_a_fact_with_its_staff_number_in_its_order(books: Books) -> None:
    facts = of_staff(books)
    assert [fact["by"] for fact in facts] == ["1002"] * 5 + ["1001"] * 15
    assert [(fact["kind"], fact.get("what")) for fact in facts[:8]] == [
        ("service_entered", None), ("service_begin", None), ("counted", "printer"), ("service_tested", "printer"),
        ("service_end", None), ("service_entered", None), ("service_begin", None), ("service_closed", "register")]
    assert {"kind": "service_opened", "by": "1001", "what": "register"} in facts
    assert [fact.get("value") for fact in facts if fact["kind"] == "service_setting"] == ["55", None]


def test_the_chain_is_whole_and_no_pin_is_in_any_file(books: Books) -> None:
    assert books["service"]["whole"] is True and books["service"]["wrong"] == []


def test_the_hospital_has_been_told(books: Books) -> None:
    facts = [fact["kind"] for fact in books["service"]["facts"]]
    assert books["service"]["told"] > facts.index("service_closed"), "facts are numbered from 1, in their order"


def test_the_door_asks_who_it_is_and_waits_for_a_visit(books: Books) -> None:
    """A knock in a visit is nothing; while the door is open it asks whether the visit is to end, and here it is not."""
    facts = [fact for fact in books["service"]["facts"] if fact["kind"] in ("door", "service_entered", "visit", "end")]
    assert [fact["kind"] for fact in facts] == ["door", "service_entered", "door", "service_entered", "service_entered",
                                                "visit", "door", "door", "end", "service_entered"]
    assert facts[8]["how"] == "done"


def test_a_patient_registers_as_ever_between_the_menus(books: Books) -> None:
    assert books["agree"] is True, books["differences"]
    [booked] = books["hospital"]["appointments"]
    assert booked["state"] == "booked"
    test, ticket = (paper["text"] for paper in books["paper"])
    assert "测试页" in test and "挂号凭条" in ticket
    assert sum(fact["kind"] == "printed" for fact in books["service"]["facts"]) == 1, "the test page is no ticket"


def test_the_logs_are_on_the_stick_sealed(books: Books) -> None:
    [name] = books["service"]["exported"]
    assert name.startswith("K01-") and name.endswith(".kiosklogs")


def test_the_pages_were_seen(played: Path) -> None:
    names = [path.stem[3:] for path in sorted(played.glob("[0-9][0-9]-*.png"))]
    assert {"board", "guide", "reading", "keypad", "keyboard", "choose", "list", "confirm", "touch", "closed"} <= set(names)
    for path in played.glob("[0-9][0-9]-board.png"):
        with Image.open(path) as picture:
            assert len(set(picture.convert("L").resize((54, 96)).getdata())) > 20, f"{path.name} shows nothing"
