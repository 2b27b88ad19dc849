"""How a command ends without its result, and who mends it."""

from __future__ import annotations

from typing import ClassVar

from drivers.contract.status import Action


class DeviceError(Exception):
    """A command ended without its result. `cause` is a stable word; screens have a sentence for each."""

    cause: ClassVar[str] = "fault"
    action: ClassVar[Action] = Action.SERVICE

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.cause)


class Gone(DeviceError):
    """The line itself failed: unplugged, refused, closed by the other side."""

    cause, action = "gone", Action.SERVICE


class NoAnswer(DeviceError):
    """The device said nothing (or nothing that makes sense) before the command's deadline."""

    cause, action = "no_answer", Action.RETRY


class WrongDevice(DeviceError):
    """Something answers on this line, but it is not the device this driver speaks to."""

    cause, action = "wrong_device", Action.SERVICE


class OutOfService(DeviceError):
    """The device says of itself that it cannot work."""

    cause, action = "out_of_service", Action.SERVICE


class NoQuery(OutOfService):
    """A bank terminal cannot say what became of an earlier payment: it may take no money here."""

    cause = "no_query"


class Cancelled(DeviceError):
    """The command was taken back before it finished. Every cancelled command still ends, with this."""

    cause, action = "cancelled", Action.RETRY


class NothingPresented(DeviceError):
    """Nobody put a card or showed a code in the time given: the normal end of waiting."""

    cause, action = "nothing_presented", Action.RETRY


class CardMoved(DeviceError):
    """The card was lifted while it was read."""

    cause, action = "card_moved", Action.PERSON


class CardRefused(DeviceError):
    """The card is there, but cannot be read: damaged, withdrawn, or of another kind."""

    cause, action = "card_refused", Action.PERSON


class PaperOut(DeviceError):
    cause, action = "paper_out", Action.STAFF


class PaperJam(DeviceError):
    cause, action = "paper_jam", Action.STAFF


class CoverOpen(DeviceError):
    cause, action = "cover_open", Action.STAFF


class CutterFault(DeviceError):
    cause, action = "cutter", Action.STAFF


class HeadHot(DeviceError):
    """Recovers by itself when the print head has cooled."""

    cause, action = "head_hot", Action.RETRY


class PrintUnknown(DeviceError):
    """The bytes went out and no word came back: the ticket may be on paper, or not."""

    cause, action = "print_unknown", Action.STAFF


class TonerOut(DeviceError):
    cause, action = "toner_out", Action.STAFF


class CardJam(DeviceError):
    """A card is stuck in the path of a motor reader or dispenser."""

    cause, action = "card_jam", Action.STAFF


class NoCards(DeviceError):
    """The hopper of blank cards is empty."""

    cause, action = "no_cards", Action.STAFF


class BinFull(DeviceError):
    """The box of captured cards is full."""

    cause, action = "bin_full", Action.STAFF


class NotTaken(DeviceError):
    """The card, or paper, at the slot was not taken in time: its owner has left."""

    cause, action = "not_taken", Action.PERSON


class MoveUnknown(DeviceError):
    """A card was told to move and nobody said where it is."""

    cause, action = "move_unknown", Action.STAFF


class OutcomeUnknown(DeviceError):
    """A payment was asked for and its outcome was not told: it is asked about by its reference, never begun again."""

    cause, action = "outcome_unknown", Action.RETRY
