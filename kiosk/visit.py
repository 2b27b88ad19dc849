"""Who stands here: their language and text size, and what the screen shows them now. Frozen; forgotten at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from kiosk.requests import Ask
from kiosk.words import Language, Text


class Size(StrEnum):
    NORMAL = "normal"
    LARGE = "large"


@dataclass(frozen=True)
class Comfort:
    """How this person wants the machine. Goes back by itself for the next one."""

    language: Language = Language.ZH
    size: Size = Size.NORMAL

    def with_(self, **change: Any) -> Comfort:
        return replace(self, **change)


@dataclass(frozen=True)
class Scene:
    """All that a screen needs to draw one question. A touch sends `serial` back: a touch meant for an older
    scene is ignored, so two touches at once are one answer."""

    ask: Ask[Any]
    serial: int
    comfort: Comfort = Comfort()
    trail: tuple[Text, ...] = ()
    """What this person has chosen so far, for the line at the top."""
    can_back: bool = False
    can_leave: bool = False
    complaint: Text | None = None
    """What was wrong with the last answer, below the question."""
    seconds_left: int | None = None
    """Set while the person is asked whether they are still there; one touch extends."""
    ends_at: float | None = None
    """When the question itself ends (a payment code), in seconds of the stage's clock."""
    staff: bool = False
    """Staff wait until this person has finished: said in one line, and they may knock."""
    maintained: bool = False
    """Staff stand here themselves, in the service menu."""
