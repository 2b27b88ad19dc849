"""What this machine can do for people now: which devices work, what staff, the door or the night have closed, and what of
the services that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kiosk.requests import Option, OutOfService, READERS, Ways, Welcome
from kiosk.words import say

SHOWN = ("server", "printer", "pay")     # what the welcome page speaks of when it does not work
SAID = ("terminal",)                     # and when staff have closed it
DEVICES = (*READERS, "printer")
EVERYTHING = ("server", "idcard", "scanner", "printer")     # when none of it works, nobody can be helped here


@dataclass(frozen=True)
class EndProgram:
    """The program is to end, as soon as nobody stands here; its supervisor starts it again."""


class Offer:
    """`tiles` are the services when all is well, `ways` how people can then say who they are."""

    def __init__(self, tiles: tuple[Option[str], ...], ways: Ways) -> None:
        self._tiles, self._all_ways = tiles, ways
        self._works: dict[str, bool] = {}
        self._shut: dict[str, Mapping[str, str]] = {}

    def works(self, what: str) -> bool:
        """The server, or a device: does it, as far as is known?"""
        return self._works.get(what, True)

    def news(self, what: str, works: bool) -> bool:
        """It works now, or does not; True: that is new."""
        new = self.works(what) is not works
        self._works[what] = works
        return new

    def close(self, by: str, what: Mapping[str, str]) -> tuple[str, ...]:
        """All that `by` keeps closed from now on, each with its reason; the devices for which that is a change."""
        before = self.closed
        self._shut[by] = what
        after = self.closed
        return tuple(device for device in DEVICES if (device in before) is not (device in after))

    @property
    def closed(self) -> dict[str, str]:
        """What patients cannot use now, with the reason they read."""
        return {what: reason for shut in self._shut.values() for what, reason in shut.items()}

    @property
    def missing(self) -> tuple[str, ...]:
        """What does not work, or is closed: for whoever stands here it is the same."""
        broken = [what for what, works in self._works.items() if not works]
        return tuple(dict.fromkeys((*broken, *(device for device in DEVICES if device in self.closed))))

    @property
    def ways(self) -> Ways:
        """How people can say who they are now, and what for."""
        shut = tuple((tile.value, self.closed[tile.value]) for tile in self._tiles if tile.value in self.closed)
        return replace(self._all_ways.without([*self.closed, *self.missing]), shut=shut)

    def page(self) -> Welcome | OutOfService:
        """What stands on the screen while nobody is here."""
        shut = self.closed
        if "all" in shut:
            return OutOfService(title=say("closed.title"), text=say(f"closed.{shut['all']}"))
        if not any(self.works(what) for what in EVERYTHING):
            return OutOfService(title=say("closed.title"), text=say("closed.broken"))
        out = [what for what in SHOWN if what in shut or not self.works(what)]
        out += [what for what in SAID if what in shut]
        return Welcome(title=say("welcome.title"), services=tuple(map(self._tile, self._tiles)),
                       notices=tuple(say(f"welcome.no_{what}") for what in out), ways=self.ways)

    def _tile(self, tile: Option[str]) -> Option[str]:
        """Which services still work now."""
        if tile.value in self.closed:
            return replace(tile, enabled=False, why=say(f"closed.{self.closed[tile.value]}"))
        if not self.works("server"):
            return replace(tile, enabled=False, why=say("welcome.not_now"))
        return tile
