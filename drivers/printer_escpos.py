"""Thermal printers that speak ESC/POS: 80 and 58 mm kiosk printers, Epson's and their many Chinese relatives.

Sources: Epson's ESC/POS command reference (DLE EOT, GS a, GS r, GS ( H, GS V) and the bit tables in the manuals of
printers that follow it. A ticket is *fenced*: the printer is asked to answer when it has printed what came before.
Which question it understands differs by model and is a setting, and the answer to the person is honest about it.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace

from drivers.contract import (
    Cancelled, CoverOpen, CutterFault, Gone, Link, NoAnswer, PaperJam, PaperLine, PaperOut, Printed, PrintUnknown, Status,
    WrongDevice)
from drivers.escpos_profiles import dialect
from drivers.escpos_raster import Easel
from drivers.escpos_status import (
    Automatic, Buffered, Decoder, Facts, Finished, RealTime, automatic, impersonal, judge, real_time, trouble)
from drivers.escpos_ticket import encode_ticket

__all__ = ["Device", "impersonal"]

BUFFERED = b"GS r"          # stands for the answer to GS r among the marks of GS ( H
CHUNK = 512                 # bytes
TAKE = 3.0                  # seconds in which the line must take a chunk; an offline printer takes nothing
FIRST, ALL = 0.5, 1.0       # seconds for the first answer to DLE EOT, and for all four
ECHO = 0.01                 # seconds in which noise or a doubled answer shows itself, or it were the next one's
ASKED = 3                   # times the same question
STALE = 8                   # reads that may give old answers before a question
LOOK = 1.0                  # seconds between two looks at the status while a ticket is printed
GRACE = 0.5                 # seconds for a confirmation that is on its way when the paper ends
STOPS = (CoverOpen, PaperOut, PaperJam, CutterFault)        # with these a ticket will not go on by itself


class Device:
    """An ESC/POS printer on a line of bytes: serial, USB or network.

    `profile` names its model; every other option sets one field of it otherwise (drivers/escpos_profiles.py). With the
    fences `status` and `none` a good ticket is SENT, never PRINTED.
    """

    def __init__(self, link: Link, profile: str = "plain", width: str = "", fence: str = "", ask: str = "", double: str = "",
                 charset: str = "", cut: str = "", near_end: str = "", raster: str = "") -> None:
        self._dialect = dialect(profile, {
            "width": width, "fence": fence, "ask": ask, "double": double, "charset": charset, "cut": cut,
            "near_end": near_end, "raster": raster})
        self._link = link
        self._fence = self._dialect.fence
        self._decoder = Decoder()
        self._asb = Facts()
        self._confirmed: set[bytes] = set()
        self._mark = int.from_bytes(os.urandom(2), "big")

    def identify(self) -> str:
        try:
            self.status()
        except NoAnswer:
            if self._decoder.noise:
                raise WrongDevice("what answers is no ESC/POS printer") from None
            raise
        importlib.import_module("escpos.printer")       # slow, and nobody waits for paper yet
        asked = "" if self._dialect.ask == "dle" else ", cannot be asked"
        return f"ESC/POS printer, {self._dialect.width} mm, confirms by {self._fence}{asked}"

    def status(self) -> Status:
        self._decoder = Decoder()
        return judge(self._look())

    def print_ticket(self, lines: Sequence[PaperLine], timeout: float) -> Printed:
        """Print, cut, confirm. Once begun it cannot be taken back: a cancel then ends in PrintUnknown.

        The confirmation is waited for as long as such a ticket may take, at most `timeout` seconds.
        """
        self._mark += 1
        mark = b"%04X" % (self._mark & 0xFFFF)
        easel = Easel.of(self._dialect)
        ticket = self._encode(lines, mark, easel)
        usual = _usual(len(ticket), easel.bytes if easel else 0)
        self._decoder = Decoder()
        if error := trouble(self._look()):
            raise error
        self._confirmed.clear()
        try:
            self._send(ticket)
            return self._confirm(mark, usual, timeout)
        except (Gone, NoAnswer) as error:
            # Bytes may still wait on this side of the line. They must not become paper for the next person:
            # closing forgets them, and the service connects again.
            self._link.close()
            raise PrintUnknown(error.cause) from error
        except Cancelled as error:
            raise PrintUnknown(error.cause) from error

    def _encode(self, lines: Sequence[PaperLine], mark: bytes, easel: Easel | None) -> bytes:
        before = b"\x1d(H\x06\x0000" + mark if self._fence == "gs_h" else b""
        after = b"\x1dr\x01" if self._fence == "gs_r" else b""
        return encode_ticket(lines, self._dialect, before, after, easel)

    def _send(self, ticket: bytes) -> None:
        self._decoder.buffered_due = self._fence == "gs_r"
        for at in range(0, len(ticket), CHUNK):
            self._link.write(ticket[at:at + CHUNK], TAKE)

    def _confirm(self, mark: bytes, usual: float, timeout: float) -> Printed:
        if self._fence in ("status", "none"):
            if self._fence == "status":
                self._listen(min(timeout, usual), set())
            if error := trouble(self._look()):
                raise PrintUnknown(error.cause)
            return Printed.SENT
        awaited = {BUFFERED if self._fence == "gs_r" else mark}
        deadline = time.monotonic() + min(timeout, 4 + 4 * usual)
        silent, cause = False, ""
        while (left := deadline - time.monotonic()) > 0:
            if self._listen(min(LOOK, left), awaited):
                return Printed.PRINTED
            try:
                error = trouble(self._look())
            except NoAnswer:
                silent = True
                continue
            silent, cause = False, error.cause if error else ""
            if self._listen(GRACE if isinstance(error, STOPS) else 0, awaited):
                return Printed.PRINTED
            if isinstance(error, STOPS):
                break
        if silent:
            raise NoAnswer
        raise PrintUnknown(cause or "not confirmed")

    def _look(self) -> Facts:
        """Ask all four questions, one at a time. Raises NoAnswer when there is not one answer.

        Of a printer that cannot be asked nothing is known, but what it says by itself.
        """
        self._asb = facts = Facts()
        if self._dialect.ask == "none":
            self._hear(0)
            return self._asb
        deadline = time.monotonic() + ALL
        for question in (1, 2, 3, 4):
            bits = self._ask(question, FIRST if question == 1 else deadline - time.monotonic())
            if bits is not None:
                facts |= real_time(question, bits)
            elif question == 1:
                break
        facts |= self._asb
        if facts == Facts():
            raise NoAnswer("the printer is silent")
        return facts if self._dialect.near_end == "yes" else replace(facts, near_end=None)

    def _ask(self, question: int, patience: float) -> int | None:
        """One DLE EOT; None when no answer came.

        A status byte carries no check: one that comes beside noise, or beside another one, may be noise itself.
        Then what was heard is forgotten, and the question asked again.
        """
        deadline = time.monotonic() + patience
        for _ in range(ASKED):
            for _ in range(STALE):
                if not self._hear(0):
                    break
            known, noise = self._asb, self._decoder.noise
            self._link.write(bytes((0x10, 0x04, question)), TAKE)
            answers: list[int] = []
            while not answers and (left := deadline - time.monotonic()) > 0:
                answers = self._hear(left)
            answers += self._hear(ECHO)
            if len(set(answers)) == 1 and self._decoder.noise == noise:
                return answers[0]
            self._asb = known if answers else self._asb
        return None

    def _listen(self, seconds: float, awaited: set[bytes]) -> bool:
        """Hear until one of `awaited` is confirmed, or the time is over."""
        deadline = time.monotonic() + seconds
        while not awaited & self._confirmed:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._hear(left)
        return True

    def _hear(self, timeout: float) -> list[int]:
        """Take what comes: the answers to DLE EOT, and note everything else."""
        answers = []
        for message in self._decoder.feed(self._link.read(timeout)):
            match message:
                case RealTime(bits):
                    answers.append(bits)
                case Automatic(status):
                    self._asb = automatic(status)
                case Buffered():
                    self._confirmed.add(BUFFERED)
                case Finished(mark):
                    self._confirmed.add(mark)
        return answers


def _usual(size: int, drawn: int) -> float:
    """Seconds that a slow printer needs for so many bytes, `drawn` of them pictures.

    It makes 80 mm in a second: of text, some 25 bytes to a row of 4 mm; of pictures, 72 bytes to a dot.
    """
    return 0.5 + (size - drawn) / 500 + drawn / 20_000
