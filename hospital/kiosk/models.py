"""The machines, what they asked for already, and what they have to tell."""

from __future__ import annotations

from django.db import models


class Kiosk(models.Model):
    name = models.CharField("名称", max_length=40, unique=True)
    token_sha256 = models.CharField("令牌指纹", max_length=64, unique=True, editable=False)
    active = models.BooleanField("启用", default=True)
    made_at = models.DateTimeField("登记时间")
    seen_at = models.DateTimeField("最近联系", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "自助机"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Claim(models.Model):
    """One request under its Idempotency-Key: running, or done with the answer that every repeat gets."""

    kiosk = models.ForeignKey(Kiosk, models.CASCADE)
    key = models.CharField(max_length=64)
    request_sha256 = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    # Which run of the request this is; a run that was taken over can no longer store its answer.
    run = models.UUIDField()
    status = models.PositiveSmallIntegerField(null=True)     # None while it runs
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kiosk", "key"], name="one_claim_a_key")]
        indexes = [models.Index(fields=["began_at"])]


class Fact(models.Model):
    """News from a machine for the staff: paper low, printer gone, an act given up. Never personal."""

    kiosk = models.ForeignKey(Kiosk, models.CASCADE, verbose_name="自助机", related_name="facts")
    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=40)
    data = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "自助机消息"
        ordering = ["-at"]
        indexes = [models.Index(fields=["kind", "at"])]

    def __str__(self) -> str:
        return f"{self.kind}"
