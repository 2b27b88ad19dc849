"""Places kept for a channel; the price on the hold. Holds of old were charged what their session cost."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery

CHANNELS = [("kiosk", "自助机"), ("window", "窗口"), ("phone", "电话"), ("web", "网站"), ("app", "手机应用"),
            ("consulting", "诊间"), ("community", "社区")]


def fix_fees(apps, schema_editor):
    Hold, Slot = apps.get_model("care", "Hold"), apps.get_model("care", "Slot")
    Hold.objects.update(fee=Subquery(Slot.objects.filter(pk=OuterRef("slot_id")).values("schedule__fee")[:1]))


class Migration(migrations.Migration):
    dependencies = [("care", "0001_initial")]

    operations = [
        migrations.AddField("slot", "share", models.CharField(blank=True, default="", max_length=12, verbose_name="专用于")),
        migrations.AddField("slot", "share_until", models.DateTimeField(blank=True, null=True, verbose_name="专用至")),
        migrations.AddField("hold", "channel", models.CharField(choices=CHANNELS, default="kiosk", max_length=12,
                                                                verbose_name="渠道")),
        migrations.AddField("hold", "fee", models.PositiveIntegerField(default=0, verbose_name="挂号费（分）")),
        migrations.RunPython(fix_fees, migrations.RunPython.noop, elidable=True),
        migrations.AddField("appointment", "channel", models.CharField(choices=CHANNELS, default="kiosk", max_length=12,
                                                                       verbose_name="渠道")),
        migrations.AlterField("schedule", "state", models.CharField(
            choices=[("draft", "待审核"), ("open", "开放"), ("stopped", "停诊"), ("moved", "换诊")], default="draft",
            max_length=10, verbose_name="状态")),
    ]
