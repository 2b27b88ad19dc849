"""A kiosk in a town with its real screens: a body that is used by touch, on the virtual clock.

What is read is what the face says stands on the screen, and a touch is a press and a release of the window at the middle
of what reads so: it goes the way of a real one, through Kivy's provider and the face, to the stage. Time passes for Kivy
as for everybody in the town: only when a test says so.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from core import SIGN, Core  # noqa: E402
from kiosk import app  # noqa: E402
from kiosk.visit import Scene  # noqa: E402
from kiosk.words import mask_id, mask_person, mask_phone, say  # noqa: E402
from lobby import Slot  # noqa: E402
from promises import mend  # noqa: E402
from tables import Player, Table, tables  # noqa: E402
from town import Town  # noqa: E402
from townsfolk import PEOPLE  # noqa: E402
from traces import Shown, kept  # noqa: E402

TELLS = tuple({words for one in PEOPLE.values()
               for words in (one.name, mask_person(one.name), one.number, mask_id(one.number), one.phone,
                             mask_phone(one.phone))})
"""What tells of a person, in full and as it is masked on the screen."""

ZH_DAY = re.compile(r"(\d+)月(\d+)日")
SIZES = {"portrait": (1080, 1920), "landscape": (1920, 1080)}


class Glass:
    """The window of this process, and the face behind it: they stay, whichever kiosk stands behind them."""

    def __init__(self, orientation: str) -> None:
        app.configure(app.Window(*SIZES[orientation]))
        from kivy.base import EventLoop, runTouchApp
        from kivy.clock import Clock
        from kivy.core.window import Window

        from inspection import Deaf
        from screens.face import Face

        self._loop, self._window, self._clock = EventLoop, Window, Clock
        self._since, self.town = Clock.time(), Town()
        Clock._max_fps = 0                           # a frame does not wait for the one before
        Clock.time = lambda: self._since + self.town.clock.now()
        self.face = Face(Deaf(), SIGN, now=lambda: self.town.clock.now(), wall=lambda: self.town.clock.wall())
        runTouchApp(self.face, embedded=True)        # all that Kivy does for an app, but for its loop
        self.face.build_ahead()

    def stand_in(self, town: Town) -> None:
        """Kivy's time goes on where it was; the town's begins."""
        self._since += self.town.clock.now() + 1
        self.town = town

    def tick(self) -> None:
        """Everything that Kivy does in a frame but drawing it: nobody looks."""
        self._clock.tick()
        self._loop.dispatch_input()
        self._clock.tick_draw()

    def frame(self) -> None:
        self._loop.idle()

    def marks(self) -> Iterator[Any]:
        """The letters on the glass."""
        for sheet in self.face._sheets():
            yield from sheet.glyphs()

    def touch(self, item: dict[str, Any]) -> None:
        """A finger on the middle of it."""
        x, y = item["x"] + item["w"] // 2, item["y"] + item["h"] // 2
        for event in ("on_mouse_down", "on_mouse_up"):
            self._window.dispatch(event, x, y, "left", [])
            self.tick()

    def seen(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.face.describe()
        return seen


class Touched(Core):
    """The core, with its face: nothing is asked of the stage but through the glass."""

    def __init__(self, glass: Glass, town: Town, folder: Path) -> None:
        self.glass = glass
        self.shown = Shown(TELLS)
        glass.stand_in(town)
        super().__init__(town, folder)

    def show(self, scene: Scene) -> None:
        self.glass.face.touches = self.stage
        self.glass.face.show(scene)

    def settle(self, seconds: float = 0) -> None:
        """In steps of a second; somebody looks at the end."""
        end = self.now() + seconds
        self.town.clock.go()
        while self.now() < end:
            self.glass.tick()
            self.town.clock.go(min(1.0, end - self.now()))
        self.glass.tick()               # what is drawn in one frame may ask for another: a code
        self.glass.frame()

    # What is seen.

    @property
    def scene(self) -> Scene:
        scene = self.glass.face.scene
        assert scene is not None
        return scene

    def page(self) -> str:
        face = self.glass.face
        return "still" if face._still.active else str(type(face.page).__module__.rpartition(".")[2])

    def words(self) -> str:
        self.shown.note(self.glass.marks())
        return "\n".join(item["text"] for item in self.glass.seen())

    # What a person does.

    def touch(self, text: str) -> None:
        if self.page() == "still":
            self.stay()
        self._touch_item(self._turn_to(text))

    def take_time(self, on: str = "", at: str = "") -> None:
        if match := ZH_DAY.search(on):
            self._touch_item(self._turn_to(f"{match[1]}/{match[2]}"))
        self._touch_item(self._turn_to(f"{at or ':'}", "segment:"))

    def type(self, number: str) -> None:
        """Whatever was typed before is cleared first."""
        if self._find(self.read(say("keypad.clear"))):
            self.touch(self.read(say("keypad.clear")))
        for character in number:
            self.touch(character)
        self.touch(self.read(say("keypad.done")))

    def back(self) -> None:
        self.touch(self.read(say("screen.back")))

    def home(self) -> None:
        self.touch(self.read(say("screen.leave")))

    def stay(self) -> None:
        """That can only be said when it is asked."""
        for _ in range(60):
            if self.page() == "still":
                break
            self.settle(1)
        self._touch_item(self._turn_to(self.read(say("still.stay"))))

    def language(self, language: str) -> None:
        if self.scene.comfort.language != language:
            self.touch(self.read(say("screen.other_language")))

    def size(self, size: str) -> None:
        if self.scene.comfort.size != size:
            self.touch(self.read(say("screen.larger" if size == "large" else "screen.smaller")))

    def walk_away(self) -> None:
        """Until the welcome page stands again and nothing is being settled; a second is not missed."""
        for _ in range(1200):
            if self.over:
                return
            self.settle(1)

    def _touch_item(self, item: dict[str, Any]) -> None:
        self.touches += 1
        self.glass.touch(item)
        self.settle()

    def _turn_to(self, text: str, key: str = "") -> dict[str, Any]:
        """What reads so, on this leaf of the page or a later one."""
        for _ in count():
            found = self._find(text, key)
            further = self._find(self.read(say("screen.next")), "page:")
            if found or not further:
                break
            self._touch_item(further[0])
        assert found, f"nothing to touch reads {text!r}"
        return found[0]

    def _find(self, text: str, key: str = "") -> list[dict[str, Any]]:
        """What can be touched and reads so, or begins so, or has it in it: the nearest first."""
        ready = [item for item in self.glass.seen() if item["role"] == "button" and item["enabled"]
                 and item["key"].startswith(key) and text in item["text"]]
        return sorted(ready, key=lambda item: (item["text"] != text, not item["text"].startswith(text)))

    # What stays behind.

    def traces(self) -> list[str]:
        """Of all the people of the town, in the kiosk's memory and on its glass."""
        alarms = [alarm.call for alarm in self.town.clock._alarms]
        kiosk = [self.stage, self.desk, self.journal, self.sync, self.glass.face, *alarms,
                 *self.services]
        town = self.town
        lying = [service.device.lying for service in self.services if isinstance(service.device, Slot)]     # unread
        outside = [self, town, town.hospital, town.clock, town.fuse, self.printer, *lying]
        return [*kept(TELLS, kiosk, outside), *self.shown.left()]

    @property
    def over(self) -> bool:
        return self.page() == "welcome" and self.stage.idle


