"""Scan this code and pay: how much, with what, for what, and how long."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from kivy.clock import Clock
from kivy.graphics.texture import Texture

from kiosk.care import Order
from kiosk.requests import Pay, PayWith
from kiosk.visit import Scene
from kiosk.words import Text, money, say
from screens.box import Box
from screens.leaf import CARD, Leaf
from screens.theme import INK, NONE, PLAIN, PRIMARY, PRIMARY_TINT, SOFT, STRONG, SURFACE, Look

WHITE = Look(SURFACE, INK, INK, PRIMARY)
TINT = Look(PRIMARY_TINT, INK, SOFT, NONE)
QUIET_ZONE = 4                     # modules of white around the code (ISO/IEC 18004, 6.3.8)


class Page(Leaf):
    """The code is drawn after the frame that shows the sum: making it takes longer than a blink."""

    tall = True
    sign = "phone"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._code: tuple[str, Any] | None = None

    def forget(self) -> None:
        self._code = None
        super().forget()

    def draw(self, scene: Scene, ask: Pay) -> None:
        theme, rest = self.theme, self.area.copy()
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        if rest.portrait:
            self._sum(rest.take_top(self._sum_height(), theme.mm(4)), ask.order.amount)
            form = min(self.form_height(ask.rows, rest.w), rest.h - theme.mm(120))
            if ask.rows:
                self.form(ask.rows, rest.take_bottom(form, theme.mm(4)))
            self._ways(rest, ask.order)
            self._scan(rest, ask.order, scene.ends_at)
        else:
            self._scan(rest.take_left(rest.w * 0.52, theme.mm(6)), ask.order, scene.ends_at)
            self._sum(rest.take_top(self._sum_height(), theme.mm(5)), ask.order.amount)
            self._ways(rest, ask.order)
            self.form(ask.rows, rest)
        if scene.ends_at is not None:
            self.every(1.0, self.redraw)

    def hint(self, scene: Scene) -> Text | None:
        ask: Any = scene.ask
        return super().hint(scene) if ask.order.code_url else say("pay.on_phone")

    def _ways(self, rest: Box, order: Order) -> None:
        """A tab for each channel, where there are several: touching another one asks for its code instead."""
        if len(order.channels) < 2 or not order.code_url:
            return
        bar = rest.take_top(self.theme.space("target"), self.theme.mm(4))
        for channel, box in zip(order.channels, bar.columns(len(order.channels), self.theme.space("gap")), strict=True):
            chosen = channel == order.channel
            self.button(f"way:{channel}", say(f"pay.tab.{channel}"), box, self._choose(channel, chosen),
                        STRONG if chosen else PLAIN, icon="check" if chosen else "")

    def _choose(self, channel: str, chosen: bool) -> Callable[[], None]:
        return self.redraw if chosen else lambda: self.answer(PayWith(channel))

    def _sum_height(self) -> int:
        return self.theme.mm(1.3 * self.theme.style("huge").size / self.theme.px_per_mm + 6)

    def _sum(self, box: Box, fen: int) -> None:
        self.panel(box, TINT)
        amount = money(fen, self.language)
        self.write(amount, box, self.fitting(amount, box.inset(self.theme.mm(5), 0), ("huge", "figure")), PRIMARY,
                   align="center", valign="middle", role="value", key="amount")

    def _scan(self, box: Box, order: Order, ends_at: float | None) -> None:
        theme = self.theme
        self.panel(box, CARD)
        inner = box.inset(theme.mm(6), theme.mm(5))
        channel = say("pay.scan", app=say(f"pay.app.{order.channel}")) if order.code_url else say("pay.confirm")
        head = self.fitting(channel, Box(0, 0, inner.w, theme.mm(38)), ("head", "body", "note"))
        self.write(channel, inner.take_top(self.height(channel, inner.w, head), theme.mm(3)), head, align="center",
                   valign="middle", key="app")
        if ends_at is not None:
            left = max(0, ceil(ends_at - self.room.now()))
            words = say("pay.left", minutes=f"{left // 60}:{left % 60:02d}")
            style = theme.style("body", bold=True)
            row = inner.take_bottom(self.height(words, inner.w - theme.mm(16), style), theme.mm(3))
            wide = min(row.w, self.width(words, style) + theme.mm(14))
            row = row.centred(wide, row.h)
            self.icon("clock", row.take_left(theme.mm(11), theme.mm(3)), theme.mm(10), SOFT)
            self.write(words, row, style, SOFT, valign="middle", role="countdown", key="left")
        if not order.code_url:
            side = min(inner.w, inner.h, theme.mm(60))
            self.icon("phone", inner.centred(side, side), side, PRIMARY)
            return
        other, small = say("pay.or_code"), theme.style("note")
        self.write(other, inner.take_bottom(self.height(other, inner.w, small), theme.mm(2)), small, SOFT, align="center",
                   valign="middle", key="or_code")
        side = min(inner.w, inner.h, theme.mm(150))
        self._draw_code(inner.centred(side, side), order.code_url)

    def _draw_code(self, box: Box, url: str) -> None:
        self.panel(box, WHITE)
        if self._code is None or self._code[0] != url:
            self._code = None
            Clock.schedule_once(lambda _: self._make(url), 0)
            return
        texture = self._code[1]
        scale = box.w // texture.width          # whole pixels a module, or phones see a moiré
        if scale:
            self.picture(box.centred(texture.width * scale, texture.height * scale), texture)

    def _make(self, url: str) -> None:
        if self._code is None and self._beat is not None:
            self._code = (url, code_texture(url))
            self.redraw()


def code_texture(url: str) -> Any:
    """The QR code of an address, one pixel a module, its quiet zone included."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(border=QUIET_ZONE, error_correction=ERROR_CORRECT_M)
    code.add_data(url)
    code.make()
    rows = code.get_matrix()
    side = len(rows)
    texture = Texture.create(size=(side, side), colorfmt="rgb")
    texture.mag_filter = texture.min_filter = "nearest"
    pixels = b"".join(b"\x00\x00\x00" if dark else b"\xff\xff\xff" for row in reversed(rows) for dark in row)
    texture.blit_buffer(pixels, colorfmt="rgb", bufferfmt="ubyte")
    return texture
