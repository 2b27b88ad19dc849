"""A template that repeats leaves out a day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outpatient', '0001_start'),
    ]

    operations = [
        migrations.CreateModel(
            name='Omission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='日期')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='omissions', to='outpatient.template', verbose_name='模板')),
            ],
            options={
                'verbose_name': '单日不出诊',
                'verbose_name_plural': '单日不出诊',
                'indexes': [models.Index(fields=['day'], name='outpatient__day_e39172_idx')],
                'constraints': [models.UniqueConstraint(fields=('template', 'day'), name='omitted_once')],
            },
        ),
    ]
