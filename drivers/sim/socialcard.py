"""Twin of a PC/SC reader with a social security card in it.

Sources: the file structure and data items of the card (人社信息函〔2012〕37号); the commands of the card specification (later
LD/T 32). EF05 says who issued the card, EF06 who holds it; a record is tag, length, value. All people are invented.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.sim.chip import ChipTwin
from drivers.sim.line import Line
from drivers.sim.twin import verb

SSSE = b"sx1.sh." + "社会保障".encode("gbk")
EF05, EF06 = b"\xEF\x05", b"\xEF\x06"
FREE, NAME_END = 0x0A, 0x4E
OK, NOT_FOUND, NO_RECORD, LOCKED = b"\x90\x00", b"\x6A\x82", b"\x6A\x83", b"\x69\x82"
NO_FILE, NO_SUCH, AUTH_FAILED = b"\x69\x86", b"\x6D\x00", b"\x63\xC2"
ALGORITHMS = {"3.0": 3}                 # tag 86 of the FCI: 3 SM4; before the third generation 1, DES


@dataclass(frozen=True)
class Person:
    """What a card says. Dates are YYYYMMDD, "" for none; `bank`: a bank's card, without a social security application."""

    version: str = "2.00"
    card_number: str = "Z00000013"
    region: str = "999999"
    number: str = "999999199001010016"
    name: str = "测试甲"
    sex: str = "1"
    nation: str = "01"
    born: str = "19900101"
    issued: str = "20200101"
    expires: str = "20300101"
    bank: bool = False

    def files(self) -> dict[bytes, list[tuple[int, bytes]]]:
        """The records of EF05 and EF06 in the order of the card's version."""
        name = self.name.encode("gbk")
        if len(name) > 50:
            raise ValueError("a card has room for 50 bytes of a name")
        issued = [(1, bytes.fromhex(self.region) + bytes.fromhex("D156000005 00000001 FFFFFFFF")), (2, b"3"),
                  (3, self.version.encode("ascii").ljust(4, b"\0")),
                  (4, bytes.fromhex("9156000002" + self.region + self.region[:4] + "0001")),
                  (5, _date(self.issued)), (6, _date(self.expires)), (7, self.card_number.encode("ascii").ljust(9, b"\0"))]
        holder = [(8, self.number.encode("ascii").ljust(18, b"\0")), (9, name[:30].ljust(30, b"\0")),
                  (NAME_END, name[30:].ljust(20, b"\0")), (0x0A, self.sex.encode("ascii")),
                  (0x0B, bytes.fromhex(self.nation)), (0x0C, bytes.fromhex(self.region)), (0x0D, _date(self.born))]
        if self.version.startswith("1"):
            holder = [record for record in holder if record[0] != NAME_END]
        return {EF05: issued, EF06: holder}


def _date(written: str) -> bytes:
    return bytes.fromhex(written or "FFFFFFFF")


DECK: dict[str, Person] = {
    "first": Person(version="1.00", name="测试乙", sex="2", born="19850505", card_number="D2143569X",
                    number="999999198505050025"),
    "second": Person(),
    "third": Person(version="3.00"),
    # The fifteenth letter ends with byte 31: the first part is cut in the middle of it.
    "long": Person(name="A" + "阿卜杜热合曼买买提依明江库尔班尼亚孜"),
    "odd": Person(card_number="Z00000010"),
    "bank": Person(bank=True),
}


