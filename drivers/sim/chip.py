"""What all twins of chip cards share: a slot, a card in it, and what cards and people do to it.

Sources: the virtual smart card architecture (the slot's messages, see drivers/sim/vpcd.py); ISO/IEC 7816-3 and -4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

from drivers.sim.line import Line, TcpLine
from drivers.sim.loop import Loop
from drivers.sim.twin import Twin, verb
from drivers.sim.vpcd import VpcdLine

OFF, ON, RESET, ATR = 0, 1, 2, 4
GET_RESPONSE = 0xC0


class ChipCard(Protocol):
    """A card: what it says when powered, and to each command. It remembers what was proved to it until `powered`."""

    @property
    def atr(self) -> bytes: ...

    def powered(self) -> None: ...

    def answer(self, apdu: bytes) -> bytes:
        """Data and status word."""
        ...


def length_expected(apdu: bytes) -> int | None:
    """Le of a command of short length, 256 for 0; None when it has none."""
    if len(apdu) == 5:
        return apdu[4] or 256
    if len(apdu) > 5 and len(apdu) == 6 + apdu[4]:
        return apdu[-1] or 256
    return None


class ChipTwin(Twin):
    """A card slot. Put a card in it, pull it, break it."""

    SLOT: ClassVar[int] = 0

    @classmethod
    def cable(cls, loop: Loop, path: Path, port: int | None) -> Line:
        return VpcdLine(loop, cls.SLOT) if port is None else TcpLine(loop, port)

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.card: ChipCard | None = None
        self.commands: list[bytes] = []         # APDUs heard since the card was put
        self._heard = b""
        self._waiting = b""                     # what T=0 keeps until it is fetched
        self._fresh = False                     # power has come, and nobody asked for the ATR yet
        self._lift_after: int | None = None
        self._mute = self._t0 = self._wrong_length = False

    def state(self) -> dict[str, Any]:
        return {**super().state(), "card": self.card is not None, "mute": self._mute, "t0": self._t0,
                "wrong_length": self._wrong_length, "lift_after": self._lift_after}

    def well(self) -> None:
        self._mute = self._t0 = self._wrong_length = False
        self._lift_after = None
        self._heard = b""

    def insert(self, card: ChipCard) -> None:
        """In place of one that is there."""
        self.lift()
        self.card, self.commands, self._fresh, self._heard = card, [], False, b""
        card.powered()
        if isinstance(self.line, VpcdLine):
            self.line.insert()

    @verb("拔卡", "Pull card")
    def lift(self) -> None:
        self.card = None
        if isinstance(self.line, VpcdLine):
            self.line.eject()

    @verb("读到一半拔卡（命令数）", "Pulled between two commands", fault=True)
    def lift_after(self, n: int = 4) -> None:
        """The card is pulled after `n` more commands were answered."""
        self._lift_after = n

    @verb("卡无复位应答", "Mute card", fault=True)
    def mute(self, on: bool = True) -> None:
        """The card gives no ATR when it is powered."""
        self._mute = on

    @verb("T=0 方式（61xx）", "T=0 (61xx)", fault=True)
    def t0(self, on: bool = True) -> None:
        """What a command with data brings is fetched by GET RESPONSE, as on contacts."""
        self._t0 = on

    @verb("长度不符（6Cxx）", "Wrong length (6Cxx)", fault=True)
    def wrong_length(self, on: bool = True) -> None:
        """A Le that is not the length of the answer is refused with the right one."""
        self._wrong_length = on

    # The slot.

    def hear(self, data: bytes) -> None:
        self._heard += data
        while len(self._heard) >= 2 + int.from_bytes(self._heard[:2], "big"):
            end = 2 + int.from_bytes(self._heard[:2], "big")
            message, self._heard = self._heard[2:end], self._heard[end:]
            if len(message) == 1:
                self._control(message[0])
            elif message:
                self._say(self._execute(message) if self.card else b"")

    def _say(self, answer: bytes) -> None:
        self.line.send(len(answer).to_bytes(2, "big") + answer)

    def _control(self, what: int) -> None:
        if what == ATR:
            hidden = not self.card or self._mute and self._fresh
            self._fresh = False
            self._say(b"" if hidden or not self.card else self.card.atr)
        elif what in (ON, RESET, OFF):
            self._fresh, self._waiting = what != OFF, b""
            if self.card:
                self.card.powered()

    def _execute(self, apdu: bytes) -> bytes:
        assert self.card
        if self._lift_after == 0:
            self.lift()
            self._lift_after = None
            return b""
        if self._lift_after:
            self._lift_after -= 1
        self.commands.append(apdu)
        if self._waiting and apdu[1] == GET_RESPONSE:
            return self._fetch(apdu[4] or 256)
        return self._by_transport(apdu, self.card.answer(apdu))

    def _by_transport(self, apdu: bytes, answer: bytes) -> bytes:
        """The answer as T=0 gives it, where that is switched on."""
        data, status, expected = answer[:-2], answer[-2:], length_expected(apdu)
        if self._wrong_length and data and len(apdu) == 5 and expected != len(data):
            return bytes((0x6C, len(data)))
        if self._t0 and data and len(apdu) > 5:
            self._waiting = data
            return bytes((0x61, len(data)))
        return data + status

    def _fetch(self, length: int) -> bytes:
        data, self._waiting = self._waiting[:length], self._waiting[length:]
        return data + (bytes((0x61, len(self._waiting))) if self._waiting else b"\x90\x00")
