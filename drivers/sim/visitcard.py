"""Twin of a PC/SC reader with a hospital's own card on it: a Mifare Classic S50, or a CPU card with one file.

Sources: NXP's data sheet of the MF1S50 (16 sectors of 4 blocks of 16 bytes; the fourth block holds key A, access bits, key
B), PC/SC Workgroup part 3 (FF CA, FF 82, FF 86, FF B0, FF D6), ISO/IEC 7816-4. All numbers and keys are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.sim.chip import ChipTwin
from drivers.sim.line import Line
from drivers.sim.twin import verb

SECTORS, BLOCK = 16, 16
FACTORY = "FFFFFFFFFFFF"
ACCESS = "FF078069"
KEY_A, KEY_B = 0x60, 0x61
OK, FAILED, UNPROVED, NO_SUCH = b"\x90\x00", b"\x63\x00", b"\x69\x82", b"\x6D\x00"
NOT_FOUND, BEYOND, NO_FUNCTION = b"\x6A\x82", b"\x6B\x00", b"\x6A\x81"
# PC/SC part 3: the ATR of a contactless storage card names its kind, 0001 for Mifare Classic 1K.
STORAGE_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
CPU_ATR = bytes.fromhex("3B8880010000000000000000" + "09")


@dataclass(frozen=True)
class Plastic:
    """A card of some hospital. `text` (hex) stands in `block`, as the chip counts, behind the keys of its sector.

    `aid`: it is a CPU card instead, whose application has `text` in file `sfi`.
    """

    uid: str = "01020304"
    block: int = 4
    text: str = "43303030303030303030303031000000"
    key_a: str = FACTORY
    key_b: str = FACTORY
    aid: str = ""
    sfi: int = 1


DECK: dict[str, Plastic] = {
    "plain": Plastic(),
    "long_uid": Plastic(uid="04010203040506"),
    "ours": Plastic(uid="0A0B0C0D", block=9, text=b"V000000000001".ljust(16, b"\0").hex(), key_a="A1A2A3A4A5A6",
                    key_b="B1B2B3B4B5B6"),
    "bcd": Plastic(uid="0A0B0C0E", text="FFFF" + "0000000000012345" + "FFFFFFFFFFFF"),
    "blank": Plastic(uid="0A0B0C0F", text="00" * BLOCK),
    "cpu": Plastic(uid="08010203", aid="A00000999901", text=b"V000000000002".hex()),
}


def plastic(card: Plastic | str | Mapping[str, Any]) -> Plastic:
    return DECK[card] if isinstance(card, str) else card if isinstance(card, Plastic) else Plastic(**card)


class Mifare:
    """The memory of one Mifare Classic S50."""

    def __init__(self, card: Plastic) -> None:
        self.uid = bytes.fromhex(card.uid)
        self._keys = {KEY_A: bytes.fromhex(card.key_a), KEY_B: bytes.fromhex(card.key_b)}
        self._written = card.block
        self.blocks = {card.block: bytes.fromhex(card.text)}
        self.blocks[0] = self.uid[:4].ljust(4, b"\0") + bytes(BLOCK - 4)
        self.leave()

    def leave(self) -> None:
        """Out of the field: what was proved is forgotten."""
        self._sector: int | None = None

    def prove(self, block: int, key_type: int, key: bytes) -> bool:
        """Only the written sector has keys of its own; the others have those of the maker."""
        if not 0 <= block < SECTORS * 4:
            return False
        ours = self._keys.get(key_type) if block // 4 == self._written // 4 else bytes.fromhex(FACTORY)
        self._sector = block // 4 if key == ours else None
        return self._sector is not None

    def read(self, block: int) -> bytes | None:
        """None when its sector was not proved. A trailer shows no key A."""
        if self._sector is None or block // 4 != self._sector:
            return None
        if block % 4 == 3:
            return bytes(6) + bytes.fromhex(ACCESS) + bytes(6)
        return self.blocks.get(block, bytes(BLOCK))

    def write(self, block: int, data: bytes) -> bool:
        if self.read(block) is None or not block or block % 4 == 3:
            return False
        self.blocks[block] = data
        return True


class VisitChip:
    """What a PC/SC reader makes of a card on it."""

    def __init__(self, card: Plastic) -> None:
        self.card, self.memory = card, Mifare(card)
        self.wrong_key = False
        self.powered()

    @property
    def atr(self) -> bytes:
        return CPU_ATR if self.card.aid else STORAGE_ATR

    def powered(self) -> None:
        self.memory.leave()
        self._key = b""
        self._selected = False

    def answer(self, apdu: bytes) -> bytes:
        if apdu[0] == 0xFF:
            return self._of_reader(apdu)
        return self._of_card(apdu) if self.card.aid else NO_SUCH

    def _of_reader(self, apdu: bytes) -> bytes:
        if apdu[:4] == bytes.fromhex("FFCA0000"):
            return self.memory.uid + OK
        if self.card.aid:
            return NO_FUNCTION
        match apdu[1]:
            case 0x82 if apdu[2] == 0 and len(apdu) == 11:
                self._key = apdu[5:]
                return OK
            case 0x86 if len(apdu) == 10:
                proved = self.memory.prove(apdu[7], apdu[8], self._key) and not self.wrong_key
                return OK if proved else FAILED
            case 0xB0 if len(apdu) == 5 and apdu[4] == BLOCK:
                data = self.memory.read(apdu[3]) if not self.wrong_key else None
                return UNPROVED if data is None else data + OK
            case 0xD6 if len(apdu) == 5 + BLOCK:
                return OK if self.memory.write(apdu[3], apdu[5:]) else UNPROVED
        return NO_FUNCTION

    def _of_card(self, apdu: bytes) -> bytes:
        if apdu[1] == 0xA4 and apdu[2] == 0x04:
            self._selected = apdu[5:5 + apdu[4]] == bytes.fromhex(self.card.aid)
            return OK if self._selected else NOT_FOUND
        if apdu[1] == 0xB0 and len(apdu) == 5:
            if not self._selected or apdu[2] != 0x80 | self.card.sfi:
                return NOT_FOUND
            data = bytes.fromhex(self.card.text)[apdu[3]:]
            return data[:apdu[4] or 256] + OK if data else BEYOND
        return NO_SUCH


class VisitCardTwin(ChipTwin):
    """The reader's radio."""

    SLOT = 1

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self._wrong_key = False

    def state(self) -> dict[str, Any]:
        uid = self.card.card.uid if isinstance(self.card, VisitChip) else None
        return {**super().state(), "uid": uid, "wrong_key": self._wrong_key}

    def well(self) -> None:
        super().well()
        self._wrong_key = False
        self._apply()

    @verb("放卡", "Put card")
    def put(self, card: Plastic | str | Mapping[str, Any] = "plain") -> None:
        """A name of DECK, a Plastic, or a mapping of its fields; in place of a card that is there."""
        self.insert(VisitChip(plastic(card)))
        self._apply()

    @verb("密钥不符", "Wrong key", fault=True)
    def wrong_key(self, on: bool = True) -> None:
        """Every key is refused: a card of another hospital."""
        self._wrong_key = on
        self._apply()

    def _apply(self) -> None:
        if isinstance(self.card, VisitChip):
            self.card.wrong_key = self._wrong_key
