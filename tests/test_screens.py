"""What touches mean: one finger, one answer, nothing by accident, and nothing left of the last person."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import scenes
from kiosk.care import Choice, Half
from kiosk.requests import Choose, ChooseTime, Confirm, EnterNumber, Option, Pay, Row, TypeInstead
from kiosk.visit import Comfort, Scene, Size
from kiosk.words import Language, Name, say
from virtual_screen import virtual_screen

PAGES = scenes.all_scenes()


class Recorder:
    """The stage's side: what the face said."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def answer(self, serial: int, value: object) -> None:
        self.said.append(("answer", serial, value))

    def back(self, serial: int) -> None:
        self.said.append(("back", serial))

    def leave(self, serial: int) -> None:
        self.said.append(("leave", serial))

    def stay(self, serial: int) -> None:
        self.said.append(("stay", serial))

    def comfort(self, comfort: Comfort) -> None:
        self.said.append(("comfort", comfort))

    def serve(self) -> None:
        self.said.append(("serve",))


class Machine:
    """The face in its window, and fingers to touch it."""

    def __init__(self) -> None:
        from kivy.base import EventLoop
        from kivy.core.window import Window
        from kivy.input.motionevent import MotionEvent

        from screens.face import Face

        class Finger(MotionEvent):  # type: ignore[misc]
            def depack(self, args: tuple[float, float]) -> None:
                (self.sx, self.sy), self.profile = args, ["pos"]
                super().depack(args)

        self.loop, self.window, self.finger = EventLoop, Window, Finger
        self.recorder = Recorder()
        self.time = 0.0
        self.face = Face(self.recorder, scenes.HOSPITAL, now=lambda: self.time, wall=lambda: scenes.NOW)
        Window.add_widget(self.face)
        EventLoop.window = Window
        self.flips = 0
        Window.bind(on_flip=self._flipped)

    def _flipped(self, *_: object) -> None:
        self.flips += 1

    def close(self) -> None:
        self.face.show(PAGES["welcome"])
        self.window.unbind(on_flip=self._flipped)
        self.window.remove_widget(self.face)

    def frames(self, count: int = 2) -> None:
        for _ in range(count):
            self.loop.idle()

    def show(self, scene: Scene) -> None:
        self.face.show(scene)
        self.frames()

    def item(self, key: str) -> dict[str, Any]:
        return next(item for item in self.face.describe() if item["key"] == key)

    def down(self, x: float, y: float) -> Any:
        width, height = self.window.size
        touch = self.finger("test", 1, args=(x / (width - 1), 1 - y / (height - 1)), is_touch=True, type_id="touch")
        self.loop.post_dispatch_input("begin", touch)
        return touch

    def up(self, touch: Any) -> None:
        self.loop.post_dispatch_input("end", touch)

    def press(self, key: str) -> Any:
        item = self.item(key)
        return self.down(item["x"] + item["w"] / 2, item["y"] + item["h"] / 2)

    def touch(self, *keys: str) -> None:
        for key in keys:
            self.up(self.press(key))

    @property
    def answers(self) -> list[Any]:
        return [said[2] for said in self.recorder.said if said[0] == "answer"]


@pytest.fixture(scope="module")
def screen() -> Iterator[None]:
    with virtual_screen(1080, 1920) as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        from kiosk import app
        app.configure(app.Window(1080, 1920))
        yield
        from kivy.core.window import Window
        Window.close()


@pytest.fixture
def machine(screen: None) -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.close()


# Answers.


@pytest.mark.parametrize(("page", "key", "value"), [
    ("welcome", "answer:register", "register"),
    ("welcome", "answer:enroll", "enroll"),
    ("choose-departments", "option:1", "03.02"),
    ("choose-kinds", "option:1", "expert"),
    ("list", "option:2", 2),
    ("confirm-person", "yes", True),
    ("confirm-person", "no", False),
    ("present", "typed", TypeInstead()),
    ("done-ticket", "yes", None),
    ("trouble-slow", "option:1", "leave"),
])
def test_a_touch_answers_with_what_it_says(machine: Machine, page: str, key: str, value: object) -> None:
    machine.show(PAGES[page])
    machine.touch(key)
    assert machine.recorder.said == [("answer", PAGES[page].serial, value)]


