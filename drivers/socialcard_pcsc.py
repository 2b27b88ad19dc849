"""Social security cards of the first to the third generation, in a PC/SC reader or on one (third generation, contactless).

Sources: the file structure and data items of the social security card, version 2.0 (人社信息函〔2012〕37号); the commands of
the card specification (later LD/T 32); LD/T 33-2015 (readers); GB/T 2260 (regions), GB/T 2261.1 (sex), GB/T 3304 (nation).

Up to the second generation a card tells its holder to anybody. A third-generation card keeps EF06 behind a key (RKSSSE)
that only a PSAM or the bureau's HSM has: without one there is the card's number, and the holder is `withheld`.
Numbers are asked for by tag, because their order is not the same in all versions.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from drivers.chip import OK, Answer, Slot, impersonal, refusal
from drivers.contract import CardRefused, Link, SocialCard, Status

log = logging.getLogger(__name__)

# The codec: bytes in, messages out.

SSSE = bytes.fromhex("73 78 31 2E 73 68 2E C9 E7 BB E1 B1 A3 D5 CF")     # "sx1.sh.社会保障"
ISSUED, HOLDER = b"\xEF\x05", b"\xEF\x06"
IDENTIFIER, VERSION, ISSUE_DATE, EXPIRY, CARD_NUMBER = 0x01, 0x03, 0x05, 0x06, 0x07
NUMBER, NAME, NAME_END, SEX, NATION, BORN = 0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0D
LENGTHS = {IDENTIFIER: 0x10, VERSION: 4, ISSUE_DATE: 4, EXPIRY: 4, CARD_NUMBER: 9,
           NUMBER: 0x12, NAME: 0x1E, NAME_END: 0x14, SEX: 1, NATION: 1, BORN: 4}
MOST_RECORDS = 16

NO_RECORD, LOCKED = 0x6A83, 0x6982
NOT_THIS_WAY = (0x6A86, 0x6A81, 0x6A82)         # to a SELECT with P1 02: some cards want 00
WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def select_application(aid: bytes) -> bytes:
    return bytes((0x00, 0xA4, 0x04, 0x00, len(aid))) + aid


def select_file(name: bytes, p1: int = 0x02) -> bytes:
    return bytes((0x00, 0xA4, p1, 0x00, len(name))) + name


def read_by_tag(tag: int) -> bytes:
    return bytes((0x00, 0xB2, tag, 0x00, LENGTHS[tag] + 2))


def read_by_number(number: int) -> bytes:
    return bytes((0x00, 0xB2, number, 0x04, 0x00))


def record(data: bytes) -> tuple[int, bytes]:
    """Tag and value. Raises CardRefused for what is no record."""
    if len(data) < 2 or len(data) != 2 + data[1]:
        raise CardRefused("a record whose length is wrong")
    return data[0], data[2:]


def digits(value: bytes) -> str:
    """BCD, filled up with F. Raises CardRefused for other half bytes."""
    text = value.hex().rstrip("f")
    if text and not text.isdecimal():
        raise CardRefused("a number that is none")
    return text


def text(value: bytes) -> str:
    """GBK, filled up with zeros or blanks. Raises CardRefused for what is no text."""
    try:
        found = value.rstrip(b"\0 ").decode("gbk")
    except UnicodeDecodeError:
        raise CardRefused("a text that is none") from None
    if not found.isprintable():
        raise CardRefused("a text that is none")
    return found


def date(value: bytes) -> dt.date | None:
    """YYYYMMDD in BCD; None where nothing was written. Raises CardRefused for a date that is none."""
    written = digits(value)
    if not written.strip("0"):
        return None
    try:
        return dt.datetime.strptime(written, "%Y%m%d").date()
    except ValueError:
        raise CardRefused("a date that is none") from None


def check_character(body: str) -> str:
    """The ninth of a card number, from the eight before it: digits and capital letters. Raises ValueError for others."""
    if len(body) != 8 or not body.isascii() or not body.isalnum():
        raise ValueError("eight digits or letters")
    rest = 11 - sum(weight * int(character, 36) for weight, character in zip(WEIGHTS, body)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def card(issued: Mapping[int, bytes], holder: Mapping[int, bytes] | None) -> SocialCard:
    """The records of EF05 and EF06 by tag; `holder` None: the card keeps it to itself. Raises CardRefused."""
    region = digits(issued.get(IDENTIFIER, b"")[:3])
    number = text(issued.get(CARD_NUMBER, b"")[:9])
    if len(region) != 6 or not (number.isascii() and number.isalnum()):
        raise CardRefused("a card without a number")
    kept = SocialCard(
        version=text(issued.get(VERSION, b""))[:3] or "1.0", card_number=number, region=region, withheld=holder is None,
        issued=date(issued.get(ISSUE_DATE, b"")), valid_to=date(issued.get(EXPIRY, b"")))
    return kept if holder is None else _with_holder(kept, holder)


def _with_holder(kept: SocialCard, holder: Mapping[int, bytes]) -> SocialCard:
    number, sex = text(holder.get(NUMBER, b"")), text(holder.get(SEX, b""))
    # The card cuts a long name at a byte, in the middle of a letter if need be: join first.
    name = text(holder.get(NAME, b"").rstrip(b"\0 ") + holder.get(NAME_END, b""))
    if not name or not (number.isascii() and number.isalnum()):
        raise CardRefused("a card without a holder")
    return SocialCard(
        kept.version, kept.card_number, kept.region, False, number, name, sex if sex in ("1", "2", "9") else "0",
        digits(holder.get(NATION, b"")), date(holder.get(BORN, b"")), kept.issued, kept.valid_to)


# The driver.


class Device:
    """Implements drivers.contract.CardReader[SocialCard]. No options; any line that carries drivers/chip.py's frames."""

    def __init__(self, link: Link) -> None:
        self._slot = Slot(link)

    def identify(self) -> str:
        return self._slot.identify()

    def status(self) -> Status:
        return self._slot.status()

    def read_card(self, timeout: float) -> SocialCard:
        """Wait for a card and read it. A card that was read, or refused, is not found again until it was lifted.

        Raises CardRefused for a bank card and for every other card that is no social security card.
        """
        return self._slot.read(timeout, self._read)

    def _read(self) -> SocialCard:
        got = self._slot.command(select_application(SSSE))
        if got.sw != OK:
            raise refusal(got, "the social security application")
        self._select(ISSUED)
        issued = self._records((IDENTIFIER, VERSION, ISSUE_DATE, EXPIRY, CARD_NUMBER))
        if issued is None:
            raise CardRefused("a card that keeps its number to itself")
        found = card(issued, self._holder())
        if len(found.card_number) != 9 or check_character(found.card_number[:8]) != found.card_number[8]:
            log.warning("a social security card of region %s whose number fails its check character", found.region)
        return found

    def _holder(self) -> Mapping[int, bytes] | None:
        if not self._select(HOLDER):
            return None
        return self._records((NUMBER, NAME, NAME_END, SEX, NATION, BORN))

    def _select(self, name: bytes) -> bool:
        """False when the card does not open it to us. P1 02 is the standard's; some cards know 00 only."""
        got = self._slot.command(select_file(name))
        if got.sw in NOT_THIS_WAY:
            got = self._slot.command(select_file(name, 0x00))
        if got.sw == LOCKED:
            return False
        if got.sw != OK:
            raise refusal(got, f"file {name.hex().upper()}")
        return True

    def _records(self, tags: tuple[int, ...]) -> Mapping[int, bytes] | None:
        """The values of the selected file by tag, without those the card does not have; None when it is locked."""
        found: dict[int, bytes] = {}
        for tag in tags:
            got = self._slot.command(read_by_tag(tag))
            if got.sw == LOCKED:
                return None
            if got.sw == NO_RECORD:
                if tag == tags[0]:
                    return self._records_by_number()
                continue
            found |= [self._record(got, tag)]
        return found

    def _records_by_number(self) -> Mapping[int, bytes] | None:
        """For cards that do not find records by tag: all there are, from the first on. Each says which it is."""
        found: dict[int, bytes] = {}
        for number in range(1, MOST_RECORDS + 1):
            got = self._slot.command(read_by_number(number))
            if got.sw == LOCKED:
                return None
            if got.sw == NO_RECORD:
                break
            found |= [self._record(got)]
        return found

    def _record(self, got: Answer, wanted: int | None = None) -> tuple[int, bytes]:
        if got.sw != OK:
            raise refusal(got, "a record")
        tag, value = record(got.data)
        if wanted not in (None, tag):
            raise CardRefused("another record than the one asked for")
        return tag, value


__all__ = ["Device", "impersonal"]
