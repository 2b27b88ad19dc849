"""What a card mover does with a card, in the few steps every model has: the rules are the same whoever made it.

Whatever lies in the path before a card is asked for is somebody else's: it is captured, never handed on. So it is at the
start, too: a card found then was being given out, or taken in, when the power failed; its owner has left, and the next
person at the mouth is not its owner. Staff find it in the box.
"""

from __future__ import annotations

import time
from collections import deque
from enum import Enum

from drivers.contract import CardMoved, CardPlace, CardWent, Link, MoveUnknown, NoAnswer, NothingPresented, NotTaken

LOOK = 0.2              # seconds between two looks at a card that is waited for; the makers ask for no less
MISSES = 3              # looks in a row that may go unanswered
HERE = {CardPlace.SLOT, CardPlace.READER, CardPlace.INSIDE}


class To(Enum):
    """Where a card is moved."""

    READER = "reader"
    SLOT = "slot"
    BOX = "box"


class CardPath:
    """Models say `place`, `_move`, `_feed`, `_entry` and `_uid`; this says what they are for."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.happened: deque[str] = deque()
        self._hand: CardWent | None = None      # what it is, if somebody takes the card that is in the path

    def place(self) -> CardPlace:
        raise NotImplementedError

    def _move(self, to: To) -> None:
        """Move the card that is in the path; ends when the device says that it has. Raises what moves raise."""
        raise NotImplementedError

    def _feed(self, timeout: float) -> None:
        """Take a card from the hopper to the reading position."""
        raise NotImplementedError

    def _entry(self, allowed: bool) -> None:
        """Let people put cards in, or no longer."""
        raise NotImplementedError

    def _uid(self) -> str:
        """The UID of the card at the reading position, "" where none is read."""
        raise NotImplementedError

    def draw(self, timeout: float) -> str:
        """A blank card at the reading position; its UID in hex, or "" where the device reads none."""
        self.capture()
        self._feed(timeout)
        self._hand = CardWent.ISSUED
        if self.place() is not CardPlace.READER:
            raise MoveUnknown("the card did not come to the reading position")
        return self._uid()

    def admit(self, timeout: float) -> str:
        """A person's card at the reading position; its UID in hex, or ""."""
        self.capture()
        self._entry(True)
        try:
            came = self._until(timeout, there=True)
        finally:
            self._entry(False)
        place = self.place()
        if place not in HERE:               # a move to the reader would draw a blank card, and give it out as theirs
            raise NothingPresented if not came or place is CardPlace.NONE else MoveUnknown("the card is not to be found")
        self._hand = CardWent.RETURNED
        if place is not CardPlace.READER:
            self._move(To.READER)
        return self._uid()

    def present(self, timeout: float) -> None:
        """The card at the mouth, until it was taken. Raises NotTaken: it lies there. MoveUnknown: there is no card."""
        if self.place() is CardPlace.NONE:
            raise MoveUnknown("no card in the path")
        try:
            self._move(To.SLOT)
        except CardMoved:
            pass                            # taken before it stood still
        if not self.taken(timeout):
            raise NotTaken

    def taken(self, timeout: float) -> bool:
        """Is no card in the path any more, within `timeout` seconds?"""
        gone = self._until(timeout, there=False)
        if gone:
            self._went(self._hand)
        return gone

    def capture(self) -> bool:
        """The card in the box; True when one was put there, False when there was none in the path."""
        try:
            if self.place() is not CardPlace.NONE:
                self._move(To.BOX)
                if self.place() is not CardPlace.NONE:
                    raise MoveUnknown("the card did not go into the box")
                self._went(CardWent.CAPTURED)
                return True
        except CardMoved:
            if self.place() is not CardPlace.NONE:
                raise
        self._went(self._hand)              # its owner was quicker
        return False

    def hold(self) -> None:
        """The card at the reading position again. Raises MoveUnknown: there is no card."""
        if self.place() is CardPlace.NONE:
            raise MoveUnknown("no card in the path")        # a move to the reader would draw a blank one
        self._move(To.READER)

    def _went(self, where: CardWent | None) -> None:
        """The card has left the path, once."""
        self._hand = None
        if where is not None:
            self.happened.append(where)

    def _until(self, timeout: float, there: bool) -> bool:
        """Look until a card is in the path, or none is, for `timeout` seconds; the last look is one that was answered."""
        deadline, misses = time.monotonic() + timeout, 0
        while True:
            try:
                place = self.place()
                if place in HERE if there else place is CardPlace.NONE:
                    return True
                misses = 0
            except NoAnswer:
                misses += 1
                if misses == MISSES:
                    raise
            left = deadline - time.monotonic()
            if left <= 0 and not misses:
                return False
            self._link.read(min(LOOK, left) if left > 0 else LOOK)      # a pause that can be cancelled
