"""What graduates say of what was reported; hold confirmations to their flow, and answers to what they were."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from qicheng.domain.transfer.models import Confirmation
from qicheng.foundation.flow import guard

CASES, ANSWERS = "transfer_confirmation", "transfer_confirmationanswer"


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_transfer_settings"),
        ("roster", "0006_one_reference"),
        ("transfer", "0002_guard"),
        ("flow", "0003_amendable"),
    ]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("flow_name", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=40)),
                ("live", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=0)),
                ("cohort", models.PositiveSmallIntegerField(default=0)),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("waiting_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tier",
                    models.CharField(
                        choices=[("undergraduate", "本专科"), ("postgraduate", "研究生")], max_length=14
                    ),
                ),
                ("content", models.JSONField(default=dict)),
                ("due_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("denied_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("wrong", models.JSONField(default=list)),
                (
                    "college",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="orgs.college"
                    ),
                ),
                (
                    "graduate",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"),
                ),
                (
                    "school",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="orgs.school"),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(
                        fields=["school", "cohort", "state", "waiting_since", "id"], name="confirmation_school"
                    ),
                    models.Index(
                        fields=["college", "cohort", "state", "waiting_since", "id"], name="confirmation_college"
                    ),
                    models.Index(
                        condition=models.Q(("due_at__isnull", False), ("state", "unreported")),
                        fields=["due_at"],
                        name="confirmation_due",
                    ),
                    models.Index(
                        condition=models.Q(("denied_at__isnull", False)),
                        fields=["school", "cohort"],
                        name="confirmation_denied",
                    ),
                ],
            },
            managers=[("all_rows", django.db.models.manager.Manager())],
        ),
        migrations.CreateModel(
            name="ConfirmationAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("is_right", models.BooleanField()),
                ("is_denied", models.BooleanField(default=False)),
                ("wrong", models.JSONField(default=list)),
                ("remark", models.CharField(blank=True, max_length=500)),
                ("content", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "confirmation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="transfer.confirmation"),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "constraints": [
                    models.UniqueConstraint(fields=("confirmation", "version"), name="one_answer_per_version")
                ],
            },
            managers=[("all_rows", django.db.models.manager.Manager())],
        ),
        migrations.RunSQL(
            guard.guard(CASES, Confirmation) + guard.only_grows(ANSWERS),
            guard.without("guard keeps stays", CASES) + guard.without("grows stays", ANSWERS),
        ),
    ]
