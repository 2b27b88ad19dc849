from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("care", "0003_fee_of_a_hold_is_always_said")]

    operations = [migrations.AddField("appointment", "window_paid_at",
                                      models.DateTimeField(blank=True, null=True, verbose_name="窗口收费时间"))]
