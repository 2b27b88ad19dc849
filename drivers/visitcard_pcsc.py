"""A hospital's own card on a PC/SC reader: its UID, a block of a Mifare Classic, or a file of a CPU card.

Sources: PC/SC Workgroup part 3 (FF CA, FF 82, FF 86, FF B0 for contactless storage cards), NXP's data sheet of the MF1S50
(sectors, blocks, keys), ISO/IEC 7816-4 (SELECT, READ BINARY). The options are those of drivers/visitcard_layout.py.
"""

from __future__ import annotations

from drivers.chip import OK, Slot, impersonal, refusal
from drivers.contract import CardRefused, Link, OutOfService, Status, VisitCard
from drivers.visitcard_layout import UID_LENGTHS, Layout

GET_UID = bytes.fromhex("FF CA 00 00 00")
BLOCK = 16                  # bytes
KEY_SLOT = 0                # of the reader's volatile keys: they are gone with its power


def load_key(key: bytes) -> bytes:
    return bytes((0xFF, 0x82, 0x00, KEY_SLOT, len(key))) + key


def authenticate(block: int, key_type: int) -> bytes:
    return bytes((0xFF, 0x86, 0x00, 0x00, 0x05, 0x01, 0x00, block, key_type, KEY_SLOT))


def read_block(block: int) -> bytes:
    return bytes((0xFF, 0xB0, 0x00, block, BLOCK))


def select(aid: bytes) -> bytes:
    return bytes((0x00, 0xA4, 0x04, 0x00, len(aid))) + aid


def read_file(sfi: int, length: int) -> bytes:
    """From its beginning: the file becomes the current one."""
    return bytes((0x00, 0xB0, 0x80 | sfi, 0x00, length))


class Device:
    """Implements drivers.contract.CardReader[VisitCard]. Options: drivers.visitcard_layout."""

    def __init__(self, link: Link, **options: str) -> None:
        self._slot, self._layout = Slot(link), Layout(**options)

    def identify(self) -> str:
        return self._slot.identify()

    def status(self) -> Status:
        return self._slot.status()

    def read_card(self, timeout: float) -> VisitCard:
        """Wait for a card and read it. A card that was read, or refused, is not found again until it was lifted.

        Raises CardRefused for cards of other hospitals, whose sectors have other keys.
        """
        return self._slot.read(timeout, self._read)

    def _read(self) -> VisitCard:
        uid = self._uid()
        if self._layout.number == "uid":
            return VisitCard(self._layout.of_uid(uid), uid.hex().upper())
        data = self._block() if self._layout.number == "block" else self._file()
        return VisitCard(self._layout.of_data(data), uid.hex().upper())

    def _uid(self) -> bytes:
        """Empty for a card in contact, which has none."""
        got = self._slot.command(GET_UID)
        if got.sw == OK and len(got.data) in UID_LENGTHS:
            return got.data
        if self._layout.number == "file":
            return b""
        raise refusal(got, "the UID")

    def _block(self) -> bytes:
        layout = self._layout
        if (got := self._slot.command(load_key(layout.key))).sw != OK:
            raise OutOfService(f"the reader takes no key (SW {got.sw:04X})")
        for apdu in (authenticate(layout.block, layout.key_type), read_block(layout.block)):
            got = self._slot.command(apdu)
            if got.sw != OK:
                raise refusal(got, f"block {layout.block}")
        if len(got.data) != BLOCK:
            raise CardRefused(f"{len(got.data)} bytes of block {layout.block}")
        return got.data

    def _file(self) -> bytes:
        layout = self._layout
        length = layout.offset + layout.length
        if (got := self._slot.command(select(layout.aid))).sw != OK:
            raise refusal(got, "the application")
        if (got := self._slot.command(read_file(layout.sfi, length))).sw != OK:
            raise refusal(got, f"file {layout.sfi}")
        return got.data


__all__ = ["Device", "impersonal"]