def test_a_time_is_a_session_and_a_segment(machine: Machine) -> None:
    machine.show(PAGES["time"])
    machine.touch("day:2", "segment:8")
    session = next(session for session in scenes.fortnight() if session.day.day == 23 and session.half is Half.PM)
    assert machine.answers == [Choice(session, session.segments[0])]


def test_what_is_full_or_closed_cannot_be_touched(machine: Machine) -> None:
    machine.show(PAGES["time"])
    machine.touch("day:1", "day:3", "segment:3")
    machine.show(PAGES["choose-kinds"])
    machine.touch("option:2")
    machine.show(PAGES["welcome-closed"])
    machine.touch("answer:register", "back", "home")
    assert machine.recorder.said == []
    assert not machine.item("answer:register")["enabled"]


def test_a_number_is_typed_corrected_and_confirmed(machine: Machine) -> None:
    machine.show(replace(PAGES["keypad-id"], complaint=None))
    assert not machine.item("yes")["enabled"] and not machine.item("digit:X")["enabled"]
    machine.touch("digit:9", "digit:8", "delete", *(f"digit:{digit}" for digit in "9999919450101001"), "digit:X")
    machine.touch("digit:5", "yes")         # an 19th digit is no digit
    assert machine.answers == ["99999919450101001X"]


def test_who_types_or_turns_leaves_is_there(machine: Machine) -> None:
    """A touch that is no answer yet begins the person's time anew: nobody is asked whether they are there mid-number."""
    machine.show(PAGES["keypad-id"])
    machine.touch("digit:1", "digit:3")
    assert machine.recorder.said == [("stay", machine.face.scene.serial)] * 2 and not machine.answers


def test_typed_digits_are_hidden_but_for_the_last_four(machine: Machine) -> None:
    machine.show(PAGES["keypad-phone"])
    machine.touch(*(f"digit:{digit}" for digit in "19900004"))
    assert [item["text"] for item in machine.face.describe() if item["role"] == "digit"] == [*"0004"]


def test_typed_digits_stay_after_a_complaint_and_in_another_language_and_no_longer(machine: Machine) -> None:
    scene = PAGES["keypad-phone"]
    machine.show(scene)
    machine.touch(*(f"digit:{digit}" for digit in "19900000000"), "yes")
    machine.show(replace(scene, complaint=scenes.BAD_NUMBER))
    machine.show(replace(scene, comfort=Comfort(Language.EN), complaint=scenes.BAD_NUMBER))
    machine.touch("yes")
    assert machine.answers == ["19900000000"] * 2
    machine.show(Scene(EnterNumber("another", "phone"), 8))
    assert not machine.item("yes")["enabled"]


def test_every_doctor_is_reached_by_turning_leaves(machine: Machine) -> None:
    machine.show(PAGES["choose-doctors"])
    seen: list[str] = []
    for _ in range(40):
        seen += [item["key"] for item in machine.face.describe() if item["key"].startswith("option:")]
        if not machine.item("page:next")["enabled"]:
            break
        machine.touch("page:next")
    assert seen == [f"option:{at}" for at in range(40)]
    machine.touch("page:previous", "option:30")
    assert machine.answers == [30]


def test_back_home_language_and_size(machine: Machine) -> None:
    scene = PAGES["choose-kinds"]
    for key in ("back", "home", "language", "size"):
        machine.show(scene)
        machine.touch(key)
    assert machine.recorder.said == [("back", 7), ("leave", 7), ("comfort", Comfort(Language.EN, Size.NORMAL)),
                                     ("comfort", Comfort(Language.ZH, Size.LARGE))]


def test_the_furniture_stays_in_its_place(machine: Machine) -> None:
    places = set()
    for scene in PAGES.values():
        machine.show(replace(scene, seconds_left=None))
        places.add(tuple((item["x"], item["y"]) for key in ("back", "home", "language", "size")
                         for item in [machine.item(key)]))
    assert len(places) == 1


# Fingers.


def test_two_fingers_at_once_are_one_answer(machine: Machine) -> None:
    machine.show(PAGES["choose-kinds"])
    first, second = machine.press("option:0"), machine.press("option:1")
    machine.up(second)
    machine.up(first)
    assert machine.answers == ["general"]


