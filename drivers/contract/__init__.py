"""What every device of the lobby is asked and answers, in the words of XFS4IoT.

A driver is one file, `drivers/<kind>_<model>.py`: a pure codec (bytes in, messages out), then one small class
that speaks it over a link. The file name is its registration. Drivers know their bytes and this page, and
nothing of patients, screens or the hospital.

Three answers, not two: done, not done, unknown. What a device did not say is `UNKNOWN`, never "no paper".
"""

from drivers.contract.cabinet import Flash, Inputs, Lights, Power, Ups
from drivers.contract.cards import (
    CardKind, CardMover, CardPlace, CardReader, CardWent, IdCard, Scanner, SocialCard, Stripe, VisitCard, give_back)
from drivers.contract.driver import Driver, Link
from drivers.contract.errors import (
    BinFull, Cancelled, CardJam, CardMoved, CardRefused, CoverOpen, CutterFault, DeviceError, Gone, HeadHot,
    MoveUnknown, NoAnswer, NoCards, NoQuery, NotTaken, NothingPresented, OutOfService, OutcomeUnknown, PaperJam, PaperOut,
    PrintUnknown, TonerOut, WrongDevice)
from drivers.contract.paper import (
    Align, Barcode, Feed, Pages, Pair, PaperLine, Printed, Printer, Qr, ReportPrinter, Rule, Text)
from drivers.contract.status import Action, Bin, Paper, State, Status, Stock
from drivers.contract.terminal import BankTerminal, Settled, Slip

__all__ = [
    "Action", "Align", "BankTerminal", "Barcode", "Bin", "BinFull", "Cancelled", "CardJam", "CardKind", "CardMoved",
    "CardMover", "CardPlace", "CardReader", "CardRefused", "CardWent", "CoverOpen", "CutterFault", "DeviceError", "Driver",
    "Feed", "Flash", "Gone", "HeadHot", "IdCard", "Inputs", "Lights", "Link", "MoveUnknown",
    "NoAnswer", "NoCards", "NoQuery", "NotTaken", "NothingPresented", "OutOfService", "OutcomeUnknown", "Pages", "Pair",
    "Paper",
    "PaperJam", "PaperLine", "PaperOut", "Power", "PrintUnknown", "Printed", "Printer", "Qr", "ReportPrinter", "Rule",
    "Scanner", "Settled", "Slip", "SocialCard", "State", "Status", "Stock", "Stripe", "Text", "TonerOut", "Ups", "VisitCard",
    "WrongDevice", "give_back",
]
