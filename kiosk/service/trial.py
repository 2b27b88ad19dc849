"""A device's real work, once: what the service menu tests, and what came of it in words."""

from __future__ import annotations

import time
from typing import Any

from drivers.contract import (
    Flash, IdCard, OutOfService, Pages, Power, Printed, Settled, Slip, SocialCard, Status, Stripe, VisitCard, give_back)
from drivers.contract.terminal import NEVER_PAID
from kiosk.service import page
from kiosk.service.survey import Machine
from kiosk.tickets import sample
from kiosk.words import Name, Text, say

DEVICE_TIME = 45.0      # seconds for a device to do its work, the person's part included
CARD_TIME = 20.0        # seconds to put a card down in a test
TAKE_TIME = 10.0        # seconds to take a card in a test
LIGHTS = ("idcard", "social", "visit_card", "stripe", "scanner", "printer", "terminal", "cards")
SHINE = 3.0             # seconds all lights are lit in their test


def work(name: str, device: Any, machine: Machine) -> Text:
    """On the device's own thread. Raises DeviceError."""
    settings = machine.settings
    match name:
        case "printer":
            hospital = Name(settings.hospital_zh, settings.hospital_en)
            return _said(device.print_ticket(sample(hospital, settings.kiosk, machine.now()), DEVICE_TIME))
        case "report":
            return _said(device.print_report(page.sample(settings.kiosk, machine.now()), "test page", DEVICE_TIME))
        case "scanner":
            return _said(device.scan(CARD_TIME))
        case "idcard" | "social" | "visit_card_reader" | "stripe":
            return _said(device.read_card(CARD_TIME))
        case "cards":
            return _given(device)
        case "terminal":
            return _said(device.query(NEVER_PAID))
        case "ups":
            return _said(device.power())
        case "board" | "lights":
            device.shine({light: Flash.STEADY for light in LIGHTS})
            time.sleep(SHINE)           # whoever set the lights before sets them after
            return _lit(device.sense() if name == "board" else {})
    return _said(device.status())


def _given(mover: Any) -> Text:
    """A card comes to the mouth: a blank one, or where there is no hopper one that was put in; who does not take it sees it
    go into the box."""
    try:
        uid = mover.draw(CARD_TIME)
    except OutOfService:
        uid = mover.admit(CARD_TIME)
    went = give_back(mover, TAKE_TIME)
    return say(f"reading.card_{went}", last4=uid[-4:] or "****")


def _lit(inputs: dict[str, bool]) -> Text:
    said: Text = say("reading.lights", seconds=SHINE)
    for name, on in inputs.items():
        known = name if name in ("presence", "mains") else "door" if name.startswith("door") else ""
        said = say("lamp.two", one=said, two=say(f"input.{known}.{'on' if on else 'off'}") if known else f"{name} {int(on)}")
    return said


def _said(answer: Any) -> Text:
    match answer:
        case IdCard(number=number) | VisitCard(number=number) | Stripe(number=number):
            return say("reading.card", last4=number[-4:] or "****")
        case SocialCard(card_number=number):
            return say("reading.card", last4=number[-4:])
        case Printed():
            return say("reading.printed" if answer is Printed.PRINTED else "reading.sent")
        case Pages(sheets=sheets):
            return say("reading.sheets", sheets=sheets) if sheets else say("reading.sent")
        case Slip(settled=Settled.NEVER):
            return say("reading.asked")
        case Power(mains=mains, battery=battery):
            supply = say("input.mains.on" if mains else "input.mains.off")
            return supply if battery is None else say("lamp.two", one=supply, two=say("reading.battery", percent=battery))
        case str():
            return say("reading.code", length=len(answer))
    return say("reading.status", state=say(f"state.{answer.state}") if isinstance(answer, Status) else "")
