"""The priorities of most hospitals, to begin with; a hospital changes the rows as it likes."""

from django.db import migrations

USUAL = (   # code, name_zh, name_en, credit in minutes, from_age
    ("results", "回诊", "Returning with results", 30, None),
    ("disabled", "残疾人", "Disabled", 20, None),
    ("soldier", "军人", "Soldier", 20, None),
    ("pregnant", "孕产妇", "Pregnant", 20, None),
    ("referred", "转诊", "Referred", 20, None),
    ("elderly", "65岁以上", "65 and over", 15, 65),
)


def fill(apps, schema_editor):
    priority = apps.get_model("queueing", "PriorityClass")
    for code, name_zh, name_en, credit, from_age in USUAL:
        priority.objects.get_or_create(code=code, defaults={"name_zh": name_zh, "name_en": name_en, "credit": credit,
                                                            "from_age": from_age})


class Migration(migrations.Migration):
    dependencies = [("queueing", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
