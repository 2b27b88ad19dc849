import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("care", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("registrar", "0002_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="Doctor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("practitioner", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="account",
                                                      to="care.practitioner")),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="doctor",
                                              to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
