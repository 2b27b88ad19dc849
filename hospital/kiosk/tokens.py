"""Which machine is speaking. The token is shown once, when the machine is registered; only its SHA-256 is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from django.db.models import QuerySet

from hospital import clock
from hospital.composed import asked
from hospital.kiosk.models import Kiosk


_VERSION = re.compile(r"hospital-kiosk/([0-9][0-9A-Za-z.+-]{0,19})")


def register(name: str) -> str:
    """Register a machine, or give a known one a new token (the old one is dead at once). Returns the token."""
    token = secrets.token_urlsafe(32)
    Kiosk.objects.update_or_create(
        name=name, defaults={"token_sha256": fingerprint(token), "active": True},
        create_defaults={"token_sha256": fingerprint(token), "made_at": clock.now()})
    return token


def recognise(token: str, agent: str = "") -> Kiosk | None:
    """The active machine this token belongs to. Notes at most once a minute that it was heard of, and the version of its
    program, as its User-Agent says it (RFC 9110, 10.1.5)."""
    kiosk = _bearer.first(fingerprint(token))
    if kiosk is not None:
        now, said = clock.now(), _VERSION.fullmatch(agent)
        version = said[1] if said else kiosk.version
        if kiosk.seen_at is None or now - kiosk.seen_at > dt.timedelta(minutes=1) or version != kiosk.version:
            Kiosk.objects.filter(pk=kiosk.pk).update(seen_at=now, version=version)
    return kiosk


@asked
def _bearer(fingerprint: str) -> QuerySet[Kiosk]:
    return Kiosk.objects.filter(token_sha256=fingerprint, active=True).order_by()


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
