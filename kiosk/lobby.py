"""The devices of a machine, as its desk uses them."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contract import CardMover, CardReader, IdCard, Printer, Scanner, SocialCard, Stripe, VisitCard
from drivers.service import Service

EAR_OF = {"payer_code": "scanner"}           # whose ear it is, where the name is another


@dataclass(frozen=True)
class Lobby:
    """The devices of this machine; None: it has no such reader."""

    idcard: Service[CardReader[IdCard]]
    scanner: Service[Scanner]
    printer: Service[Printer]
    social: Service[CardReader[SocialCard]] | None = None
    visit_card_reader: Service[CardReader[VisitCard]] | None = None
    stripe: Service[CardReader[Stripe]] | None = None
    cards: Service[CardMover] | None = None
    """A motor reader or dispenser into which people put their cards."""

    def has(self, ear: str) -> bool:
        """Is there a device to listen at? (A payment is heard without one.)"""
        return getattr(self, EAR_OF.get(ear, ear), True) is not None
