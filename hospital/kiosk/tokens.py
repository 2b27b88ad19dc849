"""Which machine is speaking. The token is shown once, when the machine is registered; only its SHA-256 is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from hospital import clock
from hospital.kiosk.models import Kiosk


def register(name: str) -> str:
    """Register a machine, or give a known one a new token (the old one is dead at once). Returns the token."""
    token = secrets.token_urlsafe(32)
    Kiosk.objects.update_or_create(
        name=name, defaults={"token_sha256": fingerprint(token), "active": True},
        create_defaults={"token_sha256": fingerprint(token), "made_at": clock.now()})
    return token


def recognise(token: str) -> Kiosk | None:
    """The active machine this token belongs to. Notes at most once a minute that it was heard of."""
    kiosk = Kiosk.objects.filter(token_sha256=fingerprint(token), active=True).first()
    if kiosk is not None:
        now = clock.now()
        if kiosk.seen_at is None or now - kiosk.seen_at > dt.timedelta(minutes=1):
            Kiosk.objects.filter(pk=kiosk.pk).update(seen_at=now)
    return kiosk


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
