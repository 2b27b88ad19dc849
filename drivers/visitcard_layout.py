"""Where a hospital's own card has its number: options of the drivers that read such cards.

Each hospital writes its cards in its own way, so all of it is settings:

* `number`: `uid` (default; the chip's own number), `block` (Mifare Classic), `file` (CPU card, ISO/IEC 7816-4)
* `uid`: `order` = `chip` (default) or `reversed`, `form` = `hex` (default) or `decimal`: vendors differ in both
* `block`: `sector` 0–15, `block` 0–2, `key_type` = `a` (default) or `b`, `keys` = a file, `key` = a name in it
* `file`: `aid` in hex, `sfi` 1–30
* `block` and `file`: `encoding` = `ascii` (default) or `bcd`, `offset` and `length` in bytes; the padding goes away

Keys are never options: settings are shown in menus, sent to the fleet and kept in backups, and one sector key opens every
card of the hospital. The key file has lines `name = 12 hex digits` and belongs to the kiosk's user alone (mode 600);
one that others may read is refused, for a key that others know protects nothing. Without a file the chip is tried with
the key that every blank card has from its maker, which is no secret.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from drivers.contract import CardRefused

FACTORY = b"\xFF" * 6
UID_LENGTHS = (4, 7, 10)            # ISO/IEC 14443-3: single, double, triple size
CHOICES = {"number": ("uid", "block", "file"), "order": ("chip", "reversed"), "form": ("hex", "decimal"),
           "key_type": ("a", "b"), "encoding": ("ascii", "bcd")}
RANGES = {"sector": (0, 15), "block": (0, 2), "offset": (0, 255), "length": (1, 64), "sfi": (1, 30)}
DEFAULTS = {"number": "uid", "order": "chip", "form": "hex", "sector": "1", "block": "0", "key_type": "a", "keys": "",
            "key": "", "encoding": "ascii", "offset": "0", "length": "16", "aid": "", "sfi": "1"}


class Layout:
    """The options, checked. Raises ValueError with a sentence that names no key."""

    def __init__(self, **options: str) -> None:
        if unknown := options.keys() - DEFAULTS.keys():
            raise ValueError(f"no such option: {', '.join(sorted(unknown))}")
        said = DEFAULTS | options
        for name, choices in CHOICES.items():
            if said[name] not in choices:
                raise ValueError(f"{name}: one of {', '.join(choices)}")
        numbers = {name: _number(name, said[name]) for name in RANGES}
        self.number, self.order, self.form, self.encoding = (
            said[name] for name in ("number", "order", "form", "encoding"))
        self.block = numbers["sector"] * 4 + numbers["block"]       # as the chip counts
        self.key_type = {"a": 0x60, "b": 0x61}[said["key_type"]]
        self.key = FACTORY
        self.offset, self.length, self.sfi = numbers["offset"], numbers["length"], numbers["sfi"]
        self.aid = _aid(said["aid"]) if self.number == "file" else b""
        if self.offset + self.length > 255:
            raise ValueError("offset and length: a card gives 255 bytes at once")
        if self.number == "block":
            if self.offset + self.length > 16:
                raise ValueError("offset and length: a block has 16 bytes")
            if said["keys"]:
                self.key = read_key(Path(said["keys"]), said["key"])

    def of_uid(self, uid: bytes) -> str:
        """The card's number from its UID. Raises CardRefused for a UID that is none."""
        if len(uid) not in UID_LENGTHS:
            raise CardRefused(f"a UID of {len(uid)} bytes")
        ordered = uid if self.order == "chip" else uid[::-1]
        return ordered.hex().upper() if self.form == "hex" else str(int.from_bytes(ordered, "big")).zfill(10)

    def of_data(self, data: bytes) -> str:
        """The card's number from its block or file. Raises CardRefused when none is written there."""
        part = data[self.offset:self.offset + self.length]
        found = _bcd(part) if self.encoding == "bcd" else _ascii(part)
        if not found:
            raise CardRefused("a card without a number")
        return found


def read_key(path: Path, name: str) -> bytes:
    """The key `name` of a key file. Raises ValueError."""
    try:
        with path.open(encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ValueError(f"{path}: others may read this key file; make it mode 600")
            lines = [line.split("=", 1) for line in file.read().splitlines() if line.strip() and line.strip()[0] != "#"]
    except OSError as error:
        raise ValueError(f"{path}: {os.strerror(error.errno or 0)}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: lines are name = 12 hex digits") from None
    keys = {line[0].strip(): line[-1].strip() for line in lines if len(line) == 2}
    if name not in keys:
        raise ValueError(f"{path}: has no key {name!r}")
    try:
        key = bytes.fromhex(keys[name])
    except ValueError:
        key = b""
    if len(key) != 6:
        raise ValueError(f"{path}: the key {name!r} has not 12 hex digits")
    return key


def _number(name: str, word: str) -> int:
    low, high = RANGES[name]
    if not (word.isascii() and word.isdecimal() and low <= int(word) <= high):
        raise ValueError(f"{name}: a number from {low} to {high}")
    return int(word)


def _aid(word: str) -> bytes:
    try:
        aid = bytes.fromhex(word)
    except ValueError:
        aid = b""
    if not 5 <= len(aid) <= 16:                 # ISO/IEC 7816-4: a registered provider, and what it adds
        raise ValueError("aid: 5 to 16 bytes in hex")
    return aid


def _ascii(data: bytes) -> str:
    """Padded with zeros, blanks or, where nothing was ever written, FF."""
    found = data.strip(b"\0 \xFF")
    if not all(0x21 <= byte <= 0x7E for byte in found):
        raise CardRefused("a number that is no text")
    return found.decode("ascii")


def _bcd(data: bytes) -> str:
    """Half bytes, filled up with F; a number of zeros only is none."""
    found = data.hex().rstrip("f")
    if found and not found.isdecimal():
        raise CardRefused("a number that is none")
    return found if found.strip("0") else ""
