"""Nobody holds a place without its price: the default was for holds of old. (Of its own, for PostgreSQL alters no table
with changes waiting on it.)"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("care", "0002_shares_and_fixed_fees")]

    operations = [migrations.AlterField("hold", "fee", models.PositiveIntegerField(verbose_name="挂号费（分）"))]
