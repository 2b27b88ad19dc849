"""Do this, then this: steps with a drawing each, how the device is meanwhile, and the way on."""

from __future__ import annotations

from kiosk.requests import Option
from kiosk.requests.service import Guide, Lamp
from kiosk.visit import Scene
from kiosk.words import Text
from screens import lamps
from screens.box import Box
from screens.leaf import CARD
from screens.theme import INK, ON_PRIMARY, PLAIN, PRIMARY, PRIMARY_TINT, SOFT, STRONG, Look
from screens.tiles import Tiles

DISC = Look(PRIMARY_TINT, PRIMARY, PRIMARY)
NUMBER = Look(PRIMARY, ON_PRIMARY, ON_PRIMARY)

PICTURES: dict[str, tuple[tuple[str, str], ...]] = {
    "roll": (("printer", "open"), ("roll", "put"), ("roll", "pull"), ("printer", "check")),
    "jam": (("printer", "open"), ("roll", "pull"), ("settings", "repeat"), ("printer", "check")),
    "head": (("printer", "open"), ("head", "forward"), ("clock", "wait"), ("printer", "check")),
    "box": (("box", "open"), ("list", "cards"), ("box", "check")),
    "hopper": (("cards", "open"), ("cards", "put"), ("cards", "check")),
}
"""For each step: what it is about, and what is done with it."""


class Page(Tiles):
    """A card a step: its number, its drawing, its words. The device's own word stands below them."""

    tall = True

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: Guide) -> None:
        theme, rest = self.theme, self.area.copy()
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        self._ways_on(ask.options, rest)
        if ask.lamp is not None:
            self._state(ask.lamp, rest)
        gap = theme.space("gap")
        pictures = PICTURES.get(ask.picture, ((ask.picture, "touch"),) * len(ask.steps))
        steps = [(at + 1, step, pictures[at]) for at, step in enumerate(ask.steps)]
        least = max(self._step_height(step, rest.w) for step in ask.steps)
        fit = max(1, (rest.h + gap) // (least + gap))
        if fit < len(steps):
            bar = rest.take_bottom(self.pager_height(), theme.mm(4))
            fit = max(1, (rest.h + gap) // (least + gap))
            self.pager(bar, -(-len(steps) // fit))
        height = min(theme.mm(60), (rest.h - gap * (min(fit, len(steps)) - 1)) // min(fit, len(steps)))
        for number, step, picture in self.leaf_of(steps, fit):
            self._step(number, step, picture, rest.take_top(height, gap))

    def _ways_on(self, options: tuple[Option[str], ...], rest: Box) -> None:
        theme, gap = self.theme, self.theme.space("gap")
        cells = rest.take_bottom(theme.mm(24), theme.mm(5)).columns(len(options), gap)
        for at, (option, cell) in enumerate(zip(reversed(options), cells, strict=True)):
            first = at == len(options) - 1
            words = option.title if option.enabled or option.why is None else option.why
            self.button(f"answer:{option.value}", words, cell, self._choose(option.value), STRONG if first else PLAIN,
                        icon=option.icon, enabled=option.enabled)

    def _state(self, lamp: Lamp, rest: Box) -> None:
        theme, style = self.theme, self.theme.style("body", bold=True)
        width = rest.w - theme.mm(30)
        bar = rest.take_bottom(max(theme.mm(19), self.height(lamp.words, width, style) + theme.mm(6)), theme.mm(5))
        self.panel(bar, CARD)
        row = bar.inset(theme.mm(5), 0)
        lamps.draw(self, lamp.level, row.take_left(theme.mm(14), theme.mm(4)), theme.mm(13))
        self.write(lamp.words, row, style, INK, valign="middle", key="state")

    def _step_columns(self, cell: Box) -> tuple[Box, Box, Box]:
        """Its drawing, its number, its words."""
        theme = self.theme
        row = cell.inset(theme.mm(5), theme.mm(3))
        return row.take_left(theme.mm(38), theme.mm(6)), row.take_left(theme.mm(12), theme.mm(2)), row

    def _step_height(self, step: Text, width: int) -> int:
        *_, words = self._step_columns(Box(0, 0, width, 100))
        return max(self.theme.mm(26), self.height(step, words.w, self.theme.style("body")) + self.theme.mm(6))

    def _step(self, number: int, step: Text, picture: tuple[str, str], cell: Box) -> None:
        theme = self.theme
        self.panel(cell, CARD)
        drawing, count, row = self._step_columns(cell)
        side = min(theme.mm(38), row.h)
        disc = drawing.centred(side, side)
        self.panel(disc, DISC, side)
        what, done = picture
        self.icon(what, disc, round(side * 0.52), PRIMARY)
        badge = round(side * 0.36)
        corner = Box(disc.right - badge, disc.y, badge, badge)
        self.panel(corner, NUMBER, badge)
        self.icon(done, corner, round(badge * 0.72), ON_PRIMARY)
        self.write(str(number), count, theme.style("title", bold=True), SOFT, align="center", valign="middle")
        self.write(step, row, self.fitting(step, row, ("head", "body"), bold=False), INK, valign="middle")
