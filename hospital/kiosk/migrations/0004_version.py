from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kiosk', '0003_socialcard'),
    ]

    operations = [
        migrations.AddField(
            model_name='kiosk',
            name='version',
            field=models.CharField(blank=True, default='', editable=False, max_length=20, verbose_name='程序版本'),
        ),
    ]
