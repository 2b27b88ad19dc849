"""What was owed and what came get tables of their own; what is in the orders already is carried over."""

import django.db.models.deletion
from django.db import migrations, models


def carry_over(apps, schema_editor):
    Order, Invoice = apps.get_model("money", "Order"), apps.get_model("money", "Invoice")
    LineItem, Payment = apps.get_model("money", "LineItem"), apps.get_model("money", "Payment")
    for order in Order.objects.order_by("made_at").iterator():
        invoice, made = Invoice.objects.get_or_create(
            hold_id=order.hold_id, defaults={"patient_id": order.patient_id, "made_at": order.made_at})
        if made:
            LineItem.objects.create(invoice=invoice, code="registration", text=order.description, amount=order.amount)
        Order.objects.filter(pk=order.pk).update(invoice=invoice)
        if order.paid_amount is not None:
            Payment.objects.create(order=order, transaction=order.transaction, amount=order.paid_amount,
                                   received_at=order.paid_at)


class Migration(migrations.Migration):

    dependencies = [("care", "0001_initial"), ("money", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(verbose_name="开单时间")),
                ("hold", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="invoice",
                                              to="care.hold", verbose_name="占号")),
                ("patient", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="invoices",
                                              to="care.patient", verbose_name="患者")),
            ],
            options={"verbose_name": "账单", "verbose_name_plural": "账单", "ordering": ["-made_at"]},
        ),
        migrations.CreateModel(
            name="LineItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(choices=[("registration", "挂号费")], max_length=20, verbose_name="项目")),
                ("text", models.CharField(max_length=100, verbose_name="说明")),
                ("amount", models.PositiveIntegerField(verbose_name="金额（分）")),
                ("invoice", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines",
                                              to="money.invoice", verbose_name="账单")),
            ],
            options={"verbose_name": "账单明细", "verbose_name_plural": "账单明细", "ordering": ["pk"]},
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transaction", models.CharField(max_length=64, verbose_name="渠道交易号")),
                ("amount", models.PositiveIntegerField(verbose_name="实收（分）")),
                ("received_at", models.DateTimeField(blank=True, null=True, verbose_name="支付时间")),
                ("order", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="payment",
                                               to="money.order", verbose_name="订单")),
            ],
            options={"verbose_name": "收款", "verbose_name_plural": "收款", "ordering": ["-received_at"],
                     "indexes": [models.Index(fields=["transaction"], name="payment_transaction")]},
        ),
        migrations.AddField(
            model_name="order",
            name="invoice",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="orders",
                                    to="money.invoice", verbose_name="账单"),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
