"""What robots play: for each journey what the patient does, page by page, and what others do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.robot import TOWN, Step

_CARD: Step = ("present", "card resident")
_KNOWN: tuple[Step, ...] = (("welcome", "answer:register"), _CARD)
_NEW: tuple[Step, ...] = (("welcome", "answer:register"), ("present", "card stranger"), ("confirm", "yes"),
                          ("keypad", "type 19900001234"))
_CLINIC: tuple[Step, ...] = (("choose", "option:1"), ("choose", "option:0"))
_CHIEF: tuple[Step, ...] = (("choose", "option:3"), ("choose", "option:3"), ("time", "segment 1"))
_CHILDREN: tuple[Step, ...] = (("choose", "option:5"), ("choose", "option:0"), ("time", "segment 1"))
_DONE: Step = ("done", "done")
_PAID: tuple[Step, ...] = (("confirm", "yes"), ("pay", "pay"), _DONE)
_REST: Step = ("welcome", "rest")
_ORDERED: tuple[Step, ...] = (("time", "segment 1"), ("confirm", "yes"), ("confirm", "yes"), _DONE, _REST)
_WAITING: tuple[Step, ...] = (("welcome", "answer:waiting"), _CARD)

PLAYS: Mapping[str, tuple[Step, ...]] = {
    "register": (*_KNOWN, *_CLINIC, ("time", "segment 0"), *_PAID, _REST),
    "child": ((TOWN, "the child has a file"), *_KNOWN, ("choose", "option:1"), *_CHILDREN, *_PAID, _REST),
    "checkin": ((TOWN, "the patient books by app"), (TOWN, "a doctor sits"), (TOWN, "three neighbours wait"),
                ("welcome", "answer:checkin"), _CARD, _DONE, _REST),
    "collect": ((TOWN, "the patient books by app"), ("welcome", "answer:collect"), _CARD, _DONE, _REST),
    "waiting": ((TOWN, "the patient books by app"), (TOWN, "a doctor sits"), (TOWN, "three neighbours wait"),
                *_WAITING, ("confirm", "yes"), _DONE, *_WAITING, _DONE, (TOWN, "the doctor calls them all"),
                *_WAITING, _DONE, (TOWN, "the doctor skips"), (TOWN, "the doctor calls"), (TOWN, "the doctor skips"),
                *_WAITING, ("confirm", "yes"), _DONE, _REST),
    "consent": (*_KNOWN, *_CHIEF, *_PAID, (TOWN, "the office moves tomorrow"), ("welcome", "answer:reprint"), _CARD,
                ("confirm", "yes"), ("list", "home"), _REST),
    "enroll": (*_NEW, *_CLINIC, ("time", "segment 0"), *_PAID, _REST),
    "cancel": (*_KNOWN, *_CLINIC, ("time", "segment 1"), *_PAID, ("welcome", "answer:cancel"),
               ("present", "scan V000000000001"), ("list", "option:0"), ("confirm", "yes"), _DONE, _REST),
    "reprint": (*_KNOWN, *_CLINIC, ("time", "segment 0"), *_PAID, ("welcome", "answer:reprint"),
                _CARD, ("list", "option:0"), _DONE, _REST),
    "examine": (("welcome", "answer:examine"), _CARD, ("list", "option:0"), *_ORDERED),
    "blood": (("welcome", "answer:blood"), _CARD, *_ORDERED),
}
"""`segment N` takes the first free time N days from today: a booking for today may be too late to cancel."""
