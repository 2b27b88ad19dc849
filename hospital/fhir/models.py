"""The systems that may come in by this door, and what they asked already."""

from __future__ import annotations

from django.db import models

from hospital.care.models import Channel
from hospital.kiosk.models import Asked


class System(models.Model):
    """Another system of the hospital, or of a partner: its website, a regional platform."""

    name = models.CharField("名称", max_length=32, unique=True)
    token_sha256 = models.CharField("令牌指纹", max_length=64, unique=True, editable=False)
    scopes = models.CharField("权限", max_length=400, help_text="SMART v2 系统权限，以空格分开，例如 system/Slot.rs")
    channel = models.CharField("渠道", max_length=12, choices=Channel, default=Channel.WEB)
    active = models.BooleanField("启用", default=True)
    made_at = models.DateTimeField("登记时间")
    seen_at = models.DateTimeField("最近联系", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外部系统"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Claim(Asked):
    """A request of a system."""

    system = models.ForeignKey(System, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "key"], name="one_fhir_claim_a_key")]
        indexes = [models.Index(fields=["began_at"])]
