"""A robot of the staff: a nurse who changes the paper, a technician who does everything else, and a patient between them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kiosk.bring_up import Addresses
from kiosk.journal import Journal, machine_key
from kiosk.robot import LOOK, PATIENCE, STILL, NotPlayed, Patient, Step, View

LIVE = ("board", "guide")           # pages that are asked anew while they stand: a touch may come in between
TRIES = 5                           # touches until one of them was not in between
TAKEN = 2.0                         # seconds in which a touch shows
KNOCK = ("sign", "sign", "sign", "clock", "clock")

_NURSE: tuple[Step, ...] = (
    ("welcome", "paper out, opens"), ("keypad", "number 1002"), ("keypad", "pin 1002"), ("board", "sees answer:paper"),
    ("guide", "new paper"), ("guide", "answer:done"), ("reading", "answer:back"), ("board", "answer:end"),
    ("closed", "shuts"))
_SIGN_IN: tuple[Step, ...] = (("welcome", "knock"), ("keypad", "number 1001"), ("keypad", "pin 1001"))
_REGISTER = "option:2"              # on the page of what can be closed
_CLOSING: tuple[Step, ...] = (
    *_SIGN_IN, ("board", "leaves"), ("board", "lamp:printer"), ("board", "answer:head"), ("guide", "answer:back"),
    ("board", "lamp:printer"), ("board", "answer:jam"), ("guide", "answer:back"),
    ("board", "answer:closing"), ("choose", _REGISTER), ("choose", "option:0"), ("board", "answer:end"))
_OPENING: tuple[Step, ...] = (
    *_SIGN_IN, ("board", "answer:closing"), ("choose", _REGISTER), ("confirm", "yes"),
    ("board", "lamp:idcard"), ("board", "answer:test"), ("guide", "put answer:go"), ("reading", "answer:back"),
    ("board", "lamp:cards"), ("board", "answer:box"), ("guide", "answer:back"),
    ("board", "lamp:cards"), ("board", "answer:hopper"), ("guide", "answer:back"),
    ("board", "answer:visits"), ("reading", "answer:back"),
    ("board", "answer:tests"), ("choose", "option:3"), ("reading", "answer:back"),
    ("board", "answer:tests"), ("choose", "option:0"), ("touch", "some fields"), ("reading", "answer:back"),
    ("board", "answer:end"))
_PATIENT: tuple[Step, ...] = (
    ("welcome", "answer:register"), ("present", "knocked, card resident"), ("choose", "option:1"), ("choose", "option:0"),
    ("time", "segment 0"), ("confirm", "yes"), ("pay", "impatient"), ("confirm", "no"), ("pay", "shuts, pay"),
    ("done", "done"))
_SETTING: tuple[Step, ...] = (
    *_SIGN_IN, ("board", "answer:visits"), ("board", "answer:back"),
    ("board", "answer:settings"), ("list", "setting volume"), ("keyboard", "write 55"), ("choose", "option:0"),
    ("board", "answer:changes"), ("list", "option:0"), ("confirm", "yes"), ("board", "answer:export"),
    ("reading", "answer:back"), ("board", "answer:end"))

SERVICE: tuple[Step, ...] = (*_NURSE, *_CLOSING, *_OPENING, *_PATIENT, *_SETTING)

FACTS = (("service_entered", "1002"), ("service_begin", "1002"), ("counted", "1002"), ("service_tested", "1002"),
         ("service_end", "1002"), ("service_entered", "1001"), ("service_begin", "1001"), ("service_closed", "1001"),
         ("service_end", "1001"), ("service_entered", "1001"), ("service_begin", "1001"), ("service_opened", "1001"),
         ("service_tested", "1001"), ("service_end", "1001"), ("service_entered", "1001"), ("service_begin", "1001"),
         ("service_setting", "1001"), ("service_setting", "1001"), ("service_exported", "1001"), ("service_end", "1001"))
"""What the machine's records must say of all that, in this order."""


