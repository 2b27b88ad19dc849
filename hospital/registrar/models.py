"""Wrong passwords, counted."""

from __future__ import annotations

from django.db import models


class Attempts(models.Model):
    """How often somebody tried to log in as one name, or from one address, without success; see `entrance`."""

    who_sha256 = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()
    barred_until = models.DateTimeField(null=True)
