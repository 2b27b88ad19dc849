"""What was changed or closed at a machine by hand, over a restart and over midnight."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import pytest

from kiosk.__main__ import _settings
from kiosk.requests.service import Closure
from kiosk.service.local import Local
from kiosk.settings import BadSetting

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.timezone(dt.timedelta(hours=8)))


class Wall:
    time = NOON

    def __call__(self) -> dt.datetime:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def local(tmp_path: Path, wall: Wall) -> Local:
    return Local(tmp_path / "local.json", wall)


def test_a_change_lies_over_the_settings_file_and_survives_a_restart(tmp_path: Path, wall: Wall, local: Local) -> None:
    local.change("patience", "90", "60", "1001", today_only=False)
    for each in (local, Local(tmp_path / "local.json", wall)):
        assert each.overrides == {"patience": "90"}
        (change,) = each.changes
        assert (change.was, change.by, change.at, change.until) == ("60", "1001", NOON, None)


def test_todays_change_ends_with_the_day_and_is_said_once(local: Local, wall: Wall) -> None:
    local.change("volume", "20", "60", "1001", today_only=True)
    local.change("language", "en", "zh", "1001", today_only=False)
    wall.time = NOON.replace(hour=23, minute=59)
    assert set(local.overrides) == {"volume", "language"} and local.ended() == ()
    wall.time += dt.timedelta(minutes=2)
    assert set(local.overrides) == {"language"}
    assert [change.name for change in local.ended()] == ["volume"]
    assert local.ended() == ()


def test_a_second_change_replaces_the_first(local: Local) -> None:
    local.change("volume", "20", "60", "1001", today_only=True)
    local.change("volume", "30", "60", "1002", today_only=False)
    assert [(change.value, change.was, change.by, change.until) for change in local.changes] == [("30", "60", "1002", None)]


def test_a_change_ends_when_told(local: Local) -> None:
    local.change("volume", "20", "60", "1001", today_only=False)
    assert local.end_change("volume") and not local.end_change("volume")
    assert local.overrides == {}


def test_closed_until_reopened_over_a_restart(tmp_path: Path, wall: Wall, local: Local) -> None:
    local.close("pay", "network", "1001")
    again = Local(tmp_path / "local.json", wall)
    assert again.closed == (Closure("pay", "network", "1001", NOON),)
    assert again.reopen("pay") and not again.reopen("pay")
    assert Local(tmp_path / "local.json", wall).closed == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"changes": [{"name": "volume"}], "closed": []}',
                                  '{"changes": [], "closed": [{"what": "pay", "since": 1}]}'])
def test_a_file_that_makes_no_sense_stops_no_machine(tmp_path: Path, wall: Wall, text: str) -> None:
    (tmp_path / "local.json").write_text(text)
    local = Local(tmp_path / "local.json", wall)
    assert local.overrides == {} and local.closed == ()
    local.close("pay", "network", "1001")
    assert [closure.what for closure in Local(tmp_path / "local.json", wall).closed] == ["pay"]


@pytest.mark.parametrize("name, value", [("colour", "red"), ("volume", "loud")])
def test_a_change_of_another_version_is_left_out(tmp_path: Path, wall: Wall, capsys: pytest.CaptureFixture[str],
                                                 name: str, value: str) -> None:
    Local(tmp_path / "local.json", wall).change(name, value, "", "1001", today_only=False)
    settings = _settings(argparse.Namespace(state=tmp_path, set=["patience=90"]))
    assert (settings.volume, settings.patience) == (60, 90)
    assert "left out" in capsys.readouterr().err
    with pytest.raises(BadSetting):
        _settings(argparse.Namespace(state=tmp_path, set=["patience=1"]))
