from django.db import migrations, models

_SQLITE = [f"""CREATE TRIGGER step_no_{verb.lower()} BEFORE {verb} ON registrar_step
BEGIN SELECT RAISE(ABORT, 'the trail is only added to'); END""" for verb in ("UPDATE", "DELETE")]
_POSTGRESQL = ["""CREATE FUNCTION registrar_step_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the trail is only added to' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
               """CREATE TRIGGER step_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON registrar_step
FOR EACH STATEMENT EXECUTE FUNCTION registrar_step_stays()"""]
_BACK = {"sqlite": ["DROP TRIGGER step_no_update", "DROP TRIGGER step_no_delete"],
         "postgresql": ["DROP TRIGGER step_stays ON registrar_step", "DROP FUNCTION registrar_step_stays()"]}


def guard(apps, schema_editor):
    for statement in _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in _BACK[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("registrar", "0001_wrong_passwords"),
    ]

    operations = [
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("who", models.CharField(max_length=150, verbose_name="账号")),
                ("what", models.CharField(max_length=200, verbose_name="操作")),
                ("thing", models.CharField(max_length=60, verbose_name="对象")),
                ("label", models.CharField(max_length=200, verbose_name="说明")),
                ("before", models.JSONField(default=dict, verbose_name="之前")),
                ("after", models.JSONField(default=dict, verbose_name="之后")),
            ],
            options={
                "verbose_name": "操作记录",
                "verbose_name_plural": "操作记录",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["at"], name="step_at"),
                            models.Index(fields=["who", "at"], name="step_who")],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
