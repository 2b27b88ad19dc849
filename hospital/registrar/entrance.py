"""The door of the back office: after a few wrong passwords the next ones must wait, longer each time.

Counted for the user name and for the address by themselves, so that neither many names from one place nor many places
for one name go faster. Every attempt is counted before its password is looked at: who asks sixteen times at once gains
nothing. The right password during the wait is turned away like any other, and a success wipes the slate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest

from hospital import clock
from hospital.registrar.models import Attempts


class ConsoleEntrance(AuthenticationForm):
    """The log-in form of the console: for everybody who works here."""

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))
        if not name or not self.cleaned_data.get("password"):
            return super().clean()
        who = [_sha256(f"name {name.casefold()}"), _sha256(f"address {_address(self.request)}")]
        barred = [wait for wait in map(_attempt, who) if wait]
        if barred:
            minutes = -(-int(max(barred).total_seconds()) // 60)
            raise forms.ValidationError("密码错误次数过多，请在 %(minutes)s 分钟后再试。", code="barred",
                                        params={"minutes": minutes})
        words: dict[str, Any] = super().clean()
        Attempts.objects.filter(pk__in=who).delete()
        return words


class Entrance(ConsoleEntrance, AdminAuthenticationForm):
    """The log-in form of /admin/: for those who have lists there."""


def _attempt(who: str) -> dt.timedelta | None:
    """Count one attempt; how long to wait instead, where it came too soon (then it is not counted)."""
    now = clock.now()
    with transaction.atomic():
        Attempts.objects.get_or_create(pk=who, defaults={"last_at": now})
        mine = Attempts.objects.select_for_update().get(pk=who)
        if mine.barred_until is not None and mine.barred_until > now:
            return mine.barred_until - now
        if now - mine.last_at > dt.timedelta(hours=settings.LOGIN_FORGET_HOURS):
            mine.count = 0
        mine.count, mine.last_at = min(mine.count + 1, 1000), now
        extra = mine.count - settings.LOGIN_TRIES
        wait = min(settings.LOGIN_WAIT_SECONDS * 2 ** min(max(extra, 0), 20), settings.LOGIN_LONGEST_SECONDS)
        mine.barred_until = now + dt.timedelta(seconds=wait) if extra >= 0 else None
        mine.save()
    return None


def _address(request: HttpRequest) -> str:
    """Whose line it is. Behind the house's own TLS proxy, whom the proxy saw: the last word of the header is its own."""
    if settings.SESSION_COOKIE_SECURE:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _sha256(words: str) -> str:
    """What is typed for a name may be a password: it is not kept in clear."""
    return hashlib.sha256(words.encode()).hexdigest()
