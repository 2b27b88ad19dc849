"""Which lights of the cabinet shine for a page: they show where the card, the phone or the hand goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.contract import Flash
from kiosk.dialogue import Cancel, Ports
from kiosk.requests import Done, TakeCard, Waiting, Welcome
from kiosk.visit import Scene
from kiosk.words import Words

SLOTS = {"payer_code": "scanner", "payment": "", "visit_card_reader": "visit_card"}
"""Ears whose light has another name, or that have none."""


def lights_of(scene: Scene) -> Mapping[str, Flash]:
    """SLOW at every slot the page waits at, QUICK where something is to be taken, STEADY where the machine is at work.

    The welcome page's slots shine steadily: it stands for hours, and flashing would wear out relays for nobody.
    """
    match scene.ask:
        case TakeCard():
            return {"cards": Flash.QUICK}
        case Done(picture="ticket"):
            return {"printer": Flash.QUICK}
        case Waiting(title=Words("wait.print")):
            return {"printer": Flash.STEADY}
    how = Flash.STEADY if isinstance(scene.ask, Welcome) else Flash.SLOW
    return {slot: how for name in scene.ask.slots if (slot := SLOTS.get(name, name))}


class Lit:
    """Ports whose every scene is told to `light` too. On the main thread: `light` returns at once."""

    def __init__(self, ports: Ports, light: Callable[[Mapping[str, Flash]], None]) -> None:
        self._ports, self._light = ports, light

    def show(self, scene: Scene) -> None:
        self._light(lights_of(scene))
        self._ports.show(scene)

    def after(self, seconds: float, call: Callable[[], None]) -> Cancel:
        return self._ports.after(seconds, call)

    def now(self) -> float:
        return self._ports.now()
