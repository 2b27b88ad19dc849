"""What stays where it is on every page: the house's name, the clock, language and size, the way back and out, the
trail of what was chosen, the question itself, and what to do or what was wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from kiosk.visit import Comfort, Scene, Size
from kiosk.words import Language, Text, say
from screens.box import Box
from screens.leaf import Leaf, Room
from screens.sheet import Sheet
from screens.theme import (HEADER, INK, LINE, ON_PRIMARY, ON_PRIMARY_SOFT, PRIMARY, QUIET, SOFT, SURFACE, WARM, WARM_EDGE,
                           WARM_TINT, Colour, Look, Theme)

BAR = Look(PRIMARY, ON_PRIMARY, ON_PRIMARY)
FOOT = Look(SURFACE, INK, SOFT)
RULE = Look(LINE, INK, SOFT)
BAND = Look(WARM_TINT, WARM, WARM, WARM_EDGE)


class Doors(Protocol):
    """What the frame's buttons do."""

    def back(self) -> None: ...
    def leave(self) -> None: ...
    def comfort(self, comfort: Comfort) -> None: ...


class Frame(Sheet):
    """The furniture around a page."""

    def __init__(self, room: Room, doors: Doors) -> None:
        super().__init__()
        self.room = room
        self.doors = doors
        self.sign = Box(0, 0, 0, 0)

    def show(self, scene: Scene, theme: Theme, window: Box, page: Leaf) -> Box:
        """Draws it; the box that is left to the page."""
        rest = window.copy()
        with self.drawing(theme, scene.comfort.language):
            free = self._header(rest.take_top(theme.space("header")), scene)
            self._footer(rest.take_bottom(theme.space("footer")), scene)
            rest = rest.inset(theme.space("margin"), 0)
            if window.portrait:
                self._trail(rest.take_top(theme.space("trail")), scene, SOFT, PRIMARY)
            else:
                self._trail(free, scene, ON_PRIMARY_SOFT, ON_PRIMARY)
                rest.take_top(theme.mm(6))
            if not page.titles(window.portrait):
                return rest
            rest.take_bottom(theme.mm(6))
            if window.portrait:
                return self._above(rest, scene, page, window)
            return self._beside(rest, scene, page)

    def furniture_at(self, x: float, y: float) -> str:
        """What of the header that answers nothing is there: `sign`, `clock`, or ""."""
        if self.sign.holds(x, y, self.theme.mm(3)):
            return "sign"
        clock = next((mark for mark in self.glyphs() if mark.key == "clock"), None)
        return "clock" if clock is not None and clock.box.holds(x, y, self.theme.mm(3)) else ""

    # Above and below.

    def _header(self, bar: Box, scene: Scene) -> Box:
        """Draws the bar; what is free in its middle."""
        theme = self.theme
        self.panel(bar, BAR, 0)
        row = bar.inset(theme.space("margin"), 0)
        width, height = theme.mm(44 if not theme.large else 47), theme.space("target")
        row.w += theme.mm(5)
        other = Language.EN if scene.comfort.language is Language.ZH else Language.ZH
        self._comfort("language", say("screen.other_language"), row.take_right(width, theme.mm(3.5)), height,
                      replace(scene.comfort, language=other))
        larger = scene.comfort.size is Size.NORMAL
        self._comfort("size", say("screen.larger" if larger else "screen.smaller"),
                      row.take_right(width, theme.mm(6)), height,
                      replace(scene.comfort, size=Size.LARGE if larger else Size.NORMAL))
        time = f"{self.room.wall():%H:%M}"
        clock = theme.style("head", bold=True)
        place = row.take_right(self.width(time, clock), theme.mm(3 if theme.large else 9))
        self.write(time, place, clock, ON_PRIMARY, valign="middle", align="right", key="clock")
        logo = row.take_left(theme.mm(14), theme.mm(4))
        self.sign = logo.centred(logo.w, logo.w)
        self.panel(logo.centred(logo.w, logo.w), Look(SURFACE, PRIMARY, PRIMARY), logo.w)
        self.icon("cross", logo, theme.mm(12), PRIMARY)
        room = Box(row.x, row.y, row.w if bar.w < 1.5 * theme.mm(270) else theme.mm(135), row.h)
        name = self.fitting(self.room.hospital, Box(0, 0, room.w, bar.h - theme.mm(2)), ("head", "body", "note"))
        written = self.write(self.room.hospital, room, name, ON_PRIMARY, valign="middle", key="hospital")
        row.take_left(written.w, theme.mm(12))
        return row

    def _comfort(self, key: str, text: Text, box: Box, height: int, comfort: Comfort) -> None:
        self.button(key, text, box.centred(box.w, height), lambda: self.doors.comfort(comfort), HEADER)

    def _footer(self, bar: Box, scene: Scene) -> None:
        theme = self.theme
        self.panel(bar, FOOT, 0)
        self.panel(Box(bar.x, bar.top - 2, bar.w, 2), RULE, 0)
        row = bar.inset(theme.space("margin"), theme.mm(4))
        width = theme.mm(64)
        self.button("back", say("screen.back"), row.take_left(width, theme.mm(4)), self.doors.back, QUIET,
                    icon="back", enabled=scene.can_back)
        self.button("home", say("screen.leave"), row.take_right(width, theme.mm(4)), self.doors.leave, QUIET,
                    icon="home", enabled=scene.can_leave)
        between = Box(row.x, bar.y, row.w, bar.h).inset(theme.mm(4), 0)
        if scene.staff:
            self.write(say("screen.staff"), between, theme.style("note", bold=True), WARM, align="center", valign="middle",
                       key="staff")
        else:
            line = "screen.maintained" if scene.maintained else "screen.help"
            self.write(say(line), between, theme.style("note"), SOFT, align="center", valign="middle", key="help")

    def _trail(self, strip: Box, scene: Scene, ink: Colour, sign: Colour) -> None:
        """In one line; where it gets too long, what was chosen first is left out."""
        if not scene.trail:
            return
        theme, style = self.theme, self.theme.style("note")
        size = round(style.size * 1.1)
        self.icon("trail", strip.take_left(size, theme.mm(2)), size, sign)
        steps = [self.say(step) for step in scene.trail]
        line = "  ›  ".join(steps)
        while self.width(line, style) > strip.w and len(steps) > 1:
            steps.pop(0)
            line = "…  ›  " + "  ›  ".join(steps)
        while self.width(line, style) > strip.w and len(line) > 1:
            line = line[:-2] + "…"
        self.write(line, strip, style, ink, valign="middle", role="trail", key="trail")

    # The question.

    def _above(self, rest: Box, scene: Scene, page: Leaf, window: Box) -> Box:
        """Portrait: the question above the page; the targets of most pages stay in the lower two thirds."""
        theme = self.theme
        rest.take_top(theme.mm(3))
        self._question(rest, scene, page)
        message = self._message_height(scene, page, rest.w)
        reach = window.y + round(window.h * 2 / 3)
        if not page.tall and rest.top - message - theme.mm(6) > reach:
            rest.h = reach + message + theme.mm(6) - rest.y
        if message:
            self._message(rest.take_top(message, theme.mm(6)), scene, page)
        elif page.tall:
            rest.take_top(theme.mm(4))
        return rest

    def _beside(self, rest: Box, scene: Scene, page: Leaf) -> Box:
        """Landscape: the question to the left of the page."""
        theme = self.theme
        column = rest.take_left(rest.w * 0.3, theme.space("wide"))
        self._question(column, scene, page)
        message = self._message_height(scene, page, column.w)
        if message:
            column.take_top(theme.mm(3))
            self._message(column.take_top(message), scene, page)
        return rest

    def _question(self, rest: Box, scene: Scene, page: Leaf) -> None:
        """Cuts the title and the remark off."""
        theme = self.theme
        lines = 2 if rest.w > theme.mm(200) else 3
        room = Box(0, 0, rest.w, lines * self.height("0", 999, theme.style("title", bold=True)))
        title = self.fitting(scene.ask.title, room, ("title", "head"))
        box = self.write(scene.ask.title, rest, title, role="title", key="title")
        rest.take_top(box.h, theme.mm(2.5))
        remark = page.remark(scene)
        if remark is not None:
            box = self.write(remark, rest, theme.style("body"), SOFT, key="remark")
            rest.take_top(box.h, theme.mm(3))

    def _message_height(self, scene: Scene, page: Leaf, width: int) -> int:
        text, pad = self._message_text(scene, page)
        if text is None:
            return 0
        _, words = self._message_columns(Box(0, 0, width, 0), pad)
        style = self.theme.style("body", bold=bool(pad))
        return max(self.height(text, words.w, style), self.theme.mm(12)) + 2 * pad

    def _message_text(self, scene: Scene, page: Leaf) -> tuple[Text | None, int]:
        if scene.complaint is not None:
            return scene.complaint, self.theme.mm(4)
        return page.hint(scene), 0

    def _message_columns(self, box: Box, pad: int) -> tuple[Box, Box]:
        inner = box.inset(pad + (self.theme.mm(1) if pad else 0), pad)
        return inner.take_left(self.theme.mm(13 if pad else 11), self.theme.mm(3)), inner

    def _message(self, box: Box, scene: Scene, page: Leaf) -> None:
        """What was wrong, in a band; else what to do here."""
        text, pad = self._message_text(scene, page)
        assert text is not None
        sign, words = self._message_columns(box, pad)
        if pad:
            self.panel(box, BAND)
            self.icon("warning", sign, self.theme.mm(13), WARM)
            self.write(text, words, self.theme.style("body", bold=True), WARM, valign="middle", role="complaint",
                       key="complaint")
        else:
            self.icon(page.sign, sign, self.theme.mm(11), PRIMARY)
            self.write(text, words, self.theme.style("body"), PRIMARY, valign="middle", role="hint", key="hint")
