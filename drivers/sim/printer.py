"""Twin of an ESC/POS ticket printer: it prints at a printer's pace, on paper that ends, and tells how it is.

Sources: Epson's ESC/POS command reference; manuals of compatible kiosk printers.
Real-time commands (DLE) are acted on as they arrive, ahead of the buffer; everything else waits its turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Literal

from drivers.sim.escpos import Command, Tokenizer, readable
from drivers.sim.health import NEAR_END_DOTS, ROLL_DOTS, Health
from drivers.sim.line import Line as Wire
from drivers.sim.strip import HEAD_TO_CUTTER, Strip
from drivers.sim.ticket import DOTS_PER_MM, Blank, Item, Line, Ticket
from drivers.sim.twin import Twin, verb
from drivers.sim.typesetter import PRINTABLE_MM, Typesetter

HEAD_SPEED = 150 * DOTS_PER_MM           # dots per second: 150 mm/s
CUT_TAKES = 0.3                          # s
BUFFER = 65536                           # bytes, then it takes no more
SHORTEST_PAUSE = 0.002                   # s: less is not worth a timer
ALL_STATUS = 0x0F
IDENTITY = {1: b"\x20", 2: b"\x02", 3: b"\x01", 65: b"_1.00\0", 66: b"_TWIN\0", 67: b"_TM-TEST\0", 68: b"_SIM0000001\0"}
Cut = Literal["full", "partial", ""]
CUTS: dict[bytes, Cut] = {b"\x1bi": "full", b"\x1bm": "partial"}


class PrinterTwin(Twin):
    """The printer. `tickets` are the pieces of paper that came out, oldest first."""

    def __init__(self, line: Wire, speed: float) -> None:
        super().__init__(line, speed)
        self.tickets: list[Ticket] = []
        self.health = Health()
        self._strip = Strip()
        self._pen = Typesetter()
        self._incoming = Tokenizer()
        self._queue: deque[Command] = deque()
        self._queued = 0                             # bytes
        self._set: deque[Item] = deque()             # made of a command, not on paper yet
        self._debt = 0.0                             # seconds of movement not waited for yet
        self._timer: asyncio.TimerHandle | None = None
        self._off = False
        self._no_completion = False
        self._asb_at_start = False
        self._asb = 0
        self._asb_sent: tuple[object, ...] = ()
        self._lines_left: int | None = None
        self._cutter_jams = False
        self._cutter_stuck = False

    # What people see.

    @property
    def idle(self) -> bool:
        """Nothing is waiting to be printed and nothing moves."""
        return not (self._queue or self._set or self._timer)

    def ticket(self, number: int = 1, timeout: float = 20.0) -> Ticket:
        """The ticket of that number (from 1); waits for it. Raises TimeoutError."""
        self.until(lambda: len(self.tickets) >= number, timeout)
        return self.tickets[number - 1]

    def hanging(self) -> Ticket:
        """The paper that hangs out and is not cut yet, as a ticket of the next number."""
        return self.line.loop.call(lambda: self._strip.hanging(
            len(self.tickets) + 1, self._pen.width_mm, tuple(self._pen.unknown)))

    def state(self) -> dict[str, Any]:
        health = self.health
        return {**super().state(), "online": not (self._off or health.offline), "idle": self.idle,
                "tickets": len(self.tickets), "hanging": self._strip.printed, "queued": self._queued,
                "paper_mm": health.paper_dots // DOTS_PER_MM, "paper_out": health.paper_end,
                "near_end": health.near_end, "cover_open": health.cover_open, "cutter_error": health.cutter_error,
                "jam": health.jam, "head_hot": health.head_hot, "broken": health.broken, "drawer": health.drawer,
                "feed_button": health.feed_button, "power_off": self._off, "no_completion": self._no_completion,
                "asb_at_start": self._asb_at_start, "no_near_end_sensor": not health.near_end_sensor,
                "width": self._pen.width_mm, "epson_sizes": self._pen.epson_sizes}

    def well(self) -> None:
        left = self.health.paper_dots
        self.health = Health(paper_dots=left)
        self._no_completion = self._asb_at_start = self._cutter_jams = self._cutter_stuck = False
        self._lines_left, self._pen.epson_sizes = None, False
        if self.health.near_end:
            self._new_roll(ROLL_DOTS)
        if self._off:
            self._switch_on()
        self._news()

    @verb("撕下", "Tear off")
    def tear(self) -> None:
        """Take what hangs out."""
        self._finish(self._strip.cut("", len(self.tickets) + 1, self._pen.width_mm, tuple(self._pen.unknown)))

    @verb("缺纸", "Paper out", fault=True)
    def paper_out(self, on: bool = True) -> None:
        """Off: a new roll is put in."""
        if on:
            self.health.paper_dots = 0
        else:
            self._new_roll(ROLL_DOTS)
        self._news()

    @verb("几行后缺纸", "Paper out after lines", fault=True)
    def paper_out_after(self, lines: int = 3) -> None:
        """The roll ends when so many more lines of text are on paper."""
        self._lines_left = lines

    @verb("纸将尽", "Paper near end", fault=True)
    def near_end(self, on: bool = True) -> None:
        if on:
            self.health.paper_dots = min(self.health.paper_dots, NEAR_END_DOTS)
        else:
            self._new_roll(ROLL_DOTS)
        self._news()

    @verb("开盖", "Cover open", fault=True)
    def cover_open(self, on: bool = True) -> None:
        """Opened while it prints, it is an error that mends itself when the cover is closed."""
        self.health.cover_open = on
        self.health.opened_while_printing = on and (self.health.opened_while_printing or not self.idle)
        self._news()

    @verb("切刀故障", "Cutter error", fault=True)
    def cutter_error(self, on: bool = True, stuck: bool = False) -> None:
        """DLE ENQ clears it, unless it is `stuck`."""
        self.health.cutter_error, self._cutter_stuck = on, on and stuck
        self._news()

    @verb("下次切纸卡刀", "Cutter jams at next cut", fault=True)
    def cutter_jams(self) -> None:
        self._cutter_jams = True

    @verb("卡纸", "Paper jam", fault=True)
    def jam(self, on: bool = True) -> None:
        self.health.jam = on
        self._news()

    @verb("打印头过热", "Head too hot", fault=True)
    def head_hot(self, on: bool = True) -> None:
        self.health.head_hot = on
        self._news()

    @verb("不可恢复故障", "Unrecoverable error", fault=True)
    def broken(self, on: bool = True) -> None:
        self.health.broken = on
        self._news()

    @verb("断电", "Power off", fault=True)
    def power_off(self, on: bool = True) -> None:
        """Off it is deaf and dumb, and forgets what it was to print."""
        if on:
            self._off = True
            self._clear()
            self._tell()
        elif self._off:
            self._switch_on()

    @verb("不支持完成应答", "No GS ( H", fault=True)
    def no_completion(self, on: bool = True) -> None:
        self._no_completion = on

    @verb("默认自动回状态", "ASB without being asked", fault=True)
    def asb_at_start(self, on: bool = True) -> None:
        """Automatic status is on after power-on; and from now."""
        self._asb_at_start = on
        self._report_automatically(ALL_STATUS if on else 0)

    @verb("无纸将尽传感器", "No near-end sensor", fault=True)
    def no_near_end_sensor(self, on: bool = True) -> None:
        self.health.near_end_sensor = not on
        self._news()

    @verb("钱箱信号高", "Drawer pin high", fault=True)
    def drawer(self, on: bool = True) -> None:
        self.health.drawer = on
        self._news()

    @verb("按住走纸键", "Feed button held", fault=True)
    def feed_button(self, on: bool = True) -> None:
        self.health.feed_button = on
        self._news()

    @verb("GS ! 也管汉字", "GS ! sizes Chinese too", fault=True)
    def epson_sizes(self, on: bool = True) -> None:
        self._pen.epson_sizes = on

    @verb("纸宽（毫米）", "Paper width (mm)")
    def width(self, mm: int = 80) -> None:
        """80 or 58: a new roll of that width."""
        PRINTABLE_MM[mm]                             # another width is refused here
        self._new_roll(ROLL_DOTS)
        self._pen.width_mm = mm

    # What the machine hears and is told.

    def hear(self, data: bytes) -> None:
        if self._off:
            return
        for command in self._incoming.feed(data):
            if command.name in (b"\x10\x04", b"\x10\x05"):
                self._realtime(command)
            else:
                self._queue.append(command)
                self._queued += len(command.raw)
        if self._queued >= BUFFER:
            self.line.pause()
        self._work()

    def _realtime(self, command: Command) -> None:
        n = command.args[0]
        if command.name == b"\x10\x04":
            answer = self.health.realtime(n)
            if answer:
                self.line.send(answer)
            return
        if n == 2:
            self._clear()
        if n in (1, 2) and not self._cutter_stuck:
            self.health.cutter_error = False
            self._news()

    def _report_automatically(self, mask: int) -> None:
        """GS a: at once, and then on each change."""
        self._asb = mask
        if mask:
            self._asb_sent = self.health.watched(mask)
            self.line.send(self.health.automatic())

    def _news(self) -> None:
        """The condition may have changed: say so if asked to, and go on if it can."""
        self._tell()
        self._work()

    def _tell(self) -> None:
        if self._asb and not self._off and self.health.watched(self._asb) != self._asb_sent:
            self._report_automatically(self._asb)

    # The mechanism.

    def _work(self) -> None:
        """Print until there is nothing to print, something is wrong, or the paper has to move first."""
        while not (self._timer or self._off or self.health.offline):
            if self._set:
                self._put(self._set.popleft())
            elif self._queue:
                command = self._queue.popleft()
                self._queued -= len(command.raw)
                self._execute(command)
            else:
                break
            if self._debt > SHORTEST_PAUSE:
                self._timer = self.line.loop.later(self._debt, self._moved)
                self._debt = 0.0
        if self._queued < BUFFER:
            self.line.resume()

    def _moved(self) -> None:
        self._timer = None
        self._work()

    def _put(self, item: Item) -> None:
        """Bring one thing onto paper. A line is finished even when the paper ends in it."""
        self._strip.items.append(item)
        self._debt += item.dots / HEAD_SPEED / self.speed
        self.health.paper_dots -= item.dots
        if self._lines_left is not None and isinstance(item, Line) and item.text:
            self._lines_left -= 1
            if self._lines_left <= 0:
                self._lines_left, self.health.paper_dots = None, 0
        self._tell()

    def _execute(self, command: Command) -> None:
        name, args = command.name, command.args
        self._strip.raw += command.raw
        if name == b"\x1dV" or name in CUTS:
            self._cut(command)
        elif name == b"\x1da":
            self._report_automatically(args[0])
        elif name == b"\x1dr" and self.health.buffered(args[0]):
            self.line.send(self.health.buffered(args[0]))
        elif name == b"\x1dI" and args[0] % 48 in IDENTITY:
            self.line.send(IDENTITY[args[0] % 48])
        elif name == b"\x1dI" and args[0] in IDENTITY:
            self.line.send(IDENTITY[args[0]])
        elif name == b"\x1d(" and args[:1] == b"H":
            self._completion(command)
        elif name not in (b"\x1bp", b"\x1bc", b"\x1b="):      # drawer pulse, sensor choice, device choice
            self._set += self._pen.execute(command)

    def _completion(self, command: Command) -> None:
        """GS ( H: everything before it is on paper when its turn comes."""
        body = command.args[3:]
        if body[:2] == b"00" and len(body) == 6:
            if not self._no_completion:
                self.line.send(b"7\x22" + body[2:] + b"\x00")
        elif not (body[:2] == b"10" and len(body) == 3):      # the choice of an offline answer: noted, not needed
            self._pen.unknown.append(readable(command.raw))

    def _cut(self, command: Command) -> None:
        m = command.args[0] if command.args else -1
        kind: Cut | None = CUTS.get(command.name) or ("full" if m in (0, 48, 65) else
                                                      "partial" if m in (1, 49, 66) else None)
        if kind is None or not self._pen.at_line_start:       # in mid-line the printer ignores it
            self._pen.unknown.append(readable(command.raw))
            return
        if m in (65, 66):
            self._put(Blank(HEAD_TO_CUTTER + command.args[1]))
        if self._cutter_jams:
            self._cutter_jams, self.health.cutter_error = False, True
            again = Command(b"\x1bm" if kind == "partial" else b"\x1bi", b"", b"")
            self._queue.appendleft(again)                     # DLE ENQ 1 lets it try again
            self._tell()
            return
        self._debt += CUT_TAKES / self.speed
        number = len(self.tickets) + 1
        self._finish(self._strip.cut(kind, number, self._pen.width_mm, tuple(self._pen.unknown)))

    def _finish(self, ticket: Ticket | None) -> None:
        if ticket is not None:
            self.tickets.append(ticket)
            self._pen.unknown.clear()

    def _new_roll(self, dots: int) -> None:
        """The old roll's end comes out with what is on it."""
        self._finish(self._strip.end(len(self.tickets) + 1, self._pen.width_mm, tuple(self._pen.unknown)))
        self.health.paper_dots = dots

    def _clear(self) -> None:
        """Forget everything that waits to be printed."""
        self._queue.clear()
        self._set.clear()
        self._queued, self._debt = 0, 0.0
        self._pen.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self.line.resume()

    def _switch_on(self) -> None:
        self._off = False
        self._incoming = Tokenizer()
        self._pen.reset()
        self._report_automatically(ALL_STATUS if self._asb_at_start else 0)
        self._tell()
