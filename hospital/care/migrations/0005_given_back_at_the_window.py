from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("care", "0004_paid_at_the_window")]

    operations = [migrations.AddField("appointment", "window_back_at",
                                      models.DateTimeField(blank=True, null=True, verbose_name="窗口退费时间"))]