class SocialChip:
    """The chip of one card."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.without: set[int] = set()          # tags that it answers with "no record"
        self.by_number_only = self.locked = self.old_select = False
        self._files = person.files()
        self.powered()

    @property
    def atr(self) -> bytes:
        """T=0 on contacts; the last eight historical bytes tell the card's region and its own number."""
        return bytes.fromhex("3B6D0000 0081544553 86" + self.person.region[:4] + "0000000001")

    def powered(self) -> None:
        self._file: bytes | None = None
        self._selected = self._proved = False
        self._challenges: list[bytes] = []

    def answer(self, apdu: bytes) -> bytes:
        match apdu[1]:
            case 0xA4:
                return self._select(apdu[2], apdu[5:5 + apdu[4]] if len(apdu) > 5 else b"")
            case 0xB2 if len(apdu) >= 4:
                return self._read(apdu[2], apdu[3])
            case 0x84:
                self._challenges = [os.urandom(8), *self._challenges[:1]]
                return self._challenges[0] + OK
            case 0x88 if len(apdu) == 21:
                return stub_cryptogram(apdu[5:13], apdu[13:21]) + OK
            case 0x82 if len(apdu) == 21:
                return self._authenticate(apdu[3], apdu[5:13], apdu[13:21])
        return NO_SUCH

    def _select(self, p1: int, name: bytes) -> bytes:
        if p1 == 0x04:
            if self.person.bank or name != SSSE:
                return NOT_FOUND
            self._selected, self._file = True, None
            kind = ALGORITHMS.get(self.person.version[:3], 1)
            return bytes.fromhex("6F1C840F") + SSSE + bytes.fromhex("A50988011E9F0C038601") + bytes((kind,)) + OK
        if not self._selected or name not in self._files or p1 == 0x02 and self.old_select:
            return NOT_FOUND
        self._file = name
        return OK

    def _read(self, p1: int, p2: int) -> bytes:
        file = {0: self._file, 5: EF05, 6: EF06}.get(p2 >> 3) if self._selected else None
        if file is None:
            return NO_FILE
        if file == EF06 and (self.locked or self.person.version.startswith("3")) and not self._proved:
            return LOCKED
        records = [record for record in self._files[file] if record[0] not in self.without]
        match p2 & 7:
            case 0:
                found = [] if self.by_number_only else [record for record in records if record[0] == p1][:1]
            case 4:
                found = records[p1 - 1:p1] if p1 else []
            case 5:
                found = records[p1 - 1:] if p1 else []
            case _:
                return b"\x6A\x86"
        return b"".join(bytes((tag, len(value))) + value for tag, value in found) + OK if found else NO_RECORD

    def _authenticate(self, key: int, proof: bytes, raw: bytes) -> bytes:
        if len(self._challenges) < 2 or key != FREE:
            return AUTH_FAILED
        factor, first = self._challenges
        self._proved = raw == first and proof == stub_cryptogram(factor, raw)
        return OK if self._proved else AUTH_FAILED


def stub_cryptogram(factor: bytes, raw: bytes) -> bytes:
    """NOT what cards compute: keys and algorithms are not public. A stand-in, so that the sequence can be played."""
    return bytes(one ^ other ^ 0x5A for one, other in zip(factor, raw))


class SocialCardTwin(ChipTwin):
    """The reader's slot for contacts."""

    SLOT = 0

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self._faults = Broken()

    def state(self) -> dict[str, Any]:
        person = self.card.person if isinstance(self.card, SocialChip) else None
        return {**super().state(), "name": person and person.name, "version": person and person.version,
                "no_name_end": self._faults.no_name_end, "locked": self._faults.locked,
                "by_number_only": self._faults.by_number_only, "old_select": self._faults.old_select}

    def well(self) -> None:
        super().well()
        self._faults = Broken()
        self._apply()

    @verb("插卡", "Insert card")
    def put(self, card: Person | str | Mapping[str, Any] = "second") -> None:
        """A name of DECK, a Person, or a mapping of Person's fields; in place of a card that is there."""
        person = DECK[card] if isinstance(card, str) else card if isinstance(card, Person) else Person(**card)
        self.insert(SocialChip(person))
        self._apply()

    @verb("无姓名扩展（6A83）", "No name extension (6A83)", fault=True)
    def no_name_end(self, on: bool = True) -> None:
        self._faults.no_name_end = on
        self._apply()

    @verb("持卡人信息受保护（6982）", "Holder locked (6982)", fault=True)
    def locked(self, on: bool = True) -> None:
        self._faults.locked = on
        self._apply()

    @verb("只能按记录号读（6A83）", "Records by number only (6A83)", fault=True)
    def by_number_only(self, on: bool = True) -> None:
        self._faults.by_number_only = on
        self._apply()

    @verb("选文件只认 P1=00", "SELECT with P1 00 only", fault=True)
    def old_select(self, on: bool = True) -> None:
        self._faults.old_select = on
        self._apply()

    def _apply(self) -> None:
        if isinstance(self.card, SocialChip):
            self.card.without = {NAME_END} if self._faults.no_name_end else set()
            self.card.locked, self.card.by_number_only = self._faults.locked, self._faults.by_number_only
            self.card.old_select = self._faults.old_select


@dataclass
class Broken:
    """What is unusual about the cards that are put."""

    no_name_end: bool = False
    locked: bool = False
    by_number_only: bool = False
    old_select: bool = False