def test_after_an_answer_nothing_counts_until_the_next_scene(machine: Machine) -> None:
    scene = PAGES["choose-kinds"]
    machine.show(scene)
    machine.touch("option:0", "option:1", "back", "home", "language")
    assert machine.answers == ["general"] and len(machine.recorder.said) == 1
    machine.show(replace(scene, serial=8))
    machine.touch("option:1")
    assert machine.answers == ["general", "expert"]


def test_a_finger_that_slides_away_or_presses_nothing_says_nothing(machine: Machine) -> None:
    machine.show(PAGES["choose-kinds"])
    touch = machine.press("option:0")
    touch.sy = 0.95
    machine.up(touch)
    machine.up(machine.down(540, 400))
    assert machine.recorder.said == []


def test_a_finger_beside_a_target_by_less_than_half_a_gap_means_it(machine: Machine) -> None:
    machine.show(PAGES["choose-kinds"])
    item = machine.item("option:0")
    machine.up(machine.down(item["x"] + 100, item["y"] + item["h"] + 4))
    assert machine.answers == ["general"]


def test_a_press_outlasts_a_redrawing_but_not_another_question(machine: Machine) -> None:
    scene = PAGES["choose-kinds"]
    machine.show(scene)
    touch = machine.press("option:0")
    machine.face.redraw()
    machine.up(touch)
    assert machine.answers == ["general"]
    machine.show(scene)
    touch = machine.press("option:1")
    machine.show(replace(scene, serial=8))
    machine.up(touch)
    assert machine.answers == ["general"]


def test_a_palm_that_rests_does_not_keep_fingers_out(machine: Machine) -> None:
    machine.show(PAGES["choose-kinds"])
    palm = machine.press("option:0")
    palm.time_update -= 3
    machine.touch("option:1")
    machine.up(palm)
    assert machine.answers == ["expert"]


# The service menu.


def knock(machine: Machine, *what: str) -> None:
    """Touch the house's sign or the clock, half a second apart."""
    for place in what:
        item = machine.item(place)
        machine.up(machine.down(item["x"] + item["w"] / 2, item["y"] + item["h"] / 2))
        machine.time += 0.5


PATTERN = ("sign", "sign", "sign", "clock", "clock")


@pytest.mark.parametrize(("page", "touches", "wait", "asked"), [
    ("welcome", PATTERN, 0.0, True), ("closed", PATTERN, 0.0, True), ("welcome", ("sign", *PATTERN), 0.0, True),
    ("welcome", ("sign", "sign", "clock", "clock"), 0.0, False), ("welcome", tuple(reversed(PATTERN)), 0.0, False),
    ("welcome", PATTERN, 3.0, False), ("choose-kinds", PATTERN, 0.0, False), ("pay", PATTERN, 0.0, False)])
def test_staff_knock_and_patients_do_not(machine: Machine, page: str, touches: tuple[str, ...], wait: float,
                                         asked: bool) -> None:
    machine.show(PAGES[page])
    for place in touches:
        knock(machine, place)
        machine.time += wait
    assert machine.recorder.said == ([("serve",)] if asked else [])


def test_a_pin_is_never_seen(machine: Machine) -> None:
    machine.show(PAGES["service-pin"])
    machine.touch(*(f"digit:{digit}" for digit in "482915"))
    assert not [item for item in machine.face.describe() if item["role"] == "digit"]
    machine.touch("yes")
    assert machine.answers == ["482915"]


def test_a_staff_number_has_three_to_eight_digits(machine: Machine) -> None:
    machine.show(PAGES["service-number"])
    machine.touch("digit:1", "digit:0")
    assert not machine.item("yes")["enabled"]
    machine.touch("digit:0", "digit:1")
    assert machine.item("yes")["enabled"]
    machine.touch("yes")
    assert machine.answers == ["1001"]


def test_every_lamp_is_touched_on_its_leaf(machine: Machine) -> None:
    machine.show(PAGES["service-board"])
    seen = set()
    for _ in range(6):
        seen |= {item["key"] for item in machine.face.describe() if item["key"].startswith("lamp:")}
        machine.touch("page:next")
    assert len(seen) == len(PAGES["service-board"].ask.lamps)
    machine.show(replace(PAGES["service-board"], serial=8))
    machine.touch("page:previous", "page:previous", "page:previous", "page:previous", "page:previous", "lamp:printer")
    assert machine.answers == ["lamp:printer"]


