"""What the stage says for itself, between and beside the stories."""

from __future__ import annotations

from typing import Any

from kiosk.mouth import CardLeft
from kiosk.play import Broken
from kiosk.requests import Ask, Do, Done, Option, Refused, Row, TakeCard, Trouble
from kiosk.tickets import ReferenceSlip
from kiosk.words import say


def refused(why: Refused | Broken) -> Ask[Any]:
    """Why the visit could not go on."""
    reason = why.reason if isinstance(why, Refused) else "broken"
    return Trouble(title=say("refused.title"), text=say(f"refused.{reason}"),
                   options=(Option("home", say("home"), icon="home"),))


def slow(act: Do[Any]) -> Ask[Any]:
    """The act takes longer than a person can be kept waiting in the dark: the truth, and a choice (wait, leave)."""
    return Trouble(title=say("slow.title"), text=say("slow.stake" if act.stake else "slow.text"), picture="cloud_off",
                   options=(Option("wait", say("slow.wait"), icon="wait"),
                            Option("leave", say("slow.leave"), icon="home")))


def settling(slip: ReferenceSlip) -> Ask[Any]:
    """Money or a booking is not certain yet, and the person leaves: the number to ask by."""
    return Done(title=say("slow.settling"), remark=say("slow.settling_text"),
                rows=(Row(say("slow.reference"), slip.reference, strong=True),))


def card(left: CardLeft) -> Ask[Any]:
    """The card of whoever has just left: it is to be taken, or staff have it."""
    if left is CardLeft.OUT:
        return TakeCard()
    return Trouble(title=say("card_kept.title"), text=say("card_kept.text"), picture="cards",
                   options=(Option("home", say("home"), icon="home"),))
