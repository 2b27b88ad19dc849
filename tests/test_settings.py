"""Every setting: its default is allowed, its bounds hold, and nothing unknown passes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from kiosk.settings import TABLE, BadSetting, Setting, load, read

WORDS = Path(__file__).resolve().parent.parent / "assets" / "words"


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_a_row_is_whole(setting: Setting) -> None:
    setting.read(setting.default)
    assert setting.name.isidentifier() and setting.who in ("technician", "administrator", "fleet")
    assert setting.sentence.endswith(".") and setting.sentence[0].isupper()
    assert getattr(read({}), setting.name) == setting.read(setting.default)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_may_be_changed_at_the_machine_has_a_sentence_there(language: str) -> None:
    words = json.loads((WORDS / f"service.{language}.json").read_text("utf-8"))
    said = {key.removeprefix("setting."): sentence for key, sentence in words.items() if key.startswith("setting.")}
    assert set(said) == {row.name for row in TABLE if row.who in ("technician", "administrator")}
    assert all(sentence.endswith("。" if language == "zh" else ".") for sentence in said.values())


def test_names_are_given_once() -> None:
    assert len({setting.name for setting in TABLE}) == len(TABLE)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(BadSetting, match="no setting named patiense"):
        read({"patiense": "60"})
    with pytest.raises(AttributeError):
        read({}).patiense


BAD = {
    "kiosk": ("", "K 01", "k" * 33), "hospital_url": ("kiosk.example", "ftp://x"), "hospital_zh": ("", "医" * 41),
    "idcard": ("../evil", "Idcard"), "idcard_url": ("/dev/ttyS0", "serial:", "http://x"), "printer_options": ("fence", "=x"),
    "visit_card": ("(", "[0-9"), "insurance_code": ("*",), "health_card": ("(?",),
    "language": ("de", "ZH"), "orientation": ("diagonal",),
    "sleep": ("22:00", "22:00-24:30", "6-7", "22:00-22:00"), "volume": ("-1", "101", "loud"),
    "export_key": ("aGVsbG8=", "not base64!"),
    "fullscreen": ("maybe",), "px_per_mm": ("0.5", "13", "four", "nan"), "patience": ("19", "601", "60.5", "", "-60"),
}


@pytest.mark.parametrize("name, text", [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_bad_value_is_a_sentence_for_its_author(name: str, text: str) -> None:
    with pytest.raises(BadSetting, match=f"The setting {name} .+"):
        read({name: text})


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.ini"
    path.write_text("[kiosk]\nkiosk = A-2\npatience = 90\nprinter_options = fence=gs_h width=58\nhospital_zh = 样例医院 100%\n",
                    encoding="utf-8")
    settings = load(path, language="en")
    assert (settings.kiosk, settings.patience, settings.language) == ("A-2", 90, "en")
    assert settings.printer_options == {"fence": "gs_h", "width": "58"} and settings.hospital_zh == "样例医院 100%"
    assert load(path, patience="30").patience == 30, "what is said on the command line has the last word"


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.ini") == read({})


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.ini"
    path.write_text("patience = 90\n", encoding="utf-8")
    with pytest.raises(BadSetting, match="kiosk.ini cannot be read"):
        load(path)
    path.write_text("[kiosk]\npatiense = 90\n", encoding="utf-8")
    with pytest.raises(BadSetting, match="patiense"):
        load(path)


def test_the_menu_knows_what_a_value_can_be() -> None:
    rows = {setting.name: setting for setting in TABLE}
    assert rows["language"].choices == ("zh", "en") and rows["language"].bounds == (None, None)
    assert rows["patience"].bounds == (20, 600) and rows["patience"].choices == ()


def test_sleep_may_go_over_midnight() -> None:
    assert read({"sleep": "22:00-06:30"}).sleep == (dt.time(22), dt.time(6, 30))
    assert read({}).sleep is None
