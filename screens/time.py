"""Day, half day and segment: the days of two weeks as a strip, under it what is free on the chosen one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.care import Choice, Half, Kind, Segment, Session
from kiosk.requests import ChooseTime
from kiosk.visit import Scene
from kiosk.words import Text, clock, money, say
from screens.box import Box
from screens.theme import INK, ON_PRIMARY, ON_PRIMARY_SOFT, PLAIN, PRIMARY, SOFT, Look, Style, Touchable
from screens.tiles import Tiles

DAYS = 14
CHOSEN = Touchable(Look(PRIMARY, ON_PRIMARY, ON_PRIMARY_SOFT), Look(PRIMARY, ON_PRIMARY, ON_PRIMARY_SOFT),
                   Look(PRIMARY, ON_PRIMARY, ON_PRIMARY_SOFT))


@dataclass(frozen=True)
class Part:
    """A run of segments that fits on one leaf: of one session."""

    session: Session
    segments: tuple[tuple[int, Segment], ...]


class Page(Tiles):
    """The first day with places is chosen already, so that most people need one touch."""

    day: dt.date | None = None

    def forget(self) -> None:
        self.day = None
        super().forget()

    def draw(self, scene: Scene, ask: ChooseTime) -> None:
        theme, rest = self.theme, self.area.copy()
        sessions: tuple[Session, ...] = ask.sessions
        first = min([self.room.wall().date(), *(session.day for session in sessions)])
        if self.day is None:
            self.day = min((session.day for session in sessions if session.left > 0), default=first)
        days = [first + dt.timedelta(days=at) for at in range(DAYS)]
        columns, height = self._day_plan(rest)
        gap = theme.space("gap")
        rows = -(-DAYS // columns)
        strip = rest.take_top(rows * height + (rows - 1) * gap, theme.mm(6))
        for at, (date, cell) in enumerate(zip(days, strip.grid(columns, height, gap), strict=False)):
            self._day(at, date, cell, [session for session in sessions if session.day == date], at == 0)
        rest.take_bottom(theme.mm(4 if rest.portrait else 0))
        chosen = sorted((session for session in sessions if session.day == self.day),
                        key=lambda session: (session.half is Half.PM, session.id))
        self._sessions(chosen, rest)

    # Days.

    def _day_plan(self, area: Box) -> tuple[int, int]:
        """Columns and height of the days: a week in a row where its words fit."""
        style, gap = self.theme.style("note", bold=True), self.theme.space("gap")
        words = say("time.left", left=88), say("time.full"), say("time.none"), say("time.today")
        widest = max(*(self.width(text, style) for text in words),
                     self.width("12/28", self.theme.style("body", bold=True)))
        columns = next((count for count in (7, 5, 4) if area.columns(count, gap)[0].w >= widest + self.theme.mm(2)), 3)
        lines = self.height("0", 999, style) * 2 + self.height("0", 999, self.theme.style("body"))
        return columns, lines + self.theme.mm(3)

    def _day(self, at: int, date: dt.date, cell: Box, sessions: list[Session], today: bool) -> None:
        theme = self.theme
        left = sum(session.left for session in sessions)
        chosen = date == self.day
        note, head = theme.style("note", bold=True), theme.style("body", bold=True)
        words = say("time.left", left=left) if left else say("time.full" if sessions else "time.none")
        with self.touch(f"day:{at}", cell, self._look_at(date), CHOSEN if chosen else PLAIN, left > 0 or chosen) as look:
            rest = cell.inset(0, theme.mm(1.5))
            name = say("time.today") if today else say(f"time.weekday.{date.weekday()}")
            self.write(name, rest.take_top(self.height("0", 999, note)), note, look.soft, align="center",
                       valign="middle")
            self.write(self._date(date), rest.take_top(self.height("0", 999, head)), head, look.ink, align="center",
                       valign="middle")
            self.write(words, rest, theme.style("note"), look.soft, align="center", valign="middle")

    def _date(self, date: dt.date) -> str:
        return f"{date.month}/{date.day}"

    def _look_at(self, date: dt.date) -> Callable[[], None]:
        def look() -> None:
            self.day, self.leaf = date, 0
            self.redraw()
        return look

    # Segments.

    def _sessions(self, sessions: list[Session], area: Box) -> None:
        theme = self.theme
        if not sessions:
            self.write(say("time.nothing"), area, theme.style("head"), SOFT, align="center", valign="middle")
            return
        gap, head = theme.space("gap"), self._head_height(sessions, area.w)
        columns, height, style = min((self._segment_plan(name, area) for name in ("body", "note")),
                                     key=lambda plan: len(self._leaves(sessions, area.h, plan[0], plan[1], head)))
        leaves = self._leaves(sessions, area.h, columns, height, head)
        rest = area.copy()
        if len(leaves) > 1:
            self.pager(rest.take_bottom(self.pager_height(), gap), len(leaves))
            leaves = self._leaves(sessions, rest.h, columns, height, head)
        self.leaf = min(self.leaf, len(leaves) - 1)
        for part in leaves[self.leaf]:
            self._head(part.session, rest.take_top(head, theme.mm(1.5)))
            lines = -(-len(part.segments) // columns)
            cells = rest.take_top(lines * height + (lines - 1) * gap, theme.mm(5)).grid(columns, height, gap)
            for (at, segment), cell in zip(part.segments, cells, strict=False):
                self._segment(at, part.session, segment, cell, style)

    def _leaves(self, sessions: list[Session], room: int, columns: int, height: int, head: int) -> list[list[Part]]:
        """Sessions laid one under another; a new leaf begins where no further row fits."""
        gap = self.theme.space("gap")
        leaves: list[list[Part]] = [[]]
        left, at = room, 0
        for session in sessions:
            rows = [session.segments[row:row + columns] for row in range(0, len(session.segments), columns)]
            run: list[tuple[int, Segment]] = []
            left -= head + self.theme.mm(1.5)
            for row in rows:
                if left < height:
                    if run:
                        leaves[-1].append(Part(session, tuple(run)))
                    leaves.append([])
                    run, left = [], room - head - self.theme.mm(1.5)
                run += [(at + place, segment) for place, segment in enumerate(row)]
                at += len(row)
                left -= height + gap
            leaves[-1].append(Part(session, tuple(run)))
            left -= self.theme.mm(5) - gap
        return leaves

    def _segment_plan(self, name: str, area: Box) -> tuple[int, int, Style]:
        """Columns and height of the segments when their times are set in that type."""
        theme, gap, style = self.theme, self.theme.space("gap"), self.theme.style(name, bold=True)
        wide = self.width("08:00–08:30", style) + theme.mm(5)
        columns = max(1, min(4, (area.w + gap) // int(wide + gap)))
        lines = self.height("0", 999, theme.style("body")) + self.height("0", 999, theme.style("note"))
        return columns, max(lines + theme.mm(1), theme.space("target")), style

    def _head_text(self, session: Session) -> Text:
        if session.kind is Kind.EXAM:
            return say(f"time.{session.half}")
        return say("time.half", half=say(f"time.{session.half}"), kind=say(f"time.kind.{session.kind}"),
                   fee=money(session.fee, self.language))

    def _head_height(self, sessions: list[Session], width: int) -> int:
        style = self.theme.style("body", bold=True)
        return max(self.height(self._head_text(session), width, style) for session in sessions)

    def _head(self, session: Session, box: Box) -> None:
        self.write(self._head_text(session), box, self.theme.style("body", bold=True), INK, valign="middle",
                   key=f"half:{session.half}")

    def _segment(self, at: int, session: Session, segment: Segment, cell: Box,
                 style: Style) -> None:
        def choose() -> None:
            self.answer(Choice(session, segment))
        free = segment.left > 0
        with self.touch(f"segment:{at}", cell, choose, PLAIN, free) as look:
            self.lines(f"{clock(segment.start)}–{clock(segment.end)}",
                       say("time.left", left=segment.left) if free else say("time.full"), cell,
                       style, look, align="center")
