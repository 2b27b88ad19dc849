"""Idempotency: what a machine asks twice under one key happens once.

A claim is committed before the work begins, so that a repeat sees it; its answer is stored with the work's own
commit (or after it, where the work talks to the payment channel and goes on where it stopped when run again).
A run whose process died is taken over; if it was only slow, it can store nothing any more and is rolled back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings

from hospital import clock
from hospital.kiosk.models import Asked, Claim
from hospital.refusal import Refusal


class InProgress(Refusal):
    """The same request is running just now: ask again in a second."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("in_progress")


def begin(mine: Any, key: str, request_sha256: str) -> Asked:
    """Claim the key for this run, or return the finished claim of an earlier one (its `status` is set).

    `mine`: the claims of whoever asks, as their model relates to them (`kiosk.claim_set`).

    Raises InProgress, Refusal key_reused.
    """
    run, now = uuid.uuid4(), clock.now()
    claim: Asked
    claim, made = mine.get_or_create(
        key=key, defaults={"request_sha256": request_sha256, "began_at": now, "run": run})
    if made:
        return claim
    if claim.request_sha256 != request_sha256:
        raise Refusal("key_reused")
    if claim.status is None:
        _take_over(claim, run, now)
    return claim


def _take_over(claim: Asked, run: uuid.UUID, now: dt.datetime) -> None:
    lost = now - dt.timedelta(seconds=settings.CLAIM_TAKEOVER_SECONDS)
    mine = type(claim)._default_manager.filter(pk=claim.pk, run=claim.run, status=None, began_at__lte=lost)
    if not mine.update(run=run, began_at=now):
        raise InProgress
    claim.run, claim.began_at = run, now


def finish(claim: Asked, status: int, answer: str) -> None:
    """Store the answer. Raises InProgress if another run has taken over: then this one must not count."""
    mine = type(claim)._default_manager.filter(pk=claim.pk, run=claim.run, status=None)
    if not mine.update(status=status, answer=answer):
        raise InProgress


def abandon(claim: Asked) -> None:
    """Nothing is known to have happened: the next repeat runs at once."""
    type(claim)._default_manager.filter(pk=claim.pk, run=claim.run, status=None).delete()


def forget_old(of: type[Asked] = Claim) -> int:
    """Stored answers hold personal data; they go when nobody can ask again. Returns how many went."""
    old = clock.now() - dt.timedelta(hours=settings.CLAIM_KEEP_HOURS)
    return of._default_manager.filter(began_at__lt=old).delete()[0]
