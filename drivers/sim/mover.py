"""What the twins of card movers share: a path that one card at a time is moved along, its books, and the talk of frames.

A card is a UID in hex. The hopper's are numbered from 04A10001. What comes out of the hopper goes, in the end, to a
person's hand (`taken`) or into the box (`captured`): the books always add up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from functools import reduce
from operator import xor
from typing import Any, ClassVar

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

EOT, ENQ, ACK, NAK, ETX = 4, 5, 6, 0x15, 3
FULL_HOPPER, FEW, BOX = 100, 10, 50      # cards; `few` and less are reported as low
MOVE_TAKES = 1.0                         # s
ACK_TAKES = 0.005                        # s


class Spot(Enum):
    """Where the card is."""

    NONE = "no card"
    MOUTH = "at the mouth"
    READER = "at the reader"
    STUCK = "stuck"


class Trouble(Exception):
    """A move that did not come to its end, by what it met."""


class MoverTwin(Twin):
    """A dispenser or motor reader. Subclasses know its commands."""

    BAUD = 9600
    STX: ClassVar[int]
    ADDRESS: ClassVar[bytes] = b""
    CONTROL_ADDRESS: ClassVar[bytes] = b""
    ENQUIRED: ClassVar[bool] = False         # waits for an ENQ before it acts
    HOPPER: ClassVar[bool] = True

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.spot = Spot.NONE
        self.card = ""
        self.hopper = FULL_HOPPER if self.HOPPER else 0
        self.captured: list[str] = []
        self.taken: list[str] = []
        self.drawn = 0                       # cards that ever left the hopper
        self.entry = False                   # the mouth is open
        self._held = ""                      # a card that somebody holds at the mouth
        self._room = BOX
        self._jams = self._pulled = self._no_ack = self._late = False
        self._naks = self._wrong = 0
        self._heard = b""
        self._pending: bytes | None = None   # acknowledged, and waiting for ENQ
        self._last = b""                     # the last answer, for a NAK
        self._work: asyncio.TimerHandle | None = None

    def state(self) -> dict[str, Any]:
        return {**super().state(), "spot": self.spot.value, "card": self.card, "hopper": self.hopper,
                "captured": len(self.captured), "taken": len(self.taken), "entry": self.entry, "no_ack": self._no_ack,
                "bin_full": self.full, "jammed": self.spot is Spot.STUCK, "late": self._late}

    def well(self) -> None:
        self._jams = self._pulled = self._no_ack = self._late = False
        self._naks = self._wrong = 0
        if self.spot is Spot.STUCK:
            self.spot = Spot.READER          # somebody opened it and straightened the card
        if self.full:
            self._room = len(self.captured) + BOX
        if self.HOPPER and not self.hopper:
            self.hopper = FULL_HOPPER

    @property
    def full(self) -> bool:
        return len(self.captured) >= self._room

    # What people do.

    @verb("插卡", "Put a card in")
    def insert(self, uid: str = "0DEC0DE1") -> None:
        """While the mouth is shut, or a card is in the path, the person goes on holding it there."""
        bytes.fromhex(uid)
        self._held = uid.upper()
        self._meet()

    @verb("不插了", "Keep the card")
    def keep(self) -> None:
        """The person takes back what they hold at a shut mouth."""
        self._held = ""

    def allow(self, entry: bool) -> None:
        self.entry = entry
        self._meet()

    def _meet(self) -> None:
        if self._held and self.entry and self.spot is Spot.NONE:
            self.card, self.spot, self._held = self._held, Spot.MOUTH, ""
            self._drawn_in()

    def _drawn_in(self) -> None:
        """A card was put in: models that take it further by themselves do."""

    @verb("取走卡", "Take the card")
    def take(self) -> None:
        """Only what is at the mouth can be taken."""
        if self.spot is Spot.MOUTH:
            self.taken.append(self.card)
            self.card, self.spot = "", Spot.NONE

    @verb("加卡", "Refill")
    def refill(self, n: int = FULL_HOPPER) -> None:
        self.hopper = n

    @verb("清空回收箱", "Empty the box")
    def empty_bin(self) -> None:
        self._room = BOX
        self.captured.clear()

    # Faults.

    @verb("几张后缺卡", "Hopper empty after", fault=True)
    def hopper_after(self, n: int = 0) -> None:
        self.hopper = n

    @verb("回收箱满", "Box full", fault=True)
    def bin_full(self, on: bool = True) -> None:
        self._room = len(self.captured) + (0 if on else BOX)

    @verb("下次走卡卡住", "Next move jams", fault=True)
    def jam(self) -> None:
        self._jams = True

    @verb("走卡中被抽走", "Pulled by hand", fault=True)
    def pull(self) -> None:
        """The next move finds that somebody pulled the card out."""
        self._pulled = True

    @verb("不应答（无 ACK）", "No ACK", fault=True)
    def no_ack(self, on: bool = True) -> None:
        """Commands are not heard."""
        self._no_ack = on

    @verb("拒收（NAK）", "NAK", fault=True)
    def nak(self, n: int = 1) -> None:
        """The next n commands are refused, as if they were garbled."""
        self._naks = n

    @verb("校验错", "Wrong BCC", fault=True)
    def wrong_bcc(self, n: int = 1) -> None:
        """The next n answers have a wrong check."""
        self._wrong = n

    @verb("中止后迟答", "Late answer", fault=True)
    def late(self, on: bool = True) -> None:
        """The answer to a command that was taken back comes all the same."""
        self._late = on

    # The path.

    def from_hopper(self) -> None:
        if not self.hopper:
            raise Trouble("empty")
        self.hopper -= 1
        self.drawn += 1
        self.card, self.spot = f"04A1{self.drawn:04X}", Spot.READER
        self._perils()

    def moved_to(self, spot: Spot) -> None:
        self._perils()
        self.spot = spot

    def into_box(self) -> None:
        if self.full:
            raise Trouble("full")
        self._perils()
        self.captured.append(self.card)
        self.card, self.spot = "", Spot.NONE

    def _perils(self) -> None:
        if self.spot is Spot.STUCK or self._jams:
            self._jams, self.spot = False, Spot.STUCK
            raise Trouble("jam")
        if self._pulled:
            self._pulled = False
            self.taken.append(self.card)
            self.card, self.spot = "", Spot.NONE
            raise Trouble("pulled")

    # Frames.

    def hear(self, data: bytes) -> None:
        self._heard += data
        while self._heard and self._token():
            pass

    def _token(self) -> bool:
        """Take one frame or control character; False when it is not whole yet. Anything else is noise."""
        code, head = self._heard[0], 1 + len(self.ADDRESS)
        if code == self.STX:
            size = int.from_bytes(self._heard[head:head + 2], "big")
            end = head + 2 + size + 2
            if len(self._heard) < head + 2 or size <= 512 and len(self._heard) < end:
                return False
            frame, self._heard = self._heard[:end], self._heard[end:]
            self._frame(frame, frame[head + 2:-2])
            return True
        after = self.CONTROL_ADDRESS if code in (ENQ, ACK, NAK) else b""
        if len(self._heard) < 1 + len(after):
            return False
        known = self._heard[1:1 + len(after)] == after
        self._heard = self._heard[1 + len(after) * known:]
        if known:
            self._control(code)
        return True

    def _frame(self, frame: bytes, text: bytes) -> None:
        if self._no_ack or frame[1:1 + len(self.ADDRESS)] != self.ADDRESS:
            return
        if self._naks or frame[-2] != ETX or reduce(xor, frame):
            self._naks = max(0, self._naks - 1)
            self.say(NAK)
            return
        if self._work:
            return                           # half duplex: what comes before the answer is not heard
        self.say(ACK)
        if self.ENQUIRED:
            self._pending = text
        else:
            self._begin(text)

    def _control(self, code: int) -> None:
        if code == ENQ and self._pending is not None:
            text, self._pending = self._pending, None
            self._begin(text)
        elif code == NAK and self._last:
            self._give()
        elif code == ACK:
            self._last = b""
        elif code == EOT:
            self.aborted()

    def aborted(self) -> None:
        """EOT: most models do not know it."""

    def stop(self) -> None:
        """What is being done is taken back."""
        if self._work and not self._late:
            self._work.cancel()
            self._work = None

    def _begin(self, text: bytes) -> None:
        seconds, act = self.command(text)

        def done() -> None:
            self._work = None
            if (answer := act()) is not None:
                self.answer(answer)

        self._work = self.line.loop.later(max(seconds / self.speed, 0.0), done)

    def command(self, text: bytes) -> tuple[float, Callable[[], bytes | None]]:
        """How long it takes, and what it does; the text of its answer, None for models that give none."""
        raise NotImplementedError

    def answer(self, text: bytes) -> None:
        whole = bytes((self.STX,)) + self.ADDRESS + len(text).to_bytes(2, "big") + text + bytes((ETX,))
        self._last = whole + bytes((reduce(xor, whole),))
        self._give()

    def _give(self) -> None:
        wrong = 0x5A if self._wrong else 0
        self._wrong = max(0, self._wrong - 1)
        self.line.send(self._last[:-1] + bytes((self._last[-1] ^ wrong,)))

    def say(self, code: int) -> None:
        self.line.send(bytes((code,)) + (self.CONTROL_ADDRESS if code != EOT else b""))
