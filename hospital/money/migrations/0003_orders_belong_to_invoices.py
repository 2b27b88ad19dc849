import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("money", "0002_invoices_and_payments")]

    operations = [
        migrations.RemoveConstraint(model_name="order", name="one_open_order_a_hold"),
        migrations.AlterField(
            model_name="order",
            name="invoice",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="orders",
                                    to="money.invoice", verbose_name="账单"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("invoice",),
                                               name="one_open_order_an_invoice"),
        ),
        *(migrations.RemoveField(model_name="order", name=name)
          for name in ("hold", "patient", "transaction", "paid_at", "paid_amount")),
    ]
