"""Which twin of the bench is which device of a kiosk, and how its driver is set: for trying, and for robots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fitting:
    """`device`: the name of the device in the settings' table."""

    device: str
    driver: str
    options: str = ""


FITTINGS: Mapping[str, Fitting] = {
    "idcard": Fitting("idcard", "idcard_sdt"),
    "scanner": Fitting("scanner", "scanner_line"),
    "printer": Fitting("printer", "printer_escpos", "fence=gs_h width=80"),
    # The twin's inputs are all without current at first: shut, somebody there, the mains on.
    "board": Fitting("board", "board_modbus", "idcard=0 scanner=1 printer=2 social=3 visit_card=4 terminal=5 cards=6 "
                                              "door=i0 presence=!i1 mains=!i2"),
    "lightbar": Fitting("lights", "lights_bar"),
    "ups": Fitting("ups", "ups_megatec"),
    "stripe": Fitting("stripe", "stripe_serial"),
    "stripe_keys": Fitting("stripe", "stripe_hid"),
    "icm522": Fitting("visit_card_reader", "visitcard_icm522"),
    "visitcard": Fitting("visit_card_reader", "visitcard_pcsc"),
    "socialcard": Fitting("social", "socialcard_pcsc"),
    "crt571": Fitting("cards", "cards_crt571"),
    "k720": Fitting("cards", "cards_k720"),
    "crt310": Fitting("cards", "cards_crt310"),
    "terminal": Fitting("terminal", "terminal_codepay"),
    "a4": Fitting("report", "report_cups"),
}
NEEDED = ("idcard", "scanner", "printer")
USUAL = ("board", "ups", "icm522", "stripe", "crt571", "terminal")
"""What a lobby's machine has besides, as far as a serial line is all that its twin needs."""
PCSC = frozenset({"visitcard", "socialcard"})
"""Twins behind a PC/SC service of their own."""


def chosen(words: str) -> tuple[str, ...]:
    """The twins that are named, divided by commas, besides those that every kiosk has. Raises ValueError."""
    names = tuple(name for name in words.split(",") if name and name not in NEEDED)
    if unknown := sorted({*names} - FITTINGS.keys()):
        raise ValueError(f"no such device: {', '.join(unknown)}")
    devices = [FITTINGS[name].device for name in names]
    if twice := sorted({device for device in devices if devices.count(device) > 1}):
        raise ValueError(f"a kiosk has one device for {', '.join(twice)}")
    return names


def settings(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What kiosk.ini would say of these twins; each with the URL of its line."""
    said: dict[str, str] = {}
    for name, url in lines:
        fitting = FITTINGS[name]
        said |= {fitting.device: fitting.driver, f"{fitting.device}_url": url, f"{fitting.device}_options": fitting.options}
    return said