def play(glass: Glass, table: Table, folder: Path) -> None:
    """The table; then the person goes, and a second later the machine knows nothing of them."""
    body = Touched(glass, Town(), folder)
    Player(body).play(table)
    body.walk_away()
    if not body.over:
        mend(body)
        body.walk_away()
    assert body.over, f"in the end the page is {body.page()}"
    body.settle(1)
    traces = body.traces()
    assert not traces, "\n".join(["there are traces", *traces])


def look(glass: Glass, table: Table, folder: Path) -> None:
    """Whoever looks for traces must find those of a person who still stands there."""
    body = Touched(glass, Town(), folder)
    Player(body).play(table, until=[step.page for step in table.steps].index("confirm"))
    assert "测**" in body.words()
    memory, letters = body.traces(), body.shown.left()
    body.walk_away()
    assert any("测试甲" in trace for trace in memory), memory
    assert letters, "no letters told of the person"


def main() -> None:
    """Plays what is asked for, a line of standard input each (`look` or `play`, a tab, a title); what was wrong with it
    is a line of JSON, empty when nothing was."""
    glass = Glass(sys.argv[1])
    every = {table.title: table for table in tables()}
    for line in sys.stdin.read().splitlines():
        work, _, title = line.partition("\t")
        wrong = ""
        with TemporaryDirectory() as folder:
            try:
                {"look": look, "play": play}[work](glass, every[title], Path(folder))
            except Exception:
                wrong = traceback.format_exc()
        print(json.dumps(wrong), flush=True)


if __name__ == "__main__":
    main()