class Technician(Patient):
    """`pins`: of the staff, by number."""

    def __init__(self, house: Addresses, out: Path, script: tuple[Step, ...], language: str, size: str,
                 pins: Mapping[str, str]) -> None:
        super().__init__(house, out, script, language, size)
        self.pins = pins

    def _act(self, view: View, deed: str) -> None:
        verb, _, thing = deed.partition(" ")
        match verb:
            case "paper":
                self._twin("printer/paper_out", on=True)
                self._twin("board/input", number=0, on=True)
            case "shuts" | "shuts,":
                self._twin("board/input", number=0, on=False)
                if thing:
                    super()._act(view, thing)
            case "impatient":
                self._twin("board/input", number=0, on=True)
                self._knock(self._with(view, "staff"))      # staff do not wait, and think better of it
            case "knock":
                self._knock(view)
            case "knocked,":
                self._knock(view)           # a patient stands here: nothing comes of it
                super()._act(view, thing)
            case "number":
                super()._act(view, f"type {thing}")
            case "pin":
                super()._act(view, f"type {self.pins[thing]}")
            case "new":
                self._twin("printer/paper_out", on=False)
            case "put":
                self._twin("idcard/put", card="resident")
                self._touch(view, thing)
                self._await_page("reading")
                self._twin("idcard/lift")
            case "leaves":
                self._leaves(view)
            case "some":
                for field in range(4):
                    view = self._touch(view, f"field:{field}")
                self._touch(view, "end")
            case "setting":
                self._touch(*self._leaf_with(view, thing))
            case "write":
                view = self._touch(view, "clear")
                for key in thing:
                    view = self._touch(view, f"key:{key}")
                self._touch(view, "yes")
            case "sees":
                self._touch(self._first_is(view, "lamp:printer"), thing)
            case "answer:done":
                self._touch(self._ready(view, verb), verb)
            case _:
                super()._act(view, deed)

    def _touch(self, view: View, key: str) -> View:
        """On whichever leaf it is; and on a page that is asked anew by itself, until it shows."""
        for turn in ("page:previous", "page:next"):
            while view.find(key) is None and (leaf := view.find(turn)) is not None and leaf["enabled"]:
                view = super()._touch(view, turn)
        if view.page not in LIVE:
            return super()._touch(view, key)
        for _ in range(TRIES):
            after = super()._touch(view, key)
            end = time.monotonic() + TAKEN
            while time.monotonic() < end:
                if _sight(after) != _sight(view):
                    return after
                time.sleep(LOOK)
                after = self._look() or after
            view = after
        raise NotPlayed(f"nothing comes of {key} on {view.page}")

    def _ready(self, view: View, key: str) -> View:
        """The page, as soon as that can be touched."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            view = self._look() or view
            item = view.find(key)
            if item is not None and item["enabled"]:
                self._photograph(view.page)
                return view
            time.sleep(LOOK)
        raise NotPlayed(f"{key} cannot be touched on {view.page}")

    def _first_is(self, view: View, key: str) -> View:
        """The page, as soon as what is to be done stands first."""
        end = time.monotonic() + PATIENCE
        while next((item["key"] for item in view.items if item["key"].startswith("lamp:")), "") != key:
            if time.monotonic() > end:
                raise NotPlayed(f"{key} does not come first on {view.page}")
            time.sleep(LOOK)
            view = self._look() or view
        time.sleep(STILL)
        self._photograph(view.page)
        return view

    def _with(self, view: View, key: str) -> View:
        """The page, as soon as that stands on it."""
        end = time.monotonic() + PATIENCE
        while all(item["key"] != key for item in view.items):
            if time.monotonic() > end:
                raise NotPlayed(f"there is no {key} on {view.page}")
            time.sleep(LOOK)
            view = self._look() or view
        return view

    def _await_page(self, page: str) -> None:
        end = time.monotonic() + PATIENCE
        while (view := self._look()) is None or view.page != page:
            if time.monotonic() > end:
                raise NotPlayed(f"no page {page}")
            time.sleep(LOOK)

    def _leaves(self, view: View) -> None:
        """A look at every leaf of a page."""
        while (further := view.find("page:next")) is not None and further["enabled"]:
            view = super()._touch(view, "page:next")
            time.sleep(STILL)
            self._photograph(view.page)

    def _leaf_with(self, view: View, text: str) -> tuple[View, str]:
        """The leaf of a list on which something reads so, and its key."""
        for _ in range(20):
            for item in view.items:
                if item["role"] == "button" and item["text"].split()[:1] == [text]:
                    return view, item["key"]
            view = super()._touch(view, "page:next")
        raise NotPlayed(f"nothing reads {text}")

    def _knock(self, view: View) -> None:
        for key in KNOCK:
            item = next(item for item in view.items if item["key"] == key)
            width, height = self._shell.size
            self._screen.touch((item["x"] + item["w"] / 2) / width, (item["y"] + item["h"] / 2) / height)
            time.sleep(LOOK)


def _sight(view: View) -> tuple[str, list[str]]:
    """By what a page is told from another, however often it is asked anew."""
    return view.page, [item["key"] for item in view.items if item["role"] == "title" or item["key"].startswith("answer:")]


# What is left of it on the machine.


def service_books(state: Path, pins: Mapping[str, str]) -> dict[str, Any]:
    """What the kiosk of the house in `state` has written about its staff, and what is wrong with it."""
    kiosk = state / "kiosk"
    journal = Journal(kiosk / "journal.sqlite3", machine_key(kiosk / "machine.key"))
    facts = [(fact.kind, fact.data) for fact in journal.facts()]
    staff = [(kind, str(data["by"])) for kind, data in facts if "by" in data and kind.startswith(("service_", "counted"))]
    return {"facts": [{"kind": kind, **data} for kind, data in facts], "whole": journal.broken_link() is None,
            "told": journal.told(), "exported": [file.name for file in sorted((state / "usb").rglob("*.kiosklogs"))],
            "wrong": list(_wrong(staff, journal.broken_link(), _where(state, pins)))}


def _wrong(staff: list[tuple[str, str]], broken: int | None, leaks: list[str]) -> Iterator[str]:
    if tuple(staff) != FACTS:
        yield f"The records of the staff say {staff}."
    if broken is not None:
        yield f"The chain of facts is broken at {broken}."
    for leak in leaks:
        yield f"A PIN stands in {leak}."


def _where(state: Path, pins: Mapping[str, str]) -> list[str]:
    """The files in which a PIN stands: none may. (Six digits are easily part of a longer number: those are none.)"""
    wanted = [re.compile(rb"(?<![0-9a-fA-F.])" + pin.encode() + rb"(?![0-9a-fA-F])") for pin in pins.values()]
    return [str(path.relative_to(state)) for path in sorted((state / "kiosk").rglob("*"))
            if path.is_file() and any(one.search(path.read_bytes()) for one in wanted)]
