"""Nobody stands here yet: the house greets, shows where a card goes, and offers its services."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from kiosk.requests import Option, Welcome
from kiosk.visit import Scene
from kiosk.words import Text
from screens.box import Box
from screens.theme import (ON_PRIMARY, PLAIN, PRIMARY, PRIMARY_DEEP, STRONG, WARM, WARM_EDGE, WARM_TINT,
                           Look, Style)
from screens.tiles import DISC, DISC_OFF, Tiles

HERO = Look(PRIMARY, ON_PRIMARY, ON_PRIMARY)
CARD_HINT = Look(PRIMARY_DEEP, ON_PRIMARY, ON_PRIMARY)
BAND = Look(WARM_TINT, WARM, WARM, WARM_EDGE)

CROWD = 6          # services that fit with their sign above their name; more have it beside the name


class Page(Tiles):
    """Greeting above, services within reach; the first service is the one most people come for."""

    titled = False

    def draw(self, scene: Scene, ask: Welcome) -> None:
        theme, rest = self.theme, self.area.copy()
        margin, gap = theme.space("margin"), theme.space("gap")
        portrait, crowded = rest.portrait, len(ask.services) > CROWD
        if portrait:
            hero = rest.take_top(rest.h * (0.19 if crowded else 0.27) + theme.space("trail"), theme.mm(6))
            hero = Box(hero.x - margin, hero.y, hero.w + 2 * margin, hero.h + theme.space("trail"))
        else:
            hero = rest.take_left(rest.w * (0.29 if crowded else 0.36), theme.space("wide"))
            hero = Box(hero.x - margin, hero.y, hero.w + margin, hero.h + theme.mm(6))
        self._greet(hero, ask, margin)
        rest.take_bottom(theme.mm(3 if crowded else 5))
        message = scene.complaint or (ask.news[0] if ask.news else None)
        if message is not None:
            height = self.height(message, rest.w - theme.mm(25), theme.style("body")) + theme.mm(6)
            self._band(rest.take_top(height, gap), message, scene.complaint is not None)
        if crowded:
            self._crowd(ask.services, rest, 2 if portrait else 3)
        else:
            self._services(ask.services, rest, 2 if portrait or len(ask.services) <= 4 else 3)

    def _greet(self, hero: Box, ask: Welcome, margin: int) -> None:
        theme = self.theme
        self.panel(hero, HERO, 0)
        inner = hero.inset(margin, theme.mm(7))
        if ask.hint is not None:
            self._strip(inner, ask.hint)
        title = self.fitting(ask.title, inner, ("title", "head", "body"))
        self.write(ask.title, inner, title, ON_PRIMARY, valign="middle", role="title", key="title")

    def _strip(self, inner: Box, hint: Text) -> None:
        """What can be put down at once, without choosing first."""
        theme = self.theme
        style = theme.style("head", bold=True)
        width = inner.w - theme.mm(32)
        height = max(theme.mm(30), self.height(hint, width, style) + theme.mm(9))
        strip = inner.take_bottom(height, theme.mm(6))
        self.panel(strip, CARD_HINT, theme.mm(6))
        sign = strip.take_left(theme.mm(28))
        self.icon("contactless", sign, theme.mm(17), ON_PRIMARY)
        strip.take_right(theme.mm(4))
        self.write(hint, strip, style, ON_PRIMARY, valign="middle", key="card")

    def _band(self, box: Box, text: Text, complaint: bool) -> None:
        theme = self.theme
        self.panel(box, BAND)
        row = box.inset(theme.mm(5), 0)
        self.icon("warning" if complaint else "notice", row.take_left(theme.mm(12), theme.mm(3)), theme.mm(11), WARM)
        self.write(text, row, theme.style("body"), WARM, valign="middle", role="complaint" if complaint else "notice",
                   key="complaint" if complaint else "notice")

    def _services(self, services: tuple[Option[str], ...], area: Box, columns: int) -> None:
        gap = self.theme.space("gap")
        rows = ceil(len(services) / columns)
        height = min((area.h - gap * (rows - 1)) // rows, self.theme.mm(122))
        cells = area.grid(columns, height, gap)
        room = cells[0].inset(self.theme.mm(6), 0)
        styles = [self.fitting(service.title, Box(0, 0, room.w, self.theme.mm(44)), ("title", "head", "body"))
                  for service in services]
        style = min(styles, key=lambda style: style.size)
        for at, (service, cell) in enumerate(zip(services, cells, strict=False)):
            self._service(service, cell, style, first=at == 0)

    def _service(self, service: Option[Any], box: Box, title: Style, first: bool) -> None:
        theme = self.theme
        with self.touch(f"answer:{service.value}", box, self._choose(service.value), STRONG if first else PLAIN,
                        service.enabled) as look:
            inner = box.inset(theme.mm(6), theme.mm(4))
            note = self._note(service)
            words = self.height(service.title, inner.w, title)
            words += self.height(note, inner.w, theme.style("note")) if note is not None else 0
            side = max(0, min(theme.mm(36), inner.h - words - theme.mm(5)))
            block = inner.centred(inner.w, words + side + (theme.mm(5) if side else 0))
            if side > theme.mm(10):
                sign = block.take_top(side, theme.mm(5))
                sign.w = side
                strong = first and service.enabled
                self.panel(sign, CARD_HINT if strong else DISC if service.enabled else DISC_OFF, side)
                self.icon(service.icon, sign, round(side * 0.6), ON_PRIMARY if strong else
                          PRIMARY if service.enabled else look.soft)
            self.lines(service.title, note, block, title, look)

    def _crowd(self, services: tuple[Option[Any], ...], area: Box, columns: int) -> None:
        """Many services: the sign beside the name, and all notes or none. An odd first one has a row of its own."""
        gap = self.theme.space("gap")
        rows, alone = ceil(len(services) / columns), len(services) % columns == 1
        height = (area.h - gap * (rows - 1)) // rows
        cells = [area.take_top(height, gap)] if alone else []
        cells += area.grid(columns, height, gap)
        narrow = min(cells, key=lambda cell: cell.w)
        style, noted, signed = next((plan for plan in self._looks() if all(
            self._has_room(service, narrow, *plan) for service in services)),
            (self.theme.style("body", bold=True), False, False))
        for at, (service, cell) in enumerate(zip(services, cells, strict=False)):
            self._beside(service, cell, style, noted, signed, first=at == 0)

    def _looks(self) -> Iterator[tuple[Style, bool, bool]]:
        """How a tile may look, the best first: its type, with a note, with a sign."""
        names = ("title", "head", "body")
        for noted, signed in ((True, True), (False, True), (False, False)):
            yield from ((self.theme.style(name, bold=True), noted, signed) for name in names)

    def _inside(self, box: Box, signed: bool) -> tuple[Box, Box]:
        """Where the sign and the words are."""
        theme = self.theme
        words = box.inset(theme.mm(4), theme.mm(2))
        side = min(theme.mm(18), words.h) if signed else 0
        return words.take_left(side, theme.mm(4) if side else 0), words

    def _has_room(self, service: Option[Any], box: Box, style: Style, noted: bool, signed: bool) -> bool:
        words, small = self._inside(box, signed)[1], self.theme.style("note")
        note = self._note(service)
        if note is not None and (noted or not service.enabled):
            height, width = self.height(note, words.w, small), self.widest_word(note, small)
        else:
            height = width = 0
        return (max(width, self.widest_word(service.title, style)) <= words.w - self.theme.mm(3)
                and height + self.height(service.title, words.w, style) <= words.h)

    def _beside(self, service: Option[Any], box: Box, style: Style, noted: bool, signed: bool, first: bool) -> None:
        strong = first and service.enabled
        with self.touch(f"answer:{service.value}", box, self._choose(service.value), STRONG if first else PLAIN,
                        service.enabled) as look:
            sign, words = self._inside(box, signed)
            if signed:
                disc = sign.centred(sign.w, sign.w)
                self.panel(disc, CARD_HINT if strong else DISC if service.enabled else DISC_OFF, sign.w)
                self.icon(service.icon, disc, round(sign.w * 0.6), ON_PRIMARY if strong else
                          PRIMARY if service.enabled else look.soft)
            note = self._note(service) if noted or not service.enabled else None
            self.lines(service.title, note, words, style, look)
