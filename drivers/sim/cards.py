"""Identity documents for the reader's twin: the 256 bytes of text in the chip, written field by field, and the deck.

Layouts: the text record of the SDT protocol, by the type letter at byte 248 (space resident, J, I, Y). All people
are invented; the numbers have the unused area prefix 999999 and correct check digits (GB 11643).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["resident", "hmt", "foreigner_2017", "foreigner_2023"]


@dataclass(frozen=True)
class Card:
    """A document as it lies on the reader. Dates are YYYYMMDD; `valid_to` may be 长期.

    `status` is the reader's SW3 for it: 0x90 readable, 0x41 damaged, 0x31/0x32 not authentic, 0x40 another kind.
    `fingerprint` is the length of the templates: 0, 512 or 1024 bytes.
    """

    kind: Kind
    name: str                    # Chinese name, may be empty on foreigners' cards
    number: str
    sex: str = "1"
    born: str = "19900101"
    nation: str = ""
    address: str = ""
    authority: str = ""
    valid_from: str = "20200101"
    valid_to: str = "20400101"
    english_name: str = ""
    nationality: str = ""
    pass_number: str = ""
    issues: str = ""             # times issued (J), renewals (Y), version (I)
    links: str = ""              # link to earlier permits (Y)
    new_address: str = ""        # appended later; "" when the card has none
    fingerprint: int = 1024
    status: int = 0x90

    def record(self) -> bytes:
        """The 256 bytes of text."""
        return {"resident": self._resident, "hmt": self._hmt, "foreigner_2017": self._foreigner_2017,
                "foreigner_2023": self._foreigner_2023}[self.kind]()

    def photo(self) -> bytes:
        """1024 bytes that look like a WLT photo; nobody can decode them."""
        return bytes.fromhex("574C66007E003200") + bytes((5 * i + 1) % 256 for i in range(8, 1024))

    def prints(self) -> bytes:
        """The fingerprint templates."""
        return (b"\x43\x01" + bytes((3 * i + 2) % 256 for i in range(2, 1024)))[:self.fingerprint]

    def _person(self, nation: str) -> bytes:
        return (_field(self.name, 15) + _field(self.sex, 1) + _field(nation, 2) + _field(self.born, 8)
                + _field(self.address, 35) + _field(self.number, 18) + _field(self.authority, 15)
                + _field(self.valid_from, 8) + _field(self.valid_to, 8))

    def _resident(self) -> bytes:
        return self._person(self.nation) + _field("", 18)

    def _hmt(self) -> bytes:
        return (self._person("") + _field(self.pass_number, 9) + _field(self.issues, 2) + _field("", 3)
                + _field("J", 1) + _field("", 3))

    def _foreigner_2017(self) -> bytes:
        return (_field(self.english_name, 60) + _field(self.sex, 1) + _field(self.number, 15)
                + _field(self.nationality, 3) + _field(self.name, 15) + _field(self.valid_from, 8)
                + _field(self.valid_to, 8) + _field(self.born, 8) + _field(self.issues, 2)
                + _field(self.authority, 4) + _field("I", 1) + _field("", 3))

    def _foreigner_2023(self) -> bytes:
        return (_field(self.name, 15) + _field(self.sex, 1) + _field(self.issues, 2) + _field(self.born, 8)
                + _field(self.english_name[:35], 35) + _field(self.number, 18) + _field("", 15)
                + _field(self.valid_from, 8) + _field(self.valid_to, 8) + _field(self.english_name[35:], 11)
                + _field(self.nationality, 3) + _field("Y", 1) + _field(self.links, 3))


def _field(text: str, characters: int) -> bytes:
    """UTF-16LE, padded with spaces. A text that does not fit is an error in the test, never cut in silence."""
    if len(text) > characters:
        raise ValueError(f"{len(text)} characters do not fit a field of {characters}")
    return text.ljust(characters).encode("utf-16-le")


_AUTHORITY = "虚构市公安局测试分局"

# The cards on the bench's table, by the name `put` takes.
DECK: dict[str, Card] = {
    "resident": Card("resident", "测试甲", "999999199001010016", nation="01", authority=_AUTHORITY,
                     address="虚构省样例市测试区零号路0号"),
    "hmt": Card("hmt", "测试乙", "81000019000101000X", sex="2", born="19000101", authority=_AUTHORITY,
                address="虚构省样例市港湾路0号", valid_from="20250101", valid_to="20300101",
                pass_number="H00000000", issues="01"),
    "foreigner": Card("foreigner_2023", "测试丁", "999999199202020018", born="19920202", issues="00",
                      english_name="TESTERSON, ALPHA BETA", nationality="UTO", valid_from="20231201",
                      valid_to="20331201"),
    "expired": Card("resident", "测试戊", "999999196003030025", sex="2", born="19600303", nation="11",
                    authority=_AUTHORITY, address="虚构省样例市测试区过期巷1号", valid_from="20050601",
                    valid_to="20250601"),
    "stranger": Card("resident", "测试己", "999999198505050017", born="19850505", nation="03",
                     authority=_AUTHORITY, address="虚构省样例市测试区新来街2号", valid_to="长期"),
    "damaged": Card("resident", "测试庚", "999999197007070010", born="19700707", nation="01", status=0x41),
    "forged": Card("resident", "测试辛", "999999197508080014", born="19750808", nation="01", status=0x32),
}
