"""Plays a patient at a whole kiosk: real screen, real drivers, twins of the devices, a hospital and a payment side.

The patient is a thread that looks at what the screen says can be touched and touches the display itself, as a finger would
(X's XTEST). Afterwards everybody's books are compared: what the patient was told, what the hospital has, what the payment
side has, and what is on paper.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests as http
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk import fittings
from kiosk.audit import disagreements
from kiosk.bring_up import Addresses, House, NotStarted
from kiosk.others import Others
from kiosk.plays import PLAYS
from kiosk.robot import NotPlayed, Patient, orders
from kiosk.requests.service import Role
from kiosk.service.local import Local
from kiosk.service.staff import Staff
from kiosk.settings import Settings, load
from kiosk.technician import SERVICE, Technician, service_books

STAFF = {"1001": Role.TECHNICIAN, "1002": Role.NURSE}


def furnish(house: Addresses, orientation: str) -> tuple[Path, Settings]:
    """A kiosk's state folder and settings for the house it stands in, with a USB stick and a key to seal for."""
    state = house.state / "kiosk"
    state.mkdir(exist_ok=True, mode=0o700)
    shutil.copy(house.token_file, state / "token")
    stick, key = house.state / "usb" / "STICK", house.state / "export.key"
    stick.mkdir(parents=True, exist_ok=True)
    if not key.exists():
        key.write_bytes(X25519PrivateKey.generate().private_bytes_raw())
    public = X25519PrivateKey.from_private_bytes(key.read_bytes()).public_key().public_bytes_raw()
    return state, load(state / "kiosk.ini", **{
        **Local(state / "local.json", dt.datetime.now).overrides, "hospital_url": house.hospital_url,
        "orientation": orientation, "fullscreen": "no", "usb": str(stick.parent),
        "export_key": base64.b64encode(public).decode(), **fittings.settings(house.devices.items())})


def hire(state: Path) -> dict[str, str]:
    """A technician and a nurse in the kiosk's state folder, and their PINs: new ones each time."""
    staff = Staff(state / "staff.json", time.time)
    return {number: staff.add(number, role) for number, role in STAFF.items()}


def play(journey: str, out: Path, language: str, size: str, orientation: str, window: tuple[int, int],
         open_kiosk: Callable[[Path, Settings, Callable[[Any], None]], int]) -> int:
    """Play `journey` and leave pictures, tickets and books in `out`; 0 when all books agree, else 1.

    Raises NotPlayed.
    """
    script = SERVICE if journey == "service" else PLAYS.get(journey)
    if script is None:
        raise NotPlayed(f"There is no journey {journey} to play; there are {', '.join([*PLAYS, 'service'])}.")
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("[0-9][0-9]-*.png"), *out.glob("ticket-*"), *out.glob("books.json")):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        try:
            with House(Path(folder), virtual=True, window=window, panel_port=0,
                       devices=fittings.USUAL if script is SERVICE else ()) as house:
                os.environ["DISPLAY"] = house.addresses.display
                state, settings = furnish(house.addresses, orientation)
                patient: Patient
                others = Others(house)
                if script is SERVICE:
                    patient = Technician(house.addresses, out, script, language, size, hire(state))
                else:
                    patient = Patient(house.addresses, out, script, language, size, others.do)
                open_kiosk(state, settings, patient.watch)
                patient.finish()
                return _compare(house, out, patient, others)
        except NotStarted as no:
            raise NotPlayed(str(no)) from no


def _compare(house: House, out: Path, patient: Patient, others: Others) -> int:
    """Everybody's books, side by side in books.json; 0 when they agree."""
    addresses = house.addresses
    tickets = http.get(f"{addresses.panel_url}/tickets", timeout=10).json()
    for number, _ in enumerate(tickets, 1):
        for kind in ("png", "bin"):
            answer = http.get(f"{addresses.panel_url}/tickets/{number}.{kind}", timeout=30)
            answer.raise_for_status()
            (out / f"ticket-{number}.{kind}").write_bytes(answer.content)
    books: dict[str, Any] = {
        "patient": {"touches": patient.touches, "told": patient.told},
        "hospital": json.loads(house.ask_hospital("books")),
        "payment": orders(http.get(f"{addresses.phone_url}/twin/orders", timeout=10).json()),
        "paper": [{"text": "\n".join(line["text"] for line in ticket["lines"]), "codes": ticket["codes"],
                   "cut": ticket["cut"]} for ticket in tickets],
        "others": others.bookings,
    }
    differences = disagreements(books)
    if isinstance(patient, Technician):
        books["service"] = service_books(addresses.state, patient.pins)
        differences += books["service"]["wrong"]
    books["agree"], books["differences"] = not differences, differences
    (out / "books.json").write_text(json.dumps(books, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for difference in differences:
        print(difference)
    print(f"{len(list(out.glob('[0-9][0-9]-*.png')))} pictures, {len(tickets)} tickets, {patient.touches} touches: "
          + ("all books agree." if not differences else "the books do not agree."))
    return 1 if differences else 0
