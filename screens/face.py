"""The machine's face: shows a scene, and hands a person's touches to the stage.

One finger at a time, one answer per scene: a second finger, and whatever is touched between an answer and the next
scene, is nothing. `screens/<page>.py` is found by its name; the welcome page is built first, the others one by one
while nobody waits.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout

from kiosk.visit import Comfort, Scene
from kiosk.words import Name
from screens.box import Box
from screens.frame import Frame
from screens.leaf import Leaf, Room
from screens.sheet import Sheet, Target
from screens.still import Still
from screens.theme import GROUND, Theme

PAGES = ("welcome", "wait", "present", "choose", "time", "confirm", "keypad", "pay", "done", "trouble", "list")

# Staff ask for the service menu by touching what answers nothing: the house's sign three times, then the clock twice, within
# some seconds, on a page where nobody's visit stands; or while they wait for its end, if they cannot.
KNOCK = ("sign", "sign", "sign", "clock", "clock")
KNOCK_TIME = 6.0
KNOCKED_ON = ("welcome", "closed")

# Pages that are asked anew every few seconds, to show how things are.
LIVE = ("board", "guide")

# A finger that has lain still this long is a palm or an elbow: it no longer keeps others out.
_RESTING = 2.0


class Touches(Protocol):
    """What the face calls; `serial` is that of the scene the touch was made on."""

    def answer(self, serial: int, value: Any) -> None: ...
    def back(self, serial: int) -> None: ...
    def leave(self, serial: int) -> None: ...
    def stay(self, serial: int) -> None: ...
    def comfort(self, comfort: Comfort) -> None: ...
    def serve(self) -> None: ...


@dataclass
class _Finger:
    touch: Any
    sheet: Sheet
    key: str


class Face(FloatLayout):  # type: ignore[misc]  # Kivy is untyped
    """All that a person sees. `now` is the stage's clock, `wall` the hospital's time of day."""

    def __init__(self, touches: Touches, hospital: Name = Name("医院", "Hospital"), px_per_mm: float = 4.0,
                 now: Callable[[], float] = time.monotonic,
                 wall: Callable[[], dt.datetime] = dt.datetime.now) -> None:
        super().__init__()
        self.touches = touches
        self.room = Room(hospital, now, wall, px_per_mm)
        self.scene: Scene | None = None
        self.page: Leaf | None = None
        self._pages: dict[str, Leaf] = {}
        self._frame = Frame(self.room, self)
        self._still = Still(self.room, self.stay)
        self._finger: _Finger | None = None
        self._spent = False
        self._knocks: list[tuple[str, float]] = []
        Window.clearcolor = GROUND
        self.add_widget(self._frame)
        self.add_widget(self._still)
        self.bind(size=lambda *_: self.redraw())
        self._tick_at_the_minute()

    # What the stage calls.

    def show(self, scene: Scene) -> None:
        """Draws the scene; what the last one said is forgotten, except by the same question asked again."""
        page = self._page(scene.ask.page)
        asks_still = scene.seconds_left is not None
        if self.scene is None or scene.serial != self.scene.serial or asks_still is not self._still.active:
            self._release()
        if self._spent:
            self._quiet()
        if self.page is not page:
            if self.page is not None:
                self.page.clear()
                self.remove_widget(self.page)
            self.add_widget(page, index=1)
        elif self.scene is not None and self.scene.ask != scene.ask and not self._looks_again(scene):
            page.forget()
        self.page, self.scene, self._spent = page, scene, False
        self.redraw()

    def _looks_again(self, scene: Scene) -> bool:
        """The same board, with how things are now: whoever turned its leaf stays there."""
        return scene.ask.page in LIVE and self.scene is not None and self.scene.ask.title == scene.ask.title

    def build_ahead(self) -> None:
        """Builds the pages that were not shown yet, one a frame, so that the first to need one does not wait."""
        missing = [name for name in PAGES if name not in self._pages]
        if missing:
            self._page(missing[0])
            Clock.schedule_once(lambda _: self.build_ahead(), 0)

    # What is seen.

    def redraw(self) -> None:
        """Draws the present scene again."""
        if self.scene is None or self.page is None or self.width < 200:
            return
        theme = Theme(self.room.px_per_mm, self.scene.comfort.size)
        window = Box(0, 0, int(self.width), int(self.height))
        area = self._frame.show(self.scene, theme, window, self.page)
        self.page.show(self.scene, theme, area)
        self._still.show(self.scene, theme, window)

    def _redraw_page(self) -> None:
        if self.scene is not None and self.page is not None:
            self.page.show(self.scene, self.page.theme, self.page.area.copy())

    def _page(self, name: str) -> Leaf:
        if name not in self._pages:
            module = import_module(f"screens.{name}")
            self._pages[name] = module.Page(self.room, self.answer, self._redraw_page)
        return self._pages[name]

    def _tick_at_the_minute(self) -> None:
        Clock.schedule_once(lambda _: self._tick_at_the_minute(), 60.5 - self.room.wall().second)
        self.redraw()

    def describe(self) -> list[dict[str, Any]]:
        """What can be seen and touched now: role (button, text, title, complaint, sign, …), key, text, x, y, w, h in window
        pixels from the top left, enabled. While the overlay asks, only the overlay."""
        sign = [] if self._still.active else [{"role": "sign", "key": "sign", "text": "", "enabled": True,
                                               **self._where(self._frame.sign)}]
        return [item for sheet in self._sheets() for item in self._described(sheet)] + sign

    def _sheets(self) -> list[Sheet]:
        if self._still.active:
            return [self._still]
        return [sheet for sheet in (self.page, self._frame) if sheet is not None]

    def _described(self, sheet: Sheet) -> Iterable[dict[str, Any]]:
        for target in sheet.targets:
            yield {"role": "button", "key": target.key, "text": " ".join(target.words), "enabled": target.enabled,
                   **self._where(target.box)}
        for mark in sheet.glyphs():
            if mark.role != "icon":
                yield {"role": mark.role, "key": mark.key, "text": mark.text.replace("\n", " "), "enabled": True,
                       **self._where(mark.box)}

    def _where(self, box: Box) -> dict[str, int]:
        return {"x": box.x, "y": int(self.height) - box.top, "w": box.w, "h": box.h}

    # What is touched. A finger holds a key, not a drawing: what it presses may be drawn anew under it.

    def on_touch_down(self, touch: Any) -> bool:
        if self._finger is not None and touch.time_start - self._finger.touch.time_update < _RESTING:
            return True
        if touch.is_mouse_scrolling or touch.button not in (None, "left") or self._spent:
            return True
        self._release()
        found = self._target(touch)
        if found is None:
            self._knock(touch)
        else:
            sheet, target = found
            sheet.press(target.key)
            self._finger = _Finger(touch, sheet, target.key)
            if self.scene is not None and self.scene.ask.page in LIVE:
                self.touches.stay(self.scene.serial)    # the page does not change under a finger
        return True

    def _knock(self, touch: Any) -> None:
        if self.scene is None or not (self.scene.staff or self.scene.ask.page in KNOCKED_ON):
            return
        self._knocks = [*self._knocks, (self._frame.furniture_at(touch.x, touch.y), self.room.now())][-len(KNOCK):]
        if tuple(what for what, _ in self._knocks) == KNOCK and self.room.now() - self._knocks[0][1] <= KNOCK_TIME:
            self._knocks.clear()
            self.touches.serve()

    def on_touch_move(self, touch: Any) -> bool:
        return True

    def on_touch_up(self, touch: Any) -> bool:
        finger = self._finger
        if finger is None or finger.touch is not touch:
            return True
        self._release()
        found = self._target(touch)
        if found is not None and found[0] is finger.sheet and found[1].key == finger.key and not self._spent:
            found[1].act()
            if self._spent:
                finger.sheet.press(finger.key)      # the machine is busy with it until the next scene
            elif self.scene is not None:
                self.touches.stay(self.scene.serial)    # a digit, another leaf: no answer yet, but somebody is there
        return True

    def _target(self, touch: Any) -> tuple[Sheet, Target] | None:
        if self._still.active:
            return self._still, self._still.targets[0]
        for sheet in self._sheets():
            target = sheet.target_at(touch.x, touch.y)
            if target is not None:
                return (sheet, target) if target.enabled else None
        return None

    def _quiet(self) -> None:
        """Nothing looks busy any more."""
        for sheet in self._sheets():
            sheet.press("")

    def _release(self) -> None:
        if self._finger is not None:
            self._finger.sheet.press("")
            self._finger = None

    # What a touch means. The first that speaks to the stage is the only one until the next scene.

    def answer(self, value: Any) -> None:
        self._tell(lambda serial: self.touches.answer(serial, value))

    def back(self) -> None:
        self._tell(self.touches.back)

    def leave(self) -> None:
        self._tell(self.touches.leave)

    def stay(self) -> None:
        self._tell(self.touches.stay)

    def comfort(self, comfort: Comfort) -> None:
        self._tell(lambda _: self.touches.comfort(comfort))

    def _tell(self, call: Callable[[int], None]) -> None:
        if self.scene is not None and not self._spent:
            self._spent = True
            call(self.scene.serial)