def test_a_board_does_not_change_under_a_finger(machine: Machine) -> None:
    scene = PAGES["service-board"]
    machine.show(scene)
    touch = machine.press("answer:closing")
    assert machine.recorder.said == [("stay", scene.serial)]
    machine.up(touch)
    assert machine.answers == ["closing"]


def test_a_task_is_not_done_before_the_device_is_well(machine: Machine) -> None:
    machine.show(PAGES["service-task-roll"])
    machine.touch("answer:done")
    assert machine.answers == []
    machine.show(PAGES["service-task-jam"])
    machine.touch("answer:done")
    assert machine.answers == ["done"]


def test_the_touch_test_counts_what_was_not_felt(machine: Machine) -> None:
    machine.show(PAGES["service-touch"])
    fields = [item["key"] for item in machine.face.describe() if item["key"].startswith("field:")]
    assert len(fields) > 60
    machine.touch(*fields[:-2], "end")
    assert machine.answers == [2]
    machine.show(PAGES["welcome"])
    machine.show(replace(PAGES["service-touch"], serial=8))
    machine.touch("end")
    machine.show(PAGES["welcome"])
    machine.show(replace(PAGES["service-touch"], serial=9))
    machine.touch(*fields)
    assert machine.answers == [2, len(fields), 0]


def test_the_screen_test_ends_after_the_last_colour(machine: Machine) -> None:
    machine.show(PAGES["service-colours"])
    machine.touch(*["field"] * 4)
    assert machine.answers == []
    machine.touch("field")
    assert machine.answers == [None]


def test_addresses_are_typed_on_two_layers(machine: Machine) -> None:
    machine.show(PAGES["service-keyboard"])
    machine.touch("clear", "key:t", "key:c", "key:p", "key::", "key:/", "key:/", "layer", "key:A", "layer", "key:1", "space",
                  "delete", "yes")
    assert machine.answers == ["tcp://A1"]


# Are you still there?


def test_the_overlay_takes_every_touch_and_none_answers_beneath(machine: Machine) -> None:
    scene = PAGES["choose-kinds"]
    machine.show(scene)
    beneath = machine.item("option:0")
    touch = machine.press("option:0")
    machine.show(replace(scene, seconds_left=20))
    machine.up(touch)
    assert machine.recorder.said == []
    assert [item["key"] for item in machine.face.describe() if item["role"] == "button"] == ["stay"]
    machine.up(machine.down(beneath["x"] + 10, beneath["y"] + 10))
    assert machine.recorder.said == [("stay", 7)]
    machine.show(replace(scene, seconds_left=20))
    machine.touch("stay")
    machine.show(scene)
    machine.touch("option:0")
    assert machine.recorder.said[1:] == [("stay", 7), ("answer", 7, "general")]


def test_the_overlay_counts_down(machine: Machine) -> None:
    scene = PAGES["still"]
    machine.show(scene)
    assert machine.item("seconds")["text"] == "17 秒"
    held = machine.press("stay")
    machine.time = 1.0
    machine.show(replace(scene, seconds_left=16))
    assert machine.item("seconds")["text"] == "16 秒"
    machine.up(held)
    assert machine.recorder.said == [("stay", 7)]


# Drawing.


def test_the_payment_code_is_the_address_and_large_enough(machine: Machine) -> None:
    import qrcode
    from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

    machine.show(PAGES["pay"])
    machine.frames(3)
    code = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(scenes.ORDER.code_url)
    code.make()
    matrix = code.get_matrix()
    picture = next(iter(machine.face.page._pools[_picture()]))._image
    (x, y), (side, _) = picture.pos, picture.size
    module = side / len(matrix)
    assert module == int(module) and (side - 8 * module) / 4.0 >= 60
    pixels = glReadPixels(int(x), int(y), int(side), int(side), GL_RGB, GL_UNSIGNED_BYTE)
    for row, line in enumerate(reversed(matrix)):
        for column, dark in enumerate(line):
            at = int((row + 0.5) * module) * int(side) + int((column + 0.5) * module)
            assert pixels[at * 3] == (0 if dark else 255)


