"""The machines, what they asked for already, and what they have to tell."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from hospital.care.masking import mask_id
from hospital.care.models import Patient


class Kiosk(models.Model):
    name = models.CharField("名称", max_length=40, unique=True)
    token_sha256 = models.CharField("令牌指纹", max_length=64, unique=True, editable=False)
    active = models.BooleanField("启用", default=True)
    made_at = models.DateTimeField("登记时间")
    seen_at = models.DateTimeField("最近联系", null=True, blank=True)
    version = models.CharField("程序版本", max_length=20, blank=True, default="", editable=False)
    # How many people it has looked for in the minute that began then.
    finds_since = models.DateTimeField(null=True, editable=False)
    finds = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "自助机"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Acquaintance(models.Model):
    """Somebody showed at a machine who they are; see `acquaintance`."""

    kiosk = models.ForeignKey(Kiosk, models.CASCADE, related_name="acquaintances")
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="acquaintances")
    met_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kiosk", "patient"], name="acquainted_once")]
        indexes = [models.Index(fields=["met_at"])]


class SocialCard(models.Model):
    """Whose a social security card is; see `socialcards`. Its number is one within the region that issued it."""

    region = models.CharField("发卡地区", max_length=6, validators=[RegexValidator("^[0-9]{6}$", "六位行政区划代码")],
                              help_text="社保卡发卡地区的六位行政区划代码")
    card_number = models.CharField("社保卡号", max_length=9, validators=[
        RegexValidator("^[0-9A-Z]{9}$", "九位，数字和大写字母")], help_text="印在社保卡上的社会保障卡卡号，九位")
    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="患者", related_name="social_cards")

    class Meta:
        verbose_name = verbose_name_plural = "社保卡"
        constraints = [models.UniqueConstraint(fields=["region", "card_number"], name="social_card_of_one",
                                               violation_error_message="这张社保卡已登记给别的患者。")]

    def __str__(self) -> str:
        return f"{self.region} {mask_id(self.card_number)}"


class Asked(models.Model):
    """One request under its Idempotency-Key: running, or done with the answer that every repeat gets."""

    key = models.CharField(max_length=64)
    request_sha256 = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    # Which run of the request this is; a run that was taken over can no longer store its answer.
    run = models.UUIDField()
    status = models.PositiveSmallIntegerField(null=True)     # None while it runs
    answer = models.TextField(blank=True)

    class Meta:
        abstract = True


class Claim(Asked):
    """A request of a machine."""

    kiosk = models.ForeignKey(Kiosk, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kiosk", "key"], name="one_claim_a_key")]
        indexes = [models.Index(fields=["began_at"])]


class Fact(models.Model):
    """News from a machine for the staff: paper low, printer gone, an act given up. Never personal."""

    kiosk = models.ForeignKey(Kiosk, models.CASCADE, verbose_name="自助机", related_name="facts")
    # The machine's own number of it: told twice, it stands here once. A machine set up anew counts from one again, at
    # another time. Machines of old tell none.
    number = models.PositiveBigIntegerField("编号", null=True, blank=True)
    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=40)
    data = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "自助机消息"
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["kiosk", "number", "at"], name="fact_told_once")]
        indexes = [models.Index(fields=["kind", "at"]), models.Index(fields=["kiosk", "at"])]

    def __str__(self) -> str:
        return f"{self.kind}"
