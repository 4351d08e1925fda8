"""Units that schools warn of, one standing flag of a school and unit, with the history of every change (WRN-01)."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models
from django.db.models.functions import Now

from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("orgs", "0005_long_wait"), ("flow", "0002_guard")]

    operations = [
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("credit_code", models.CharField(max_length=18)),
                ("name", models.CharField(max_length=120)),
                ("nature", models.CharField(max_length=4)),
                ("industry", models.CharField(max_length=4)),
                ("kind", models.CharField(max_length=20)),
                ("note", models.CharField(max_length=200)),
                ("evidence", models.CharField(max_length=1000)),
                ("link", models.CharField(blank=True, max_length=300)),
                ("flagged_at", models.DateTimeField(db_default=Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "flagged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orgs.account"
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orgs.account"
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school"),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [models.Index(fields=["school", "-flagged_at"], name="flags_of_school")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("credit_code", "school"),
                        name="one_standing_flag",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("removed_at", None), ("removed_by", None))
                        | models.Q(("removed_at__isnull", False), ("removed_by__isnull", False)),
                        name="removed_by_somebody",
                    ),
                ],
            },
            managers=[("all_rows", django.db.models.manager.Manager())],
        ),
        migrations.RunSQL(guard.history("orgs_flag"), guard.without("history", "orgs_flag")),
    ]
