"""Who comes in, and what they may: kiosks with the token they have anyway, other systems with tokens of their own.

Scopes are those of SMART App Launch 2 for systems: `system/Appointment.crus`, `system/*.rs`; c create, r read, u update,
d delete, s search. A kiosk may see and touch only the affairs of people who are there (hospital/kiosk/acquaintance.py);
a system answers for its own people, and what it may is its scopes.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from hospital import clock
from hospital.care import booking
from hospital.care.models import Channel, Hold
from hospital.fhir.models import System
from hospital.kiosk import acquaintance, tokens
from hospital.kiosk.models import Kiosk
from hospital.refusal import Refusal

ROSTER = "system/Organization.rs system/Location.rs system/HealthcareService.rs system/Practitioner.rs " \
         "system/Schedule.rs system/Slot.rs"
"""What tells nothing of any patient: all that a new system may, unless more is said."""
MACHINE = f"{ROSTER} system/Patient.rs system/Appointment.crus"

_SCOPE = re.compile(r"system/(\w+|\*)\.(c?r?u?d?s?)")
_NAME = re.compile(r"[\w-]{1,32}")


class Caller(Protocol):
    """Somebody who has shown a token. `name` stands on what they hold; `channel`: whose places they may give;
    `claims`: what they asked under a key; `full`: people are told with their numbers, else with the last digits only."""

    @property
    def name(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def scopes(self) -> str: ...
    @property
    def claims(self) -> Any: ...
    @property
    def full(self) -> bool: ...
    def count_find(self) -> None: ...
    def met(self, patient: int) -> None: ...
    def here(self, patient: int) -> None: ...


@dataclass(frozen=True)
class Machine:
    """A kiosk."""

    kiosk: Kiosk
    channel: str = Channel.KIOSK
    scopes: str = MACHINE
    full: bool = False

    @property
    def name(self) -> str:
        return self.kiosk.name

    @property
    def claims(self) -> Any:
        return self.kiosk.claim_set

    def count_find(self) -> None:
        acquaintance.count_find(self.kiosk)

    def met(self, patient: int) -> None:
        acquaintance.met(self.kiosk, patient)

    def here(self, patient: int) -> None:
        acquaintance.here(self.kiosk, patient)


@dataclass(frozen=True)
class Elsewhere:
    """Another system. Its people are not in front of us: nobody has to be met."""

    system: System
    full: bool = True

    @property
    def name(self) -> str:
        return f"fhir:{self.system.name}"       # no kiosk is called so

    @property
    def channel(self) -> str:
        return self.system.channel

    @property
    def scopes(self) -> str:
        return self.system.scopes

    @property
    def claims(self) -> Any:
        return self.system.claim_set

    def count_find(self) -> None: ...
    def met(self, patient: int) -> None: ...
    def here(self, patient: int) -> None: ...


def recognise(token: str) -> Caller | None:
    """Whose token it is. Notes at most once a minute that a system was heard of."""
    system = System.objects.filter(token_sha256=tokens.fingerprint(token), active=True).first()
    if system is None:
        kiosk = tokens.recognise(token)
        return Machine(kiosk) if kiosk else None
    now = clock.now()
    if system.seen_at is None or now - system.seen_at > dt.timedelta(minutes=1):
        System.objects.filter(pk=system.pk).update(seen_at=now)
    return Elsewhere(system)


def may(caller: Caller, scope: str) -> bool:
    """Does one of the caller's scopes hold `scope`, like "Patient.r"?"""
    kind, letter = scope.split(".")
    return any(found[1] in (kind, "*") and letter in found[2] for found in _SCOPE.finditer(caller.scopes))


def own(caller: Caller, hold: uuid.UUID) -> Hold:
    """A hold this caller took. Raises unknown_hold."""
    found = booking.get_hold(hold)
    if found.kiosk != caller.name:
        raise Refusal("unknown_hold")
    return found


def register(name: str, scopes: str = ROSTER, channel: str = Channel.WEB) -> str:
    """Register a system, or give a known one a new token and other scopes (the old token is dead at once).

    Returns the token. Raises ValueError for a name, a scope or a channel that cannot be.
    """
    if channel not in Channel.values:
        raise ValueError(f"a channel is one of {', '.join(Channel.values)}")
    if not _NAME.fullmatch(name):
        raise ValueError("a name has 1 to 32 letters, digits, - or _")
    for scope in scopes.split():
        found = _SCOPE.fullmatch(scope)
        if not found or not found[2]:
            raise ValueError(f"{scope} is not a scope like system/Appointment.crus")
    token = secrets.token_urlsafe(32)
    known = {"token_sha256": tokens.fingerprint(token), "scopes": " ".join(scopes.split()),
             "channel": channel, "active": True}
    System.objects.update_or_create(name=name, defaults=known, create_defaults={**known, "made_at": clock.now()})
    return token
