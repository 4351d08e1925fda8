"""Forms that a school makes for itself, in versions that stay as they were published."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models


FROZEN = """
CREATE TRIGGER campus_madeversion_frozen BEFORE UPDATE ON campus_madeversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION qicheng_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campus", "0001_first"),
        ("orgs", "0007_transfer_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="MadeForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("cohort", models.PositiveSmallIntegerField(default=0)),
                (
                    "purpose",
                    models.CharField(choices=[("application", "申请事项"), ("questionnaire", "问卷")], max_length=20),
                ),
                ("title", models.CharField(max_length=40)),
                ("about", models.CharField(blank=True, max_length=1000)),
                ("opens_on", models.DateField(null=True)),
                ("closes_on", models.DateField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("school", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="MadeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                ("fields", models.JSONField(default=list)),
                ("terms", models.JSONField(default=dict)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="campus.madeform"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="madeform",
            name="current",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campus.madeversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="madeversion",
            constraint=models.UniqueConstraint(fields=("form", "number"), name="one_version_of_a_number"),
        ),
        migrations.AddConstraint(
            model_name="madeversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", True)), fields=("form",), name="one_version_in_the_making"
            ),
        ),
        migrations.AddIndex(
            model_name="madeform",
            index=models.Index(fields=["school", "purpose", "cohort"], name="made_form_school"),
        ),
        migrations.RunSQL(FROZEN, "DROP TRIGGER campus_madeversion_frozen ON campus_madeversion;"),
    ]