def _picture() -> type:
    from screens.marks import Picture
    return Picture


def test_the_payment_code_counts_down(machine: Machine) -> None:
    machine.show(PAGES["pay"])
    assert "4:47" in machine.item("left")["text"]
    machine.time = 60.5
    machine.face.page.redraw()
    assert "3:47" in machine.item("left")["text"]


def test_nothing_is_drawn_while_nothing_changes(machine: Machine) -> None:
    machine.show(PAGES["present"])
    machine.show(PAGES["wait"])
    machine.show(PAGES["welcome"])
    machine.frames(3)
    before = machine.flips
    machine.frames(40)
    assert machine.flips == before


def test_pages_are_built_ahead_once_and_kept(machine: Machine) -> None:
    from screens.face import PAGES as NAMES

    machine.show(PAGES["welcome"])
    machine.face.build_ahead()
    machine.frames(len(NAMES) + 2)
    built = dict(machine.face._pages)
    assert set(built) == set(NAMES) == {scene.ask.page for scene in scenes.patients_scenes().values()}
    for scene in scenes.patients_scenes().values():
        machine.show(scene)
    assert machine.face._pages == built


def test_every_target_says_what_it_is(machine: Machine) -> None:
    for scene in PAGES.values():
        machine.show(scene)
        for item in machine.face.describe():
            assert item["text"] or item["role"] == "sign"
            assert 0 <= item["x"] <= 1080 - item["w"] and 0 <= item["y"] <= 1920 - item["h"]


# Forgetting. The planted texts are put together at run time, so that no constant holds them.

NAME = ("司马", "玉", "棠")
ADDRESS = ("weixin://wxpay/", "secret", "address")


def test_a_planted_text_is_found_while_it_is_shown(machine: Machine) -> None:
    machine.show(Scene(EnterNumber("".join(NAME), "phone"), 3))
    assert left_of("".join(NAME))


def test_nothing_of_the_last_person_is_left_after_the_welcome_page(machine: Machine) -> None:
    def visit() -> None:
        name, address = "".join(NAME), "".join(ADDRESS)
        order = replace(scenes.ORDER, code_url=address)
        row = Row(Name("姓名", "Name"), name)
        for ask in (Confirm(name, (row,), say("done.finish")), Choose(name, (Option(name, name),), remark=name),
                    ChooseTime(name, scenes.fortnight(), name), EnterNumber(name, "phone"), Pay(name, order, (row,))):
            machine.show(Scene(ask, 3, trail=(name,), complaint=name, seconds_left=None, ends_at=99.0))
            machine.touch(*(key for key in ("digit:1", "digit:9", "option:0", "day:4")
                            if any(item["key"] == key for item in machine.face.describe())))
            machine.frames(3)
        machine.show(Scene(Confirm(name, (row,), say("done.finish")), 4, seconds_left=9))
        machine.recorder.said.clear()

    visit()
    machine.show(PAGES["welcome"])
    machine.frames(3)
    gc.collect()
    assert left_of("".join(NAME)) == [] and left_of("".join(ADDRESS)) == []


def left_of(planted: str) -> list[str]:
    """Who in the process still holds a text with the planted one in it."""
    return [f"{type(holder)}: {text}" for holder in gc.get_objects() for text in gc.get_referents(holder)
            if type(text) is str and text is not planted and planted in text]


# The inspector finds what it looks for.


@pytest.mark.parametrize(("spoil", "found"), [
    (lambda page: page.write("Donau" * 20, page.area.centred(300, 60), page.theme.style("note")), "in a room of"),
    (lambda page: page.write("退", page.area, page.theme.style("note"), (0.6, 0.7, 0.7, 1)), "contrast"),
    (lambda page: page.button("small", "x", page.area.centred(50, 50), lambda: None), "less than"),
    (lambda page: page.write("\U0001f600", page.area, page.theme.style("note")), "the face has no"),
])
def test_the_inspection_finds_faults(machine: Machine, spoil: Any, found: str) -> None:
    import inspection

    machine.show(PAGES["wait"])
    page = machine.face.page
    with page.drawing(page.theme, page.language):
        spoil(page)
    assert any(found in fault for fault in inspection.faults(machine.face))
