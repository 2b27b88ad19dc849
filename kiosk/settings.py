"""One table of everything that can be set on a kiosk: name, type, default, bounds, who may change it, one sentence.

The table makes the settings file's checks, its documentation and, later, the menu and the fleet's schema. The file is
plain `name = value` lines under `[kiosk]`; a name that is not in the table is an error, not a wish.
"""

from __future__ import annotations

import base64
import configparser
import datetime as dt
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kiosk.requests.ways import PROOFS


class BadSetting(ValueError):
    """A setting is unknown, or its value is out of bounds. The message is a sentence for the person who wrote it."""


@dataclass(frozen=True)
class Between:
    """A number with bounds."""

    low: float
    high: float
    kind: Callable[[str], Any] = int

    def __call__(self, text: str) -> Any:
        value = self.kind(text)
        if not self.low <= value <= self.high:
            raise ValueError(f"must be from {self.low:g} to {self.high:g}")
        return value


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def __call__(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(f"must be one of {', '.join(self.words)}")
        return text


@dataclass(frozen=True)
class Setting:
    """One row. `read` makes the value of its text and raises ValueError; `who`: technician, administrator, fleet."""

    name: str
    read: Callable[[str], Any]
    default: str
    who: str
    sentence: str

    @property
    def choices(self) -> tuple[str, ...]:
        """All that it can be, or () where that is not a few words."""
        return self.read.words if isinstance(self.read, OneOf) else ()

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the most that a number may be."""
        return (self.read.low, self.read.high) if isinstance(self.read, Between) else (None, None)


def _matching(pattern: str, meaning: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {meaning}")
        return text
    return read


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as bad:
        raise ValueError(f"is not a regular expression: {bad}") from None
    return text


def _server(text: str) -> str:
    """Tokens and names travel there: in the clear only inside this machine."""
    address = urlsplit(text)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError("must be an address like https://kiosk.hospital.example")
    if address.scheme == "http" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("must begin with https:// (http:// is for this machine itself)")
    return text


def _no_server(text: str) -> str:
    return _server(text) if text else ""


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is not the name of a time zone, like Asia/Shanghai") from None
    return text


def _options(text: str) -> dict[str, str]:
    if not re.fullmatch(r"(\w+=\S+(\s+|$))*", text):
        raise ValueError("must be words like fence=gs_h width=80")
    return dict(word.split("=", 1) for word in text.split())


def _proofs(text: str) -> tuple[str, ...]:
    words = tuple(text.split())
    if not set(words) <= set(PROOFS):
        raise ValueError(f"must be words of {', '.join(PROOFS)}")
    return words


def _sleep(text: str) -> tuple[dt.time, dt.time] | None:
    """From when until when nobody is served, every day; it may go over midnight."""
    if not text:
        return None
    found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text)
    try:
        if found is None or found[1] == found[2]:
            raise ValueError
        return dt.time.fromisoformat(found[1]), dt.time.fromisoformat(found[2])
    except ValueError:
        raise ValueError("must be two times of day like 22:00-06:30, or nothing") from None


def _public_key(text: str) -> str:
    try:
        if text and len(base64.b64decode(text, validate=True)) != 32:
            raise ValueError
    except ValueError:
        raise ValueError("must be an X25519 public key: 32 bytes in base64, or nothing") from None
    return text


def _command(text: str) -> str:
    if not shlex.split(text):
        raise ValueError("must be a command, like systemctl poweroff")
    return text


_NO_PATH = _matching(r"(/[\w./-]+)?", "a path that begins with /, or nothing")
_DRIVER = _matching(r"[a-z][a-z0-9_]*", "the name of a file in drivers/")
_NO_DRIVER = _matching(r"([a-z][a-z0-9_]*)?", "the name of a file in drivers/, or nothing")
_LINK = _matching(r"(serial|tcp|pcsc|hid|usb|cups|exec)://\S+", "a link: serial:///dev/…?baud=115200 or tcp://host:port")
_NO_LINK = _matching(r"((serial|tcp|pcsc|hid|usb|cups|exec)://\S+)?", "a link, or nothing")

REQUIRED = ("idcard", "scanner", "printer")
OPTIONAL = {"social": "social security card reader", "visit_card_reader": "visit card reader",
            "stripe": "magnetic stripe reader", "report": "report printer", "cards": "card dispenser",
            "terminal": "bank card terminal", "board": "relay board", "lights": "light bar", "ups": "UPS"}
"""Devices that many machines do not have: their driver's name is empty then, and nobody pays for them."""


def _device(name: str, meaning: str) -> tuple[Setting, Setting, Setting]:
    return (Setting(name, _NO_DRIVER, "", "technician", f"The {meaning}'s driver; nothing: this machine has none."),
            Setting(f"{name}_url", _NO_LINK, "", "technician", f"The {meaning}'s line."),
            Setting(f"{name}_options", _options, "", "technician", f"Options of the {meaning}'s driver."))


TABLE = (
    Setting("kiosk", _matching(r"[\w-]{1,32}", "1-32 letters, digits, - or _"), "K01", "technician",
            "This machine's name, on slips and in the hospital's list of kiosks."),
    Setting("hospital_url", _server, "http://127.0.0.1:8200", "administrator", "Where the hospital server answers."),
    Setting("hospital_interface", OneOf(("kiosk", "fhir")), "kiosk", "administrator",
            "How numbers are booked there: by the kiosk API, or by FHIR R4 and IHE Scheduling."),
    Setting("hospital_fhir", _no_server, "", "administrator",
            "The root of the hospital's FHIR server; nothing: /fhir/R4 of the hospital server."),
    Setting("hospital_zh", _matching(r".{1,40}", "1-40 characters"), "示范县人民医院", "administrator",
            "The hospital's name in Chinese, on the screen's head and on every slip."),
    Setting("hospital_en", _matching(r".{1,60}", "1-60 characters"), "Model County People's Hospital", "administrator",
            "The hospital's name in English."),
    Setting("zone", _zone, "Asia/Shanghai", "administrator", "The time zone of the hospital."),
    Setting("idcard", _DRIVER, "idcard_sdt", "technician", "The ID card reader's driver."),
    Setting("idcard_url", _LINK, "serial:///dev/kiosk/idcard?baud=115200", "technician", "The ID card reader's line."),
    Setting("idcard_options", _options, "", "technician", "Options of the ID card reader's driver."),
    Setting("scanner", _DRIVER, "scanner_line", "technician", "The code scanner's driver."),
    Setting("scanner_url", _LINK, "serial:///dev/kiosk/scanner?baud=115200", "technician", "The code scanner's line."),
    Setting("scanner_options", _options, "", "technician", "Options of the code scanner's driver."),
    Setting("printer", _DRIVER, "printer_escpos", "technician", "The ticket printer's driver."),
    Setting("printer_url", _LINK, "serial:///dev/kiosk/printer?baud=115200", "technician", "The ticket printer's line."),
    Setting("printer_options", _options, "fence=gs_h width=80", "technician",
            "Options of the printer's driver: how this model confirms a print, and its paper's width in mm."),
    *(row for name, meaning in OPTIONAL.items() for row in _device(name, meaning)),
    Setting("card_mouth", OneOf(("shut", "open")), "shut", "technician",
            "Whether people put visit cards into the dispenser or motor reader, which reads them and gives them back."),
    Setting("accepts", _proofs, "idcard social visit_card typed", "administrator",
            "What people may show to say who they are, where the machine has a reader for it; an ID card always."),
    Setting("visit_card", _pattern, r"V\d{12}", "administrator",
            "What a visit card's number looks like, by bar code, chip or stripe: a regular expression for all of it."),
    Setting("insurance_code", _pattern, r"[0-9]{28}", "administrator",
            "What a medical insurance code (医保电子凭证) looks like; nothing: codes are not told to be one."),
    Setting("health_card", _pattern, r"[0-9A-Za-z]{32,64}(:[^:]*)+", "administrator",
            "What an electronic health card's code looks like; nothing: codes are not told to be one."),
    Setting("language", OneOf(("zh", "en")), "zh", "technician", "The language a new visitor is greeted in."),
    Setting("orientation", OneOf(("portrait", "landscape")), "portrait", "technician", "How the screen is mounted."),
    Setting("fullscreen", OneOf(("yes", "no")), "yes", "technician", "Whether the window covers the whole screen."),
    Setting("px_per_mm", Between(1, 12, float), "4.0", "technician",
            "Pixels per millimetre of this screen: letters and keys are sized in millimetres."),
    Setting("sleep", _sleep, "", "technician", "When the machine is closed each day, like 22:00-06:30; nothing: never."),
    Setting("volume", Between(0, 100), "60", "technician", "How loud its sounds are, in percent; 0: silent."),
    Setting("usb", Path, "/media", "administrator", "The folder below which USB sticks are mounted."),
    Setting("export_key", _public_key, "", "fleet",
            "The fleet team's public key: logs that leave on a stick are sealed for it."),
    Setting("patience", Between(20, 600), "60", "administrator",
            "Seconds without a touch before a person is asked whether they are still there."),
    Setting("away", Between(5, 600), "20", "technician",
            "Seconds in which the presence sensor sees nobody, before a person is asked whether they are still there."),
    Setting("shutdown", _command, "systemctl poweroff", "fleet",
            "The command that stops the machine before its battery is empty."),
    Setting("watchdog", _NO_PATH, "", "administrator",
            "The hardware watchdog, /dev/watchdog; nothing: there is none, or systemd has it."),
)


@dataclass(frozen=True)
class Settings:
    """Every setting of one machine, read and checked. `texts`: as they were written, defaults among them."""

    values: Mapping[str, Any]
    texts: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def read(texts: Mapping[str, str]) -> Settings:
    """Settings from their texts; what is not given has its default. Raises BadSetting."""
    table = {setting.name: setting for setting in TABLE}
    unknown = sorted(set(texts) - set(table))
    if unknown:
        raise BadSetting(f"There is no setting named {', '.join(unknown)}.")
    written = {setting.name: texts.get(setting.name, setting.default) for setting in TABLE}
    values = {}
    for setting in TABLE:
        try:
            values[setting.name] = setting.read(written[setting.name])
        except ValueError as bad:
            raise BadSetting(f"The setting {setting.name} {bad}.") from None
    return Settings(values, written)


def load(path: Path, **overrides: str) -> Settings:
    """The settings of the file at `path` (none: the defaults), with `overrides` on top. Raises BadSetting."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error as bad:
        raise BadSetting(f"{path.name} cannot be read: {bad.message}") from None
    given = dict(parser["kiosk"]) if parser.has_section("kiosk") else {}
    return read({**given, **overrides})
