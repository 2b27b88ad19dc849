"""Who of the doctors an account is; wrong passwords, counted; and the trail: who changed what."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hospital.care.models import Practitioner


class Doctor(models.Model):
    """Which doctor an account is: whose patients it calls."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="doctor")
    practitioner = models.OneToOneField(Practitioner, models.CASCADE, related_name="account")


class Attempts(models.Model):
    """How often somebody tried to log in as one name, or from one address, without success; see `entrance`."""

    who_sha256 = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()
    barred_until = models.DateTimeField(null=True)


class Step(models.Model):
    """One change that somebody who works here has made; see `trail`. Only ever added: the database itself refuses to
    change or delete one (the triggers are in the migration that made the table)."""

    at = models.DateTimeField("时间")
    who = models.CharField("账号", max_length=150)     # the name as it was, not a reference: accounts come and go
    what = models.CharField("操作", max_length=200)
    thing = models.CharField("对象", max_length=60)    # "care.schedule 12"
    label = models.CharField("说明", max_length=200)   # for people; persons masked
    before = models.JSONField("之前", default=dict)    # of the fields that have changed; persons masked
    after = models.JSONField("之后", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["at"], name="step_at"), models.Index(fields=["who", "at"], name="step_who")]

    def __str__(self) -> str:
        return f"{self.who} {self.what}"
