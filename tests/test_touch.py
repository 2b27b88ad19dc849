"""Every journey and every mishap by touch: the tables that the core plays, played through the real screens.

Kivy has one window to a process, so an orientation is a process, which plays the tables one after another on the same
glass, as a machine serves people all day: what stands on the screen is read there, and after every table nothing of its
person may be left. Both orientations are played at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tables import tables
from touch_body import SIZES
from virtual_screen import virtual_screen

HERE = Path(__file__).resolve().parent
TITLES = [table.title for table in tables()]
SEEN = "look\tregister: known ID card, general clinic, today, paid"

Played = dict[str, "Player"]


class Player:
    """One orientation's process, and what it has said so far."""

    def __init__(self, orientation: str, asked: list[str], home: Path, screen: dict[str, str]) -> None:
        self._complaints = (home / f"{orientation}.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "touch_body.py"), orientation], env=os.environ | screen, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints)
        self._asked, self._wrong = asked, dict[str, str]()
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(asked))
        self._process.stdin.close()

    def wrong(self, asked: str) -> str:
        """What was wrong with it, as soon as it was played."""
        assert self._process.stdout is not None
        while asked not in self._wrong:
            line = self._process.stdout.readline()
            assert line, f"the player broke off:\n{self._last_words()}"
            self._wrong[self._asked[len(self._wrong)]] = json.loads(line)
        return self._wrong[asked]

    def stop(self) -> None:
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._complaints.close()

    def _last_words(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-2000:]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The players, playing what the chosen tests of this file are about."""
    chosen = [item.callspec.params for item in request.session.items
              if isinstance(item, pytest.Function) and item.path == request.path]
    with ExitStack() as stack:
        players: Played = {}
        for orientation, size in SIZES.items():
            asked = [str(params["asked"]) for params in chosen if params["orientation"] == orientation]
            if asked:
                screen = stack.enter_context(virtual_screen(*size))
                players[orientation] = Player(orientation, asked, tmp_path_factory.mktemp("touch"), screen)
                stack.callback(players[orientation].stop)
        yield players


@pytest.mark.parametrize("orientation", SIZES)
@pytest.mark.parametrize("asked", [f"play\t{title}" for title in TITLES], ids=TITLES)
def test_table(played: Played, asked: str, orientation: str) -> None:
    wrong = played[orientation].wrong(asked)
    assert not wrong, wrong


@pytest.mark.parametrize("orientation", SIZES)
@pytest.mark.parametrize("asked", [SEEN], ids=["while they stand there"])
def test_who_looks_for_traces_finds_them(played: Played, asked: str, orientation: str) -> None:
    wrong = played[orientation].wrong(asked)
    assert not wrong, wrong
