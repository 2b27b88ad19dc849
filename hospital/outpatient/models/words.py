"""Messages (短信) that wait to be sent, or were."""

from __future__ import annotations

from django.db import models

from hospital.care.models import Appointment, Patient


class Message(models.Model):
    class Kind(models.TextChoices):
        BOOKED = "booked", "预约成功"            # where no ticket was printed
        REMINDER = "reminder", "就诊提醒"
        STOPPED = "stopped", "停诊"
        SUBSTITUTE = "substitute", "替诊征询"
        MOVE = "move", "换诊征询"

    class State(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        STALE = "stale", "已过时"               # not sent while it would have helped

    # What it is about, once: "reminder:42:7". The gateway gets it, too, so that a repeat can be told from a second one.
    key = models.CharField("标识", max_length=60, unique=True)
    patient = models.ForeignKey(Patient, models.CASCADE, verbose_name="收信人", related_name="messages")
    appointment = models.ForeignKey(Appointment, models.CASCADE, verbose_name="预约", null=True, related_name="messages")
    kind = models.CharField("类别", max_length=12, choices=Kind)
    text = models.CharField("内容", max_length=300)
    state = models.CharField("状态", max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    reason = models.CharField("原因", max_length=60, blank=True)
    made_at = models.DateTimeField("生成时间")
    due_at = models.DateTimeField("下次发送")
    until = models.DateTimeField("有效至")
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短信"
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return self.key
